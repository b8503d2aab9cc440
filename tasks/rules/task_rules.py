"""The rules about changing tasks, each in one place, and the record of every change.

A `Ledger` serves one operation. It notes everything that it writes, with the task before and after.
"""

import datetime
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from accounts.caller import Caller
from core import clock, prepared_sql
from core.problems import Conflict, Unprocessable
from tasks import recurrence, when
from tasks.models import SUBTASKS_COUNT, TASKS_COUNT, Change, Operation, Task, TaskList, TaskNotFound
from tasks.schemas import TaskOut

type Values = dict[str, Any]


class StaleVersion(Conflict):
    """Somebody changed the task since the caller read it. `current` is the task as it is now."""

    def __init__(self, task: Task) -> None:
        self.current = TaskOut.of(task).model_dump(mode="json")
        super().__init__(
            f"Task {task.number} was changed since you read it: it is at version {task.version} now. "
            "Look at it again, then decide."
        )


class Ledger:
    """The tasks that one operation touches, with their list locked.

    Writes wait in `writes` until the next query, or until the whole operation is stored.
    """

    def __init__(self, caller: Caller, task_list: TaskList, read: Iterable[Task] = ()) -> None:
        """Take tasks that were `read` with the lock: the first `get` of each returns it without another query."""
        self.caller = caller
        self.task_list = task_list
        self.read = {task.number: task for task in read}
        self.read_subtasks: dict[int, list[Task]] = {}  # the same for subtasks, by the number of their parent
        self.writes = prepared_sql.Writes()
        self.now = clock.now()
        self.changes: list[Change] = []
        self.tasks: dict[UUID, Task] = {}  # each that was changed, as it is now
        self.undone: list[Operation] = []

    @property
    def clock(self) -> datetime.datetime:
        """The moment of the operation on the user's clock."""
        return self.now.astimezone(self.caller.user.zone)

    def get(self, number: int, version: int | None = None) -> Task:
        """Return the user's task of that number. Raises `TaskNotFound`, and `StaleVersion` if its version differs."""
        try:
            task = self.read.pop(number, None) or Task.get(self.caller.user, number)
        except Task.DoesNotExist:
            raise TaskNotFound(number) from None
        if version is not None and version != task.version:
            raise StaleVersion(task)
        return task

    def add(self, values: Values, id: UUID | None = None) -> Task:
        """Add a task. `values` are some of those of `TaskIn`, as JSON; an import brings its `id`."""
        if self.task_list.last_number >= TASKS_COUNT:
            raise Unprocessable(f"A list holds at most {TASKS_COUNT:,} tasks over its lifetime.")
        task = Task(user=self.caller.user, created_at=self.now, updated_at=self.now)
        task.id = id or task.id
        self.set(task, values)
        self.writes.add(*self.task_list.adding(task))
        self.note(task, None, task.snapshot())
        return task

    def update(self, number: int, values: Values) -> Task:
        """Change the given fields of a task. `values` are some of those of `TaskPatch`, as JSON."""
        values = dict(values)
        task = self.get(number, values.pop("version", None))
        completed = values.pop("completed", None)
        before = task.snapshot()
        self.set(task, values)
        self.save(task, before)
        if completed is None:
            return task
        return self.complete(number) if completed else self.reopen(number)

    def complete(self, number: int, version: int | None = None) -> Task:
        """Complete a task, with its subtasks. One that repeats moves on to its next day instead."""
        task = self.get(number, version)
        if task.completed_at:
            return task
        before = task.snapshot()
        following = next_occurrence(task, self.clock.date())
        if following:
            task.due_date = task.occurrence_date = following
            task.last_completed_at, task.position = self.now, None
        else:
            task.completed_at = self.now
        follow = self.reopen if following else self.complete
        for subtask in self.subtasks_of(task):
            subtask.parent, self.read[subtask.number] = task, subtask
            follow(subtask.number)
        return self.save(task, before)

    def reopen(self, number: int, version: int | None = None) -> Task:
        """Open a completed task again. A subtask opens its parent too."""
        task = self.get(number, version)
        before = task.snapshot()
        if task.parent and task.parent.completed_at and task.completed_at:
            self.reopen(task.parent.number)
        task.completed_at = None
        return self.save(task, before)

    def delete(self, number: int, version: int | None = None) -> Task:
        """Delete a task with its subtasks. Their numbers are never used again."""
        task = self.get(number, version)
        for subtask in self.subtasks_of(task):
            self.erase(subtask)
        self.erase(task)
        return task

    def subtasks_of(self, task: Task) -> list[Task]:
        """Return a task's subtasks by number."""
        if task.parent_id:
            return []
        read = self.read_subtasks.pop(task.number, None)
        return task.all_subtasks() if read is None else read

    def erase(self, task: Task) -> None:
        before = task.snapshot()
        self.writes.add(prepared_sql.deleting(task))  # its subtasks are gone: no need to look for them
        self.note(task, before, None)

    def order(self, numbers: list[int]) -> list[Task]:
        """Order tasks by hand: each gets its place in `numbers`, which counts among tasks of the same day."""
        tasks = [self.get(number) for number in numbers]
        for position, task in enumerate(tasks, 1):
            before = task.snapshot()
            task.position = position
            self.save(task, before)
        return tasks

    def save(self, task: Task, before: Values) -> Task:
        """Write a changed task. If nothing differs, nothing is written and the version stays."""
        if task.snapshot() != before:
            task.version += 1
            task.updated_at = self.now
            self.writes.add(prepared_sql.updating(task))
            self.note(task, before, task.snapshot())
        return task

    def note(self, task: Task, before: Values | None, after: Values | None) -> None:
        self.tasks[task.pk] = task
        self.changes.append(
            Change(user=self.caller.user, task_id=task.pk, number=task.number, before=before, after=after)
        )

    def set(self, task: Task, values: Values) -> None:
        """Set fields of a task from JSON values. Raises `Unprocessable` for values that do not fit together."""
        for name in ("title", "notes", "priority", "labels"):
            if name in values:
                setattr(task, name, values[name])
        if "parent_id" in values:
            self.set_parent(task, values["parent_id"])
        self.set_due(task, values)
        if "recurrence" in values:
            self.set_recurrence(task, values["recurrence"] or "", is_due_given=bool(values.get("due")))
        if task.due_time and not task.due_date:
            raise Unprocessable("A due time needs a due date.")

    def set_parent(self, task: Task, number: int | None) -> None:
        if number is None:
            task.parent = None
            return
        parent = self.get(number)
        if parent.parent_id or parent.pk == task.pk or (task.number and task.subtasks.exists()):
            raise Unprocessable("There is one level of subtasks: a subtask has none, and a task is not its own.")
        if parent.subtasks.count() >= SUBTASKS_COUNT:
            raise Unprocessable(f"A task has at most {SUBTASKS_COUNT} subtasks.")
        task.parent = parent

    def set_due(self, task: Task, values: Values) -> None:
        day, due = task.due_date, values.get("due")
        if values.get("due_date"):
            task.due_date = datetime.date.fromisoformat(values["due_date"])
        if "due_time" in values:
            task.due_time = datetime.time.fromisoformat(values["due_time"]) if values["due_time"] else None
        if due and due.strip():
            moment = read_due(due, self.clock)
            task.due_date, task.due_time = moment.date, moment.time
        elif ("due" in values and "due_date" not in values) or values.get("due_date", "") is None:
            task.due_date = task.due_time = None
        if task.due_date != day:
            task.position = None
        if task.due_date is None and task.recurrence and "recurrence" not in values:
            raise Unprocessable("A repeating task has a date. Give it another one, or stop repeating it.")

    def set_recurrence(self, task: Task, text: str, *, is_due_given: bool) -> None:
        """Make a task repeat from its date on; without one it begins on the first day that the rule gives."""
        if not text.strip():
            task.recurrence, task.recurrence_start, task.occurrence_date = "", None, None
            return
        rule = read_recurrence(text, self.clock)
        rule = replace(rule, time=rule.time or task.due_time)
        start = task.due_date if task.due_date and not rule.start else recurrence.first(rule, self.clock)
        first = recurrence.first_on_or_after(rule, start, start) if start else None
        if first is None:
            raise Unprocessable("This repetition is over before it begins. Write for example “every monday”.")
        if not is_due_given and not (task.due_date and task.recurrence == rule.rrule):
            task.due_date = first
        if rule.time and not is_due_given:
            task.due_time = rule.time
        task.recurrence, task.recurrence_start, task.occurrence_date = rule.rrule, start, first


def read_due(text: str, now: datetime.datetime) -> when.When:
    try:
        return when.parse(text, now)
    except when.NotADate as error:
        raise Unprocessable(str(error)) from error


def read_recurrence(text: str, now: datetime.datetime) -> recurrence.Rule:
    try:
        return recurrence.parse(text, now)
    except recurrence.NotARule as error:
        raise Unprocessable(str(error)) from error


def next_occurrence(task: Task, today: datetime.date) -> datetime.date | None:
    """Return the rule's next day after the present occurrence, or after today if that is later; None where it ends.

    It counts from the day that the rule gave, not from the day that the occurrence was moved to: an occurrence that was
    done early does not return.
    """
    if not task.recurrence:
        return None
    assert task.recurrence_start
    assert task.occurrence_date
    reached = max(task.occurrence_date, today)
    return recurrence.next_after(recurrence.Rule(task.recurrence), task.recurrence_start, reached)
