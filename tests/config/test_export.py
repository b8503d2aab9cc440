"""Taking everything along and bringing it back."""

import datetime
import json
from typing import Any

from django.test import TestCase
from icalendar import Calendar

from chat.turns import starting
from tasks.models import Operation, Task
from tasks.rules import operations, undo
from tests.people import Person, sign_up


class ExportTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        tasks: list[dict[str, Any]] = [
            {"title": "Rent", "recurrence": "on the 1st of each month", "due": "2027-01-01T09:00", "labels": ["home"]},
            {"title": "Trip", "notes": "Mountains; or\nsea", "priority": "p1", "due": "2027-06-01"},
            {"title": "Book hotel", "parent_id": 2},
            {"title": "Done"},
        ]
        for values in tasks:
            operations.add_task(self.ann.caller(), values)
        operations.complete_task(self.ann.caller(), 4)

    def export(self, person: Person) -> Any:
        response = self.client.get(f"{person.api}/export", headers=person.headers)
        self.assertIn("attachment", response["Content-Disposition"])
        return json.loads(response.content)

    def bring(self, person: Person, document: Any) -> Any:
        body = json.dumps(document)
        return self.client.post(f"{person.api}/import", body, content_type="application/json", headers=person.headers)

    def test_it_holds_tasks_history_and_conversations(self) -> None:
        starting.accept(self.ann.user, None, starting.user_message("hello"), starting.Request.of(None, {}))
        document = self.export(self.ann)
        self.assertEqual([task["title"] for task in document["tasks"]], ["Rent", "Trip", "Done", "Book hotel"])
        self.assertEqual(len(document["operations"]), 5)
        self.assertEqual(document["conversations"][0]["messages"][0]["content"][0]["text"], "hello")

    def test_what_was_deleted_is_brought_back_as_it_was(self) -> None:
        document = self.export(self.ann)
        Task.objects.all().delete()
        Operation.objects.all().delete()
        self.assertEqual(self.bring(self.ann, document).json(), {"added": 4, "skipped": 0})
        again = self.export(self.ann)["tasks"]
        changing = {"id", "parent_id", "created_at", "updated_at"}
        plain = [
            [{name: value for name, value in task.items() if name not in changing} for task in tasks]
            for tasks in (document["tasks"], again)
        ]
        self.assertEqual(plain[0], plain[1])
        self.assertEqual(Task.objects.get(title="Book hotel").parent, Task.objects.get(title="Trip"))

    def test_a_second_import_adds_nothing(self) -> None:
        self.assertEqual(self.bring(self.ann, self.export(self.ann)).json(), {"added": 0, "skipped": 4})

    def test_somebody_else_gets_copies_and_touches_nothing(self) -> None:
        bob, document = sign_up("Bob"), self.export(self.ann)
        self.assertEqual(self.bring(bob, document).json(), {"added": 4, "skipped": 0})
        self.assertEqual(self.bring(bob, document).json(), {"added": 0, "skipped": 4})
        self.assertEqual(self.export(self.ann)["tasks"], document["tasks"])

    def test_an_import_can_be_undone(self) -> None:
        document = self.export(self.ann)
        Task.objects.all().delete()
        self.bring(self.ann, document)
        undo.undo_operation(self.ann.caller(), Operation.objects.latest("id").pk)
        self.assertEqual(Task.objects.count(), 0)

    def test_what_is_no_export_is_refused(self) -> None:
        good = self.export(self.ann)
        changes: list[dict[str, Any]] = [{"format": "x"}, {"version": 2}, {"tasks": [{}]}, {"tasks": "x"}]
        for change in changes:
            self.assertEqual(self.bring(self.ann, good | change).status_code, 422)

    def test_the_calendar_is_one_that_others_can_read(self) -> None:
        response = self.client.get(f"{self.ann.api}/export.ics", headers=self.ann.headers)
        todos: dict[str, Any] = {
            str(todo["summary"]): todo for todo in Calendar.from_ical(response.content).walk("VTODO")
        }
        self.assertEqual(todos["Rent"]["rrule"].to_ical(), b"FREQ=MONTHLY;BYMONTHDAY=1")
        self.assertEqual(todos["Rent"]["due"].dt.isoformat(), "2027-01-01T09:00:00+01:00")
        self.assertEqual(todos["Trip"]["due"].dt, datetime.date(2027, 6, 1))
        self.assertEqual((todos["Trip"]["priority"], todos["Done"]["status"]), (1, "COMPLETED"))
        self.assertEqual(todos["Book hotel"]["related-to"], todos["Trip"]["uid"])
