"""Telling a person's open pages what an operation did, once it is committed."""

from uuid import UUID

from core import ids, live_updates
from tasks.models import Change, Operation, Task
from tasks.schemas import TaskOut


def announce(operation: Operation, changes: list[Change], tasks: dict[UUID, Task]) -> None:
    """Tell the user's open pages what an operation did. Called once it is committed.

    `tasks` are the changed tasks that are loaded already.
    """
    if not changes:
        return
    left = {change.task_id: change for change in changes if change.after}
    if missing := left.keys() - tasks.keys():
        tasks = tasks | Task.objects.without_words().select_related("parent").in_bulk(missing)
    found = [tasks[id] for id in left]
    shapes = {task.number: TaskOut.of(task).model_dump(mode="json") for task in found}
    message = {
        "type": "tasks.changed",
        "operation_id": operation.public_id,
        "source": operation.source,
        "turn_id": ids.show("turn", operation.turn_id) if operation.turn_id else None,
        "summary": operation.summary,
        "changes": [{"id": change.number, "task": shapes.get(change.number)} for change in changes],
    }
    live_updates.tell_from_section(operation.user_id, message)
