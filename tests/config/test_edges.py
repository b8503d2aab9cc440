"""Every operation of the OpenAPI schema, asked in every wrong way: a clear problem, nothing changed, never a 500."""

import json
from collections.abc import Iterator
from typing import Any

from django.test import TransactionTestCase

from config.api import api
from tasks.models import Task
from tests.people import sign_up

BODIES = {
    "empty": b"",
    "not JSON": b"{nope",
    "huge": json.dumps({"message": "x" * 100_000, "title": "x" * 100_000}).encode(),
    "larger than allowed": b'"' + b"x" * 2_000_000 + b'"',
    "a list": b"[1]",
    "a number": b"7",
    "null": b"null",
    "wrong types": json.dumps(
        {"message": 1, "title": [], "name": {}, "email": 5, "password": [], "timezone": 1}
    ).encode(),
    "blank": json.dumps({"message": " ", "title": "\n"}).encode(),
    "a NUL character": b'{"message": "a\\u0000b", "title": "a\\u0000b", "name": "a\\u0000b", "timezone": "\\u0000"}',
    "half a surrogate pair": b'{"message": "\\ud800", "title": "\\ud800", "name": "\\ud800", "timezone": "\\ud800"}',
    "not UTF-8": b'{"message": "\xff\xfe"}',
    "nested deeply": b"[" * 100_000 + b"]" * 100_000,
    "a number without end": b'{"message": ' + b"9" * 5_000 + b"}",
    "not a JSON number": b'{"message": NaN}',
}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


class EdgeTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann, self.bob = sign_up("Ann"), sign_up("Bob")

    def ask(
        self, method: str, path: str, user: Any, *, headers: dict[str, str], body: bytes = b"", query: str = ""
    ) -> Any:
        values = {"user_id": user.user.subject, "number": "1", "turn_id": "turn_x", "conversation_id": "conv_x"}
        values |= {"operation_id": "op_x", "token_id": "pat_x", "document_id": "doc_x"}
        values |= {"attachment_id": "atc_x", "entity_id": "task:x"}
        return self.client.generic(
            method.upper(), path.format(**values) + query, body, content_type="application/json", headers=headers
        )

    def assert_problem(self, response: Any, *statuses: int) -> None:
        self.assertIn(response.status_code, statuses, response.content[:300])
        self.assertEqual(response["Content-Type"], "application/problem+json")
        self.assertEqual(response.json()["status"], response.status_code)

    def test_bad_bodies_are_refused(self) -> None:
        asked = 0
        for method, path, operation in operations():
            if "requestBody" not in operation:
                continue
            for name, body in BODIES.items():
                with self.subTest(f"{method} {path}: {name}"):
                    response = self.ask(method, path, self.ann, headers=self.ann.headers, body=body)
                    self.assert_problem(response, 400, 401, 404, 413, 422)
                    asked += 1
        self.assertGreater(asked, 100)
        self.assertEqual(Task.objects.count(), 0)

    def test_without_a_token_and_with_one_of_another_user_nobody_is_let_in(self) -> None:
        for method, path, _ in operations():
            if "{user_id}" not in path:
                continue
            with self.subTest(f"{method} {path}"):
                self.assert_problem(self.ask(method, path, self.ann, headers={}), 401)
                self.assert_problem(self.ask(method, path, self.ann, headers=self.bob.headers), 403)
                self.assert_problem(self.ask(method, path, self.ann, headers={"Authorization": "Bearer x"}), 401)
                self.assert_problem(self.ask(method, path, self.ann, headers={"Authorization": "Basic eDp5"}), 401)

    def test_ids_that_cannot_be_are_not_found(self) -> None:
        for path in [
            "/tasks/0",
            "/tasks/99999999999999999999",
            "/tasks/x",
            "/tasks/-1",
            "/turns/1",
            "/conversations/%00",
            "/documents/doc_x",
            "/documents/%00/text",
        ]:
            with self.subTest(path):
                response = self.client.get(self.ann.api + path, headers=self.ann.headers)
                self.assert_problem(response, 404, 422)

    def test_queries_that_cannot_be_are_refused(self) -> None:
        for query in [
            "?limit=0",
            "?limit=x",
            "?limit=9999999999",
            "?cursor=x",
            "?status=x",
            "?q=%00",
            "?due=blah",
            "?due=feb 30",
        ]:
            with self.subTest(query):
                response = self.client.get(f"{self.ann.api}/tasks{query}", headers=self.ann.headers)
                self.assert_problem(response, 400, 422)

    def test_wrong_methods_and_paths_are_problems_too(self) -> None:
        response = self.client.put(f"{self.ann.api}/tasks", headers=self.ann.headers)
        self.assert_problem(response, 405)
        self.assertIn("POST", response["Allow"])
        self.assert_problem(self.client.get("/api/nothing/here"), 404)
        self.assert_problem(self.client.get("/chatkit"), 405)

    def test_keys_that_cannot_be_are_refused(self) -> None:
        for key in ["", "x" * 300]:
            headers = self.ann.headers | {"Idempotency-Key": key}
            response = self.ask("post", "/api/{user_id}/tasks", self.ann, headers=headers, body=b'{"title": "x"}')
            self.assert_problem(response, 422)
