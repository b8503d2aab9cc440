"""What leaves the process besides answers: spans to a collector, lines of logs. Neither holds what people wrote."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
import uvicorn
from django.test import SimpleTestCase, TransactionTestCase, override_settings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import LogCapture

from chat.llm import failures
from chat.models import Turn
from core import traces
from tests.chat.talking import talk
from tests.faults.provider import Provider
from tests.people import sign_up
from tests.server import ROOT


class Collector:
    """An OTLP collector that keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.app = Starlette(routes=[Route("/v1/traces", self.keep, methods=["POST"])])

    async def keep(self, request: Request) -> Response:
        body = await request.body()
        self.bodies.append(body)
        return Response(b"", media_type="application/x-protobuf", headers={"Connection": "close"})

    @property
    def spans(self) -> list[Any]:
        sent = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span for each in sent for part in each.resource_spans for scope in part.scope_spans for span in scope.spans
        ]

    @contextmanager
    def serving(self) -> Iterator[str]:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            server = uvicorn.Server(uvicorn.Config(self.app, log_level="critical", lifespan="off"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = True
                thread.join()


class TraceTests(TransactionTestCase):
    def trace(self, *said: str) -> list[Any]:
        """Return the spans of a conversation."""
        ann = sign_up()
        collector = Collector()
        traces.provider.cache_clear()
        with collector.serving() as url, override_settings(TRACES_URL=url):
            talk(ann, *said)
            traces.provider().shutdown()
        traces.provider.cache_clear()
        self.bodies = b"".join(collector.bodies)
        return collector.spans

    def test_a_turn_is_a_tree_of_spans(self) -> None:
        spans = self.trace("add buy milk tomorrow")
        by_id = {span.span_id: span for span in spans}
        (turn,) = [span for span in spans if span.name == "turn"]
        below = {span.name for span in spans if span.parent_span_id == turn.span_id}
        self.assertLessEqual({"model call", "tool call", "database"}, below)
        (tool,) = [span for span in spans if span.name == "tool call"]
        under_tool = [span.name for span in spans if span.parent_span_id == tool.span_id]
        self.assertIn("database", under_tool)
        values = {each.key: each.value.string_value for each in by_id[turn.span_id].attributes}
        self.assertEqual(values["errand.turn_id"], Turn.objects.get().public_id)
        self.assertEqual(values["errand.status"], "completed")

    def test_spans_hold_nothing_that_was_said(self) -> None:
        spans = self.trace("add Philomena's xylophone lesson tomorrow #private")
        self.assertGreater(len(spans), 5)
        for word in (b"Philomena", b"xylophone", b"private"):
            self.assertNotIn(word, self.bodies)

    def test_without_a_collector_nothing_of_it_is_imported(self) -> None:
        code = "import django; django.setup(); import sys, config.asgi; print('opentelemetry.sdk' in sys.modules)"
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        printed = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        self.assertEqual(printed.stdout.strip(), "False")


class LogTests(TransactionTestCase):
    def test_lines_name_their_turn_and_conversation_and_hold_nothing_that_was_said(self) -> None:
        ann, capture = sign_up(), LogCapture()
        processors = structlog.get_config()["processors"]
        present = list(processors)
        processors[:] = [structlog.contextvars.merge_contextvars, capture]  # in place: loggers keep the list itself
        try:
            with (
                Provider(keep_alive=False).serving() as url,
                override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=url, MODEL_NAME="broken", MODEL_RETRIES=1),
                override_settings(MODEL_RETRY_DELAY_SECONDS=0.01),
            ):
                talk(ann, "Philomena's xylophone lesson")
        finally:
            processors[:] = present
        turn = Turn.objects.get()
        told = [line for line in capture.entries if line["event"] in {"model.retried", "turn.failed"}]
        self.assertEqual({line["turn_id"] for line in told}, {turn.public_id})
        self.assertEqual({line["conversation_id"] for line in told}, {turn.conversation.public_id})
        self.assertNotIn("xylophone", json.dumps(capture.entries, default=str))


class ErrorTextTests(SimpleTestCase):
    def test_an_errors_text_is_logged_only_where_that_is_asked_for(self) -> None:
        error = failures.ProviderFailed("cannot read “Philomena's xylophone lesson”")
        self.assertEqual(failures.describe(error), "ProviderFailed")
        with override_settings(LOG_CONTENT=True):
            self.assertIn("xylophone", failures.describe(error))

    def test_tracebacks_in_json_hold_no_values(self) -> None:
        code = (
            "import django; django.setup(); import structlog\n"
            "def work(said):\n    raise ValueError('no')\n"
            "log = structlog.get_logger('errand.chat')\n"
            "try:\n    work('Philomena')\nexcept ValueError:\n    log.exception('failed')"
        )
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_FORMAT": "json"}
        for asked, expected in (("false", False), ("true", True)):
            command = [sys.executable, "-c", code]
            run = subprocess.run(
                command, cwd=ROOT, env=environment | {"LOG_CONTENT": asked}, capture_output=True, text=True, check=True
            )
            line = json.loads(run.stderr.splitlines()[-1])
            self.assertEqual(line["exception"][0]["exc_type"], "ValueError")
            self.assertEqual("Philomena" in json.dumps(line["exception"][0]["frames"]), expected)
