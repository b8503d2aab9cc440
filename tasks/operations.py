"""The one door: every change to a task is an operation, whoever asks and by whichever way.

An operation is committed together with its result and with what each task was before and after. The same key gives
the recorded result and does nothing again; another request under the same key is refused.
"""

import datetime
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.caller import Caller
from accounts.problems import KeyReused, NotFound, Unprocessable
from tasks import live, when
from tasks.models import Change, Operation, Task, TaskList
from tasks.schemas import TaskOut, TaskResult

type Values = dict[str, Any]


class TaskNotFound(NotFound):
    def __init__(self, number: int) -> None:
        super().__init__(f"There is no task {number}.")


class Ledger:
    """The tasks that one operation touches. Everything it writes goes through here, so that nothing is left out."""

    def __init__(self, caller: Caller, task_list: TaskList) -> None:
        self.caller = caller
        self.task_list = task_list
        self.now = timezone.now()
        self.changes: list[Change] = []

    def get(self, number: int) -> Task:
        """Return the user's task of that number. Raises `TaskNotFound`."""
        try:
            return Task.objects.for_user(self.caller.user).select_related("parent").get(number=number)
        except Task.DoesNotExist:
            raise TaskNotFound(number) from None

    def add(self, columns: Values) -> Task:
        moment = {"created_at": self.now, "updated_at": self.now}
        number = self.task_list.next_number()
        task = Task.objects.create(user=self.caller.user, number=number, **columns, **moment)
        self.note(task, None, task.snapshot())
        return task

    def change(self, task: Task, columns: Values) -> Task:
        """Set columns; where all have these values already, nothing is written and the version stays."""
        before = task.snapshot()
        for name, value in columns.items():
            setattr(task, name, value)
        if task.snapshot() != before:
            task.version += 1
            task.updated_at = self.now
            task.save()
            self.note(task, before, task.snapshot())
        return task

    def delete(self, task: Task) -> Task:
        before = task.snapshot()
        Task.objects.filter(pk=task.pk).delete()
        self.note(task, before, None)
        return task

    def note(self, task: Task, before: Values | None, after: Values | None) -> None:
        self.changes.append(Change(task_id=task.pk, number=task.number, before=before, after=after))


def perform(caller: Caller, tool: str, arguments: Values, work: Callable[[Ledger], Values]) -> Operation:
    """Do `work` once under the caller's key, in one transaction, and return the operation with its result.

    `arguments` (JSON values) are what the key stands for. Raises `KeyReused` where it stood for something else.
    """
    with transaction.atomic():
        task_list = TaskList.lock(caller.user)
        if done := Operation.objects.filter(user=caller.user, key=caller.key).first():
            if (done.tool, done.arguments) != (tool, arguments):
                raise KeyReused
            return done
        ledger = Ledger(caller, task_list)
        result = work(ledger)
        operation = Operation.objects.create(
            user=caller.user,
            source=caller.source,
            key=caller.key,
            turn_id=caller.turn_id,
            tool=tool,
            arguments=arguments,
            result=result,
        )
        for change in ledger.changes:
            change.operation = operation
        Change.objects.bulk_create(ledger.changes)
        transaction.on_commit(lambda: live.announce(operation, ledger.changes))
    return operation


def add_task(caller: Caller, values: Values) -> Operation:
    """Add a task. `values` are those of `TaskIn` as JSON."""
    return perform(caller, "add_task", values, lambda ledger: answer(ledger.add(columns(caller, values))))


def update_task(caller: Caller, number: int, values: Values) -> Operation:
    """Change the given fields of a task. `values` are some of those of `TaskPatch` as JSON."""

    def work(ledger: Ledger) -> Values:
        task = ledger.get(number)
        return answer(ledger.change(task, columns(caller, values, task)))

    return perform(caller, "update_task", {"task_id": number, **values}, work)


def complete_task(caller: Caller, number: int) -> Operation:
    """Mark a task as done. One that is done already stays as it is."""

    def work(ledger: Ledger) -> Values:
        task = ledger.get(number)
        return answer(ledger.change(task, {"completed_at": task.completed_at or ledger.now}))

    return perform(caller, "complete_task", {"task_id": number}, work)


def delete_task(caller: Caller, number: int) -> Operation:
    """Delete a task. The answer shows it as it was."""
    return perform(caller, "delete_task", {"task_id": number}, lambda ledger: answer(ledger.delete(ledger.get(number))))


def answer(task: Task) -> Values:
    return TaskResult(task=TaskOut.of(task)).model_dump(mode="json")


def columns(caller: Caller, values: Values, task: Task | None = None) -> Values:
    """Return the columns that `values` set, for a new task or for `task`. Raises `Unprocessable`."""
    columns = dict(values)
    due = columns.pop("due", None)
    for name, kind in (("due_date", datetime.date), ("due_time", datetime.time)):
        if columns.get(name):
            columns[name] = kind.fromisoformat(columns[name])
    if due or ("due" in values and "due_date" not in values):
        columns |= due_columns(caller, due or "")
    if "due_date" in columns and columns["due_date"] is None:  # no day, no time
        columns["due_time"] = None
    if columns.get("due_time") and not (columns.get("due_date") or (task and task.due_date)):
        raise Unprocessable("A due time needs a due date.")
    if "completed" in columns:
        is_done = columns.pop("completed")
        columns["completed_at"] = ((task and task.completed_at) or timezone.now()) if is_done else None
    return columns


def due_columns(caller: Caller, due: str) -> Values:
    if not due.strip():
        return {"due_date": None, "due_time": None}
    try:
        moment = when.parse(due, caller.user.now())
    except when.NotADate as error:
        raise Unprocessable(str(error)) from error
    return {"due_date": moment.date, "due_time": moment.time}
