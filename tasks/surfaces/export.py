"""Exporting tasks: as JSON, which can be imported again, and as iCalendar (VTODO, RFC 5545)."""

import datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from icalendar import Calendar, Todo, vRecur
from pydantic import BaseModel, ConfigDict, Field

from accounts.caller import Caller
from accounts.models import User
from core.problems import Problem
from tasks.models import NOTES_LENGTH, Change, Operation, Task
from tasks.queries import history
from tasks.rules.operations import perform
from tasks.rules.task_rules import Ledger, Values
from tasks.schemas import Day, Labels, Moment, Notes, Number, OperationOut, Priority, TimeOfDay, Title

IMPORT_LIMIT = 5_000
# RFC 5545, section 3.8.1.9: 1 is the highest, 9 the lowest, 0 none.
ICALENDAR_PRIORITY = {"p1": 1, "p2": 3, "p3": 5, "p4": 0}


class ExportedTask(BaseModel):
    """A task as it is exported and imported. `uid` is the same in every export, so that no import adds it twice."""

    model_config = ConfigDict(extra="ignore")

    uid: UUID
    id: Number
    title: Title
    notes: Notes = ""
    priority: Priority = "p4"
    labels: Labels = []
    due_date: Day | None = None
    due_time: TimeOfDay | None = None
    recurrence: str | None = Field(None, max_length=200)
    recurrence_start: Day | None = None
    occurrence_date: Day | None = None
    parent_id: Number | None = None
    position: int | None = Field(None, strict=True, ge=0, le=2**31 - 1)
    completed_at: Moment | None = None
    last_completed_at: Moment | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None


# Columns that an import takes over as they are; the rest is calculated.
TAKEN_OVER = ["due_date", "due_time", "position", "recurrence_start", "occurrence_date", "completed_at"]


def tasks(user: User) -> list[dict[str, Any]]:
    """Return all of a user's tasks as JSON, parents before their subtasks."""
    found = Task.objects.for_user(user).select_related("parent").order_by("parent__number", "number")
    return [exported(task) for task in sorted(found, key=lambda task: (task.parent_id is not None, task.number))]


def exported(task: Task) -> dict[str, Any]:
    fields = {name: getattr(task, name) for name in ExportedTask.model_fields if hasattr(task, name)}
    fields |= {"uid": task.pk, "id": task.number, "recurrence": task.recurrence or None}
    fields["parent_id"] = task.parent.number if task.parent else None
    return ExportedTask.model_validate(fields).model_dump(mode="json")


def operations(user: User) -> list[dict[str, Any]]:
    """Return everything that was done to a user's tasks as JSON, the oldest first."""
    found = Operation.objects.filter(user=user).order_by("id").prefetch_related("changes")
    names = history.parents(Change.objects.filter(user=user))
    shapes: list[OperationOut] = [history.operation_out(each, names) for each in found]
    return [shape.model_dump(mode="json") for shape in shapes]


def import_tasks(caller: Caller, items: list[ExportedTask]) -> Operation:
    """Add exported tasks, in one operation. Those the user has already (by `uid`) are skipped.

    They get new numbers, so that existing tasks stay as they are. Raises `Problem` if a task is not valid; then nothing
    was added.
    """
    if len(items) > IMPORT_LIMIT:
        raise Problem(f"An import takes at most {IMPORT_LIMIT:,} tasks.")

    def work(ledger: Ledger) -> tuple[Values, str]:
        ids = own_ids(caller.user, [item.uid for item in items])
        known = set(Task.objects.filter(pk__in=ids.values()).values_list("pk", flat=True))
        numbers: dict[int, int] = {}
        fresh = [item for item in items if ids[item.uid] not in known]
        for item in sorted(fresh, key=lambda item: item.parent_id is not None):
            numbers[item.id] = add(ledger, item, ids[item.uid], numbers).number
        skipped = len(items) - len(fresh)
        return {"added": len(fresh), "skipped": skipped}, f"Imported {len(fresh)} tasks"

    return perform(caller, "import", {"uids": [str(item.uid) for item in items]}, work)


def own_ids(user: User, uids: list[UUID]) -> dict[UUID, UUID]:
    """Return the ids for exported tasks: their own or, if another user's task has it, one made from it.

    Somebody may import the export of another account, even twice, and must not learn whether a task of others exists.
    """
    taken = set(Task.objects.filter(pk__in=uids).exclude(user=user).values_list("pk", flat=True))
    return {uid: uuid5(uid, user.subject) if uid in taken else uid for uid in uids}


def add(ledger: Ledger, item: ExportedTask, id: UUID, numbers: dict[int, int]) -> Task:
    values = item.model_dump(mode="json", include={"title", "notes", "priority", "labels", "recurrence"})
    if item.due_date:
        values |= {"due_date": item.due_date.isoformat()}
    parent = numbers.get(item.parent_id) if item.parent_id else None
    task = ledger.add(values | {"parent_id": parent}, id=id)
    before = task.snapshot()
    for name in TAKEN_OVER if item.recurrence else TAKEN_OVER[:3] + TAKEN_OVER[5:]:
        setattr(task, name, getattr(item, name))
    return ledger.save(task, before)


def calendar(user: User) -> bytes:
    """Return a user's tasks as an iCalendar file of VTODOs, times in the user's zone."""
    file = Calendar()
    file.add("prodid", "-//Errand//Errand//EN")
    file.add("version", "2.0")
    for task in Task.objects.for_user(user).select_related("parent").order_by("number"):
        file.add_component(todo(task, user.zone))
    file.add_missing_timezones()
    return bytes(file.to_ical())


def todo(task: Task, zone: ZoneInfo) -> Todo:
    entry = Todo()
    entry.add("uid", str(task.pk))
    entry.add("dtstamp", task.updated_at)
    entry.add("created", task.created_at)
    entry.add("summary", task.title)
    entry.add("priority", ICALENDAR_PRIORITY[task.priority])
    entry.add("status", "COMPLETED" if task.completed_at else "NEEDS-ACTION")
    if task.notes:
        entry.add("description", task.notes[:NOTES_LENGTH])
    if task.labels:
        entry.add("categories", task.labels)
    if task.completed_at:
        entry.add("completed", task.completed_at)
    if task.parent:
        entry.add("related-to", str(task.parent.pk))
    if task.due_date:
        due = datetime.datetime.combine(task.due_date, task.due_time, zone) if task.due_time else task.due_date
        entry.add("due", due)
        if task.recurrence:  # a repeating entry needs a start of the same kind
            entry.add("dtstart", due)
            entry.add("rrule", vRecur.from_ical(task.recurrence))
    return entry
