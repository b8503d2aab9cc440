"""Tasks in words, as answers, widgets and lists name them. Here a task is `TaskOut` as JSON.

Every task is named with its number at the end, "(#4)": that is also how later messages find it again.
"""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from tasks import recurrence, when

type Task = dict[str, Any]


def escaped(text: str) -> str:
    """A title is data: one line, and nothing in it is Markdown."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", " ".join(text.split()))


def bold(task: Task) -> str:
    return f"**{escaped(task['title'])}**"


def named(task: Task) -> str:
    return f"{bold(task)} (#{task['id']})"


def due_of(task: Task) -> when.When | None:
    try:
        day = dt.date.fromisoformat(task.get("due_date") or "")
        return when.When(day, dt.time.fromisoformat(task["due_time"]) if task.get("due_time") else None)
    except ValueError:
        return None


def is_overdue(due: when.When, now: dt.datetime) -> bool:
    return due.date < now.date() or (due.date == now.date() and due.time is not None and due.time < now.time())


def due_words(task: Task, now: dt.datetime) -> str:
    """ "tomorrow 17:00", "overdue since Wed 18 Nov", or nothing."""
    due = due_of(task)
    if due is None:
        return ""
    said = when.say(due, now.date())
    return f"overdue since {said}" if is_overdue(due, now) and not task.get("completed") else said


def repeats(task: Task) -> str:
    """ "every Monday", or nothing. The time of day is the due time's."""
    try:
        return recurrence.say(recurrence.Rule(task["recurrence"])) if task.get("recurrence") else ""
    except recurrence.NotARule:
        return "repeating"


def line(task: Task, now: dt.datetime) -> str:
    priority = task.get("priority") if task.get("priority") != "p4" else ""
    labels = ", ".join(escaped(str(label)) for label in task.get("labels") or [])
    details = [
        detail
        for detail in (due_words(task, now), repeats(task), priority, labels, "done" * bool(task.get("completed")))
        if detail
    ]
    return " · ".join([bold(task), *map(str, details)]) + f" (#{task['id']})"


def numbered(tasks: Iterable[Task], now: dt.datetime) -> str:
    return "\n".join(f"{n}. {line(task, now)}" for n, task in enumerate(tasks, 1))
