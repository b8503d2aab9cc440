"""The card that asks the person, as a ChatKit widget: what each call would do, field by field, and two buttons."""

import datetime
import re
from typing import Any

from chatkit.types import WidgetItem
from chatkit.widgets import WidgetRoot
from pydantic import TypeAdapter

from chat.models import Approval

# The actions of the card's buttons. The last two only change what the card shows, and only on that screen.
DECIDE, EDIT, SHOW = "approval.decide", "approval.edit", "approval.show"
SHOWN_CHANGES = 50
VALUE_LENGTH = 300
INPUTS_COUNT = 40

widget_root: TypeAdapter[Any] = TypeAdapter(WidgetRoot)

VERBS = {"add": "Add", "change": "Change", "delete": "Delete"}
SETTLED = {"approve": "Approved", "reject": "Not approved", "edit": "Changed by you"}


def card_item(approval: Approval, thread_id: str) -> WidgetItem:
    """Return the message that shows an approval as it is now: with buttons only while it waits."""
    return item_with(card_of(approval), approval, thread_id)


def form_item(approval: Approval, thread_id: str) -> WidgetItem:
    """Return the same message with an input for each argument of the calls that do not destroy."""
    return item_with(form_of(approval), approval, thread_id)


def item_with(card: dict[str, Any], approval: Approval, thread_id: str) -> WidgetItem:
    return WidgetItem(
        id=approval.item_id,
        thread_id=thread_id,
        created_at=approval.created_at,
        widget=widget_root.validate_python(card),
        copy_text=copy_text(approval),
    )


def card_of(approval: Approval) -> dict[str, Any]:
    is_open = approval.status == Approval.Status.PENDING
    children: list[dict[str, Any]] = [{"type": "Title", "value": headline(approval), "size": "sm"}]
    has_parts = is_open and sum(len(parts_of(call)) for call in approval.calls) > 1
    if is_open and any(call["is_stale"] for call in approval.calls):
        children.append(caption("Something changed since you said yes. This is what it would do now."))
    for place, call in enumerate(approval.calls):
        children += [{"type": "Divider"}] if place else []
        children += call_rows(call, place, has_parts=has_parts, is_open=is_open)
    card: dict[str, Any] = {"type": "Card", "size": "md", "children": children}
    if not is_open:
        return card
    payload = {"approval_id": approval.public_id, "turn_id": approval.turn.public_id}
    if inputs(approval):
        edit = {"type": "Button", "label": "Edit", "size": "sm", "variant": "ghost"}
        children.append(edit | {"onClickAction": action(EDIT, payload)})
    return card | {
        "asForm": True,
        "confirm": button(confirm_label(approval), DECIDE, payload | {"approve": True, "is_parted": has_parts}),
        "cancel": button("Cancel", DECIDE, payload | {"approve": False}),
    }


def form_of(approval: Approval) -> dict[str, Any]:
    children: list[dict[str, Any]] = [{"type": "Title", "value": "Change it first", "size": "sm"}]
    for name, label, value in inputs(approval):
        kind = "number" if isinstance(value, int) else "text"
        box = {"type": "Input", "name": name, "inputType": kind, "defaultValue": str(value)}
        children += [{"type": "Label", "value": label, "fieldName": name}, box]
    payload = {"approval_id": approval.public_id, "turn_id": approval.turn.public_id}
    back = button("Back", SHOW, payload)
    return {"type": "Card", "size": "md", "asForm": True, "children": children, "cancel": back} | {
        "confirm": button("See what it would do", DECIDE, payload | {"is_edit": True})
    }


def inputs(approval: Approval) -> list[tuple[str, str, str | int]]:
    """Return name, label and value of each argument that a person can edit."""
    calls = [(place, call) for place, call in enumerate(approval.calls) if not call["is_destructive"]]
    found = [each for place, call in calls for each in leaves(call["arguments"], f"arguments.{place}", "")]
    return found if len(found) <= INPUTS_COUNT else []


def leaves(value: Any, name: str, label: str) -> list[tuple[str, str, str | int]]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, each in pairs for leaf in leaves(each, f"{name}.{key}", labelled(label, key))]
    return [(name, label, value)] if isinstance(value, str | int) and not isinstance(value, bool) else []


def labelled(label: str, key: str | int) -> str:
    return f"{label} {key + 1 if isinstance(key, int) else key.replace('_', ' ')}".strip()


def button(label: str, type: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"label": label, "action": action(type, payload)}


def action(type: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"type": type, "payload": payload, "loadingBehavior": "container", "streaming": type == DECIDE}


def headline(approval: Approval) -> str:
    if approval.status == Approval.Status.WITHDRAWN:
        return "Not done"
    if approval.status == Approval.Status.DECIDED:
        verdicts = list(dict.fromkeys(SETTLED[call["verdict"]] for call in approval.calls))
        return verdicts[0] if len(verdicts) == 1 else "Approved in part"
    return f"{doing(approval)}?"


def doing(approval: Approval) -> str:
    """Return "Delete these 2" for calls that all do the same; otherwise the title of the first of them."""
    changes = [change for call in approval.calls for change in call["changes"] or []]
    actions = {change["action"] for change in changes}
    if len(actions) == 1 and all(call["changes"] for call in approval.calls):
        verb = VERBS[actions.pop()]
        return f"{verb} this" if len(changes) == 1 else f"{verb} these {len(changes)}"
    titles = list(dict.fromkeys(call["title"] for call in approval.calls))
    return titles[0] if len(titles) == 1 else f"{titles[0]} and {len(titles) - 1} more"


def confirm_label(approval: Approval) -> str:
    actions = {change["action"] for call in approval.calls for change in call["changes"] or []}
    return VERBS[actions.pop()] if len(actions) == 1 else "Approve"


def parts_of(call: dict[str, Any]) -> list[int]:
    """Return the positions of changes that can be left out: a call's only one, or the first of each item of a batch."""
    items = [change["item"] for change in call["changes"] or []]
    if len(items) == 1:
        return [0]
    return [place for place, item in enumerate(items) if item is not None and item not in items[:place]]


def call_rows(call: dict[str, Any], place: int, *, has_parts: bool, is_open: bool) -> list[dict[str, Any]]:
    if call["changes"] is None:
        lines = [f"{name}: {shown(value)}" for name, value in call["arguments"].items()]
        return [text(call["title"]), *(caption(line) for line in lines)]
    parts = parts_of(call) if has_parts else []
    rows = []
    for index, change in enumerate(call["changes"][:SHOWN_CHANGES]):
        col = {"type": "Col", "gap": 0, "flex": 1, "children": change_lines(change)}
        row: list[dict[str, Any]] = [col]
        if index in parts:
            row.insert(0, {"type": "Checkbox", "name": f"include.{place}-{index}", "defaultChecked": True})
        rows.append({"type": "Row", "gap": 2, "align": "start", "children": row})
    if (more := len(call["changes"]) - SHOWN_CHANGES) > 0:
        rows.append(caption(f"and {more} more"))
    return rows


def change_lines(change: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what would happen to one thing: its title, then its fields; a change as a table of before and after."""
    fields = [
        (field["name"].replace("_", " "), shown(field["before"]), shown(field["after"])) for field in change["fields"]
    ]
    if change["action"] == "change":
        heading = [table_row("", "Before", "After")] if fields else []
        rows = [table_row(name, before or "none", after or "none") for name, before, after in fields]
        return [text(change["title"]), *heading, *rows]
    title = text(change["title"], lineThrough=True) if change["action"] == "delete" else text(change["title"])
    return [title, *(caption(f"{name}: {before or after}") for name, before, after in fields)]


def table_row(*cells: str) -> dict[str, Any]:
    """Return a row of cells that are equally wide: ChatKit has no tables."""
    boxes = [{"type": "Box", "flex": 1, "children": [caption(cell)]} for cell in cells]
    return {"type": "Row", "gap": 3, "align": "start", "children": boxes}


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"type": "Text", "value": value, "size": "sm", **more}


def caption(value: str) -> dict[str, Any]:
    return {"type": "Caption", "value": value, "color": "secondary"}


def shown(value: Any) -> str:
    """Return a value as people read it, cut where it is long."""
    if value is None:
        return ""
    words = ", ".join(map(str, value)) if isinstance(value, list) else spoken(str(value))
    return words if len(words) <= VALUE_LENGTH else words[:VALUE_LENGTH] + "…"


def spoken(text: str) -> str:
    """Return an ISO date or time as people write it, and other text as it is."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return f"{datetime.date.fromisoformat(text):%a %-d %b %Y}"
    return text[:5] if re.fullmatch(r"\d\d:\d\d:\d\d(\.\d+)?", text) else text


def copy_text(approval: Approval) -> str:
    """Return the card in words, for clients that cannot draw widgets."""
    lines = [f"**{headline(approval)}**"]
    for call in approval.calls:
        changes = call["changes"]
        lines += [f"- {VERBS[change['action']]} {change['title']}" for change in changes or []]
        lines += [f"- {call['title']}"] if changes is None else []
    return "\n".join(lines)
