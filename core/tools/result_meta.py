"""What all our MCP tool servers share."""

from typing import Any

# What a result says of itself in one line, for whoever shows tool calls to people.
SUMMARY_META = "errand/summary"
# What the markers of a result, or numbers such as #4, stand for (chat/items/citations.py).
SOURCES_META = "chatkit/sources"
# A ChatKit widget's root as JSON, which the chat shows below the answer as it is, and the call that draws it again.
WIDGET_META = "chatkit/widget"
REFRESH_META = "chatkit/widget_refresh"
# The same in words (Markdown), for what cannot draw widgets.
COPY_TEXT_META = "chatkit/widget_copy_text"


def widget_meta(widget: dict[str, Any] | None, text: str, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return the `_meta` of a result that describes its widget, if it has one; `text` is the same in words.

    Whenever the widget is shown again, `tool` is called with `arguments` as the user; its result has the widget as it
    is then.
    """
    refresh = {"tool": tool, "arguments": arguments}
    return {WIDGET_META: widget, COPY_TEXT_META: text, REFRESH_META: refresh} if widget else {}


def compact(schema: Any) -> Any:
    """Return a JSON schema without titles and defaults of null, and with `X or null` written as X."""
    if isinstance(schema, list):
        return [compact(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    options = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if len(options) == 1:
        schema = {name: value for name, value in schema.items() if name != "anyOf"} | options[0]
    return {
        name: {key: compact(value) for key, value in content.items()} if name == "properties" else compact(content)
        for name, content in schema.items()
        if not (name == "title" and isinstance(content, str)) and not (name == "default" and content is None)
    }
