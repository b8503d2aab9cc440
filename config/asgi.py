"""The ASGI application: static files first, then WebSockets, MCP and Django. `config.serving.server` runs it."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
get_asgi_application()  # loads the apps that the imports below need

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.urls import path  # noqa: E402
from starlette.responses import Response  # noqa: E402
from starlette.types import ASGIApp, Receive, Scope, Send  # noqa: E402

from config import checks  # noqa: E402
from config.live_socket import LiveSocket  # noqa: E402
from config.mcp import McpApplication, by_path  # noqa: E402
from config.middleware import is_for_programs  # noqa: E402
from config.serving.lifespan import Lifespan  # noqa: E402
from config.serving.static_files import StaticFiles  # noqa: E402
from core.compat import EventLoopHandler  # noqa: E402
from core.problems import problem_response  # noqa: E402

HEAD_BYTES_LIMIT = 64 * 1024  # of a request line with its headers, as nginx and others have it

checks.refuse_what_programs_would_miss()
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


http = StaticFiles(by_path(McpApplication(), EventLoopHandler(is_for_programs)))
by_protocol: Any = ProtocolTypeRouter({"http": bounded(http), "websocket": websockets})
application = Lifespan(by_protocol)
