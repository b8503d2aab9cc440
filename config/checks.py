"""Refuses, at the start, what would silently do nothing for the requests of programs (config/middleware.py)."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import request_finished, request_started
from django.utils.module_loading import import_string

from core.compat import receivers_of

PROGRAMS = "config.middleware.programs"
# What Django calls around a view, not around a request: the short way to the view has none of them.
HOOKS = ("process_view", "process_exception", "process_template_response")


@register
def what_programs_would_miss(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    return [*middleware_after(), *hooks_before(), *receivers()]


def refuse_what_programs_would_miss() -> None:
    """The same for servers that are not started by a command, which would check. Raises `ImproperlyConfigured`."""
    for fault in what_programs_would_miss(None):
        raise ImproperlyConfigured(f"{fault.msg} {fault.hint}")


def middleware_after() -> Iterator[Error]:
    """Middleware that only requests of pages would go through, unless that is meant."""
    place = settings.MIDDLEWARE.index(PROGRAMS)
    for path in settings.MIDDLEWARE[place + 1 :]:
        if path not in settings.PAGE_MIDDLEWARE:
            yield Error(
                f"MIDDLEWARE: requests to the API, /chatkit and /mcp pass by {path}, which stands after {PROGRAMS}.",
                hint="Put it before that one, or name it in PAGE_MIDDLEWARE too if it is for pages only.",
                id="errand.E001",
            )


def hooks_before() -> Iterator[Error]:
    for path in settings.MIDDLEWARE[: settings.MIDDLEWARE.index(PROGRAMS)]:
        if found := [hook for hook in HOOKS if hasattr(import_string(path), hook)]:
            yield Error(
                f"MIDDLEWARE: {path} has {', '.join(found)}, which is not called for the API, /chatkit and /mcp.",
                hint=f"Do it in the middleware's own call, or put it after {PROGRAMS} and into PAGE_MIDDLEWARE.",
                id="errand.E002",
            )


def receivers() -> Iterator[Error]:
    """Whoever else listens to requests than Django itself, whose receivers look after connections and caches."""
    for name, signal in (("request_started", request_started), ("request_finished", request_finished)):
        for receiver in receivers_of(signal):
            if not receiver.__module__.startswith("django."):
                yield Error(
                    f"{receiver.__module__}.{receiver.__qualname__} receives {name}, which is not sent as Django says "
                    "for requests to the API, /chatkit and /mcp.",
                    hint=f"Write a middleware instead, and put it before {PROGRAMS} in MIDDLEWARE.",
                    id="errand.E003",
                )
