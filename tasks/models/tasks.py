"""Tasks and their list: columns, constraints, the order of the list, and the counts kept with it."""

import datetime
import functools
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.checks import CheckMessage
from django.db import connection, models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.db.models.functions import Coalesce, Length, Trim
from uuid_utils.compat import uuid7

from accounts.models import User
from core.prepared_sql import Found, Prepared, Statement, execute, insertions, updating, written_columns
from core.problems import NotFound

TASKS_COUNT = 1_000_000
SUBTASKS_COUNT = 100
TITLE_LENGTH = 500
NOTES_LENGTH = 20_000
LABEL_LENGTH = 50
LABELS_COUNT = 20
LARGEST_NUMBER = 2**31 - 1
PRIORITIES = ["p1", "p2", "p3", "p4"]  # p1 is the most urgent, p4 the ordinary


class TaskNotFound(NotFound):
    def __init__(self, number: int) -> None:
        super().__init__(f"There is no task {number}.")


class TaskList(models.Model):
    """One user's list. Its row is locked by every change, so that a user's changes happen one after another."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="task_list")
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(last_number__lte=TASKS_COUNT), name="task_list_length")]

    def __str__(self) -> str:
        return f"Tasks of {self.user}"

    @classmethod
    def lock(cls, user: User, *looks: tuple[Prepared[Any], Any]) -> tuple["TaskList", list[Found[Any]]]:
        """Return the user's list, locked until the transaction ends, and the rows that each look then finds.

        A look is a query by a user and a value; without a value it is left out. This closes the race of two changes at
        once.
        """
        asked = [locked_list().asked(user.pk), *(query.asked(user.pk, value) for query, value in looks if value)]
        found = execute(asked)
        if not found[0]:  # the first change, perhaps of two at once: whoever is second waits here
            TaskList.objects.bulk_create([TaskList(user=user)], ignore_conflicts=True)
            found = execute(asked)
        [(task_list, _)] = locked_list().read(found[0])
        rows = iter(found[1:])
        return task_list, [query.read(next(rows)) if value else [] for query, value in looks]

    def adding(self, task: "Task") -> list[Statement]:
        """Give a new task the next number; return the statements that store both."""
        self.last_number += 1
        task.number = self.last_number
        return [updating(self, "last_number"), *insertions([task])]


class Fits(Func):
    """Whether words (`Task.words`) fit terms (a `tsquery`)."""

    template = "%(expressions)s"
    arg_joiner = " @@ "
    arity = 2
    output_field = models.BooleanField()


class TaskQuerySet(models.QuerySet["Task"]):
    def for_user(self, user: User) -> Self:
        return self.filter(user=user).without_words()

    def without_words(self) -> Self:
        """Do not load the column of words, which only the database reads."""
        return self.defer("words", "parent__words")

    def shown(self) -> Self:
        """Load what is shown of a task, its parent's number included, in one narrow query."""
        return self.select_related("parent").only(*Task.columns(), "parent__number")

    def open(self) -> Self:
        return self.filter(completed_at=None)

    def done(self) -> Self:
        return self.exclude(completed_at=None)

    def with_status(self, status: str) -> Self:
        """Narrow to "open" or "done" tasks; "all" is everything."""
        return {"open": self.open, "done": self.done, "all": self.all}[status]()

    def due_between(self, first: datetime.date, last: datetime.date) -> Self:
        return self.alias(day=DAY).filter(day__range=(first, last), due_date__isnull=False)

    def before_the_undated(self) -> Self:
        return self.alias(day=DAY).filter(day__lt=datetime.date.max)

    def from_the_undated(self) -> Self:
        """Narrow to the end of the list: tasks without a date, and those of the last day there is."""
        return self.alias(day=DAY).filter(day=datetime.date.max)

    def undated(self) -> Self:
        return self.alias(day=DAY).filter(day=datetime.date.max, due_date=None)

    def overdue(self, now: datetime.datetime) -> Self:
        """Narrow to open tasks whose day, or time today, has passed on the user's clock (`now`)."""
        earlier = Q(due_date__lt=now.date()) | Q(due_time__lt=now.time())
        return self.open().alias(day=DAY).filter(earlier, day__lte=now.date())

    def matching(self, user: User, terms: Func) -> Self:
        """Narrow to the user's tasks that match, read from the index of words: fast if few match."""
        # As an expression, so that no index by user is read instead: the words carry the user already.
        return self.alias(owner=F("user") + 0).filter(Fits(F("words"), terms), owner=user.pk).without_words()

    def checked_against(self, terms: Func) -> Self:
        """Narrow to tasks that match, each row checked in the order it comes: fast if many match."""
        # No index serves CASE, and PostgreSQL assumes that it is true of half of the rows: it keeps to the order.
        return self.filter(Case(When(Fits(F("words"), terms), then=True), default=False))

    def in_list_order(self) -> Self:
        """By day, none last; within a day as ordered by hand, then by time, priority and number."""
        return self.order_by(*LIST_ORDER)

    def latest_first(self) -> Self:
        """By completion, the latest first."""
        return self.order_by("-completed_at", "-number")

    def before_completed(self, moment: datetime.datetime, number: int) -> Self:
        """Narrow to what comes after a place in `latest_first`."""
        return self.filter(TupleLessThan(Tuple("completed_at", "number"), [moment, number]))

    def after(self, place: list[Any]) -> Self:
        """Narrow to what comes after a place in list order, as `Task.place` gave it."""
        return self.filter(TupleGreaterThan(Tuple(*LIST_ORDER), place))


# Nulls are written out, so that one index serves the order and a place in it can be compared with. Filters by day
# compare the same expression, otherwise the index would not serve them.
DAY = Coalesce("due_date", Value(datetime.date.max))
LIST_ORDER: list[Combinable] = [
    DAY,
    Coalesce("position", Value(2**31 - 1)),
    Coalesce("due_time", Value(datetime.time.max)),
    F("priority"),
    F("number"),
]


class Task(models.Model):
    """One thing to do. `number` counts per user and is the only id that people, programs and models see."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tasks", db_index=False)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=TITLE_LENGTH)
    notes = models.TextField(blank=True, max_length=NOTES_LENGTH)
    priority = models.CharField(max_length=2, default="p4", choices=[(name, name) for name in PRIORITIES])
    labels = ArrayField(models.CharField(max_length=LABEL_LENGTH), default=list, blank=True, size=LABELS_COUNT)
    due_date = models.DateField(null=True, blank=True, help_text="A day on the user's calendar.")
    due_time = models.TimeField(null=True, blank=True, help_text="On the user's clock; empty: the whole day.")
    position = models.PositiveIntegerField(null=True, blank=True, help_text="By hand, within its day; empty: by time.")
    recurrence = models.CharField(max_length=200, blank=True, help_text="RRULE (RFC 5545, section 3.3.10).")
    recurrence_start = models.DateField(
        null=True, blank=True, help_text="The day that intervals and counts start from."
    )
    occurrence_date = models.DateField(
        null=True, blank=True, help_text="The day the rule gives for the present occurrence, wherever that was moved."
    )
    last_completed_at = models.DateTimeField(null=True, blank=True, help_text="When an occurrence was last completed.")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="subtasks")
    completed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    # Each word and label with its user, status and part of the list, so that one index finds them among everyone's
    # (the functions are in migration 0002).
    words = models.GeneratedField(
        expression=Func("user", "completed_at", "due_date", "title", "notes", "labels", function="task_words"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "number"], name="task_number_per_user"),
            models.CheckConstraint(condition=Q(priority__in=PRIORITIES), name="task_priority"),
            models.CheckConstraint(condition=Q(due_time=None) | Q(due_date__isnull=False), name="task_time_needs_date"),
            models.CheckConstraint(
                condition=models.lookups.GreaterThan(Length(Trim("title")), 0), name="task_title_not_blank"
            ),
            models.CheckConstraint(
                condition=models.lookups.LessThanOrEqual(Length("notes"), NOTES_LENGTH), name="task_notes_length"
            ),
            models.CheckConstraint(condition=Q(labels__len__lte=LABELS_COUNT), name="task_labels_count"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="task_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(recurrence="") | Q(due_date__isnull=False, recurrence_start__isnull=False),
                name="task_recurrence_needs_dates",
            ),
        ]
        # Each begins with the user, so that a search costs the same however much others have.
        indexes = [
            models.Index(
                "user",
                *LIST_ORDER,
                condition=Q(completed_at=None),
                include=["due_date", "due_time"],  # lets days be counted without reading the tasks
                name="task_open_in_list_order",
            ),
            models.Index("user", *LIST_ORDER, name="task_in_list_order"),
            models.Index(fields=["user", "-completed_at", "-number"], name="task_completed"),
            GinIndex(fields=["words"], fastupdate=False, name="task_words"),  # no pending list: each search is quick
            models.Index(
                fields=["user", "last_completed_at"],
                condition=Q(last_completed_at__isnull=False),
                name="task_last_completed",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"

    @classmethod
    def check(cls, **kwargs: Any) -> list[CheckMessage]:
        """Check the model without a database: a generated column would connect to it before any command runs."""
        return super().check(**kwargs | {"databases": []})

    @classmethod
    @functools.cache
    def columns(cls) -> list[str]:
        """Return the names of all columns but those that only the database reads."""
        return written_columns(cls)

    @classmethod
    def of_row(cls, row: tuple["Task", tuple[Any, ...]]) -> "Task":
        """Return the task of a prepared query's row, whose last column is its parent's number."""
        task, (parent_number,) = row
        if parent_number:
            task.parent = Task.from_db(connection.alias, ["id", "number"], [task.parent_id, parent_number])
        return task

    @classmethod
    def get(cls, user: User, number: int) -> "Task":
        """Return the user's task of that number. Raises `DoesNotExist`."""
        return cls.of_row(by_number().get(user.pk, number))

    @classmethod
    def first_open(cls, user: User, limit: int) -> list["Task"]:
        """Return the beginning of the user's list."""
        return [cls.of_row(row) for row in first_open(limit).find(user.pk)]

    def all_subtasks(self) -> list["Task"]:
        """Return the task's subtasks by number, each with its parent."""
        return [self.of_row(row) for row in by_parent().find(self.user_id, self.number)]

    @property
    def place(self) -> list[Any]:
        """The task's place in list order: the values of `LIST_ORDER` as JSON."""
        day, time = self.due_date or datetime.date.max, self.due_time or datetime.time.max
        position = 2**31 - 1 if self.position is None else self.position
        return [day.isoformat(), position, time.isoformat(), self.priority, self.number]

    def snapshot(self) -> dict[str, Any]:
        """Return every column as JSON values: what a `Change` records, and what brings a deleted task back."""
        return {name: plain(getattr(self, name)) for name in self.columns()}


A_USER, A_NUMBER = -1, 1_234_567_890  # placeholders of values in prepared queries; nothing else there is equal to them


def prepared(tasks: TaskQuerySet, *marks: Any) -> Prepared[Task]:
    return Prepared(tasks, marks, further=["parent__number"])


@functools.cache
def locked_list() -> Prepared[TaskList]:
    return Prepared(TaskList.objects.select_for_update().filter(user=A_USER), [A_USER])


@functools.cache
def by_number() -> Prepared[Task]:
    return prepared(Task.objects.filter(user=A_USER, number=A_NUMBER), A_USER, A_NUMBER)


@functools.cache
def by_parent() -> Prepared[Task]:
    of_parent = Task.objects.filter(parent__user=A_USER, parent__number=A_NUMBER)
    return prepared(of_parent.order_by("number"), A_USER, A_NUMBER)


@functools.cache
def first_open(limit: int) -> Prepared[Task]:
    return prepared(Task.objects.filter(user=A_USER).open().in_list_order()[:limit], A_USER)


def plain(value: Any) -> Any:
    """Return a column's value as JSON can hold it, without loss: times keep their microseconds."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


class OpenCount(models.Model):
    """How many open tasks of a user are due on a day (its ISO date, empty: without one), or have a label.

    Kept by every operation, so that an overview costs the same however long the list is.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=5, choices=[(name, name) for name in ("day", "label")])
    name = models.CharField(max_length=LABEL_LENGTH)
    count = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "name"], name="open_count")]
        indexes = [models.Index(fields=["user", "kind", "-count", "name"], name="open_count_most")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.count}"
