"""The MCP servers of `settings.MCP_SERVERS`, as the agent reaches them: in this process, without a wire."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from mcp import Client
from mcp.shared.dispatcher import ProgressFnT
from mcp.types import CallToolRequest, CallToolRequestParams, CallToolResult, TextContent, Tool
from mcp_types.version import LATEST_MODERN_VERSION

from accounts.models import ApprovalPolicy

PROGRESS_LENGTH = 200

type Tell = Callable[[str], None]


@dataclass(frozen=True)
class ToolCall:
    """A call that the model asked for, and how to make it."""

    id: str
    tool: Tool
    arguments: dict[str, Any]
    make: Callable[[dict[str, Any]], Awaitable[CallToolResult]]

    @property
    def name(self) -> str:
        return self.tool.name

    @property
    def title(self) -> str:
        return self.tool.title or self.tool.name


class ToolServer:
    """An MCP server of this process, and its tools by name as it lists them."""

    def __init__(self, path: str, tools: list[Tool]) -> None:
        self.path = path
        self.tools = {tool.name: tool for tool in tools}

    def call(self, id: str, name: str, arguments: dict[str, Any], tell: Tell | None = None) -> ToolCall:
        """Return a call of a tool; `tell` gets what the tool reports while it works (MCP progress)."""
        return ToolCall(
            id, self.tools[name], arguments, partial(request, self.path, name, told=tell and as_progress(tell))
        )


_servers: dict[str, ToolServer] = {}
_instead: ContextVar[Sequence[str] | None] = ContextVar("tool servers", default=None)


def people_paths() -> Sequence[str]:
    """Return the dotted paths of the servers whose tools act for people: `MCP_SERVERS`, or those of `instead`."""
    return _instead.get() or settings.MCP_SERVERS


@contextmanager
def instead(paths: Sequence[str] | None) -> Iterator[None]:
    """Use other servers than `MCP_SERVERS` for what is begun here, where some are given."""
    token = _instead.set(paths)
    try:
        yield
    finally:
        _instead.reset(token)


async def tool_servers(paths: Iterable[str]) -> list[ToolServer]:
    """Return servers by their dotted paths. Each is part of this process, and is asked for its tools once."""
    return [_servers.get(path) or await load_server(path) for path in paths]


async def load_server(path: str) -> ToolServer:
    async with connection(path) as client:
        server = _servers[path] = ToolServer(path, (await client.list_tools()).tools)
    return server


async def page_call(name: str, arguments: dict[str, Any]) -> ToolCall | None:
    """Return a call that a widget asks for, without a model; None where no server has the tool.

    The caller is that of `accounts.caller.calling`.
    """
    for server in await tool_servers([*people_paths(), *settings.MCP_WIDGET_SERVERS]):
        if name in server.tools:
            return server.call("", name, arguments)
    return None


@asynccontextmanager
async def connection(path: str) -> AsyncIterator[Client]:
    """Connect to a server for one request. There is nothing to negotiate with one that came with us."""
    client = Client(import_string(path), mode=LATEST_MODERN_VERSION, cache=None)
    await client.__aenter__()
    try:
        yield client
    finally:
        await client.__aexit__(None, None, None)  # told of it, the client would wrap a failure into a group


async def request(path: str, name: str, arguments: dict[str, Any], told: ProgressFnT | None = None) -> CallToolResult:
    """Call a tool without the client's check of its result against the output schema.

    The server is in this process and has made the result by that schema; a client of one call would compile a
    validator each time, which takes several times as long as the call.
    """
    call = CallToolRequest(params=CallToolRequestParams(name=name, arguments=arguments))
    async with connection(path) as client:
        return await client.session.send_request(call, CallToolResult, progress_callback=told)


def as_progress(tell: Tell) -> ProgressFnT:
    async def told(progress: float, total: float | None, message: str | None) -> None:
        if message:
            tell(message[:PROGRESS_LENGTH])

    return told


def with_note(result: CallToolResult, note: str) -> CallToolResult:
    """Return a result that begins with a note for the model."""
    return result.model_copy(update={"content": [TextContent(text=f"{note}\n{text_of(result)}")]})


def text_of(result: CallToolResult) -> str:
    """Return what the model reads of a result."""
    return "\n".join(block.text for block in result.content if block.type == "text")


def needs_approval(policy: str, tool: Tool) -> bool:
    """Tell whether a call of `tool` needs approval. A tool without annotations counts as one that destroys.

    That is what missing hints mean (https://modelcontextprotocol.io/specification, tool annotations).
    """
    if policy == ApprovalPolicy.NEVER or is_read(tool):
        return False
    return policy == ApprovalPolicy.ALWAYS or is_destructive(tool)


def is_read(tool: Tool) -> bool:
    return bool(tool.annotations and tool.annotations.read_only_hint)


def is_destructive(tool: Tool) -> bool:
    return not (tool.annotations and tool.annotations.destructive_hint is False)


class Stopwatch:
    def __init__(self) -> None:
        self.started = time.perf_counter()

    @property
    def ms(self) -> int:
        return round((time.perf_counter() - self.started) * 1000)
