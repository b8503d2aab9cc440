"""The shapes of tasks as REST, MCP, chat and the live updates show and take them."""

import datetime
from typing import Annotated, Literal, Self

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer

from tasks.models import LABEL_LENGTH, LABELS_COUNT, NOTES_LENGTH, TITLE_LENGTH, Task

type Priority = Literal["p1", "p2", "p3", "p4"]


def one_line(text: str) -> str:
    """Return `text` on one line. Raises `ValueError` where nothing is left."""
    if not (line := " ".join(text.split())):
        raise ValueError("must not be empty")
    return line


def tidy_labels(labels: list[str]) -> list[str]:
    """Return labels in lower case, without `#` and without repeats, in their order."""
    return list(dict.fromkeys(one_line(label.strip().lstrip("#").casefold()) for label in labels))


Title = Annotated[str, Field(max_length=TITLE_LENGTH), AfterValidator(one_line)]
Notes = Annotated[str, Field(max_length=NOTES_LENGTH)]
Label = Annotated[str, Field(min_length=1, max_length=LABEL_LENGTH)]
Labels = Annotated[list[Label], Field(max_length=LABELS_COUNT), AfterValidator(tidy_labels)]
Due = Annotated[
    str,
    Field(
        max_length=100,
        description="When: ISO (2026-05-01, 2026-05-01T17:00) or as people say it (tomorrow 5pm, next friday), in "
        "the user's time zone. A date alone is a whole day. An empty text clears it.",
    ),
]
ClockTime = Annotated[
    datetime.time, PlainSerializer(lambda time: time.strftime("%H:%M"), return_type=str, when_used="unless-none")
]


class TaskOut(Schema):
    """A task. `id` is its number on the user's list; due date and time are local to the user."""

    id: int
    title: str
    notes: str
    priority: Priority
    labels: list[str]
    due_date: datetime.date | None
    due_time: ClockTime | None
    recurrence: str | None
    parent_id: int | None
    completed: bool
    completed_at: datetime.datetime | None
    version: int
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @classmethod
    def of(cls, task: Task) -> Self:
        """Return the shape of a task; a subtask's `parent` must be loaded."""
        return cls(
            id=task.number,
            title=task.title,
            notes=task.notes,
            priority=task.priority,  # type: ignore[arg-type]  # a constraint keeps it to the four
            labels=task.labels,
            due_date=task.due_date,
            due_time=task.due_time,
            recurrence=task.recurrence or None,
            parent_id=task.parent.number if task.parent else None,
            completed=task.completed_at is not None,
            completed_at=task.completed_at,
            version=task.version,
            created_at=task.created_at,
            updated_at=task.updated_at,
        )


class TaskIn(Schema):
    """A new task, or all of one that is replaced. `due` is read like a person's words and wins over date and time."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    notes: Notes = ""
    priority: Priority = "p4"
    labels: Labels = []
    due: Due | None = None
    due_date: datetime.date | None = None
    due_time: datetime.time | None = None


class TaskPatch(Schema):
    """Some fields of a task; what is left out stays. null clears date and time."""

    model_config = ConfigDict(extra="forbid")

    title: Title = ""
    notes: Notes = ""
    priority: Priority = "p4"
    labels: Labels = []
    due: Due | None = None
    due_date: datetime.date | None = None
    due_time: datetime.time | None = None
    completed: bool = False


class TaskPage(Schema):
    items: list[TaskOut]
    next_cursor: str | None = None


class TaskResult(Schema):
    """What a tool that changes one task answers."""

    task: TaskOut


class TaskListResult(Schema):
    """What `list_tasks` answers: the first `limit` tasks and how many there are in all."""

    tasks: list[TaskOut]
    total: int
    next_cursor: str | None = None
