"""The shapes of tasks as REST, MCP, chat and the live updates show and take them."""

import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from tasks import recurrence
from tasks.models import LABEL_LENGTH, LABELS_COUNT, LARGEST_NUMBER, NOTES_LENGTH, TITLE_LENGTH, Task

type Priority = Literal["p1", "p2", "p3", "p4"]


def one_line(text: str) -> str:
    """Return `text` on one line. Raises `ValueError` where nothing is left."""
    if not (line := " ".join(text.split())):
        raise ValueError("must not be empty")
    return line


def tidy_labels(labels: list[str]) -> list[str]:
    """Return labels in lower case, without `#` and without repeats, in their order."""
    return list(dict.fromkeys(one_line(label.strip().lstrip("#").casefold()) for label in labels))


Title = Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH, pattern=r"\S"), AfterValidator(one_line)]
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


def written(value: object) -> object:
    """Refuse a number in place of a date or time: it would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise ValueError("must be a text as in ISO 8601")
    return value


Day = Annotated[datetime.date, BeforeValidator(written)]
TimeOfDay = Annotated[datetime.time, BeforeValidator(written)]
Moment = Annotated[datetime.datetime, BeforeValidator(written)]
ClockTime = Annotated[
    datetime.time, PlainSerializer(lambda time: time.strftime("%H:%M"), return_type=str, when_used="unless-none")
]


Recurrence = Annotated[
    str,
    Field(
        max_length=200,
        description="How it repeats: as people say it (every weekday, every 2 weeks on monday, on the 1st of each "
        "month) or an RRULE. An empty text stops it.",
    ),
]
Number = Annotated[int, Field(strict=True, ge=1, le=LARGEST_NUMBER)]
Version = Annotated[
    int, Field(strict=True, ge=1, le=LARGEST_NUMBER, description="The version you read; refused if it changed since.")
]


class TaskOut(BaseModel):
    """A task. `id` is its number on the user's list; due date and time are local to the user."""

    id: int
    title: str
    notes: str
    priority: Priority
    labels: list[str]
    due_date: datetime.date | None
    due_time: ClockTime | None
    recurrence: str | None
    recurrence_text: str | None
    parent_id: int | None
    position: int | None
    completed: bool
    completed_at: datetime.datetime | None
    last_completed_at: datetime.datetime | None
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
            priority=task.priority,  # a constraint keeps it to the four
            labels=task.labels,
            due_date=task.due_date,
            due_time=task.due_time,
            recurrence=task.recurrence or None,
            recurrence_text=recurrence.say(recurrence.Rule(task.recurrence)) if task.recurrence else None,
            parent_id=task.parent.number if task.parent else None,
            position=task.position,
            completed=task.completed_at is not None,
            completed_at=task.completed_at,
            last_completed_at=task.last_completed_at,
            version=task.version,
            created_at=task.created_at,
            updated_at=task.updated_at,
        )


class TaskFields(BaseModel):
    """What both a new task and a changed one may say. `due` is read as people say it and wins over date and time."""

    model_config = ConfigDict(extra="forbid")

    notes: Notes = ""
    priority: Priority = "p4"
    labels: Labels = []
    due: Due | None = None
    due_date: Day | None = None
    due_time: TimeOfDay | None = None
    recurrence: Recurrence | None = None
    parent_id: Number | None = None


class TaskIn(TaskFields):
    """A new task, or the whole of one that is replaced."""

    title: Title


class TaskText(BaseModel):
    """A new task in one line, as people type it: “water the plants every monday 9am #home p2”."""

    model_config = ConfigDict(extra="forbid")

    text: Title


class TaskPatch(TaskFields):
    """Some fields of a task; what is left out stays. null clears date and time."""

    title: Title = ""
    completed: bool = False
    version: Version | None = None


class TaskPage(BaseModel):
    items: list[TaskOut]
    next_cursor: str | None = None


class TaskResult(BaseModel):
    """What a tool that changes one task answers."""

    task: TaskOut


class TaskListResult(BaseModel):
    """What `list_tasks` answers: a page of tasks and how many there are in all."""

    tasks: list[TaskOut]
    total: int = Field(description="1000 means 1,000 or more.")
    next_cursor: str | None = None


class ItemResult(BaseModel):
    """The result of one item of a batch: its task, or why nothing was done."""

    index: int
    ok: bool
    task: TaskOut | None = None
    error: str | None = None


class BatchResult(BaseModel):
    results: list[ItemResult]


class TaskRef(BaseModel):
    id: int
    title: str


class KeptTask(TaskRef):
    reason: str


class UndoResult(BaseModel):
    """What an undo did: the tasks it put back, and those it kept because somebody changed them since."""

    undone: list[TaskRef]
    kept: list[KeptTask]
    summary: str


class UndoOut(UndoResult):
    id: str = Field(description="The undo itself, which can be undone too.")


class ChangeOut(BaseModel):
    """What an operation did to one task: the fields that changed, before (null: added) and after (null: deleted)."""

    id: int
    title: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class OperationOut(BaseModel):
    id: str
    at: datetime.datetime
    source: str
    tool: str
    summary: str
    turn_id: str | None
    is_undone: bool
    changes: list[ChangeOut]


class OperationPage(BaseModel):
    items: list[OperationOut]
    next_cursor: str | None = None


class FieldChange(BaseModel):
    field: str
    before: Any
    after: Any


class HistoryEntry(BaseModel):
    """Who changed which fields of a task: `source` is the way, `turn_id` the message it answers."""

    operation_id: str
    at: datetime.datetime
    source: str
    tool: str
    turn_id: str | None
    fields: list[FieldChange]


class HistoryPage(BaseModel):
    items: list[HistoryEntry]


class DayCount(BaseModel):
    date: datetime.date
    count: int


class Overview(BaseModel):
    """How much there is to do: open tasks in all, by day for the next two weeks, and by label."""

    open: int
    overdue: int
    today: int
    no_date: int
    completed_7_days: int
    by_day: list[DayCount]
    by_label: dict[str, int]
