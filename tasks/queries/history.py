"""Who changed what, when, and through which way in: operation by operation, or for one task."""

from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from core import ids
from core.problems import NotFound
from tasks.models import Change, Operation, Task, TaskNotFound
from tasks.schemas import ChangeOut, FieldChange, HistoryEntry, HistoryPage, OperationOut, OperationPage

# The columns that people see, as REST and tools name them.
FIELDS = ["title", "notes", "priority", "labels", "due_date", "due_time", "recurrence", "parent_id", "completed_at"]
HISTORY_LIMIT = 100


def turn(operation: Operation) -> str | None:
    return ids.show("turn", operation.turn_id) if operation.turn_id else None


def get(user: User, public_id: str) -> Operation:
    """Return the user's operation of that id. Raises `NotFound`."""
    if operation := Operation.objects.filter(user=user, pk=ids.read("op", public_id)).first():
        return operation
    raise NotFound(f"There is nothing with the id “{public_id}”.")


def operations(user: User, limit: int, cursor: str | None) -> OperationPage:
    """Return a page of the user's operations that changed something, the newest first. Raises `NotFound`."""
    found = Operation.objects.filter(user=user)
    if cursor:
        found = found.before(get(user, cursor))
    page = list(found.effective().latest_first().prefetch_related("changes")[: limit + 1])
    names = parents(change for each in page for change in each.changes.all())
    items = [operation_out(each, names) for each in page[:limit]]
    return OperationPage(items=items, next_cursor=items[-1].id if len(page) > limit else None)


def operation_out(operation: Operation, names: dict[str, int]) -> OperationOut:
    return OperationOut(
        id=operation.public_id,
        at=operation.created_at,
        source=operation.source,
        tool=operation.tool,
        summary=operation.summary,
        turn_id=turn(operation),
        is_undone=operation.undone_by_id is not None,
        changes=[change_out(change, names) for change in operation.changes.all()],
    )


def change_out(change: Change, names: dict[str, int]) -> ChangeOut:
    before, after = (seen(each, names) for each in (change.before, change.after))
    title = str((change.after or change.before or {})["title"])
    changed = {name for name in FIELDS if (before or {}).get(name) != (after or {}).get(name)}
    return ChangeOut(id=change.number, title=title, before=only(before, changed), after=only(after, changed))


def seen(snapshot: dict[str, Any] | None, names: dict[str, int]) -> dict[str, Any] | None:
    """Return what people see of a snapshot; a parent is named by its number."""
    if snapshot is None:
        return None
    return {name: snapshot[name] for name in FIELDS} | {"parent_id": names.get(snapshot["parent_id"])}


def only(values: dict[str, Any] | None, names: set[str]) -> dict[str, Any] | None:
    return None if values is None else {name: value for name, value in values.items() if name in names}


def parents(changes: Any) -> dict[str, int]:
    """Return the numbers of the parents that changes name."""
    ids = {each["parent_id"] for change in changes for each in (change.before, change.after) if each}
    return {str(id): number for id, number in Task.objects.filter(pk__in=ids - {None}).values_list("pk", "number")}


def of_task(user: User, number: int) -> HistoryPage:
    """Return who changed which field of a task, the newest first; also of a deleted one. Raises `TaskNotFound`."""
    found: QuerySet[Change] = Change.objects.filter(user=user, number=number)
    changes = list(found.select_related("operation").order_by("-id")[:HISTORY_LIMIT])
    if not changes:
        raise TaskNotFound(number)
    names = parents(changes)
    return HistoryPage(items=[entry(change, names) for change in changes])


def entry(change: Change, names: dict[str, int]) -> HistoryEntry:
    shown = change_out(change, names)
    before, after = shown.before or {}, shown.after or {}
    fields = [
        FieldChange(field=name, before=before.get(name), after=after.get(name))
        for name in FIELDS
        if name in before or name in after
    ]
    operation = change.operation
    return HistoryEntry(
        operation_id=operation.public_id,
        at=operation.created_at,
        source=operation.source,
        tool=operation.tool,
        turn_id=turn(operation),
        fields=[field for field in fields if field.before != field.after],
    )
