import datetime
import json
from typing import Any

from django.test import TestCase
from django.utils import timezone

from tasks.models import Change, Operation, Task
from tests.people import sign_up


class TaskApiTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up(timezone="Europe/Berlin")

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None, person: Any = None) -> Any:
        person = person or self.ann
        headers = person.headers | ({"Idempotency-Key": key} if key else {})
        data = json.dumps(body) if body is not None else ""
        url = f"{person.api}/tasks{path}"
        return self.client.generic(method, url, data, content_type="application/json", headers=headers)

    def add(self, title: str = "Buy milk", **fields: Any) -> Any:
        response = self.ask("POST", "", {"title": title, **fields})
        self.assertEqual(response.status_code, 201, response.content)
        return response.json()

    def test_a_task_has_the_shape_that_was_promised(self) -> None:
        task = self.add(due="2026-12-24T17:00", priority="p1", labels=["#Home", "home"])
        times = {name: task.pop(name) for name in ("created_at", "updated_at")}
        self.assertEqual(
            task,
            {
                "id": 1,
                "title": "Buy milk",
                "notes": "",
                "priority": "p1",
                "labels": ["home"],
                "due_date": "2026-12-24",
                "due_time": "17:00",
                "recurrence": None,
                "recurrence_text": None,
                "parent_id": None,
                "position": None,
                "completed": False,
                "completed_at": None,
                "last_completed_at": None,
                "version": 1,
            },
        )
        self.assertTrue(all(times.values()))

    def test_dates_are_read_as_people_say_them_in_their_zone(self) -> None:
        task = self.add(due="tomorrow 5pm")
        tomorrow = (timezone.now().astimezone(self.ann.user.zone) + datetime.timedelta(days=1)).date()
        self.assertEqual((task["due_date"], task["due_time"]), (tomorrow.isoformat(), "17:00"))

    def test_what_is_no_date_is_refused_with_advice(self) -> None:
        response = self.ask("POST", "", {"title": "x", "due": "blue"})
        self.assertEqual(response.status_code, 422)
        self.assertIn("tomorrow at 5pm", response.json()["detail"])

    def test_numbers_count_per_user_and_are_never_used_again(self) -> None:
        self.add()
        self.add()
        self.ask("DELETE", "/2")
        self.assertEqual(self.add()["id"], 3)
        bob = sign_up("Bob")
        self.assertEqual(self.ask("POST", "", {"title": "x"}, person=bob).json()["id"], 1)

    def test_a_patch_changes_what_it_names(self) -> None:
        self.add(due="2026-12-24", notes="two bottles")
        task = self.ask("PATCH", "/1", {"title": "Buy oat milk", "due_time": "09:30"}).json()
        self.assertEqual((task["title"], task["due_date"], task["due_time"]), ("Buy oat milk", "2026-12-24", "09:30"))
        self.assertEqual((task["notes"], task["version"]), ("two bottles", 2))

    def test_a_patch_clears_the_date_with_null_or_nothing(self) -> None:
        for patch in ({"due_date": None}, {"due": ""}, {"due": None}):
            with self.subTest(patch):
                number = self.add(due="2026-12-24T10:00")["id"]
                task = self.ask("PATCH", f"/{number}", patch).json()
                self.assertEqual((task["due_date"], task["due_time"]), (None, None))

    def test_a_time_needs_a_date(self) -> None:
        self.assertEqual(self.ask("POST", "", {"title": "x", "due_time": "10:00"}).status_code, 422)

    def test_a_put_replaces_everything(self) -> None:
        self.add(notes="two bottles", labels=["home"], due="2026-12-24")
        task = self.ask("PUT", "/1", {"title": "Eggs"}).json()
        self.assertEqual((task["title"], task["notes"], task["labels"], task["due_date"]), ("Eggs", "", [], None))

    def test_a_task_is_completed_and_opened_again(self) -> None:
        self.add()
        self.assertTrue(self.ask("PATCH", "/1/complete").json()["completed"])
        self.assertEqual(self.ask("GET", "?status=open").json()["items"], [])
        self.assertFalse(self.ask("PATCH", "/1", {"completed": False}).json()["completed"])

    def test_completing_twice_keeps_the_first_time(self) -> None:
        self.add()
        first = self.ask("PATCH", "/1/complete").json()
        self.assertEqual(self.ask("PATCH", "/1/complete").json(), first)

    def test_a_deleted_task_is_gone(self) -> None:
        self.add()
        self.assertEqual(self.ask("DELETE", "/1").status_code, 204)
        self.assertEqual(self.ask("GET", "/1").status_code, 404)

    def test_every_write_is_an_operation_with_before_and_after(self) -> None:
        self.add()
        self.ask("PATCH", "/1", {"title": "Eggs"})
        self.ask("DELETE", "/1")
        tools = list(Operation.objects.order_by("id").values_list("tool", "source"))
        self.assertEqual(tools, [("add_task", "rest"), ("update_task", "rest"), ("delete_task", "rest")])
        states = [(c.before and c.before["title"], c.after and c.after["title"]) for c in Change.objects.order_by("id")]
        self.assertEqual(states, [(None, "Buy milk"), ("Buy milk", "Eggs"), ("Eggs", None)])

    def test_the_same_key_does_nothing_again(self) -> None:
        first = self.ask("POST", "", {"title": "x"}, key="k")
        self.assertEqual(self.ask("POST", "", {"title": "x"}, key="k").content, first.content)
        self.assertEqual(self.ask("POST", "", {"title": "y"}, key="k").status_code, 409)
        self.assertEqual(Task.objects.count(), 1)

    def test_keys_of_two_users_do_not_meet(self) -> None:
        self.ask("POST", "", {"title": "x"}, key="k")
        self.assertEqual(self.ask("POST", "", {"title": "y"}, key="k", person=sign_up("Bob")).status_code, 201)

    def test_lists_are_filtered(self) -> None:
        self.add("late", due="yesterday")
        self.add("now", due="today", priority="p1")
        self.add("soon", due="in 5 days", labels=["work"])
        self.add("some day", notes="about WORK")
        found = {
            "?due=overdue": ["late"],
            "?due=today": ["now"],
            "?due=next 7 days": ["now", "soon"],
            "?due=no date": ["some day"],
            "?label=%23Work": ["soon"],
            "?priority=p1": ["now"],
            "?q=work": ["soon", "some day"],
            "": ["late", "now", "soon", "some day"],
        }
        for query, titles in found.items():
            with self.subTest(query):
                self.assertEqual([task["title"] for task in self.ask("GET", query).json()["items"]], titles)

    def test_long_lists_come_in_pages(self) -> None:
        for number in range(5):
            self.add(f"task {number}")
        first = self.ask("GET", "?limit=3").json()
        second = self.ask("GET", f"?limit=3&cursor={first['next_cursor']}").json()
        self.assertEqual([task["id"] for task in first["items"] + second["items"]], [1, 2, 3, 4, 5])
        self.assertIsNone(second["next_cursor"])

    def test_tasks_of_others_do_not_exist(self) -> None:
        self.add()
        bob = sign_up("Bob")
        for method, path in [("GET", "/1"), ("DELETE", "/1"), ("PATCH", "/1/complete")]:
            self.assertEqual(self.ask(method, path, person=bob).status_code, 404)
        self.assertEqual(self.ask("GET", "", person=bob).json()["items"], [])
