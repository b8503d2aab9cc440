"""Traces: how long turns, model calls, tool calls and database sections take, sent to any OTLP endpoint.

Nothing is imported, and nothing costs anything, while `settings.TRACES_URL` is empty. Spans hold ids, names and
figures, never what somebody wrote.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer


@functools.cache
def provider() -> "TracerProvider":
    """Return the provider, which sends spans in the background, and the last of them when the process ends."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    made = TracerProvider(resource=Resource.create({"service.name": "errand", "service.version": settings.VERSION}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{settings.TRACES_URL}/v1/traces")))
    return made


def tracer() -> "Tracer":
    return provider().get_tracer("errand")


class Span:
    """A span under way, or nothing where no traces are kept."""

    def __init__(self, span: Any = None) -> None:
        self.span = span

    def set(self, **attributes: Any) -> None:
        """Add ids, names and figures; what is None is left out."""
        for name, value in attributes.items():
            if self.span is not None and value is not None:
                self.span.set_attribute(f"errand.{name}", value)

    def fail(self, error: BaseException) -> None:
        """Mark it as failed, by the kind of error: its text may hold what somebody wrote."""
        if self.span is not None:
            from opentelemetry.trace import StatusCode

            self.span.set_status(StatusCode.ERROR, type(error).__name__)

    def end(self) -> None:
        if self.span is not None:
            self.span.end()


def begin(name: str, **attributes: Any) -> Span:
    """Begin a child of the present span; the caller ends it."""
    if not settings.TRACES_URL:
        return Span()
    span = Span(tracer().start_span(name))
    span.set(**attributes)
    return span


@contextmanager
def timed(name: str, **attributes: Any) -> Iterator[Span]:
    """Surround work with a span that has no children. It also works in an async generator, whose context changes."""
    begun = begin(name, **attributes)
    try:
        yield begun
    except BaseException as error:
        begun.fail(error)
        raise
    finally:
        begun.end()


@contextmanager
def span(name: str, **attributes: Any) -> Iterator[Span]:
    """Surround work with a span; spans that begin inside are its children."""
    if not settings.TRACES_URL:
        yield Span()
        return
    from opentelemetry import trace

    with (
        timed(name, **attributes) as begun,
        trace.use_span(begun.span, record_exception=False, set_status_on_exception=False),
    ):
        yield begun


@contextmanager
def apart() -> Iterator[None]:
    """Surround work of its own: spans that begin inside have no parent."""
    if not settings.TRACES_URL:
        yield
        return
    from opentelemetry import context

    token = context.attach(context.Context())
    try:
        yield
    finally:
        context.detach(token)
