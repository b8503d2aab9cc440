"""Tasks in the words of a case: what is not said has its default, numbers count from 1, also to name a parent."""

import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from tasks.models import Task
from tasks.rules.task_rules import Values
from tasks.rules.undo import restored_value

WORDS = ["title", "notes", "priority", "labels", "due_date", "due_time", "recurrence"]


def snapshots(items: list[dict[str, Any]], moment: datetime.datetime) -> list[Values]:
    """Return the tasks that `items` describe, as a record holds them. Raises `ValueError`."""
    ids: dict[int, UUID] = {item.get("number", place): uuid7() for place, item in enumerate(items, 1)}
    return [snapshot(item, item.get("number", place), ids, moment) for place, item in enumerate(items, 1)]


def snapshot(item: dict[str, Any], number: int, ids: dict[int, UUID], moment: datetime.datetime) -> Values:
    if unknown := item.keys() - {*WORDS, "number", "parent", "completed"}:
        raise ValueError(f"a task has no {', '.join(sorted(unknown))}")
    task = Task(id=ids[number], number=number, created_at=moment, updated_at=moment)
    for name in WORDS:
        if name in item:
            setattr(task, name, restored_value(name, plain(item[name])))
    if task.recurrence:
        task.recurrence_start = task.occurrence_date = task.due_date
    task.completed_at = moment if item.get("completed") else None
    task.parent_id = ids[item["parent"]] if item.get("parent") else None
    return {name: value for name, value in task.snapshot().items() if name != "user_id"}


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else value


def items(found: list[Values]) -> list[dict[str, Any]]:
    """Return tasks in the words of a case."""
    numbers = {each["id"]: each["number"] for each in found}
    described = []
    for each in found:
        item = {"number": each["number"]} | {name: each[name] for name in WORDS if each[name] and each[name] != "p4"}
        item |= {"completed": True} if each["completed_at"] else {}
        described.append(item | ({"parent": numbers[each["parent_id"]]} if each["parent_id"] in numbers else {}))
    return described
