"""What happens to a task: repeating, subtasks, order, adding by one line, pages."""

import datetime
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.test import TestCase
from django.utils import timezone

from core.problems import Problem, Unprocessable
from tasks.models import LABELS_COUNT, Task
from tasks.queries import finding, history
from tasks.queries.finding import Filters
from tasks.rules import operations, quick_add
from tasks.rules.task_rules import StaleVersion
from tests.people import sign_up


def at(text: str, zone: str = "Europe/Berlin") -> Any:
    """Stop the clock at a local moment."""
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return patch.object(timezone, "now", lambda: moment)


class RuleTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up(timezone="Europe/Berlin")

    def add(self, title: str = "a", **values: Any) -> Task:
        operation = operations.add_task(self.ann.caller(), {"title": title, **values})
        return Task.objects.get(user=self.ann.user, number=operation.result["task"]["id"])

    def change(self, number: int, **values: Any) -> Task:
        operations.update_task(self.ann.caller(), number, values)
        return Task.objects.get(user=self.ann.user, number=number)

    def complete(self, number: int = 1) -> Task:
        operations.complete_task(self.ann.caller(), number)
        return Task.objects.get(user=self.ann.user, number=number)

    def due(self, task: Task) -> str:
        return f"{task.due_date} {task.due_time:%H:%M}" if task.due_time else str(task.due_date)


class RecurrenceTests(RuleTests):
    def test_it_begins_on_the_first_day_that_the_rule_gives(self) -> None:
        with at("2026-11-20T10:00"):  # a Friday
            self.assertEqual(self.due(self.add(recurrence="every monday at 9am")), "2026-11-23 09:00")
            self.assertEqual(self.due(self.add(recurrence="every day", due="tomorrow 7am")), "2026-11-21 07:00")

    def test_completing_it_moves_to_the_next_day_and_records_the_occurrence(self) -> None:
        with at("2026-11-20T10:00"):
            self.add(recurrence="every monday at 9am")
        with at("2026-11-23T09:30"):
            task = self.complete()
            self.assertEqual((self.due(task), task.completed_at), ("2026-11-30 09:00", None))
            self.assertEqual(task.last_completed_at, timezone.now())
        entry = history.of_task(self.ann.user, 1).items[0]
        self.assertEqual(
            [(f.field, f.before, f.after) for f in entry.fields], [("due_date", "2026-11-23", "2026-11-30")]
        )

    def test_its_time_stays_on_the_clock_through_changes_to_and_from_summer_time(self) -> None:
        for zone, first, second in [
            ("Europe/Berlin", "2027-03-27", "2027-03-28"),
            ("America/New_York", "2027-03-13", "2027-03-14"),
            ("Pacific/Auckland", "2027-04-03", "2027-04-04"),
        ]:
            with self.subTest(zone), at(f"{first}T08:00", zone):
                bob = sign_up(f"Bob{zone[-4:]}", timezone=zone)
                operations.add_task(bob.caller(), {"title": "a", "recurrence": "every day at 9am"})
                operations.complete_task(bob.caller(), 1)
                task = Task.objects.get(user=bob.user)
                self.assertEqual(self.due(task), f"{second} 09:00")

    def test_moving_one_occurrence_keeps_the_rule(self) -> None:
        with at("2026-11-20T10:00"):
            self.add(recurrence="every monday")
            task = self.change(1, due="wednesday")
            self.assertEqual((self.due(task), task.recurrence), ("2026-11-25", "FREQ=WEEKLY;BYDAY=MO"))
        with at("2026-11-25T10:00"):
            self.assertEqual(self.due(self.complete()), "2026-11-30")

    def test_an_occurrence_that_was_done_early_does_not_come_again(self) -> None:
        with at("2026-11-20T10:00"):
            self.add(recurrence="every monday")
            self.change(1, due="2026-11-21")
        with at("2026-11-21T10:00"):
            self.assertEqual(self.due(self.complete()), "2026-11-30")

    def test_one_that_is_long_overdue_goes_on_from_today(self) -> None:
        with at("2026-11-01T10:00"):
            self.add(recurrence="every day")
        with at("2026-11-20T10:00"):
            self.assertEqual(self.due(self.complete()), "2026-11-21")

    def test_intervals_count_from_the_beginning(self) -> None:
        with at("2026-11-20T10:00"):
            self.add(recurrence="every 2 weeks on monday")
        with at("2026-12-01T10:00"):
            self.assertEqual(self.due(self.complete()), "2026-12-07")

    def test_it_ends_where_the_rule_ends(self) -> None:
        with at("2026-11-20T10:00"):
            self.add(recurrence="FREQ=DAILY;COUNT=2")
            self.assertIsNone(self.complete().completed_at)
        with at("2026-11-21T10:00"):
            self.assertIsNotNone(self.complete().completed_at)

    def test_it_is_stopped_by_an_empty_rule(self) -> None:
        self.add(recurrence="every day")
        task = self.change(1, recurrence="")
        self.assertEqual((task.recurrence, task.recurrence_start, task.occurrence_date), ("", None, None))
        self.assertIsNotNone(task.due_date)

    def test_it_cannot_lose_its_date(self) -> None:
        self.add(recurrence="every day")
        with self.assertRaises(Unprocessable):
            self.change(1, due="")

    def test_what_is_no_rule_is_refused_with_advice(self) -> None:
        for text in ("every blue moon", "FREQ=SECONDLY", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"):
            with self.subTest(text), self.assertRaisesRegex(Unprocessable, "(?i)every|repeat"):
                self.add(recurrence=text)

    def test_its_subtasks_open_again_for_the_next_time(self) -> None:
        self.add(recurrence="every day")
        self.add("child", parent_id=1)
        self.complete(2)
        self.complete(1)
        self.assertIsNone(Task.objects.get(number=2).completed_at)


class SubtaskTests(RuleTests):
    def test_there_is_one_level(self) -> None:
        self.add("parent")
        self.add("child", parent_id=1)
        for values in ({"title": "x", "parent_id": 2}, {"title": "x", "parent_id": 9}):
            with self.assertRaises(Problem):
                operations.add_task(self.ann.caller(), values)
        for number, parent in ((1, 2), (1, 1)):
            with self.assertRaises(Problem):
                self.change(number, parent_id=parent)

    def test_a_parent_takes_its_subtasks_along(self) -> None:
        self.add("parent")
        self.add("child", parent_id=1)
        self.complete(1)
        self.assertIsNotNone(Task.objects.get(number=2).completed_at)
        operations.reopen_task(self.ann.caller(), 2)
        self.assertIsNone(Task.objects.get(number=1).completed_at)
        operations.delete_task(self.ann.caller(), 1)
        self.assertEqual(Task.objects.count(), 0)

    def test_all_of_it_asks_the_database_twice(self) -> None:
        """Once for what it begins with, once to write; and for a savepoint, since each test is a transaction."""
        parent = self.add("Move")
        for title in ("Pack", "Clean"):
            self.add(title, parent_id=parent.number)
        with self.assertNumQueries(4):
            operations.complete_task(self.ann.caller(key="complete"), parent.number)
        with self.assertNumQueries(4):
            operations.delete_task(self.ann.caller(key="delete"), parent.number)
        self.assertFalse(Task.objects.exists())

    def test_tasks_of_others_cannot_be_parents(self) -> None:
        operations.add_task(sign_up("Bob").caller(), {"title": "his"})
        with self.assertRaises(Problem):
            self.add(parent_id=1)


class OrderTests(RuleTests):
    def titles(self, **filters: Any) -> list[str]:
        return [task.title for task in finding.find(self.ann.user, Filters(**filters)).tasks]

    def test_tasks_stand_as_ordered_by_hand_within_their_day(self) -> None:
        for title in ("a", "b", "c"):
            self.add(title)
        self.add("dated", due="today")
        operations.order_tasks(self.ann.caller(), [3, 1])
        self.assertEqual(self.titles(), ["dated", "c", "a", "b"])

    def test_a_task_that_moves_to_another_day_loses_its_place(self) -> None:
        self.add("a")
        operations.order_tasks(self.ann.caller(), [1])
        self.assertIsNone(self.change(1, due="today").position)

    def test_pages_neither_repeat_nor_leave_out_when_the_list_changes(self) -> None:
        for number in range(7):
            self.add(f"t{number}", **({"due": f"2026-12-0{number + 1}"} if number % 2 else {}))
        for status in ("open", "all"):
            first = finding.find(self.ann.user, Filters(status), 3)
            rest = finding.find(self.ann.user, Filters(status), 3, first.next_cursor)
            last = finding.find(self.ann.user, Filters(status), 3, rest.next_cursor)
            seen = [task.id for page in (first, rest, last) for task in page.tasks]
            self.assertEqual(seen, [2, 4, 6, 1, 3, 5, 7])
            self.assertIsNone(last.next_cursor)
        operations.delete_task(self.ann.caller(), 2)
        later = finding.find(self.ann.user, Filters(), 3, first.next_cursor)
        self.assertEqual([task.id for task in later.tasks], [1, 3, 5])

    def test_done_tasks_come_the_latest_first_in_pages(self) -> None:
        for number in range(1, 5):
            self.add(f"t{number}")
            self.complete(number)
        first = finding.find(self.ann.user, Filters("done"), 3)
        rest = finding.find(self.ann.user, Filters("done"), 3, first.next_cursor)
        self.assertEqual([task.id for task in first.tasks + rest.tasks], [4, 3, 2, 1])

    def test_cursors_of_another_list_are_refused(self) -> None:
        for number in range(3):
            self.add(f"t{number}")
        cursor = finding.find(self.ann.user, Filters(), 1).next_cursor
        for filters, text in ((Filters("done"), cursor), (Filters(), "bm9wZQ"), (Filters(), "[]"), (Filters(), "é")):
            with self.subTest(text), self.assertRaises(finding.BadFilter):
                finding.find(self.ann.user, filters, 1, text)


class QuickAddTests(RuleTests):
    def test_one_line_says_it_all(self) -> None:
        with at("2026-11-20T10:00"):
            operation = operations.add_from_text(self.ann.caller(), "water the plants every monday 9am #home p2")
        task = operation.result["task"]
        self.assertEqual((task["title"], task["labels"], task["priority"]), ("Water the plants", ["home"], "p2"))
        self.assertEqual((task["due_date"], task["due_time"]), ("2026-11-23", "09:00"))
        self.assertEqual(task["recurrence"], "FREQ=WEEKLY;BYDAY=MO")

    def test_what_is_no_date_stays_in_the_title(self) -> None:
        with at("2026-11-20T10:00"):
            for text, title, due in [
                ("send the invoice tomorrow at 5pm", "Send the invoice", "2026-11-21T17:00"),
                ("read 1984", "Read 1984", None),
                ("celebrate february 30", "Celebrate february 30", None),
                ("issue #12", "Issue #12", None),
            ]:
                with self.subTest(text):
                    values = quick_add.read(self.ann.user, text)
                    self.assertEqual((values["title"], values.get("due")), (title, due))

    def test_a_line_without_a_title_is_refused(self) -> None:
        with self.assertRaises(Unprocessable):
            quick_add.read(self.ann.user, "tomorrow #home p1")


class LimitTests(RuleTests):
    def test_stale_writes_are_refused_with_the_present_task(self) -> None:
        self.add("a")
        self.change(1, title="b", version=1)
        with self.assertRaises(StaleVersion) as refused:
            self.change(1, title="c", version=1)
        self.assertEqual((refused.exception.current["title"], refused.exception.current["version"]), ("b", 2))

    def test_the_database_keeps_the_rules_itself(self) -> None:
        self.add("a")
        for wrong in (
            {"title": "  "},
            {"priority": "p9"},
            {"due_time": datetime.time(9)},
            {"labels": ["x"] * (LABELS_COUNT + 1)},
            {"notes": "x" * 20_001},
            {"recurrence": "FREQ=DAILY"},
        ):
            with self.subTest(wrong), self.assertRaises(IntegrityError), transaction.atomic():
                Task.objects.filter(number=1).update(**wrong)
