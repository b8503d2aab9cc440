"""Another user's ids in every position of every way in: nothing is read, nothing changed, and nothing tells they exist.

The positions come from the OpenAPI schema, the ChatKit request types and the MCP tool list. An id that this module does
not know fails the test, so that what is added later is tried too.
"""

import json
import re
import warnings
from typing import Any

from asgiref.sync import sync_to_async
from chatkit.types import AttachmentCreateParams, ChatKitReq
from django.conf import settings
from django.test import TransactionTestCase
from django.utils.module_loading import import_string
from mcp import Client
from pydantic import TypeAdapter

from accounts.caller import calling
from accounts.models import AccessToken
from chat.items import attachments
from chat.models import Attachment, Conversation, Message, Turn
from config.api import api
from knowledge.models import Document
from tasks.models import Operation, Task
from tasks.rules import operations
from tests.chat.protocol import ChatKitClient
from tests.knowledge.documents import add
from tests.people import sign_up

SECRET = "swordfish"
# What nobody has.
ID, NUMBER = "0" * 32, 4711
METHODS = {"get", "put", "patch", "post", "delete"}


class Matrix(TransactionTestCase):
    def setUp(self) -> None:
        self.ann, self.bob = sign_up("Ann"), sign_up("Bob")
        self.operation = operations.add_task(self.ann.caller(), {"title": SECRET, "notes": SECRET, "labels": [SECRET]})
        said = self.client.post(
            f"{self.ann.api}/chat",
            json.dumps({"message": f"add {SECRET} bread"}),
            content_type="application/json",
            headers=self.ann.headers,
        ).json()
        token, _ = AccessToken.objects.make(self.ann.user, SECRET, "read", None)
        document = add(self.ann, f"{SECRET}.md", f"# {SECRET}\n\nThe {SECRET} is here.")
        attachment = attachments.create(
            self.ann.user, AttachmentCreateParams(name=f"{SECRET}.txt", size=9, mime_type="text/plain")
        )
        attachments.put_content(self.ann.user, attachment.public_id, SECRET.encode(), SECRET)
        # Every kind of id that Ann has, by the names that positions have.
        self.hers: dict[str, Any] = {
            "number": 1,
            "task_id": 1,
            "task_ids": [1],
            "parent_id": 1,
            "ids": [1],
            "operation_id": self.operation.public_id,
            "turn_id": said["turn_id"],
            "turn_ids": [said["turn_id"]],
            "conversation_id": said["conversation_id"],
            "thread_id": said["conversation_id"],
            "item_id": said["message_id"],
            "item_ids": [said["message_id"]],
            "replaces": said["message_id"],
            "approval_id": "apr_" + Turn.objects.get().pk.hex,
            "token_id": token.public_id,
            "document_id": document.public_id,
            "entity_id": f"document:{document.public_id}",
            "id": document.public_id,
            "attachment_id": attachment.public_id,
            "cursor": self.operation.public_id,
            "after": said["message_id"],
        }

    def nobodys(self, name: str) -> Any:
        """Return an id of the same kind that nobody has."""
        hers = self.hers[name]
        one = hers[0] if isinstance(hers, list) else hers
        other = NUMBER if isinstance(one, int) else re.sub(r"[0-9a-f]{32}$", ID, one)
        return [other] if isinstance(hers, list) else other

    def state(self) -> Any:
        """Return all that she has."""
        hers = [
            model.objects.filter(user=self.ann.user)
            for model in (Task, Operation, Conversation, Turn, AccessToken, Attachment)
        ]
        hers.append(Document.objects.filter(owner=self.ann.user))
        messages = Message.objects.filter(conversation__user=self.ann.user)
        return [list(found.order_by("pk").values()) for found in (*hers, messages)]


def ids_in(schema: Any, root: Any) -> set[str]:
    """Return the names of a body's members, at any depth, that hold ids."""
    if isinstance(schema, list):
        return {name for each in schema for name in ids_in(each, root)}
    if not isinstance(schema, dict):
        return set()
    if "$ref" in schema:
        node = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            node = node[step]
        return ids_in(node, root)
    found = {name for name in schema.get("properties", {}) if is_id(name)}
    return found | {name for each in schema.values() for name in ids_in(each, root)}


def is_id(name: str) -> bool:
    return name in {"number", "ids", "replaces"} or name.endswith(("_id", "_ids"))


def without(said: str, value: Any) -> str:
    """Return an answer without the id that was asked for, and without any number."""
    for own in (str(value), str(value[0]) if isinstance(value, list) else str(value)):
        said = said.replace(own, "…")
    return re.sub(r"[\d…]+", "…", said)


class RestMatrix(Matrix):
    def ask(self, method: str, path: str, person: Any, body: Any) -> Any:
        data = json.dumps(body) if body is not None else ""
        return self.client.generic(
            method.upper(), "/api" + path, data, content_type="application/json", headers=person.headers
        )

    def operations(self) -> Any:
        schema = api.get_openapi_schema()
        for path, methods in schema["paths"].items():
            short = path.removeprefix("/api")
            if "{user_id}" in short:
                for method in METHODS & methods.keys():
                    content = methods[method].get("requestBody", {}).get("content", {}).get("application/json", {})
                    yield method, short, ids_in(content.get("schema"), schema)

    def test_with_her_user_id_in_the_path_he_is_refused_everywhere(self) -> None:
        tried = 0
        for method, path, _ in self.operations():
            for user_id in (self.ann.user.subject, "nobody"):
                filled = re.sub(r"\{(\w+)\}", lambda m: str(self.hers[m[1]]), path.replace("{user_id}", user_id))
                with self.subTest(f"{method} {path}"):
                    response = self.ask(method, filled, self.bob, {})
                    self.assertEqual(response.status_code, 403)
                    self.assertEqual(response.json()["detail"], "This token belongs to another user.")
                    tried += 1
        self.assertGreater(tried, 50)

    def test_her_ids_in_his_paths_and_bodies_are_like_ids_of_nobody(self) -> None:
        before, tried = self.state(), 0
        for method, path, in_body in self.operations():
            in_path = set(re.findall(r"\{(\w+)\}", path)) - {"user_id"}
            for name in in_path | in_body:
                with self.subTest(f"{method} {path} {name}"):
                    answers = [self.answer(method, path, in_body, name, value) for value in self.both(name)]
                    self.assertEqual(answers[0], answers[1])
                    self.assertNotIn(SECRET, str(answers[0]))
                    tried += 1
        self.assertEqual(self.state(), before)
        self.assertGreater(tried, 25)

    def both(self, name: str) -> list[Any]:
        return [self.hers[name], self.nobodys(name)]

    def answer(self, method: str, path: str, in_body: set[str], name: str, value: Any) -> tuple[int, str]:
        """Return what Bob is told, without what he said himself."""

        def fill(match: re.Match[str]) -> str:
            if match[1] == "user_id":
                return self.bob.user.subject
            return str(value if match[1] == name else self.nobodys(match[1]))

        body = BODIES.get((method, path), {}) | ({name: value} if name in in_body else {})
        if "items" in body:
            body = {"items": [{**body["items"][0], name: value}]}
        response = self.ask(method, re.sub(r"\{(\w+)\}", fill, path), self.bob, body if body or in_body else None)
        said = response.content.decode()
        return response.status_code, without(said, value)


# What a body must say besides the id that is tried, so that it is the id that is refused.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/{user_id}/tasks"): {"title": "x"},
    ("put", "/{user_id}/tasks/{number}"): {"title": "x"},
    ("patch", "/{user_id}/tasks/{number}"): {"title": "x"},
    ("post", "/{user_id}/tasks/batch"): {"items": [{"action": "complete", "task_id": NUMBER}]},
    ("post", "/{user_id}/chat"): {"message": "hello"},
    ("post", "/{user_id}/turns/{turn_id}/approval"): {"approve": True},
    ("patch", "/{user_id}/conversations/{conversation_id}"): {"title": "x"},
    ("post", "/{user_id}/import"): {"format": "errand-export", "version": 1, "tasks": []},
}


class ToolMatrix(Matrix):
    async def test_her_ids_in_his_tool_calls_are_like_ids_of_nobody(self) -> None:
        before, tried = await sync_to_async(self.state)(), 0
        for path in [*settings.MCP_SERVERS, *settings.MCP_GUEST_SERVERS, *settings.MCP_WIDGET_SERVERS]:
            async with Client(import_string(path)) as client:
                for tool in (await client.list_tools()).tools:
                    members = {"id"} & tool.input_schema["properties"].keys()
                    for name in ids_in(tool.input_schema, tool.input_schema) | members:
                        with self.subTest(f"{tool.name} {name}"):
                            said = [await self.call(client, tool.name, name, value) for value in self.both(name)]
                            self.assertEqual(said[0], said[1])
                            self.assertNotIn(SECRET, said[0])
                            tried += 1
        self.assertEqual(await sync_to_async(self.state)(), before)
        self.assertGreater(tried, 10)

    def both(self, name: str) -> list[Any]:
        return [self.hers[name], self.nobodys(name)]

    async def call(self, client: Any, tool: str, name: str, value: Any) -> str:
        more: dict[str, Any] = {"title": "x"} if tool in {"add_task", "update_task"} else {}
        arguments = {name: value} | more
        if tool == "add_tasks":
            arguments = {"tasks": [{"title": "x", name: value}]}
        elif tool == "check_task":
            arguments |= {"done": True}
        elif tool == "show_tasks":
            arguments |= {"view": "card"}
        elif tool == "update_tasks":
            arguments = {"updates": [{"title": "x", name: value}]}
        with calling(self.bob.caller(source="mcp", is_preview=True)):  # a batch of nothing is an operation too
            result = await client.call_tool(tool, arguments)
        return without(json.dumps([block.text for block in result.content]), value)


class ChatKitMatrix(Matrix):
    async def test_her_ids_in_his_chatkit_requests_are_like_ids_of_nobody(self) -> None:
        before, tried = await sync_to_async(self.state)(), 0
        kit = ChatKitClient(self.async_client, self.bob)
        for type, names in await sync_to_async(request_types)():
            for name in names:
                with self.subTest(f"{type} {name}"):
                    told = []
                    for value in (self.hers[name], self.nobodys(name)):
                        params = {other: self.nobodys(other) for other in names} | PARAMS.get(type, {}) | {name: value}
                        response = await kit.post(type, params)
                        self.assertFalse(response.streaming)
                        told.append((response.status_code, re.sub(r"\d", "", response.content.decode())))
                    self.assertEqual(told[0], told[1])
                    self.assertGreaterEqual(told[0][0], 400)
                    tried += 1
        self.assertEqual(await sync_to_async(self.state)(), before)
        self.assertGreater(tried, 15)


INPUT = {"content": [{"type": "input_text", "text": "hi"}], "attachments": [], "inference_options": {}}
PARAMS: dict[str, dict[str, Any]] = {
    "threads.add_user_message": {"input": INPUT},
    "threads.update": {"title": "x"},
    "items.feedback": {"kind": "positive"},
    "threads.custom_action": {"action": {"type": "x", "payload": {}}},
    "threads.sync_custom_action": {"action": {"type": "x", "payload": {}}},
    "threads.add_client_tool_output": {"result": {}},
    "threads.add_structured_input": {"input": {"answers": {}}},
}


def request_types() -> list[tuple[str, set[str]]]:
    """Return ChatKit's request types, each with the names of the ids among its parameters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = TypeAdapter(ChatKitReq).json_schema()
    found = []
    for option in schema["oneOf"] if "oneOf" in schema else schema["anyOf"]:
        definition = schema["$defs"][option["$ref"].rpartition("/")[2]]
        params = definition["properties"].get("params", {})
        if "$ref" in params:
            members = schema["$defs"][params["$ref"].rpartition("/")[2]].get("properties", {})
            found.append((definition["properties"]["type"]["const"], {name for name in members if is_id(name)}))
    return found
