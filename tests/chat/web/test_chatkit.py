"""The ChatKit protocol over HTTP."""

import asyncio
import json
from typing import Any

from asgiref.sync import sync_to_async
from django.test import TransactionTestCase, override_settings

from chat.models import Conversation, Message, Turn
from tasks.models import Task
from tests.chat.protocol import ChatKitClient, items, said, thread_id, user_input
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.people import sign_up


def add(asked: Asked) -> Reply:
    if asked.has_results:
        return Reply(["Added", " it."])
    return Reply(["One moment."], calls=[Call("add_task", {"title": asked.said})])


class ProtocolTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider().scripted("add", add)
        url = self.enterContext(self.provider.serving())
        self.enterContext(override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=url, MODEL_NAME="add"))
        self.kit = ChatKitClient(self.async_client, self.ann)

    async def test_a_new_thread_streams_message_tool_call_and_answer(self) -> None:
        events = await self.kit.say("milk")
        kinds = [item["type"] for item in items(events)]
        self.assertEqual(events[0]["type"], "thread.created")
        self.assertEqual(kinds, ["user_message", "assistant_message", "workflow", "assistant_message"])
        self.assertEqual(said(events), "One moment.\n\nAdded it.")

    async def test_the_tool_call_is_shown_with_its_own_summary(self) -> None:
        events = await self.kit.say("milk")
        workflow = next(item for item in items(events) if item["type"] == "workflow")["workflow"]
        self.assertRegex(workflow["summary"]["title"], r"^Added “milk”( · \d\.\d s)?$")
        self.assertEqual(workflow["tasks"][0]["status_indicator"], "complete")

    async def test_what_was_streamed_is_what_is_listed_later(self) -> None:
        events = await self.kit.say("milk")
        listed = await self.kit.json("items.list", thread_id=thread_id(events), order="asc")
        self.assertEqual(listed["data"], items(events))

    async def test_deltas_add_up_to_the_finished_text(self) -> None:
        events = await self.kit.say("milk")
        updates = [event["update"] for event in events if event["type"] == "thread.item.updated"]
        deltas = [update["delta"] for update in updates if update["type"].endswith("text_delta")]
        self.assertEqual("".join(deltas), "One moment.Added it.")

    async def test_the_turns_id_is_told_so_that_it_can_be_stopped(self) -> None:
        events = await self.kit.say("milk")
        effect = next(event for event in events if event["type"] == "client_effect")
        self.assertEqual(effect["data"]["turn_id"], (await Turn.objects.aget()).public_id)

    async def test_a_repeat_with_the_same_key_streams_the_same_items_and_stores_nothing(self) -> None:
        first = await self.kit.say("milk", key="k")
        again = await self.kit.say("milk", key="k")
        self.assertEqual(items(again), items(first))
        self.assertEqual(thread_id(again), thread_id(first))
        self.assertEqual((await Conversation.objects.acount(), await Task.objects.acount()), (1, 1))

    async def test_another_message_under_the_same_key_is_refused(self) -> None:
        await self.kit.say("milk", key="k")
        response = await self.kit.post("threads.create", {"input": user_input("eggs")}, **{"Idempotency-Key": "k"})
        self.assertEqual(response.status_code, 409)

    async def test_threads_are_listed_newest_first_and_paged(self) -> None:
        threads = [thread_id(await self.kit.say(text)) for text in ("a", "b", "c")]
        first = await self.kit.json("threads.list", limit=2)
        rest = await self.kit.json("threads.list", limit=2, after=first["after"])
        listed = [thread["id"] for thread in first["data"] + rest["data"]]
        self.assertEqual(listed, threads[::-1])
        self.assertEqual((first["has_more"], rest["has_more"]), (True, False))

    async def test_items_are_paged_both_ways(self) -> None:
        thread = thread_id(await self.kit.say("milk"))
        for order in ("asc", "desc"):
            seen, after = [], None
            while True:
                page = await self.kit.json("items.list", thread_id=thread, order=order, limit=1, after=after)
                seen += [item["id"] for item in page["data"]]
                if not page["has_more"]:
                    break
                after = page["after"]
            stored = [item_id async for item_id in Message.objects.order_by("id").values_list("item_id", flat=True)]
            self.assertEqual(seen, stored if order == "asc" else stored[::-1])

    async def test_a_thread_is_renamed_and_deleted(self) -> None:
        thread = thread_id(await self.kit.say("milk"))
        renamed = await self.kit.json("threads.update", thread_id=thread, title="Shopping")
        self.assertEqual(renamed["title"], "Shopping")
        await self.kit.json("threads.delete", thread_id=thread)
        self.assertEqual((await self.kit.post("threads.get_by_id", {"thread_id": thread})).status_code, 404)

    async def test_a_retry_answers_again_and_keeps_one_question(self) -> None:
        thread = thread_id(await self.kit.say("milk"))
        question = await Message.objects.aget(kind="user_message")
        await self.kit.stream("threads.retry_after_item", thread_id=thread, item_id=question.item_id)
        kinds = [item["type"] for item in (await self.kit.json("items.list", thread_id=thread, order="asc"))["data"]]
        self.assertEqual(kinds, ["user_message", "widget", "assistant_message", "workflow", "assistant_message"])
        self.assertEqual([item["role"] for item in self.provider.asked[2].items], ["system", "user"])

    async def test_a_message_while_a_turn_runs_gets_a_readable_notice(self) -> None:
        thread = thread_id(await self.kit.say("milk"))
        await Turn.objects.aupdate(status="running", lease_expires_at="2100-01-01T00:00Z")
        events = await self.kit.say("eggs", thread)
        self.assertEqual([event["type"] for event in events], ["notice"])
        self.assertIn("still being written", events[0]["message"])

    async def test_a_turn_whose_process_died_does_not_block_the_conversation(self) -> None:
        thread = thread_id(await self.kit.say("milk"))
        await Turn.objects.aupdate(status="running", lease_expires_at="2000-01-01T00:00Z")
        self.assertEqual(said(await self.kit.say("eggs", thread)), "One moment.\n\nAdded it.")

    async def test_a_locked_thread_takes_no_message(self) -> None:
        thread = thread_id(await self.kit.say("milk"))
        await Conversation.objects.aupdate(status={"type": "locked"})
        response = await self.kit.post("threads.add_user_message", {"thread_id": thread, "input": user_input("x")})
        self.assertEqual(response.status_code, 409)

    async def test_threads_of_others_do_not_exist(self) -> None:
        thread = thread_id(await self.kit.say("milk"))
        item = (await Message.objects.afirst()).item_id  # type: ignore[union-attr]
        bob = ChatKitClient(self.async_client, await sync_to_async(sign_up)("Bob"))
        requests: dict[str, dict[str, Any]] = {
            "threads.get_by_id": {},
            "threads.update": {"title": "x"},
            "threads.delete": {},
            "items.list": {},
            "threads.add_user_message": {"input": user_input("x")},
            "threads.retry_after_item": {"item_id": item},
        }
        for type, params in requests.items():
            with self.subTest(type):
                self.assertEqual((await bob.post(type, {"thread_id": thread, **params})).status_code, 404)
        self.assertEqual((await bob.json("threads.list"))["data"], [])
        self.assertEqual(await Message.objects.acount(), 4)

    async def test_what_is_no_request_is_refused_before_a_stream_begins(self) -> None:
        for body in [
            b"",
            b"{",
            b"[]",
            b'{"type":"nope"}',
            b'{"type":"threads.create","params":{}}',
            b"\xff",
            b"[" * 9000,
        ]:
            with self.subTest(body[:30]):
                response = await self.async_client.post(
                    "/chatkit", body, content_type="application/json", headers=self.ann.headers
                )
                self.assertIn(response.status_code, {400, 422})
                self.assertEqual(response["Content-Type"], "application/problem+json")

    async def test_empty_and_huge_messages_are_refused(self) -> None:
        for text, status in {"": 422, " \n": 422, "x" * 100_000: 422, "x" * 2_000_000: 413, "a\0b": 400}.items():
            with self.subTest(text[:10]):
                response = await self.kit.post("threads.create", {"input": user_input(text)})
                self.assertEqual(response.status_code, status)
        self.assertEqual(await Conversation.objects.acount(), 0)

    async def test_without_a_token_nobody_is_let_in(self) -> None:
        response = await self.async_client.post("/chatkit", json.dumps({}), content_type="application/json")
        self.assertEqual((response.status_code, response["WWW-Authenticate"]), (401, "Bearer"))

    async def leave(self) -> Turn:
        """Begin a long answer, close the connection, and return the turn once it has ended."""
        self.provider.scripted("drip", lambda asked: Reply(["drip "] * 20, piece_seconds=0.05))
        with override_settings(MODEL_NAME="drip"):
            response = await self.kit.post("threads.create", {"input": user_input("milk")})
            began = asyncio.Event()

            async def read() -> None:
                async for chunk in response.streaming_content:
                    if b"text_delta" in chunk:
                        began.set()

            reading = asyncio.create_task(read())
            await began.wait()
            reading.cancel()  # as the server does when the client has gone
        for _ in range(200):
            turn = await Turn.objects.aget()
            if not turn.is_running:
                return turn
            await asyncio.sleep(0.05)
        raise AssertionError("the turn does not end")

    async def test_a_closed_connection_does_not_stop_a_turn(self) -> None:
        self.assertEqual((await self.leave()).status, Turn.Status.COMPLETED)

    async def test_a_closed_connection_stops_a_turn_where_that_is_set(self) -> None:
        with override_settings(STOP_WHEN_LEFT=True):
            self.assertEqual((await self.leave()).status, Turn.Status.STOPPED)
