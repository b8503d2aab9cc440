"""Prepared queries give what the query set gives that they were made of."""

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts.caller import Caller
from accounts.models import User, by_subject
from tasks import operations
from tasks.finding import Filters, find
from tasks.models import Task
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
