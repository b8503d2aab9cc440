"""The tools that the official MCP conformance suite asks a server for, as its documentation describes them."""

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import (
    AudioContent,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQAAAAA="


async def json_schema_2020_12_tool(name: str = "", address: dict[str, str] | None = None) -> str:
    """Take arguments by a schema with keywords of JSON Schema 2020-12."""
    return name


schema_tool = Tool.from_function(json_schema_2020_12_tool)
schema_tool.parameters = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {"address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
    "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
    "additionalProperties": False,
}
server = MCPServer("conformance-fixtures", tools=[schema_tool])


@server.tool("test_simple_text")
async def simple_text() -> CallToolResult:
    """Answer with text."""
    return CallToolResult(content=[TextContent(text="This is a simple text response for testing.")])


@server.tool("test_image_content")
async def image_content() -> CallToolResult:
    """Answer with an image."""
    return CallToolResult(content=[ImageContent(data=PIXEL, mime_type="image/png")])


@server.tool("test_audio_content")
async def audio_content() -> CallToolResult:
    """Answer with sound."""
    return CallToolResult(content=[AudioContent(data=SILENCE, mime_type="audio/wav")])


@server.tool("test_embedded_resource")
async def embedded_resource() -> CallToolResult:
    """Answer with an embedded resource."""
    return CallToolResult(content=[embedded("test://embedded-resource", "This is an embedded resource content.")])


@server.tool("test_multiple_content_types")
async def multiple_content_types() -> CallToolResult:
    """Answer with text, an image and a resource."""
    mixed = embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json")
    text = TextContent(text="Multiple content types test:")
    return CallToolResult(content=[text, ImageContent(data=PIXEL, mime_type="image/png"), mixed])


@server.tool("test_error_handling")
async def error_handling() -> CallToolResult:
    """Fail."""
    raise ToolError("This tool intentionally returns an error for testing")


def embedded(uri: str, text: str, mime_type: str = "text/plain") -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))
