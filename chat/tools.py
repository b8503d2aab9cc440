"""The MCP servers of `settings.MCP_SERVERS`, as the agent reaches them: in this process, without a wire."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from agents import FunctionTool
from agents.tool_context import ToolContext
from django.conf import settings
from django.utils.module_loading import import_string
from mcp import Client
from mcp.shared.dispatcher import ProgressFnT
from mcp.types import CallToolRequest, CallToolRequestParams, CallToolResult, TextContent, Tool
from mcp_types.version import LATEST_MODERN_VERSION

PROGRESS_LENGTH = 200


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


_tools: dict[str, dict[str, Tool]] = {}
_sdk_tools: dict[str, list[FunctionTool]] = {}


def connection(path: str) -> Client:
    """Return a client of a server in this process. There is nothing to negotiate with one that came with us."""
    return Client(import_string(path), mode=LATEST_MODERN_VERSION)


async def known_tools(path: str, client: Client) -> dict[str, Tool]:
    """Return a server's tools by name. They are asked for once in a process: the server is part of it."""
    if path not in _tools:
        _tools[path] = {tool.name: tool for tool in (await client.list_tools()).tools}
        _sdk_tools[path] = [sdk_tool(tool) for tool in _tools[path].values()]
    return _tools[path]


def sdk_tool(tool: Tool) -> FunctionTool:
    """Return a tool as the Agents SDK takes it. Calls go to the run that is the SDK's context, so it is made once."""

    async def invoke(context: ToolContext[Any], arguments: str) -> str:
        return str(await context.context.answer_asked(context.tool_call_id))

    schema = {"properties": {}} | tool.input_schema  # OpenAI wants them, MCP does not
    return FunctionTool(tool.name, tool.description or "", schema, invoke, strict_json_schema=False)


class ToolServer:
    """One MCP server for the length of a turn; `tell` is given what a tool says while it works (MCP progress)."""

    def __init__(self, path: str, tell: Callable[[str], None]) -> None:
        self.path = path
        self.tell = tell
        self.client = connection(path)
        self.tools: dict[str, Tool] = {}

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        self.tools = await known_tools(self.path, self.client)
        return self

    async def __aexit__(self, *failure: Any) -> None:
        await self.client.__aexit__(None, None, None)  # told of it, the client would wrap a failure into a group

    @property
    def sdk_tools(self) -> list[FunctionTool]:
        return _sdk_tools[self.path]

    def call(self, id: str, tool_name: str, arguments: dict[str, Any]) -> ToolCall:
        return ToolCall(id, self.tools[tool_name], arguments, partial(self.request, tool_name))

    async def request(self, tool_name: str, arguments: dict[str, Any]) -> CallToolResult:
        return await request(self.client, tool_name, arguments, self.told)

    async def told(self, progress: float, total: float | None, message: str | None) -> None:
        if message:
            self.tell(message[:PROGRESS_LENGTH])


async def request(
    client: Client, tool_name: str, arguments: dict[str, Any], told: ProgressFnT | None = None
) -> CallToolResult:
    """Call a tool without the client's check of its result against the output schema.

    The server is in this process and has made the result by that schema; a client of one turn would compile a
    validator each time, which takes several times as long as the call.
    """
    call = CallToolRequest(params=CallToolRequestParams(name=tool_name, arguments=arguments))
    return await client.session.send_request(call, CallToolResult, progress_callback=told)


def with_note(result: CallToolResult, note: str) -> CallToolResult:
    """Return a result that tells the model something else first."""
    return result.model_copy(update={"content": [TextContent(text=f"{note}\n{text_of(result)}")]})


class Direct:
    """The tools as widgets call them, without a model: of `settings.MCP_SERVERS` and of `MCP_WIDGET_SERVERS`."""

    async def __aenter__(self) -> Self:
        self.stack = AsyncExitStack()
        self.tools: dict[str, tuple[Client, Tool]] = {}
        for path in [*settings.MCP_WIDGET_SERVERS, *settings.MCP_SERVERS]:
            client = await self.stack.enter_async_context(connection(path))
            self.tools |= {name: (client, tool) for name, tool in (await known_tools(path, client)).items()}
        return self

    async def __aexit__(self, *failure: Any) -> None:
        await self.stack.__aexit__(*failure)

    def find(self, name: str) -> Tool | None:
        return self.tools[name][1] if name in self.tools else None

    async def call(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        """Call a tool; the caller is that of `accounts.caller.calling`."""
        return await request(self.tools[name][0], name, arguments)


def text_of(result: CallToolResult) -> str:
    """Return what the model reads of a result."""
    return "\n".join(block.text for block in result.content if block.type == "text")


class Stopwatch:
    def __init__(self) -> None:
        self.started = time.perf_counter()

    @property
    def ms(self) -> int:
        return round((time.perf_counter() - self.started) * 1000)
