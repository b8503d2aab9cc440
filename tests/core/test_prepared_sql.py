"""Prepared queries give what the query set gives that they were made of, and what is stored is what was given."""

from datetime import date, time
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts.caller import Caller
from accounts.models import User, by_subject
from core import clock, prepared_sql
from tasks.models import Change, Operation, Task
from tasks.models.operations import by_key
from tasks.queries.finding import Filters, find
from tasks.rules import operations
from tasks.schemas import TaskOut
from tests.people import sign_up


class PreparedTests(TestCase):
    def setUp(self) -> None:
        self.ann, self.bob = sign_up("Ann").user, sign_up("Bob").user

    def test_each_value_stands_where_its_mark_stood(self) -> None:
        for user in (self.ann, self.bob):
            found, more = by_subject().get(user.issuer, user.subject)
            self.assertEqual((found, found.name, found.timezone, more), (user, user.name, user.timezone, ()))

    def test_what_there_is_not_is_not_found(self) -> None:
        with self.assertRaises(User.DoesNotExist):
            by_subject().get(self.ann.issuer, "nobody")
        with self.assertRaises(Task.DoesNotExist):
            Task.get(self.ann, 1)

    def test_a_task_is_as_the_query_set_gives_it_with_its_parents_number(self) -> None:
        ann = Caller(self.ann, "rest")
        operations.add_task(ann, {"title": "Trip", "labels": ["fun"], "due": "tomorrow 9am", "recurrence": "every day"})
        operations.add_task(ann, {"title": "Pack", "parent_id": 1, "notes": "shoes"})
        operations.add_task(Caller(self.bob, "rest"), {"title": "Trip of Bob"})
        for task in Task.objects.for_user(self.ann).select_related("parent"):
            with CaptureQueriesContext(connection) as queries:
                found = TaskOut.of(Task.get(self.ann, task.number))
            self.assertEqual(found, TaskOut.of(task))
            self.assertEqual(len(queries), 1)

    def test_the_beginning_of_a_list_is_its_first_page(self) -> None:
        for number in range(5):
            operations.add_task(
                Caller(self.ann, "rest"), {"title": f"Task {number}", "due_date": f"2030-01-0{5 - number}"}
            )
        operations.complete_task(Caller(self.ann, "rest"), 3)
        page = find(self.ann, Filters(), 3)
        in_order = Task.objects.for_user(self.ann).open().in_list_order()
        self.assertEqual([task.id for task in page.tasks], [task.number for task in in_order[:3]])
        rest = find(self.ann, Filters(), 3, page.next_cursor)
        self.assertEqual([task.id for task in rest.tasks], [task.number for task in in_order[3:]])

    def test_stored_rows_are_read_as_they_were_given(self) -> None:
        moment = clock.now()
        given: list[dict[str, Any]] = [
            {"title": "Task; DROP TABLE x -- %s", "labels": []},
            {
                "title": "?",
                "labels": ["a", "b'%"],
                "due_date": date(2030, 1, 2),
                "due_time": time(9, 30),
                "position": 3,
            },
        ]
        rows = [
            Task(user=self.ann, number=number, created_at=moment, updated_at=moment, **values)
            for number, values in enumerate(given)
        ]
        with CaptureQueriesContext(connection) as queries:
            prepared_sql.execute(prepared_sql.insertions(rows))
        self.assertEqual(len(queries), 1)
        rows[0].labels, rows[0].notes, rows[0].version = ["%s"], "said", 2
        prepared_sql.execute([prepared_sql.updating(rows[0])])
        found = Task.objects.for_user(self.ann).order_by("number")
        self.assertEqual([task.snapshot() for task in found], [task.snapshot() for task in rows])
        self.assertEqual([task.created_at for task in found], [moment, moment])

    def test_some_fields_are_written_where_a_row_holds_what_it_held(self) -> None:
        operations.add_task(Caller(self.ann, "rest"), {"title": "Trip"})
        task = Task.objects.get()
        task.title, task.notes = "Journey", "not written"
        prepared_sql.execute([prepared_sql.updating(task, "title", where=("version",))])
        task.title, task.version = "Voyage", 7
        prepared_sql.execute([prepared_sql.updating(task, "title", where=("version",))])
        self.assertEqual(Task.objects.values_list("title", "notes").get(), ("Journey", ""))

    def test_json_is_read_as_the_query_set_reads_it(self) -> None:
        done = operations.add_task(Caller(self.ann, "rest", "k"), {"title": "Trip", "labels": ["fun"]})
        [(found, _)] = by_key().find(self.ann.pk, "k")
        self.assertEqual((found, found.arguments, found.result), (done, done.arguments, done.result))
        self.assertEqual(by_key().find(self.bob.pk, "k"), [])

    def test_what_waits_is_sent_before_anything_is_asked_and_once(self) -> None:
        operations.add_task(Caller(self.ann, "rest"), {"title": "Trip"})
        task, writes = Task.objects.get(), prepared_sql.Writes()
        task.title = "Journey"
        writes.add(prepared_sql.updating(task, "title"))
        with writes.before_questions(), CaptureQueriesContext(connection) as queries:
            self.assertEqual(Task.objects.values_list("title").get(), ("Journey",))
            self.assertEqual(Task.objects.count(), 1)
        self.assertEqual(len(queries), 3, queries.captured_queries)

    def test_a_row_that_is_gone_is_not_taken_for_written(self) -> None:
        operations.add_task(Caller(self.ann, "rest"), {"title": "Trip"})
        task, writes = Task.objects.get(), prepared_sql.Writes()
        Task.objects.filter(pk=task.pk).delete()
        for statement in (prepared_sql.updating(task), prepared_sql.deleting(task)):
            writes.add(statement)
            with self.assertRaises(IntegrityError):
                writes.send()

    def test_each_statement_gives_its_rows(self) -> None:
        given = prepared_sql.execute(
            [("SELECT %s", [1]), ("SELECT 1 WHERE %s", [False]), ("SELECT 2 UNION SELECT 3", [])]
        )
        self.assertEqual([sorted(rows) for rows in given], [[(1,)], [], [(2,), (3,)]])

    def test_more_rows_than_go_at_once_are_stored_in_their_order(self) -> None:
        count = 2 * prepared_sql.ROWS_AT_ONCE + 1
        operation = Operation(user=self.ann, source="rest", key="k", tool="t", arguments={}, result=[], changes_count=0)
        changes = [
            Change(operation=operation, user=self.ann, task_id=operation.pk, number=number, after={"a": None})
            for number in range(count)
        ]
        prepared_sql.execute([*prepared_sql.insertions([operation]), *prepared_sql.insertions(changes)])
        found = list(Change.objects.order_by("id").values_list("number", "before", "after"))
        self.assertEqual(found, [(number, None, {"a": None}) for number in range(count)])
        prepared_sql.execute([])

    def test_a_row_that_may_not_be_is_refused(self) -> None:
        task = Task(user=self.ann, number=1, title=" ", created_at=clock.now(), updated_at=clock.now())
        with self.assertRaises(IntegrityError), transaction.atomic():
            prepared_sql.insert(task)
        self.assertFalse(Task.objects.exists())
