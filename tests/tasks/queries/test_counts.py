"""The counts behind the overview never drift from the tasks, whatever is done."""

import datetime
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection
from django.test import TestCase, TransactionTestCase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from accounts.models import User
from tasks.models import OpenCount, Task
from tasks.queries import finding
from tasks.rules import operations, undo
from tasks.surfaces import export
from tasks.surfaces.export import ExportedTask
from tests.people import Person, sign_up
from tests.tasks.rules.test_rules import at
from tests.tasks.rules.test_undo import steps, take

NOW = "2026-12-24T10:00"


def kept(user: User) -> Counter[tuple[str, str]]:
    rows = OpenCount.objects.filter(user=user).exclude(count=0).values_list("kind", "name", "count")
    return Counter({(kind, name): count for kind, name, count in rows})


def recounted(user: User) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for task in Task.objects.for_user(user).open():
        found.update([("day", str(task.due_date or "")), *(("label", label) for label in task.labels)])
    return found


class OverviewTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up(timezone="Europe/Berlin")

    def add(self, title: str = "a", **values: Any) -> None:
        operations.add_task(self.ann.caller(), {"title": title, **values})

    def test_it_counts_by_day_and_label(self) -> None:
        with at(NOW):
            for due in ("yesterday", "today", "today at 9am", "today at 11am", "tomorrow", "in 20 days", ""):
                self.add(due=due, labels=["home"] if due.startswith("today") else ["x", "home"])
            operations.complete_task(self.ann.caller(), 7)
            seen = finding.overview(self.ann.user)
        self.assertEqual((seen.open, seen.overdue, seen.today, seen.no_date, seen.completed_7_days), (6, 2, 3, 0, 1))
        self.assertEqual([(str(day.date), day.count) for day in seen.by_day], [("2026-12-24", 3), ("2026-12-25", 1)])
        self.assertEqual(seen.by_label, {"home": 6, "x": 3})

    def test_time_passes(self) -> None:
        with at(NOW):
            self.add(due="today")
            self.add(due="tomorrow at 9am")
        for moment, overdue, today in (
            (NOW, 0, 1),
            ("2026-12-25T08:59", 1, 1),
            ("2026-12-25T09:01", 2, 1),
            ("2026-12-26T00:00", 2, 0),
        ):
            with self.subTest(moment), at(moment):
                seen = finding.overview(self.ann.user)
                self.assertEqual((seen.overdue, seen.today), (overdue, today))

    def test_occurrences_count_as_completed_once_each_task(self) -> None:
        with at(NOW):
            self.add(recurrence="FREQ=DAILY;COUNT=2")
            self.add(recurrence="every day")
            for number in (1, 1, 2):
                operations.complete_task(self.ann.caller(), number)
            self.assertEqual(finding.overview(self.ann.user).completed_7_days, 2)
        with at("2027-01-02T10:00"):
            self.assertEqual(finding.overview(self.ann.user).completed_7_days, 0)

    def test_an_import_is_counted_and_its_undo_too(self) -> None:
        self.add(labels=["home"], due="tomorrow")
        items = [ExportedTask.model_validate(item) for item in export.tasks(self.ann.user)]
        bob = sign_up("Bob")
        done = export.import_tasks(bob.caller(), items)
        self.assertEqual(kept(bob.user), recounted(bob.user))
        self.assertEqual(kept(bob.user)[("label", "home")], 1)
        undo.undo_operation(bob.caller(), done.pk)
        self.assertEqual(kept(bob.user), Counter())

    def test_what_fails_is_not_counted(self) -> None:
        items = [{"action": "add", "title": "a", "due": due} for due in ("today", "blue")]
        operations.batch(self.ann.caller(), "batch", [*items, {"action": "delete", "task_id": 9}])
        self.assertEqual(finding.overview(self.ann.user).open, 1)

    def test_a_user_is_deleted_with_their_counts(self) -> None:
        self.add()
        self.ann.user.delete()
        self.assertFalse(OpenCount.objects.exists())


class PropertyTests(HypothesisTestCase):
    @given(st.lists(steps, max_size=12), st.lists(st.integers(0, 20), max_size=8))
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_counts_equal_a_recount_after_any_sequence(self, sequence: list[Any], undone: list[int]) -> None:
        ann = sign_up()
        done = [operation for step in sequence if (operation := take(ann, step))]
        assert kept(ann.user) == recounted(ann.user)
        for index in undone:
            if index < len(done):
                try_to_undo(ann, done[index])
        assert kept(ann.user) == recounted(ann.user)
        now = ann.user.now()
        tasks, seen = Task.objects.for_user(ann.user), finding.overview(ann.user)
        assert (seen.open, seen.overdue) == (tasks.open().count(), tasks.overdue(now).count())
        last = now.date() + datetime.timedelta(days=finding.OVERVIEW_DAYS)
        assert sum(day.count for day in seen.by_day) == tasks.open().due_between(now.date(), last).count()


def try_to_undo(person: Person, operation: Any) -> None:
    try:
        undo.undo_operation(person.caller(), operation.pk)
    except undo.AlreadyUndone:
        return


class ConcurrentTests(TransactionTestCase):
    def test_many_writers_at_once_count_right(self) -> None:
        ann = sign_up()

        def write(writer: int) -> None:
            for number in range(5):
                caller = ann.caller()
                added = operations.add_task(caller, {"title": "a", "labels": ["home", f"w{writer % 2}"]})
                task = added.result["task"]["id"]
                operations.update_task(ann.caller(), task, {"due_date": f"2026-12-{10 + number}"})
                if number % 2:
                    operations.complete_task(ann.caller(), task)
            connection.close()

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(write, range(6)))
        self.assertEqual(kept(ann.user), recounted(ann.user))
        self.assertEqual(kept(ann.user)[("label", "home")], 18)
