"""The MCP servers of `settings.MCP_SERVERS`, as the agent reaches them: in this process, without a wire."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from agents.mcp import MCPServer
from agents.mcp.util import MCPToolMetaContext
from agents.tool_context import ToolContext
from django.utils.module_loading import import_string
from mcp import Client
from mcp.types import CallToolResult, GetPromptResult, ListPromptsResult, Tool

CALL_ID_META = "call_id"


@dataclass(frozen=True)
class ToolCall:
    """A call that the model asked for."""

    id: str
    name: str
    arguments: dict[str, Any]
    title: str
    is_read: bool


type Around = Callable[[ToolCall, Callable[[], Awaitable[CallToolResult]]], Awaitable[CallToolResult]]


class ToolServer(MCPServer):
    """One MCP server for the length of a turn. `around` surrounds each call: it journals it and says who calls."""

    def __init__(self, path: str, around: Around) -> None:
        super().__init__(tool_meta_resolver=call_id_meta)
        self.path = path
        self.around = around
        self.client = Client(import_string(path))
        self.tools: dict[str, Tool] = {}

    @property
    def name(self) -> str:
        return self.path

    async def connect(self) -> None:
        await self.client.__aenter__()
        self.tools = {tool.name: tool for tool in (await self.client.list_tools()).tools}

    async def cleanup(self) -> None:
        await self.client.__aexit__(None, None, None)

    async def list_tools(self, run_context: Any = None, agent: Any = None) -> list[Tool]:
        return list(self.tools.values())

    async def call_tool(
        self, tool_name: str, arguments: dict[str, Any] | None, meta: dict[str, Any] | None = None
    ) -> CallToolResult:
        tool = self.tools[tool_name]
        is_read = bool(tool.annotations and tool.annotations.read_only_hint)
        call = ToolCall((meta or {})[CALL_ID_META], tool_name, arguments or {}, tool.title or tool_name, is_read)
        return await self.around(call, lambda: self.client.call_tool(tool_name, arguments or {}))

    async def list_prompts(self) -> ListPromptsResult:
        return await self.client.list_prompts()

    async def get_prompt(self, name: str, arguments: dict[str, Any] | None = None) -> GetPromptResult:
        return await self.client.get_prompt(name, arguments)


def call_id_meta(context: MCPToolMetaContext) -> dict[str, Any]:
    """Hand the call's id to `ToolServer.call_tool`, which the SDK does not tell it otherwise. It goes no further."""
    assert isinstance(context.run_context, ToolContext)
    return {CALL_ID_META: context.run_context.tool_call_id}


def text_of(result: CallToolResult) -> str:
    """Return what the model reads of a result."""
    return "\n".join(block.text for block in result.content if block.type == "text")


class Stopwatch:
    def __init__(self) -> None:
        self.started = time.perf_counter()

    @property
    def ms(self) -> int:
        return round((time.perf_counter() - self.started) * 1000)
