"""Another user's task number, operation, label, token and text: invisible in every way in."""

import json
from typing import Any

from django.test import TransactionTestCase
from mcp import Client

from accounts.caller import calling
from tasks.models import Task
from tasks.rules import operations
from tasks.surfaces.mcp import server
from tests.people import Person, sign_up

SECRET = "swordfish"


class IsolationTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann, self.bob = sign_up("Ann"), sign_up("Bob")
        values = {"title": SECRET, "labels": [SECRET], "notes": SECRET, "due": "today"}
        self.operation = operations.add_task(self.ann.caller(), values)

    def ask(self, method: str, path: str, body: Any = None, person: Person | None = None) -> Any:
        person = person or self.bob
        data = json.dumps(body) if body is not None else ""
        return self.client.generic(
            method, person.api + path, data, content_type="application/json", headers=person.headers
        )

    def test_rest_shows_and_changes_nothing_of_hers(self) -> None:
        ann_only = [
            ("GET", "/tasks/1", None),
            ("PATCH", "/tasks/1", {"title": "x"}),
            ("PATCH", "/tasks/1/complete", None),
            ("PUT", "/tasks/1", {"title": "x"}),
            ("DELETE", "/tasks/1", None),
            ("GET", "/tasks/1/history", None),
            ("PUT", "/tasks/order", {"ids": [1]}),
            ("POST", "/tasks", {"title": "x", "parent_id": 1}),
            ("POST", f"/operations/{self.operation.public_id}/undo", None),
            ("POST", "/operations/undo", {"turn_id": "turn_" + "0" * 32}),
        ]
        for method, path, body in ann_only:
            with self.subTest(f"{method} {path}"):
                self.assertEqual(self.ask(method, path, body).status_code, 404)
        self.assertEqual(Task.objects.get().title, SECRET)

    def test_lists_counts_and_exports_hold_nothing_of_hers(self) -> None:
        for path in ("/tasks?status=all", "/tasks/overview", "/operations", "/export", "/export.ics", "/access-tokens"):
            with self.subTest(path):
                mine, his = self.ask("GET", path, person=self.ann), self.ask("GET", path)
                self.assertEqual((mine.status_code, his.status_code), (200, 200))
                self.assertNotIn(SECRET, his.content.decode())
        for query in (f"label={SECRET}", f"q={SECRET}", "due=today"):
            self.assertEqual(self.ask("GET", f"/tasks?{query}").json()["items"], [])

    def test_a_batch_explains_without_telling(self) -> None:
        body = {"items": [{"action": "complete", "task_id": number} for number in (1, 999)]}
        results = self.ask("POST", "/tasks/batch", body).json()["results"]
        self.assertEqual([result["error"].replace("999", "1") for result in results], ["There is no task 1."] * 2)

    async def test_tools_find_nothing_of_hers(self) -> None:
        with calling(self.bob.caller(source="mcp")):
            async with Client(server) as client:
                for name in ("complete_task", "delete_task", "reopen_task", "task_history"):
                    with self.subTest(name):
                        self.assertTrue((await client.call_tool(name, {"task_id": 1})).is_error)
                undone = await client.call_tool("undo", {"operation_id": self.operation.public_id})
                self.assertTrue(undone.is_error)
                for name in ("list_tasks", "overview"):
                    self.assertNotIn(SECRET, str(await client.call_tool(name, {})))

    async def test_the_chat_finds_nothing_of_hers(self) -> None:
        for message in ("what's on my list", f"delete the {SECRET} task", "undo that", "complete task 1"):
            response = await self.async_client.post(
                f"{self.bob.api}/chat",
                json.dumps({"message": message}),
                content_type="application/json",
                headers=self.bob.headers,
            )
            results = [call["result"] for call in response.json()["tool_calls"]]
            self.assertNotIn(SECRET, str(results))
        self.assertEqual((await Task.objects.aget()).completed_at, None)
