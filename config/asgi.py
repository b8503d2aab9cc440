"""The ASGI application: static files first, then WebSockets, MCP and Django. `config.server` runs it."""

import asyncio
import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
get_asgi_application()  # loads the apps that the imports below need

from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.exceptions import RequestAborted  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.urls import path  # noqa: E402
from starlette.types import Receive, Scope, Send  # noqa: E402

from accounts import sections  # noqa: E402
from chat import lifecycle  # noqa: E402
from config.channel_layer import PostgresChannelLayer  # noqa: E402
from config.mcp import McpApplication, by_path  # noqa: E402
from config.middleware import is_for_programs  # noqa: E402
from config.static_files import StaticFiles  # noqa: E402
from knowledge.background import keeper  # noqa: E402
from tasks.live import TasksConsumer  # noqa: E402


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


class Lifespan:
    """Looks, as long as the server runs, for turns and documents that dead processes left; at its end hands over what
    runs here."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.sweeper: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begin()
        if scope["type"] != "lifespan":
            await self.application(scope, receive, send)
            return
        await receive()
        if isinstance(layer := get_channel_layer(), PostgresChannelLayer):
            await layer.begin()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.end()
        await send({"type": "lifespan.shutdown.complete"})

    def begin(self) -> None:
        if self.sweeper is None:
            sections.serve_with(settings.SECTION_THREADS)
            self.sweeper = asyncio.create_task(lifecycle.sweep_forever())
            keeper.start()

    async def end(self) -> None:
        await lifecycle.drain(settings.SHUTDOWN_GRACE_SECONDS)
        await asyncio.to_thread(keeper.stop)


websockets = AllowedHostsOriginValidator(
    URLRouter([path("ws/tasks", TasksConsumer.as_asgi())])  # type: ignore[arg-type,list-item]
)
http = StaticFiles(by_path(McpApplication(), DjangoApplication()))
application = Lifespan(ProtocolTypeRouter({"http": http, "websocket": websockets}))
