"""`/mcp`: the same tools for other assistants, over MCP's streamable HTTP, without sessions.

Both protocol generations are served. A bearer token says who calls: a signed one, or a personal access token, whose
scope decides which tools it sees.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any

import structlog
from django.conf import settings
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import AnyHttpUrl, ConfigDict
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from accounts import tokens
from accounts.caller import Caller, calling
from accounts.models import AccessToken as PersonalToken
from accounts.models import User
from chat.tool_servers import ToolServer, tool_servers

PATH = "/mcp"
METADATA_PATH = f"/.well-known/oauth-protected-resource{PATH}"
MAX_BODY_BYTES = 1_000_000
MAX_KEY_LENGTH = 200

log = structlog.get_logger("errand.mcp")


class UserToken(AccessToken):
    """What the SDK knows of a verified token, with the user it lets in."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    user: User


class Verifier:
    """The same verifier as everywhere (`accounts.tokens`), as the MCP SDK asks for it."""

    async def verify_token(self, token: str) -> UserToken | None:
        try:
            access = await tokens.authenticate(token, takes_oauth=True)
        except tokens.InvalidToken as error:
            log.info("token.refused", reason=str(error))
            return None
        user = access.user
        return UserToken(token="", client_id=user.subject, subject=user.subject, scopes=[access.scope], user=user)


def may(scope: str, tool: Tool) -> bool:
    """Tell whether a token of that scope may use a tool, by the tool's annotations."""
    hints = tool.annotations or ToolAnnotations()
    return scope == "full" or hints.read_only_hint is True or (scope == "change" and hints.destructive_hint is False)


class Gateway:
    """One server in front of all `settings.MCP_SERVERS`, and of those that only other assistants are given."""

    async def known_tools(self) -> dict[str, tuple[ToolServer, Tool]]:
        servers = await tool_servers([*settings.MCP_SERVERS, *settings.MCP_GUEST_SERVERS])
        return {name: (server, tool) for server in servers for name, tool in server.tools.items()}

    async def list_tools(
        self, context: ServerRequestContext[Any, Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        scope = current_token(context).scopes[0]
        known = (await self.known_tools()).values()
        return ListToolsResult(tools=[tool for _, tool in known if may(scope, tool)])

    async def call_tool(self, context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        known, token = await self.known_tools(), current_token(context)
        if params.name not in known:
            raise MCPError(INVALID_PARAMS, f"Unknown tool: {params.name}")
        server, tool = known[params.name]
        if not may(token.scopes[0], tool):
            text = f"This access token may not use {params.name}. Its owner can make one that may."
            return CallToolResult(content=[TextContent(text=text)], is_error=True)
        with calling(caller(context, token)):
            return await server.call("", params.name, {}).make(params.arguments or {})


def current_token(context: ServerRequestContext[Any, Any]) -> UserToken:
    """Return the token of the HTTP request that a message came with."""
    assert isinstance(context.request, Request)
    assert isinstance(context.request.user, AuthenticatedUser)
    token = context.request.user.access_token
    assert isinstance(token, UserToken)
    return token


def caller(context: ServerRequestContext[Any, Any], token: UserToken) -> Caller:
    """Return who calls. A client that sends `Idempotency-Key` may repeat a call without doing it twice."""
    key = context.request.headers.get("idempotency-key") if context.request else None
    if key and len(key) > MAX_KEY_LENGTH:
        raise MCPError(INVALID_PARAMS, f"An Idempotency-Key has at most {MAX_KEY_LENGTH} characters.")
    return Caller(token.user, "mcp", f"mcp:{key}") if key else Caller(token.user, "mcp")


async def metadata(request: Request) -> JSONResponse:
    """Protected resource metadata (RFC 9728). The built-in issuer is not an OAuth server, so it names none."""
    issuer = f"{settings.BETTER_AUTH_URL}/api/auth"
    scopes = [scope.value for scope in PersonalToken.Scope]
    servers = {"authorization_servers": [issuer], "scopes_supported": scopes} if settings.BETTER_AUTH_URL else {}
    body = {"resource": settings.PUBLIC_URL + PATH, "resource_name": "Errand", "bearer_methods_supported": ["header"]}
    return JSONResponse(body | servers, headers={"Access-Control-Allow-Origin": "*"})


class McpApplication:
    """The ASGI application. Its session manager runs in a task of its own, begun at the first request: neither Django
    nor Daphne tells an application when a server starts."""

    def __init__(self) -> None:
        gateway = Gateway()
        server: Server[Any] = Server(
            "errand",
            version=settings.VERSION,
            title="Errand",
            instructions=(
                "The user's task list and documents. A task's id is its number on the list. Every change can be undone."
            ),
            on_list_tools=gateway.list_tools,
            on_call_tool=gateway.call_tool,
        )
        hosts = [pattern for host in settings.ALLOWED_HOSTS for pattern in (host, f"{host}:*")]
        origins = [f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts]
        security = TransportSecuritySettings(
            allowed_hosts=hosts, allowed_origins=origins + settings.CSRF_TRUSTED_ORIGINS
        )
        self.manager = StreamableHTTPSessionManager(
            app=server,
            json_response=True,
            stateless=True,
            security_settings=security,
            max_request_body_size=MAX_BODY_BYTES,
        )
        metadata_url = AnyHttpUrl(settings.PUBLIC_URL + METADATA_PATH)
        endpoint = RequireAuthMiddleware(StreamableHTTPASGIApp(self.manager), [], metadata_url)
        self.starlette = Starlette(
            routes=[Route(PATH, endpoint=endpoint), Route(METADATA_PATH, endpoint=metadata)],
            middleware=[
                Middleware(AuthenticationMiddleware, backend=BearerAuthBackend(Verifier())),
                Middleware(AuthContextMiddleware),
            ],
        )
        self.owner: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.owner is None:
            self.started = asyncio.Event()
            self.owner = asyncio.create_task(self.run())
        await self.started.wait()
        await self.starlette(scope, receive, send)

    async def run(self) -> None:
        async with self.manager.run():
            self.started.set()
            await asyncio.Event().wait()


def by_path(mcp: McpApplication, rest: Any) -> Any:
    """Return an ASGI application that gives MCP its paths and everything else to `rest`."""

    def application(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and scope["path"] in {PATH, METADATA_PATH}:
            return mcp(scope, receive, send)
        return rest(scope, receive, send)  # type: ignore[no-any-return]

    return application
