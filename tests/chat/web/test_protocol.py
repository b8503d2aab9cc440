"""Every request type of the ChatKit protocol over HTTP, good and bad, and what must hold of all of them.

The types come from the library: one that is new there fails the tests until it is tried here.
"""

import base64
import json
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from chatkit.types import ChatKitReq, EndOfTurnItem, HiddenContextItem, SDKHiddenContextItem
from django.test import TransactionTestCase, override_settings
from django.utils import timezone
from pydantic import TypeAdapter

from chat import ids
from chat.models import Approval, Conversation, Message, Turn
from chat.web.chatkit_requests import NOT_OFFERED
from core.sections import section
from tasks.rules import operations
from tests.chat.protocol import ChatKitClient, items, said, thread_id, user_input
from tests.chat.screen import Screen
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.people import sign_up

SECRET = "swordfish"
STREAMING = {
    "threads.create",
    "threads.add_user_message",
    "threads.add_client_tool_output",
    "threads.add_structured_input",
    "threads.retry_after_item",
    "threads.custom_action",
}


def talk(asked: Asked) -> Reply:
    """List, ask, delete, or add what is said: everything that leaves items of its own."""
    if asked.has_results:
        return Reply(["All", " done", "."])
    match asked.said.split():
        case ["list"]:
            return Reply(["Let me", " see."], calls=[Call("list_tasks", {"show": True})])
        case ["ask"]:
            return Reply(calls=[Call("ask_user", {"questions": [{"question": "Which?", "options": ["a", "b"]}]})])
        case ["delete", number]:
            return Reply(calls=[Call("delete_task", {"task_id": int(number)})])
        case ["fail"]:
            return Reply(["Half", " an"], ends="cut")
        case [word]:
            return Reply(calls=[Call("add_task", {"title": word})])
    return Reply(["Hello", "."])


def request_types() -> dict[str, dict[str, Any]]:
    """Return the request types of the protocol, each with the schema of its parameters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = TypeAdapter(ChatKitReq).json_schema()
    found = {}
    for name, reference in schema["discriminator"]["mapping"].items():
        definition = schema["$defs"][reference.rpartition("/")[2]]
        params = definition["properties"]["params"]["$ref"].rpartition("/")[2]
        found[name] = schema["$defs"][params]
    return found


class ProtocolCase(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider().scripted("talk", talk)
        url = self.enterContext(self.provider.serving())
        self.enterContext(
            override_settings(
                MODEL_PROVIDER="custom",
                MODEL_BASE_URL=url,
                MODEL_NAME="talk",
                MODEL_RETRIES=0,
                TRANSCRIPTION_BASE_URL=url,
                TRANSCRIPTION_MODEL="whisper-1",
            )
        )
        self.kit = ChatKitClient(self.async_client, self.ann)
        for title in ("milk", "bread"):
            operations.add_task(self.ann.caller(), {"title": title})

    async def listed(self, thread: str) -> list[dict[str, Any]]:
        return list((await self.kit.json("items.list", thread_id=thread, order="asc", limit=100))["data"])

    async def check(self, thread: str | None, events: list[dict[str, Any]], before: list[dict[str, Any]]) -> str:
        """Check that what a stream leaves on the screen is what is listed later; return the thread."""
        thread = thread or thread_id(events)
        shown = Screen(before).play(events)
        self.assertEqual(sorted(shown, key=by_id), sorted(await self.listed(thread), key=by_id))
        self.assertEqual([item["id"] for item in shown], [item["id"] for item in await self.listed(thread)])
        return thread


def by_id(item: dict[str, Any]) -> str:
    return str(item["id"])


class GoodRequests(ProtocolCase):
    async def new(self, text: str) -> str:
        return await self.check(None, await self.kit.say(text), [])

    async def then(self, thread: str, type: str, **params: Any) -> list[dict[str, Any]]:
        """Ask for a stream in a thread, and check what it leaves."""
        before = await self.listed(thread)
        events = await self.kit.stream(type, thread_id=thread, **params)
        await self.check(thread, events, before)
        return events

    async def last(self, thread: str, kind: str) -> dict[str, Any]:
        return [item for item in await self.listed(thread) if item["type"] == kind][-1]

    # ---- one for each type

    async def threads_create(self) -> None:
        for text in ("list", "ask", "eggs", "hello there", "fail"):
            await self.new(text)

    async def threads_add_user_message(self) -> None:
        thread = await self.new("hello there")
        for text in ("list", "ask", "eggs", "delete 1", "hello there", "fail"):
            await self.then(thread, "threads.add_user_message", input=user_input(text))

    async def threads_add_structured_input(self) -> None:
        thread = await self.new("ask")
        item = await self.last(thread, "structured_input")
        answers = {"status": "answered", "answers": {"1": {"values": ["a"]}}}
        events = await self.then(thread, "threads.add_structured_input", item_id=item["id"], input=answers)
        self.assertEqual(events[0]["item"]["status"], "answered")

    async def threads_retry_after_item(self) -> None:
        thread = await self.new("hello there")
        question = await self.last(thread, "user_message")
        events = await self.kit.stream("threads.retry_after_item", thread_id=thread, item_id=question["id"])
        self.assertEqual(said(events), "Hello.")
        self.assertEqual((await self.listed(thread))[1:], items(events))

    async def threads_custom_action(self) -> None:
        thread = await self.new("delete 2")
        card = await self.last(thread, "widget")
        action = card["widget"]["confirm"]["action"]
        sent = {"type": action["type"], "payload": action["payload"] | {"include": {"0-0": True}}}
        events = await self.then(thread, "threads.custom_action", item_id=card["id"], action=sent)
        self.assertEqual(said(events), "All done.")
        self.assertEqual((await Approval.objects.aget()).status, Approval.Status.DECIDED)

    async def threads_sync_custom_action(self) -> None:
        thread = await self.new("list")
        widget = await self.last(thread, "widget")
        action = {"type": "tool", "payload": {"tool": "check_task", "arguments": {"task_id": 1, "done": True}}}
        answer = await self.kit.json(
            "threads.sync_custom_action", thread_id=thread, item_id=widget["id"], action=action
        )
        self.assertEqual(answer["updated_item"], await self.last(thread, "widget"))
        self.assertNotEqual(answer["updated_item"], widget)

    async def threads_get_by_id(self) -> None:
        thread = await self.new("list")
        whole = await self.kit.json("threads.get_by_id", thread_id=thread)
        self.assertEqual((whole["id"], whole["status"]), (thread, {"type": "active"}))
        self.assertEqual(sorted(whole["items"]["data"], key=by_id), sorted(await self.listed(thread), key=by_id))

    async def threads_list(self) -> None:
        threads = [await self.new("hello there") for _ in range(3)]
        for order, expected in (("asc", threads), ("desc", threads[::-1])):
            found: list[str] = []
            after = None
            while len(found) < 3:
                page = await self.kit.json("threads.list", limit=1, order=order, after=after)
                found, after = found + [each["id"] for each in page["data"]], page.get("after")
            self.assertEqual((found, page["has_more"]), (expected, False))

    async def threads_update(self) -> None:
        thread = await self.new("hello there")
        changed = await self.kit.json("threads.update", thread_id=thread, title="Greetings")
        self.assertEqual((changed["title"], (await Conversation.objects.aget()).title), ("Greetings", "Greetings"))

    async def threads_delete(self) -> None:
        thread = await self.new("list")
        self.assertEqual(await self.kit.json("threads.delete", thread_id=thread), {})
        self.assertEqual((await self.kit.post("items.list", {"thread_id": thread})).status_code, 404)

    async def items_list(self) -> None:
        thread = await self.new("list")
        whole = await self.listed(thread)
        for limit in (1, 2, 3):
            for order, expected in (("asc", whole), ("desc", whole[::-1])):
                found: list[Any] = []
                after = None
                while len(found) < len(whole):
                    params = {"thread_id": thread, "order": order, "limit": limit, "after": after}
                    page = await self.kit.json("items.list", **params)
                    found, after = found + page["data"], page.get("after")
                self.assertEqual((found, page["has_more"]), (expected, False))

    async def items_feedback(self) -> None:
        thread = await self.new("hello there")
        item = await self.last(thread, "assistant_message")
        await self.kit.json("items.feedback", thread_id=thread, item_ids=[item["id"]], kind="negative")
        self.assertEqual((await Turn.objects.aget()).feedback, "negative")

    async def attachments_create(self) -> None:
        made = await self.kit.json("attachments.create", name="a.txt", size=1, mime_type="text/plain")
        self.assertEqual(made["upload_descriptor"]["method"], "PUT")

    async def attachments_delete(self) -> None:
        made = await self.kit.json("attachments.create", name="a.txt", size=1, mime_type="text/plain")
        self.assertEqual(await self.kit.json("attachments.delete", attachment_id=made["id"]), {})
        self.assertEqual((await self.kit.post("attachments.delete", {"attachment_id": made["id"]})).status_code, 404)

    async def input_transcribe(self) -> None:
        audio = base64.b64encode(b"Buy milk").decode()
        heard = await self.kit.json("input.transcribe", audio_base64=audio, mime_type="audio/webm")
        self.assertEqual(heard, {"text": "Buy milk"})

    async def test_every_type_of_the_protocol_does_what_it_says_or_is_refused(self) -> None:
        types = await sync_to_async(request_types)()
        for type in types:
            with self.subTest(type):
                if type in NOT_OFFERED:
                    continue
                await sync_to_async(Conversation.objects.all().delete)()
                good: Callable[[], Awaitable[None]] = getattr(self, type.replace(".", "_"))
                await good()
        self.assertGreater(len(types), 15)

    async def test_what_is_not_offered_says_so(self) -> None:
        thread = await self.new("hello there")
        self.assertEqual(NOT_OFFERED, {"threads.add_client_tool_output"})
        response = await self.kit.post("threads.add_client_tool_output", {"thread_id": thread, "result": 1})
        self.assertEqual(response.status_code, 422)
        self.assertIn("does not offer", response.json()["detail"])

    async def test_every_stream_begins_as_clients_expect(self) -> None:
        events = await self.kit.say("hello there")
        kinds = [event["type"] for event in events[:4]]
        self.assertEqual(kinds, ["thread.created", "thread.item.done", "stream_options", "client_effect"])


class BadRequests(ProtocolCase):
    async def refused(self, type: str, params: Any, statuses: set[int]) -> None:
        with self.subTest(type, params=str(params)[:120]):
            response = await self.kit.post(type, params)
            self.assertFalse(response.streaming)
            self.assertIn(response.status_code, statuses)
            self.assertEqual(response["Content-Type"], "application/problem+json")
            self.assertTrue(response.json()["detail"])

    async def test_parameters_that_are_missing_or_of_another_kind_are_refused(self) -> None:
        for type, schema in (await sync_to_async(request_types)()).items():
            params = {name: [{"x": {}}, 7] for name in schema["properties"]}
            wrongs: list[Any] = [dict.fromkeys(schema.get("required", [])), params, None, [], "x", 7]
            for wrong in wrongs:
                if wrong or schema.get("required"):
                    await self.refused(type, wrong, {400, 422})
            if schema.get("required"):
                await self.refused(type, {}, {422})

    async def test_things_that_do_not_exist_are_not_found_before_a_stream_begins(self) -> None:
        nobody = {
            "thread_id": ids.new_id("thread"),
            "item_id": ids.new_id("message"),
            "attachment_id": "atc_" + "0" * 32,
        }
        more: dict[str, dict[str, Any]] = {
            "threads.add_user_message": {"input": user_input("x")},
            "threads.add_structured_input": {"input": {"answers": {}}},
            "threads.update": {"title": "x"},
            "threads.custom_action": {
                "action": {"type": "approval.decide", "payload": {"approval_id": "", "turn_id": ""}}
            },
            "threads.sync_custom_action": {"action": {"type": "tool", "payload": {"tool": "check_task"}}},
            "items.feedback": {"item_ids": [nobody["item_id"]], "kind": "positive"},
        }
        for type, schema in (await sync_to_async(request_types)()).items():
            named = {name: id for name, id in nobody.items() if name in schema["properties"]}
            if named and type not in NOT_OFFERED:
                await self.refused(type, named | more.get(type, {}), {404})
                for nonsense in ("", "nonsense", "conv_zzz", "x" * 5_000, "conv_" + "0" * 31):
                    await self.refused(type, dict.fromkeys(named, nonsense) | more.get(type, {}), {404, 422})

    async def test_unknown_cursors_are_not_found_and_limits_are_kept(self) -> None:
        thread = thread_id(await self.kit.say("hello there"))
        for type, params in {"threads.list": {}, "items.list": {"thread_id": thread}}.items():
            await self.refused(type, params | {"after": "nonsense"}, {404})
            await self.refused(type, params | {"order": "sideways"}, {422})
            for limit in (0, -5, 10**9):
                page = await self.kit.json(type, **params, limit=limit)
                self.assertLessEqual(len(page["data"]), 100)

    async def test_what_is_locked_or_closed_takes_no_message_and_can_be_read(self) -> None:
        thread = thread_id(await self.kit.say("ask"))
        asked = (await self.listed(thread))[-1]
        for status in ("locked", "closed"):
            await Conversation.objects.aupdate(status={"type": status, "reason": "enough"})
            question = await Message.objects.filter(kind="user_message").afirst()
            assert question
            for type, params in {
                "threads.add_user_message": {"input": user_input("x")},
                "threads.add_structured_input": {
                    "item_id": asked["id"],
                    "input": {"answers": {"1": {"values": ["a"]}}},
                },
                "threads.retry_after_item": {"item_id": question.item_id},
            }.items():
                await self.refused(type, {"thread_id": thread, **params}, {409})
            whole = await self.kit.json("threads.get_by_id", thread_id=thread)
            self.assertEqual(whole["status"], {"type": status, "reason": "enough"})
        self.assertEqual(await Turn.objects.acount(), 1)

    async def test_nobody_without_a_token_is_told_anything(self) -> None:
        for type in await sync_to_async(request_types)():
            body = json.dumps({"type": type, "params": {}})
            response = await self.async_client.post("/chatkit", body, content_type="application/json")
            self.assertEqual(response.status_code, 401)


class HiddenItems(ProtocolCase):
    async def test_hidden_items_are_never_sent_and_do_not_disturb_pages(self) -> None:
        thread = thread_id(await self.kit.say("hello there"))
        place = {"thread_id": thread, "created_at": timezone.now()}
        conversation = await Conversation.objects.aget()
        for item in (
            HiddenContextItem(id="ctx_1", content={"secret": SECRET}, **place),
            SDKHiddenContextItem(id="ctx_2", content=SECRET, **place),
            EndOfTurnItem(id="end_1", **place),
        ):
            await section(Message.put, conversation.pk, item)
        events = await self.kit.say("hello there", thread)
        pages, after = [], None
        while True:
            page = await self.kit.json("items.list", thread_id=thread, limit=1, order="asc", after=after)
            pages.append(page)
            if not page["has_more"]:
                break
            after = page["after"]
        self.assertTrue(all(len(page["data"]) == 1 for page in pages))
        whole = await self.kit.json("threads.get_by_id", thread_id=thread)
        for told in (events, pages, whole):
            self.assertNotIn(SECRET, json.dumps(told))
        self.assertIn("end_1", json.dumps(pages))
