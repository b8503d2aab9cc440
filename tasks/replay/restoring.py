"""Restoring recorded tasks and operations for a user who has nothing yet (`tasks.replay.recorded_tasks`).

Nothing here goes through the one door: what it writes was done before. Ids are made from the recorded ones and the
user, because several replays of one person's conversations share a scratch database.
"""

import hashlib
from typing import Any
from uuid import UUID

from accounts.models import User
from core import prepared_sql
from core.tools.replay_state import Event
from tasks.models import Change, Operation, Task, TaskList
from tasks.queries import counts
from tasks.rules.task_rules import Values
from tasks.rules.undo import restored


def fields(event: Event) -> Values:
    return event.model_extra or {}


def own_id(user: User, recorded: str) -> str:
    """Return the id that a recorded id becomes for a user here. It keeps its time, by which ids are ordered."""
    id = UUID(recorded).hex
    return str(UUID(hex=f"{id[:17]}{hashlib.sha256(f'{user.pk} {id}'.encode()).hexdigest()[:15]}"))


def owned(snapshot: Values | None, user: User) -> Values | None:
    """Return a recorded snapshot as a snapshot of the user's task here."""
    if snapshot is None:
        return None
    parent = snapshot["parent_id"] and own_id(user, snapshot["parent_id"])
    return snapshot | {"id": own_id(user, snapshot["id"]), "parent_id": parent, "user_id": user.pk}


def restore(user: User, snapshots: list[Values], last_number: int, done: list[Event]) -> None:
    """Give the user tasks, and what was done before."""
    TaskList.objects.create(user=user, last_number=last_number)
    made = [restored(each) for snapshot in snapshots if (each := owned(snapshot, user))]
    Task.objects.bulk_create(sorted(made, key=lambda task: task.parent_id is not None))
    prepared_sql.execute(counts.additions(user, [Change(before=None, after=each) for each in snapshots]))
    for event in done:
        note(user, event, [as_change(user, change) for change in fields(event)["changes"]])


def as_change(user: User, change: Values) -> Change:
    return Change(
        user=user,
        task_id=own_id(user, change["task_id"]),
        number=change["number"],
        before=owned(change["before"], user),
        after=owned(change["after"], user),
    )


def apply(user: User, event: Event) -> None:
    """Do again what was done outside of the conversation."""
    task_list, _ = TaskList.lock(user)
    changes = []
    for recorded in fields(event)["changes"]:
        change = at_home(user, as_change(user, recorded), recorded["parent"])
        prepared_sql.execute(counts.additions(user, [put(task_list, change)]))
        changes.append(change)
    note(user, event, changes)


def at_home(user: User, change: Change, parent: int | None) -> Change:
    """Return a recorded change of a task that the replay itself has added, and that has another id here."""
    numbers: dict[int, Any] = dict(Task.objects.filter(user=user).values_list("number", "id"))
    id = change.task_id if UUID(str(change.task_id)) in numbers.values() else numbers.get(change.number, change.task_id)
    change.task_id = id
    change.before = change.before and change.before | {"id": str(id)}
    change.after = change.after and change.after | {
        "id": str(id),
        "parent_id": str(numbers[parent]) if parent in numbers else None,
    }
    return change


def put(task_list: TaskList, change: Change) -> Change:
    """Make a task as a change left it; return the change that this was."""
    present = Task.objects.filter(pk=change.task_id).first()
    made = Change(before=present and present.snapshot(), after=change.after)
    if change.after is None:
        Task.objects.filter(pk=change.task_id).delete()
        return made
    restored(change.after).save(force_update=bool(present), force_insert=not present)
    if change.number > task_list.last_number:
        task_list.last_number = change.number
        task_list.save(update_fields=["last_number"])
    return made


def note(user: User, event: Event, changes: list[Change]) -> None:
    """Store a recorded operation, so that it can be looked up and undone."""
    recorded = fields(event)
    operation = Operation(user=user, key=event.key, turn_id=event.turn_id, changes_count=len(changes))
    operation.id = UUID(own_id(user, recorded["id"]))
    for name in ("source", "tool", "arguments", "result", "summary"):
        setattr(operation, name, recorded[name])
    for change in changes:
        change.operation = operation
    prepared_sql.execute([*prepared_sql.insertions([operation]), *prepared_sql.insertions(changes)])
    undone = [own_id(user, each) for each in recorded["undoes"]]
    operation.take_back(list(Operation.objects.filter(user=user, pk__in=undone)))
