"""Undo: of one operation, or of everything one turn did. An undo is an operation too, and can be undone itself.

What somebody changed since is not overwritten: it is kept and reported, and the rest is undone.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import ForeignKey, QuerySet

from accounts.caller import Caller
from core import ids, prepared_sql
from core.problems import Conflict, NotFound
from tasks.models import Operation, Task
from tasks.rules.operations import perform
from tasks.rules.task_rules import Ledger, Values
from tasks.schemas import KeptTask, TaskRef, UndoResult

# Columns that say how often and when a task was changed, not what it says.
BOOKKEEPING = {"version", "updated_at"}


class NothingToUndo(NotFound):
    pass


class AlreadyUndone(Conflict):
    pass


@dataclass
class Net:
    """What some operations together did to one task."""

    task_id: UUID
    number: int
    before: Values | None
    after: Values | None
    is_broken: bool = False  # somebody else changed it in between

    @property
    def title(self) -> str:
        return str((self.after or self.before or {})["title"])

    @property
    def changed(self) -> set[str]:
        """The columns that differ."""
        before, after = self.before or {}, self.after or {}
        return {name for name in before | after if before.get(name) != after.get(name)} - BOOKKEEPING


def undo_operation(caller: Caller, operation_id: UUID) -> Operation:
    """Undo one operation of the caller's. Raises `NothingToUndo` and `AlreadyUndone`."""
    found = Operation.objects.filter(user=caller.user, pk=operation_id)
    return undo(caller, {"operation_id": ids.show("op", operation_id)}, found)


def undo_turns(caller: Caller, turn_ids: list[UUID]) -> Operation:
    """Undo everything that turns did and that was not undone yet."""
    found = Operation.objects.filter(user=caller.user, turn_id__in=turn_ids, undone_by=None)
    return undo(caller, {"turn_ids": [ids.show("turn", each) for each in turn_ids]}, found)


def undo_last(caller: Caller) -> Operation:
    """Undo what was last done through the caller's way in: the last turn in the chat, elsewhere one operation."""
    done = Operation.objects.filter(user=caller.user, undone_by=None).effective().exclude(tool="undo")
    if caller.turn_id:
        done = done.exclude(turn_id=caller.turn_id)
    last = done.filter(source=caller.source).latest_first().first()
    if last is None:
        raise NothingToUndo("There is nothing to undo.")
    found = done.filter(turn_id=last.turn_id) if last.turn_id else done.filter(pk=last.pk)
    return undo(caller, {}, found)


def undo(caller: Caller, arguments: Values, found: QuerySet[Operation]) -> Operation:
    """Undo the found operations, the newest first, in one operation (`UndoResult`)."""

    def work(ledger: Ledger) -> tuple[Values, str]:
        undone = ledger.undone = list(found.order_by("id").prefetch_related("changes"))
        if not undone:
            raise NothingToUndo("There is nothing to undo.")
        if any(operation.undone_by_id for operation in undone):
            raise AlreadyUndone("This was undone already.")
        result = UndoResult(undone=[], kept=[], summary="")
        for net in reversed(net_changes(undone)):
            if reason := refusal(ledger, net):
                result.kept.append(KeptTask(id=net.number, title=net.title, reason=reason))
            else:
                put_back(ledger, net)
                result.undone.append(TaskRef(id=net.number, title=net.title))
        result.summary = describe(result)
        return result.model_dump(mode="json"), result.summary

    return perform(caller, "undo", arguments, work)


def net_changes(operations: list[Operation]) -> list[Net]:
    """Return what operations did together, a `Net` for each task, in the order they first touched it."""
    nets: dict[UUID, Net] = {}
    for change in sorted((c for each in operations for c in each.changes.all()), key=lambda c: c.pk):
        net = nets.setdefault(change.task_id, Net(change.task_id, change.number, change.before, change.before))
        net.is_broken |= not same(net.after, change.before)
        net.after = change.after
    return list(nets.values())


def same(one: Values | None, other: Values | None) -> bool:
    """Tell whether two snapshots are of the same task in the same state."""
    if one is None or other is None:
        return one is other
    return {k: v for k, v in one.items() if k not in BOOKKEEPING} == {
        k: v for k, v in other.items() if k not in BOOKKEEPING
    }


def refusal(ledger: Ledger, net: Net) -> str | None:
    """Return why a task must be left as it is, or None if what was done to it can be undone."""
    task = Task.objects.for_user(ledger.caller.user).filter(pk=net.task_id).first()
    present = task.snapshot() if task else None
    if net.is_broken:
        return "it was changed in between"
    if parent_is_gone(net):
        return "the task it belonged to is gone"
    if present is None or net.after is None:
        if present is not None:
            return "it was brought back since"
        if net.after is not None:
            return "it was deleted since"
        return None
    # Moving other tasks changes its position too, so the position counts only if it is to be undone.
    ignored = BOOKKEEPING | ({"position"} - net.changed)
    if any(present[name] != value for name, value in net.after.items() if name not in ignored):
        return "it was changed since"
    if net.before is None and task and task.subtasks.exists():
        return "it has subtasks now"
    return None


def parent_is_gone(net: Net) -> bool:
    parent = (net.before or {}).get("parent_id")
    return parent is not None and not Task.objects.filter(pk=parent).exists()


def put_back(ledger: Ledger, net: Net) -> None:
    if net.before is None:
        ledger.erase(ledger.get(net.number))
    elif net.after is None:
        task = restored(net.before)
        task.version += 1
        task.updated_at = ledger.now
        ledger.writes.add(*prepared_sql.insertions([task]))
        ledger.note(task, None, task.snapshot())
    else:
        task = ledger.get(net.number)
        before = task.snapshot()
        for name in net.changed:
            setattr(task, name, restored_value(name, net.before[name]))
        ledger.save(task, before)


def restored(snapshot: Values) -> Task:
    """Return the task that a snapshot shows, not saved."""
    return Task(**{name: restored_value(name, value) for name, value in snapshot.items()})


def restored_value(column: str, value: object) -> object:
    field = next(field for field in Task._meta.concrete_fields if field.attname == column)
    return (field.target_field if isinstance(field, ForeignKey) else field).to_python(value)


def describe(result: UndoResult) -> str:
    done = f"Undid the changes to {counted(len(result.undone))}" if result.undone else "Nothing was undone"
    if len(result.undone) == 1:
        done = f"Undid the change to “{result.undone[0].title}”"
    kept = "; ".join(f"kept “{task.title}”: {task.reason}" for task in result.kept)
    return f"{done}; {kept}" if kept else done


def counted(number: int) -> str:
    return f"{number} task{'' if number == 1 else 's'}"
