"""Tasks as ChatKit widgets: what the chat shows below an answer. Pure functions from `TaskOut` as JSON to JSON.

A click calls a tool, as the user and without the model. A field named `arguments.…` is filled in by the
client (docs/chat.md).
"""

import datetime
from collections.abc import Sequence
from typing import Any

from tasks.in_words import due_words, numbered

type Task = dict[str, Any]
type Node = dict[str, Any]

SHOWN_TASKS = 50
SHOWN_ROWS = 8  # of a list, before "show more"
SHOWN_HISTORY = 5
PRIORITIES = {"p1": "P1 · most urgent", "p2": "P2", "p3": "P3", "p4": "P4 · ordinary"}
BADGES = {"p1": "danger", "p2": "warning", "p3": "info"}


def task_list(tasks: Sequence[Task], total: int, now: datetime.datetime) -> Node | None:
    """Return a list with a check box for each task, or None without tasks; `total` is their number in all."""
    if not tasks:
        return None
    shown = [row(task, now) for task in tasks[:SHOWN_TASKS]]
    done = sum(task["completed"] for task in tasks)
    count = f"{total} task{'' if total == 1 else 's'}" + (f", {done} done" if done else "")
    status = count if total == len(shown) else f"{len(shown)} of {count}"
    return {"type": "ListView", "limit": SHOWN_ROWS, "status": {"text": status}, "children": shown}


def row(task: Task, now: datetime.datetime) -> Node:
    about = [caption(words) for words in [due_words(task, now), *(f"#{label}" for label in task["labels"])] if words]
    urgent = [badge(task["priority"])] if task["priority"] in BADGES and not task["completed"] else []
    line = {"type": "Row", "gap": 2, "align": "center", "flex": 1, "wrap": "wrap", "children": [check(task), *about]}
    children = [line, *urgent]
    return {"type": "ListViewItem", "key": str(task["id"]), "gap": 2, "align": "center", "children": children}


def check(task: Task) -> Node:
    return {
        "type": "Checkbox",
        "name": "arguments.done",
        "label": task["title"],
        "defaultChecked": task["completed"],
        "onChangeAction": call("check_task", task_id=task["id"]),
    }


def task_card(task: Task, now: datetime.datetime, history: Sequence[Node] = ()) -> Node:
    """Return one task as a card on which it can be changed and deleted. `history` holds `HistoryEntry`s as JSON."""
    day: Node = {
        "type": "DatePicker",
        "name": "arguments.due_date",
        "placeholder": "No date",
        "clearable": True,
        "size": "sm",
        "onChangeAction": call("move_task", task_id=task["id"]),
    }
    if task["due_date"]:
        day["defaultValue"] = f"{task['due_date']}T00:00:00"
    priority = {
        "type": "Select",
        "name": "arguments.priority",
        "options": [{"value": value, "label": label} for value, label in PRIORITIES.items()],
        "defaultValue": task["priority"],
        "size": "sm",
        "onChangeAction": call("update_task", task_id=task["id"]),
    }
    delete: dict[str, Any] = {
        "type": "Button",
        "label": "Delete",
        "size": "sm",
        "variant": "ghost",
        "color": "secondary",
    }
    delete["onClickAction"] = call("delete_task", task_id=task["id"])
    about = [due_words(task, now), task["recurrence_text"] or "", *(f"#{label}" for label in task["labels"])]
    lines = [caption(" · ".join(filter(None, about)))] if any(about) else []
    lines += [text(task["notes"])] if task["notes"] else []
    children = [check(task), *lines, {"type": "Row", "gap": 2, "wrap": "wrap", "children": [day, priority, delete]}]
    if history:
        entries = [caption(entry_words(each, now)) for each in history[:SHOWN_HISTORY]]
        children += [{"type": "Divider"}, {"type": "Col", "gap": 1, "children": entries}]
    return {"type": "Card", "size": "md", "key": str(task["id"]), "children": children}


def entry_words(entry: Node, now: datetime.datetime) -> str:
    """Return one entry of a history in a line, on the clock of `now`: "Wed 25 Nov 10:12 · chat · due date"."""
    at = datetime.datetime.fromisoformat(entry["at"]).astimezone(now.tzinfo)
    fields = ", ".join(each["field"].removesuffix("_id").replace("_", " ") for each in entry["fields"])
    return " · ".join(filter(None, [f"{at:%a %-d %b %H:%M}", entry["source"], fields]))


def overview(counts: Node) -> Node:
    """Return an `Overview` as JSON as a card: the figures, and a chart of the next two weeks."""
    figures = {"open": counts["open"], "overdue": counts["overdue"], "today": counts["today"]}
    figures["done in 7 days"] = counts["completed_7_days"]
    row = [
        {"type": "Col", "gap": 0, "children": [text(str(count), weight="semibold"), caption(name)]}
        for name, count in figures.items()
    ]
    children: list[Node] = [{"type": "Row", "gap": 6, "wrap": "wrap", "children": row}]
    if counts["by_day"]:
        data = [{"day": day_words(each["date"]), "tasks": each["count"]} for each in counts["by_day"]]
        series = [{"type": "bar", "dataKey": "tasks", "label": "Tasks due"}]
        axis = {"dataKey": "day"}
        children.append({"type": "Chart", "data": data, "series": series, "xAxis": axis, "height": 160})
    return {"type": "Card", "size": "md", "children": children}


def in_words(tasks: Sequence[Task], now: datetime.datetime) -> str:
    """Return a list as Markdown."""
    return numbered(tasks[:SHOWN_TASKS], now)


def widget_of(tasks: Sequence[Task], total: int, now: datetime.datetime) -> tuple[Node | None, Node]:
    """Return tasks as a card or a list, and the arguments of `show_tasks` to see the same again."""
    numbers = [task["id"] for task in tasks[:SHOWN_TASKS]]
    if len(tasks) == 1 and total == 1:
        return task_card(tasks[0], now), {"task_ids": numbers, "view": "card"}
    return task_list(tasks, total, now), {"task_ids": numbers, "view": "list", "total": total}


def task_preview(task: Task, now: datetime.datetime) -> Node:
    """Return the preview of a task's tag: its title and what matters about it, with nothing to click."""
    about = [due_words(task, now), task["recurrence_text"] or "", *(f"#{label}" for label in task["labels"])]
    lines = [" · ".join(filter(None, about)), "done" if task["completed"] else "", task["notes"][:200]]
    return brief(task["title"], [line for line in lines if line])


def brief(title: str, lines: Sequence[str]) -> Node:
    heading = {"type": "Title", "value": title, "size": "sm"}
    return {"type": "Basic", "children": [heading, *map(caption, lines)]}


def gone() -> Node:
    """Return the card that is shown when everything on a widget has been deleted."""
    return {"type": "Card", "size": "md", "children": [caption("What was listed here has been deleted.")]}


def day_words(date: str) -> str:
    return f"{datetime.date.fromisoformat(date):%a %-d %b}"


def call(tool: str, **arguments: Any) -> Node:
    """Return the action that calls a tool."""
    payload = {"tool": tool, "arguments": arguments}
    return {"type": "tool", "payload": payload, "handler": "server", "streaming": False, "loadingBehavior": "self"}


def badge(priority: str) -> Node:
    return {"type": "Badge", "label": priority.upper(), "color": BADGES[priority], "variant": "soft", "size": "sm"}


def text(value: str, **more: Any) -> Node:
    return {"type": "Text", "value": value, "size": "sm", **more}


def caption(value: str) -> Node:
    return {"type": "Caption", "value": value, "color": "secondary"}
