"""The card that lists what answers did which the conversation no longer shows, and offers to undo it.

A tool that takes back what turns did says so by `UNDO_META`; its argument `turn_ids` names them. The tool itself says
what it would do, so the card shows what can still be undone.
"""

from typing import Any

from chatkit.types import WidgetItem
from django.utils import timezone
from mcp.types import CallToolResult, Tool

from accounts.caller import Caller, calling
from accounts.models import User
from chat import ids
from chat.items.approval_card import caption, change_lines, text, widget_root
from chat.models import Message, Turn
from chat.tool_servers import people_paths, text_of, tool_servers
from core.sections import section
from core.tools.previews import PLAN_META, UNDO_META, Plan, PlannedChange
from core.tools.result_meta import SUMMARY_META

UNDO = "leftovers.undo"
SHOWN_CHANGES = 20


async def card(turn: Turn, user: User) -> WidgetItem | None:
    """Return the card of what was changed by the turns that `turn` replaced, or None if that is nothing."""
    changes: list[PlannedChange] = []
    for result in await call_undo(Caller(user, "chat", is_preview=True), turn.abandoned):
        plan = (result.meta or {}).get(PLAN_META)
        changes += Plan.model_validate(plan).changes if plan else []
    return card_item(turn, rows(changes), is_open=True) if changes else None


async def undo(user: User, public_id: str) -> WidgetItem:
    """Undo what the turns did that this one replaced; return the card as it is then. Raises `Missing`."""
    turn = await section(Turn.of_user, user, public_id)
    results = await call_undo(Caller(user, "page", key=f"abandoned:{turn.pk.hex}"), turn.abandoned)
    said = [summary_of(result) for result in results]
    item = card_item(turn, [caption(line) for line in said], is_open=False)
    await section(Message.put, turn.conversation_id, item, turn.pk)
    return item


async def call_undo(caller: Caller, turn_ids: list[str]) -> list[CallToolResult]:
    """Call each tool that can undo what turns did; return their results."""
    servers = await tool_servers(people_paths())
    undoing = [(server, name) for server in servers for name, tool in server.tools.items() if is_undo(tool)]
    with calling(caller):
        return [await server.call("", name, {}).make({"turn_ids": turn_ids}) for server, name in undoing]


def is_undo(tool: Tool) -> bool:
    return bool((tool.meta or {}).get(UNDO_META))


def summary_of(result: CallToolResult) -> str:
    return str((result.meta or {}).get(SUMMARY_META) or text_of(result))


def rows(changes: list[PlannedChange]) -> list[dict[str, Any]]:
    """Return a row for each change as undoing it would make it: what was added would be deleted."""
    shown = [
        {"type": "Col", "gap": 0, "children": change_lines(change.model_dump())} for change in changes[:SHOWN_CHANGES]
    ]
    more = len(changes) - SHOWN_CHANGES
    return [*shown, caption(f"and {more} more")] if more > 0 else shown


def card_item(turn: Turn, children: list[dict[str, Any]], *, is_open: bool) -> WidgetItem:
    title = "What the earlier answer did is still there" if is_open else "Undone"
    heading = [text(title, weight="semibold"), *([caption("Undoing it would do this:")] if is_open else [])]
    widget: dict[str, Any] = {"type": "Card", "size": "md", "children": [*heading, *children]}
    if is_open:
        undo = {"type": UNDO, "payload": {"turn_id": turn.public_id}, "loadingBehavior": "container"}
        widget["confirm"] = {"label": "Undo", "action": undo | {"streaming": False}}
    return WidgetItem(
        id=ids.show("wig", turn.pk),
        thread_id=turn.conversation.public_id,
        created_at=timezone.now(),
        widget=widget_root.validate_python(widget),
        copy_text=title,
    )
