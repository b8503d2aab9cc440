"""Finding tasks: the filters that REST, MCP and the page share."""

import datetime
from dataclasses import dataclass

from accounts.models import User
from accounts.problems import Problem
from tasks import when
from tasks.models import Task, TaskQuerySet
from tasks.schemas import TaskOut

LIMIT = 200
NEXT_DAYS = 7


class BadFilter(Problem):
    pass


@dataclass(frozen=True)
class Filters:
    """What to look for. `due`: overdue, today, tomorrow, next 7 days, no date, or any date phrase (that day)."""

    status: str = "open"
    due: str | None = None
    search: str | None = None
    label: str | None = None
    priority: str | None = None


@dataclass(frozen=True)
class Found:
    tasks: list[TaskOut]
    total: int
    next_cursor: str | None


def get(user: User, number: int) -> TaskOut | None:
    task = Task.objects.for_user(user).select_related("parent").filter(number=number).first()
    return TaskOut.of(task) if task else None


def find(user: User, filters: Filters, limit: int = LIMIT, cursor: str | None = None) -> Found:
    """Return a page of the user's tasks, in list order, and how many match. Raises `BadFilter`."""
    tasks = Task.objects.for_user(user).with_status(filters.status)
    if filters.due:
        tasks = due_filter(user, tasks, filters.due)
    if filters.search:
        tasks = tasks.containing(filters.search)
    if filters.label:
        tasks = tasks.labelled(filters.label)
    if filters.priority:
        tasks = tasks.filter(priority=filters.priority)
    start = read_cursor(cursor)
    page = list(tasks.select_related("parent").in_list_order()[start : start + limit + 1])
    more = len(page) > limit
    total = start + len(page) if not more else tasks.count()
    return Found([TaskOut.of(task) for task in page[:limit]], total, str(start + limit) if more else None)


def read_cursor(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise BadFilter("This cursor is not one that a list gave.")
    return int(cursor)


def due_filter(user: User, tasks: TaskQuerySet, due: str) -> TaskQuerySet:
    now = user.now()
    today = now.date()
    match due.strip().casefold():
        case "overdue":
            return tasks.overdue(now)
        case "no date":
            return tasks.filter(due_date=None)
        case "next 7 days" | "week" | "this week":
            return tasks.due_between(today, today + datetime.timedelta(days=NEXT_DAYS))
    try:
        day = when.parse(due, now).date
    except when.NotADate as error:
        raise BadFilter(f"`due` is overdue, today, tomorrow, next 7 days, no date, or a date. {error}") from error
    return tasks.due_between(day, day)
