"""Finding tasks: the filters that REST, MCP and the page share, pages of the list, and the overview."""

import base64
import datetime
import json
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQueryField
from django.db.models import F, Func, Q, TextField, Value

from accounts.models import User
from core.problems import Problem
from tasks import when
from tasks.models import Fits, OpenCount, Task, TaskQuerySet
from tasks.schemas import DayCount, Overview, TaskOut

LIMIT = 200
COUNTED = 1_000
NEXT_DAYS = 7
OVERVIEW_DAYS = 14
LABELS_SHOWN = 20
SEARCH_LENGTH = 200
SAMPLE = 400
# If one task in this many matches, both ways to search are about equally fast.
MANY = 100  # for a page in order, which must sort what matches
MANY_TO_COUNT = 8
MARKS = {"open": ["+", "~"], "done": ["-"], "all": ["+", "~", "-"]}  # of a status in `Task.words`


class BadFilter(Problem):
    pass


@dataclass(frozen=True)
class Filters:
    """What to look for. `due`: overdue, today, tomorrow, next 7 days, no date, or any date phrase (that day).

    `search`: tasks with all of its words in title, notes or labels, each as the beginning of a word, in either case
    and with or without accents; of scripts without spaces between words, with all of its characters.
    """

    status: str = "open"
    due: str | None = None
    search: str | None = None
    label: str | None = None
    priority: str | None = None

    def of(self, user: User) -> TaskQuerySet:
        """Return the user's tasks of that status, date and priority. Raises `BadFilter`."""
        return self.narrow(user, Task.objects.for_user(user).with_status(self.status))

    def narrow(self, user: User, tasks: TaskQuerySet) -> TaskQuerySet:
        if self.due:
            tasks = due_filter(user, tasks, self.due)
        if self.priority:
            tasks = tasks.filter(priority=self.priority)
        return tasks.shown()

    def in_order(self, tasks: TaskQuerySet, cursor: str | None = None) -> TaskQuerySet:
        """Put tasks in the order of their list, what comes after a place. Raises `BadFilter`."""
        is_done = self.status == "done"
        tasks = tasks.latest_first() if is_done else tasks.in_list_order()
        return after(tasks, is_done, cursor) if cursor else tasks

    def matching(self, user: User, terms: Func, marks: list[str]) -> TaskQuerySet:
        """Return the tasks of `of` that match, read from the index. The terms say the status too."""
        telling = replace(self, search=telling_words(self.search)).terms(user, marks)
        assert telling
        return self.narrow(user, Task.objects.matching(user, telling).checked_against(terms))

    def parts(self, user: User, cursor: str | None) -> list[tuple[TaskQuerySet, list[str]]]:
        """Return the tasks of `of` in order, with the marks of their words, in parts that follow one another.

        Those with a date and those without are often labelled differently, so each part is looked through in its way.
        """
        tasks = self.in_order(self.of(user), cursor)
        if self.status != "open" or self.due or not self.terms(user):
            return [(tasks, MARKS[self.status])]
        return [(tasks.before_the_undated(), ["+"]), (tasks.from_the_undated(), ["~"])]

    def terms(self, user: User, marks: list[str] | None = None) -> Func | None:
        """Return the query to the index of words, or None if neither a word nor a label is searched for."""
        search, label = written(self.search), written(self.label)
        if len(search) > SEARCH_LENGTH:
            raise BadFilter(f"Search for at most {SEARCH_LENGTH} characters.")
        if not search and not label:
            return None
        statuses = Value(marks or MARKS[self.status], output_field=ArrayField(TextField()))
        label = label.lstrip("#").casefold()
        return Func(
            Value(user.pk),
            statuses,
            Value(search or None, TextField()),
            Value(label or None, TextField()),
            function="task_terms",
            output_field=SearchQueryField(),
        )


def written(text: str | None) -> str:
    """Return a text as PostgreSQL can hold it."""
    return (text or "").replace("\0", " ").strip()


def telling_words(search: str | None) -> str:
    """Return a search without its shortest words, if longer ones are left.

    Half of all tasks have a word that begins with "a": the index would gather them all before it drops most.
    """
    words = written(search).split()
    telling = [word for word in words if sum(map(str.isalnum, word)) > 2 or not word.isascii()]
    return " ".join(telling or words)


@dataclass(frozen=True)
class TaskPage:
    tasks: list[TaskOut]
    next_cursor: str | None


def get(user: User, number: int) -> TaskOut | None:
    try:
        return TaskOut.of(Task.get(user, number))
    except Task.DoesNotExist:
        return None


def find(user: User, filters: Filters, limit: int = LIMIT, cursor: str | None = None) -> TaskPage:
    """Return a page of the user's tasks: open ones in list order, done ones the latest first. Raises `BadFilter`.

    A page begins after a place in the order, not after a number of rows: it costs the same wherever it is, and nothing
    is passed over when the list changes in between.
    """
    is_done = filters.status == "done"
    page = (
        Task.first_open(user, limit + 1)
        if filters == Filters() and not cursor
        else look_through(user, filters, limit, cursor)
    )
    last = page[limit - 1] if len(page) > limit else None
    return TaskPage([TaskOut.of(task) for task in page[:limit]], write_cursor(last, is_done) if last else None)


def look_through(user: User, filters: Filters, limit: int, cursor: str | None) -> list[Task]:
    """Return `limit` + 1 of the tasks that match, if there are that many."""
    page: list[Task] = []
    for tasks, marks in filters.parts(user, cursor):
        if len(page) > limit:
            break
        if terms := filters.terms(user, marks):
            few = filters.in_order(filters.matching(user, terms, marks), cursor)
            tasks = tasks.checked_against(terms) if are_many(tasks, terms, MANY) else few
        page += tasks[: limit + 1 - len(page)]
    return page


def count(user: User, filters: Filters) -> int:
    """Return how many tasks match, counted up to `COUNTED`."""
    tasks, terms = filters.of(user), filters.terms(user)
    if terms:
        in_order = filters.in_order(tasks)
        many = are_many(in_order, terms, MANY_TO_COUNT)
        tasks = in_order.checked_against(terms) if many else filters.matching(user, terms, MARKS[filters.status])
    return tasks[:COUNTED].count()


def are_many(tasks: TaskQuerySet, terms: Func, many: int) -> bool:
    """Tell whether one in `many` of `tasks` matches, judging by a sample of those that come next, or few are left.

    Many are found by going through the list in its order and checking each, few by reading all that match.
    """
    sample = list(tasks.annotate(fits=Fits(F("words"), terms)).values_list("fits", flat=True)[:SAMPLE])
    return len(sample) < SAMPLE or sample.count(True) * many >= SAMPLE


def write_cursor(task: Task, is_done: bool) -> str:
    place = [task.completed_at.isoformat(), task.number] if is_done and task.completed_at else task.place
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def after(tasks: TaskQuerySet, is_done: bool, cursor: str) -> TaskQuerySet:
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tasks.before_completed(*read_done(place)) if is_done else tasks.after(read_place(place))
    except (ValueError, TypeError) as error:
        raise BadFilter("This cursor does not come from this list.") from error


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
    counts = OpenCount.objects.filter(user=user, count__gt=0)
    days = dict(counts.filter(kind="day").values_list("name", "count"))
    next_days = [today + datetime.timedelta(days=number) for number in range(OVERVIEW_DAYS + 1)]
    passed_today = tasks.open().due_between(today, today).filter(due_time__lt=now.time()).count()
    labels = counts.filter(kind="label").order_by("-count", "name")[:LABELS_SHOWN]
    return Overview(
        open=sum(days.values()),
        overdue=sum(count for day, count in days.items() if "" < day < today.isoformat()) + passed_today,
        today=days.get(today.isoformat(), 0),
        no_date=days.get("", 0),
        completed_7_days=completed_since(tasks, now - datetime.timedelta(days=7)),
        by_day=[DayCount(date=day, count=days[day.isoformat()]) for day in next_days if day.isoformat() in days],
        by_label=dict(labels.values_list("name", "count")),
    )


def completed_since(tasks: TaskQuerySet, moment: datetime.datetime) -> int:
    """Return how many tasks were completed since, or an occurrence of them."""
    gone = Q(completed_at__gte=moment)
    occurrences = tasks.filter(Q(completed_at=None) | ~gone, last_completed_at__gte=moment)
    return tasks.filter(gone).count() + occurrences.count()
