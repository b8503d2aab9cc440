"""Finding tasks: the filters that REST, MCP and the page share, pages of the list, and the overview."""

import base64
import datetime
import json
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, Func, Q

from accounts.models import User
from accounts.problems import Problem
from tasks import when
from tasks.models import Task, TaskQuerySet
from tasks.schemas import DayCount, Overview, TaskOut

LIMIT = 200
COUNTED = 1_000
NEXT_DAYS = 7
OVERVIEW_DAYS = 14
LABELS_SHOWN = 20


class BadFilter(Problem):
    pass


class Unnest(Func):
    """A row for each element of an array."""

    function = "unnest"
    set_returning = True
    output_field = CharField()


@dataclass(frozen=True)
class Filters:
    """What to look for. `due`: overdue, today, tomorrow, next 7 days, no date, or any date phrase (that day)."""

    status: str = "open"
    due: str | None = None
    search: str | None = None
    label: str | None = None
    priority: str | None = None

    def apply(self, user: User) -> TaskQuerySet:
        """Return the user's tasks that match. Raises `BadFilter`."""
        tasks: TaskQuerySet = Task.objects.for_user(user).with_status(self.status)
        if self.due:
            tasks = due_filter(user, tasks, self.due)
        if self.search:
            tasks = tasks.containing(self.search)
        if self.label:
            tasks = tasks.labelled(self.label)
        if self.priority:
            tasks = tasks.filter(priority=self.priority)
        return tasks.select_related("parent")


@dataclass(frozen=True)
class Found:
    tasks: list[TaskOut]
    next_cursor: str | None


def get(user: User, number: int) -> TaskOut | None:
    task = Task.objects.for_user(user).select_related("parent").filter(number=number).first()
    return TaskOut.of(task) if task else None


def find(user: User, filters: Filters, limit: int = LIMIT, cursor: str | None = None) -> Found:
    """Return a page of the user's tasks: open ones in list order, done ones the latest first. Raises `BadFilter`.

    A page begins after a place in the order, not after a number of rows: it costs the same wherever it is, and nothing
    is passed over when the list changes in between.
    """
    tasks, is_done = filters.apply(user), filters.status == "done"
    tasks = tasks.latest_first() if is_done else tasks.in_list_order()
    if cursor:
        tasks = after(tasks, is_done, cursor)
    page = list(tasks[: limit + 1])
    last = page[limit - 1] if len(page) > limit else None
    return Found([TaskOut.of(task) for task in page[:limit]], write_cursor(last, is_done) if last else None)


def count(user: User, filters: Filters) -> int:
    """Return how many tasks match, counted up to `COUNTED`."""
    return filters.apply(user).order_by()[:COUNTED].count()


def write_cursor(task: Task, is_done: bool) -> str:
    place = [task.completed_at.isoformat(), task.number] if is_done and task.completed_at else task.place
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def after(tasks: TaskQuerySet, is_done: bool, cursor: str) -> TaskQuerySet:
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tasks.before_completed(*read_done(place)) if is_done else tasks.after(read_place(place))
    except (ValueError, TypeError) as error:
        raise BadFilter("This cursor is not one that this list gave.") from error


def read_place(place: Any) -> list[Any]:
    day, position, time, priority, number = place
    return [
        datetime.date.fromisoformat(day),
        int(position),
        datetime.time.fromisoformat(time),
        str(priority),
        int(number),
    ]


def read_done(place: Any) -> tuple[datetime.datetime, int]:
    completed_at, number = place
    return datetime.datetime.fromisoformat(completed_at), int(number)


def due_filter(user: User, tasks: TaskQuerySet, due: str) -> TaskQuerySet:
    now = user.now()
    today = now.date()
    match due.strip().casefold():
        case "overdue":
            return tasks.overdue(now)
        case "no date":
            return tasks.undated()
        case "next 7 days" | "week" | "this week":
            return tasks.due_between(today, today + datetime.timedelta(days=NEXT_DAYS))
    try:
        day = when.parse(due, now).date
    except when.NotADate as error:
        raise BadFilter(f"`due` is overdue, today, tomorrow, next 7 days, no date, or a date. {error}") from error
    return tasks.due_between(day, day)


def overview(user: User) -> Overview:
    """Return how much there is to do, as of now on the user's clock."""
    now = user.now()
    tasks, today = Task.objects.for_user(user), now.date()
    last = today + datetime.timedelta(days=OVERVIEW_DAYS)
    days = tasks.open().due_between(today, last).order_by("due_date").values_list("due_date").annotate(n=Count("*"))
    by_day = [DayCount(date=day, count=n) for day, n in days]
    labels = tasks.open().annotate(label=Unnest("labels")).values_list("label").annotate(n=Count("*"))
    week = now - datetime.timedelta(days=7)
    return Overview(
        open=tasks.open().count(),
        overdue=tasks.overdue(now).count(),
        today=next((day.count for day in by_day if day.date == today), 0),
        no_date=tasks.open().undated().count(),
        completed_7_days=tasks.filter(Q(completed_at__gte=week) | Q(last_completed_at__gte=week)).count(),
        by_day=by_day,
        by_label=dict(labels.order_by("-n", "label")[:LABELS_SHOWN]),
    )
