"""The ASGI application: static files first, then WebSockets, MCP and Django."""

import asyncio
import os
from pathlib import Path
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()  # loads the apps that the imports below need

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib import admin  # noqa: E402
from django.urls import path  # noqa: E402
from servestatic import ServeStaticASGI  # noqa: E402
from starlette.types import Receive, Scope, Send  # noqa: E402

from chat import lifecycle  # noqa: E402
from config.mcp import McpApplication, by_path  # noqa: E402
from tasks.live import TasksConsumer  # noqa: E402


class Sweeping:
    """Looks for turns that dead processes left, from the first request on: nothing tells an application sooner."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.sweeper: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.sweeper = self.sweeper or asyncio.create_task(lifecycle.sweep_forever())
        await self.application(scope, receive, send)


websockets = AllowedHostsOriginValidator(
    URLRouter([path("ws/tasks", TasksConsumer.as_asgi())])  # type: ignore[arg-type,list-item]
)
application = ServeStaticASGI(
    Sweeping(ProtocolTypeRouter({"http": by_path(McpApplication(), django_application), "websocket": websockets})),
    root=settings.BASE_DIR / "static",
    prefix="static/",
    autorefresh=True,
    max_age=0,
)
application.add_files(Path(admin.__file__).parent / "static", prefix="static/")
