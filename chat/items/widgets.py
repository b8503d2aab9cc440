"""Widgets that tools attach to their results: shown below the answer, drawn again when they are read, and clicked.

A result says in its `_meta` how its widget looks, and which call draws it again (`core.tools.result_meta`). A click
names a tool of `settings.MCP_SERVERS` or `MCP_WIDGET_SERVERS`, which is called as the user, without the model.
"""

from collections.abc import Iterable
from typing import Any

import structlog
from chatkit.types import ThreadItem, WidgetItem
from django.utils import timezone
from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from accounts.caller import Caller, calling
from accounts.models import User
from chat import ids
from chat.items.approval_card import caption, change_lines, text, widget_root
from chat.models import Message
from chat.tool_servers import is_destructive, is_read, needs_approval, page_call, text_of
from core.problems import Conflict, Unprocessable
from core.sections import section
from core.tools.previews import PLAN_META, PREVIEW_META, Plan
from core.tools.result_meta import COPY_TEXT_META, REFRESH_META, WIDGET_META

TOOL, SHOW = "tool", "tool.show"  # the actions of clicks
ITEM_TYPE = "errand.widget"  # among a step's items; no model is given it
SHOWN_CHANGES = 20

log = structlog.get_logger("errand.chat")


class ToolRequest(BaseModel):
    """A tool and what it is called with."""

    tool: str = Field(max_length=100)
    arguments: dict[str, Any] = {}


class Click(ToolRequest):
    """What a click sends: the call, filled in with the fields of its form. `expects`: the plan that was confirmed."""

    model_config = ConfigDict(extra="ignore")

    expects: str | None = Field(None, max_length=100)


class LiveWidget(WidgetItem):
    """A widget's item with the call that draws it again, which is stored beside it and not sent."""

    refresh: ToolRequest | None = Field(None, exclude=True)


# ---- from a result to the screen


def as_items(result: CallToolResult) -> list[dict[str, Any]]:
    """Return a result's widget as an item of its step, from which it is shown at the end of the turn."""
    meta = result.meta or {}
    if WIDGET_META not in meta or result.is_error:
        return []
    copy_text = meta.get(COPY_TEXT_META) or None
    return [{"type": ITEM_TYPE, "widget": meta[WIDGET_META], "copy_text": copy_text, "refresh": meta.get(REFRESH_META)}]


def of_items(items: Iterable[dict[str, Any]], thread_id: str) -> list[ThreadItem]:
    """Return the widgets among the items of steps. One that is not a ChatKit widget is logged and left out."""
    found: list[ThreadItem] = []
    for item in items:
        if item.get("type") != ITEM_TYPE:
            continue
        place = {"id": ids.new_id("widget"), "thread_id": thread_id, "created_at": timezone.now()}
        try:
            found.append(LiveWidget.model_validate(item | place | {"type": "widget"}))
        except ValidationError as error:
            log.warning("widget.unusable", error=str(error.errors(include_input=False)[:3]))
    return found


# ---- in its present state


async def present(user: User, messages: list[Message]) -> list[ThreadItem]:
    """Return messages as items, their widgets as they look now."""
    items = [message.as_item() for message in messages]
    live = {message.item_id: message.refresh for message in messages if message.refresh}
    for item in items:
        if isinstance(item, WidgetItem) and item.id in live:
            await draw(user, item, live[item.id])
    return items


async def draw(user: User, item: WidgetItem, refresh: dict[str, Any]) -> None:
    """Let an item show its widget as it looks now. Where the tool cannot tell, it stays as it is."""
    request = ToolRequest.model_validate(refresh)
    call = await page_call(request.tool, request.arguments)
    if call is None or not is_read(call.tool):
        return
    with calling(Caller(user, "chat")):
        result = await call.make(call.arguments)
    try:
        item.widget = widget_root.validate_python((result.meta or {}).get(WIDGET_META))
        item.copy_text = (result.meta or {}).get(COPY_TEXT_META) or None
    except ValidationError:
        log.warning("widget.not_drawn", tool=request.tool, is_error=result.is_error)


# ---- clicked


def read_click(payload: Any) -> Click:
    """Return what a click says. Raises `Unprocessable`."""
    try:
        return Click.model_validate(payload)
    except ValidationError as error:
        raise Unprocessable(f"This is not a click on a widget: {error.errors()[0]['msg']}") from error


async def click(user: User, message: Message, payload: Any, key: str) -> WidgetItem:
    """Do what a click says, once under its `key`, and return the widget as it looks then.

    A click that destroys shows first what it would do, unless the user wants to be asked for nothing; that item is not
    stored. Raises `Unprocessable` for an unknown tool, and `Conflict` if the tool fails.
    """
    item = message.as_item()
    if not isinstance(item, WidgetItem) or not message.refresh:
        raise Conflict("This can no longer be clicked.")
    if asking := await make(user, item, read_click(payload), key):
        return asking
    await draw(user, item, message.refresh)
    await section(Message.put, message.conversation_id, item)
    return item


async def make(user: User, item: WidgetItem, clicked: Click, key: str) -> WidgetItem | None:
    """Make the call of a click; return the item as a card that asks for a yes where one is needed first."""
    if (call := await page_call(clicked.tool, clicked.arguments)) is None:
        raise Unprocessable(f"There is no tool “{clicked.tool}”.")
    tool = call.tool
    caller = Caller(user, "page", f"click:{key}", expects=clicked.expects)
    if not clicked.expects and is_destructive(tool) and needs_approval(user.approval_policy, tool):
        if not (tool.meta or {}).get(PREVIEW_META):
            raise Conflict("This cannot be done by a click: it needs your approval. Ask for it in words.")
        caller = Caller(user, "page", is_preview=True)
    with calling(caller):
        result = await call.make(call.arguments)
    if result.is_error:
        raise Conflict(text_of(result).removeprefix(f"Error executing tool {clicked.tool}: "))
    return confirmation(item, clicked, result) if caller.is_preview else None


def confirmation(item: WidgetItem, clicked: Click, result: CallToolResult) -> WidgetItem:
    """Return the item as a card that tells what the call would do, with buttons for yes and no."""
    plan = Plan.model_validate((result.meta or {})[PLAN_META])
    rows = [{"type": "Col", "gap": 0, "children": change_lines(each.model_dump())} for each in plan.changes]
    more = len(rows) - SHOWN_CHANGES
    rest = [caption(f"and {more} more")] if more > 0 else []
    confirmed = clicked.model_dump() | {"expects": plan.fingerprint}
    card = {
        "type": "Card",
        "size": "md",
        "children": [text("Do this?", weight="semibold"), *rows[:SHOWN_CHANGES], *rest],
        "confirm": {"label": "Confirm", "action": action(TOOL, confirmed)},
        "cancel": {"label": "Cancel", "action": action(SHOW, {})},
    }
    return item.model_copy(update={"widget": widget_root.validate_python(card)})


async def show(user: User, message: Message) -> WidgetItem:
    """Return a widget as it looks now, which cancels a confirmation. Raises `Conflict` for another kind of item."""
    (item,) = await present(user, [message])
    if not isinstance(item, WidgetItem):
        raise Conflict("This is not a widget.")
    return item


def action(type: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"type": type, "payload": payload, "loadingBehavior": "container", "streaming": False}
