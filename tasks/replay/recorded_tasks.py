"""Tasks as a replay needs them (`core.tools.replay_state`): as they were at a moment, by undoing the changes since."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from core import ids
from core.tools.replay_state import Effect, Event, Plain, Record
from tasks.models import Change, Operation, Task, TaskList
from tasks.queries.history import parents
from tasks.replay import case_tasks, restoring
from tasks.replay.public_words import FIXED, WORDS
from tasks.replay.restoring import fields
from tasks.rules import previews
from tasks.rules.task_rules import Values

FORMAT = "tasks/1"
EARLIER = 200  # operations before the conversation that are recorded too, because an undo may refer to one of them
# The columns that are compared. Ids, versions and times differ in every run; whether a task is done does not.
PLAIN = [
    "number",
    "title",
    "notes",
    "priority",
    "labels",
    "due_date",
    "due_time",
    "position",
    "recurrence",
    "recurrence_start",
    "occurrence_date",
]


class TaskState:
    name = "tasks"
    words = WORDS
    fixed = FIXED

    def record(self, user: User, since: datetime, until: datetime) -> Record:
        present = {str(task.pk): own(task.snapshot()) for task in Task.objects.for_user(user)}
        later = changes_after(user, until)
        between = changes_after(user, since)[: -len(later) or None]
        after = undone(present, later)
        done = Operation.objects.filter(user=user).prefetch_related("changes", "undoes")
        earlier = reversed(done.filter(created_at__lte=since).order_by("-created_at")[:EARLIER])
        meanwhile = done.filter(created_at__gt=since, created_at__lte=until).order_by("id")
        names = {id: each["number"] for id, each in undone(after, between).items()}
        names |= {str(change.task_id): change.number for change in between}
        return {
            "format": FORMAT,
            "last_number": last_number(user, since),
            "before": listed(undone(after, between)),
            "after": listed(after),
            "earlier": [written(each, names) for each in earlier],
            "operations": [written(each, names) for each in meanwhile],
        }

    def events(self, record: Record) -> list[Event]:
        return [Event.model_validate(each) for each in record["operations"]]

    def plain(self, record: Record, moment: datetime) -> Plain:
        return compared(as_of(record, moment))

    def restore(self, user: User, record: Record, moment: datetime) -> None:
        done = [event for event in self.events(record) if event.at <= moment]
        added = [change["number"] for event in done for change in fields(event)["changes"]]
        last = max([record["last_number"], *added])
        restoring.restore(user, as_of(record, moment), last, [*map(Event.model_validate, record["earlier"]), *done])

    def apply(self, user: User, event: Event) -> None:
        restoring.apply(user, event)

    def present(self, user: User) -> Plain:
        return compared(task.snapshot() for task in Task.objects.for_user(user))

    def translate(self, user: User, record: Record, arguments: str) -> str:
        if "op_" not in arguments:
            return arguments
        now = dict(Operation.objects.filter(user=user).values_list("key", "id"))
        for each in [*record["earlier"], *record["operations"]]:
            if each["key"] in now:
                arguments = arguments.replace(ids.show("op", UUID(each["id"])), ids.show("op", now[each["key"]]))
        return arguments

    def effects(self, user: User, turn_ids: list[UUID]) -> list[Effect]:
        found = Operation.objects.filter(user=user, turn_id__in=turn_ids).effective().order_by("id")
        done = [(each, sorted(each.changes.all(), key=pk_of)) for each in found.prefetch_related("changes")]
        names = parents(change for _, changes in done for change in changes)
        return [
            Effect(
                id=each.public_id,
                turn_id=each.turn_id,
                tool=each.tool,
                summary=each.summary,
                changes=[previews.planned(change, names) for change in changes],
                is_undone=each.undone_by_id is not None,
            )
            for each, changes in done
            if each.turn_id
        ]

    def starting(self, items: list[dict[str, Any]], moment: datetime) -> Record:
        found = case_tasks.snapshots(items, moment)
        last = max([each["number"] for each in found], default=0)
        return {"format": FORMAT, "last_number": last, "before": found, "after": found, "earlier": [], "operations": []}

    def items(self, record: Record, moment: datetime) -> list[dict[str, Any]]:
        return case_tasks.items(as_of(record, moment))


state = TaskState()


def pk_of(change: Change) -> int:
    return change.pk


def own(snapshot: Values) -> Values:
    """Return a snapshot without its user: a restored task belongs to another one."""
    return {name: value for name, value in snapshot.items() if name != "user_id"}


def changes_after(user: User, moment: datetime) -> list[Change]:
    return list(Change.objects.filter(user=user, operation__created_at__gt=moment).order_by("id"))


def undone(snapshots: dict[str, Values], changes: list[Change]) -> dict[str, Values]:
    """Return tasks as they were before some changes, given in the order they were made."""
    before = dict(snapshots)
    for change in reversed(changes):
        before.pop(str(change.task_id), None)
        if change.before is not None:
            before[str(change.task_id)] = own(change.before)
    return before


def listed(snapshots: dict[str, Values]) -> list[Values]:
    return sorted(snapshots.values(), key=lambda each: each["number"])


def last_number(user: User, moment: datetime) -> int:
    """Return the last number given out by a moment; numbers of deleted tasks are not used again."""
    given = TaskList.objects.filter(user=user).values_list("last_number", flat=True).first() or 0
    later = Change.objects.filter(user=user, operation__created_at__gt=moment, before__isnull=True)
    known = Change.objects.filter(user=user, operation__created_at__lte=moment)
    fresh = set(later.values_list("number", flat=True)) - set(known.values_list("number", flat=True))
    return min(fresh, default=given + 1) - 1


def written(operation: Operation, names: dict[str, int]) -> Values:
    """Return an operation as JSON. `names` are the numbers of tasks by their ids."""
    columns = ("source", "key", "tool", "arguments", "result", "summary")
    changes = sorted(operation.changes.all(), key=pk_of)
    return {name: getattr(operation, name) for name in columns} | {
        "id": str(operation.pk),
        "at": operation.created_at.isoformat(),
        "turn_id": operation.turn_id and str(operation.turn_id),
        "undoes": [str(each.pk) for each in operation.undoes.all()],
        "changes": [
            {
                "task_id": str(change.task_id),
                "number": change.number,
                "before": change.before and own(change.before),
                "after": change.after and own(change.after),
                "parent": names.get((change.after or {}).get("parent_id") or ""),
            }
            for change in changes
        ],
    }


def as_of(record: Record, moment: datetime) -> list[Values]:
    """Return the tasks of a record at a moment, as snapshots."""
    found = {each["id"]: each for each in record["before"]}
    for event in state.events(record):
        if event.at > moment:
            break
        for change in fields(event)["changes"]:
            found.pop(change["task_id"], None)
            if change["after"] is not None:
                found[change["task_id"]] = change["after"]
    return listed(found)


def compared(snapshots: Iterable[Values]) -> Plain:
    """Return the columns of tasks that can be equal in two runs, by the tasks' numbers."""
    found = list(snapshots)
    numbers = {each["id"]: each["number"] for each in found}
    return {
        f"#{each['number']}": {name: each[name] for name in PLAIN}
        | {"parent": numbers.get(each["parent_id"]), "completed": each["completed_at"] is not None}
        for each in sorted(found, key=lambda each: each["number"])
    }
