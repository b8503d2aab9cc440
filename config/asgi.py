"""The ASGI application: static files first, then WebSockets, MCP and Django. `config.server` runs it."""

import asyncio
import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
get_asgi_application()  # loads the apps that the imports below need

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.core.exceptions import RequestAborted  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.urls import path  # noqa: E402
from starlette.responses import Response  # noqa: E402
from starlette.types import ASGIApp, Receive, Scope, Send  # noqa: E402

from config.lifespan import Lifespan  # noqa: E402
from config.live_socket import LiveSocket  # noqa: E402
from config.mcp import McpApplication, by_path  # noqa: E402
from config.middleware import is_for_programs  # noqa: E402
from config.static_files import StaticFiles  # noqa: E402
from core.problems import problem_response  # noqa: E402

HEAD_BYTES_LIMIT = 64 * 1024  # of a request line with its headers, as nginx and others have it


class DjangoApplication(ASGIHandler):
    """Django, without the three changes of thread that it makes around each request, where programs ask.

    They are for receivers of `request_started` and `request_finished` that give connections back and forget queries and
    caches; what programs ask uses connections in sections only.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if is_for_programs(scope["path"]):
            await self.handle_program(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def handle_program(self, scope: Any, receive: Any, send: Any) -> None:
        """Do what `ASGIHandler.handle` does, on the event loop alone."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            request, refusal = self.create_request(scope, body)
            if request is None or refusal is not None:
                assert refusal is not None
                await self.send_response(refusal, send)
                return
            answering = asyncio.create_task(self.answer(request, send))
            leaving = asyncio.create_task(receive())  # the only thing left to be told is that the client went away
            try:
                await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                leaving.cancel()
                answering.cancel()  # nothing, where it is done
            try:
                await answering
            except asyncio.CancelledError:
                if not leaving.done():  # the server ends
                    raise

    async def answer(self, request: HttpRequest, send: Any) -> None:
        response = await self.run_get_response(request)
        try:
            await self.send_response(response, send)
        finally:
            response.close()


websockets = AllowedHostsOriginValidator(
    URLRouter([path("ws/tasks", LiveSocket.as_asgi())])  # type: ignore[arg-type,list-item]
)


def bounded(application: ASGIApp) -> ASGIApp:
    """Refuse requests whose head is larger than proxies and other servers take."""

    async def bounded_application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and head_bytes(scope) > HEAD_BYTES_LIMIT:
            refusal = problem_response(431, "The request's head is larger than 64 KB.")
            answer = Response(refusal.content, 431, media_type=refusal.headers["Content-Type"])
            await answer(scope, receive, send)
        else:
            await application(scope, receive, send)

    return bounded_application


def head_bytes(scope: Scope) -> int:
    line = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    return line + sum(len(name) + len(value) for name, value in scope["headers"])


http = StaticFiles(by_path(McpApplication(), DjangoApplication()))
by_protocol: Any = ProtocolTypeRouter({"http": bounded(http), "websocket": websockets})
application = Lifespan(by_protocol)
