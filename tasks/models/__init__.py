"""The tables of tasks: tasks and lists, and the operations that changed them. May import `accounts` and `core`."""

from tasks.models.operations import Change, Operation
from tasks.models.tasks import (
    LABEL_LENGTH,
    LABELS_COUNT,
    LARGEST_NUMBER,
    NOTES_LENGTH,
    PRIORITIES,
    SUBTASKS_COUNT,
    TASKS_COUNT,
    TITLE_LENGTH,
    Fits,
    OpenCount,
    Task,
    TaskList,
    TaskNotFound,
    TaskQuerySet,
    by_number,
    by_parent,
)

__all__ = [
    "LABELS_COUNT",
    "LABEL_LENGTH",
    "LARGEST_NUMBER",
    "NOTES_LENGTH",
    "PRIORITIES",
    "SUBTASKS_COUNT",
    "TASKS_COUNT",
    "TITLE_LENGTH",
    "Change",
    "Fits",
    "OpenCount",
    "Operation",
    "Task",
    "TaskList",
    "TaskNotFound",
    "TaskQuerySet",
    "by_number",
    "by_parent",
]
