"""Answers that are asked for again and messages that are edited: nothing is lost, and what was done can be undone."""

import json
from typing import Any

from asgiref.sync import sync_to_async
from django.test import TransactionTestCase, override_settings

from accounts.models import ApprovalPolicy, User
from chat.models import Message, Turn
from tasks.models import Task
from tests.chat.protocol import ChatKitClient, items, said, thread_id, user_input
from tests.chat.turns.test_approvals import calls_then_text
from tests.faults.provider import Provider
from tests.people import sign_up


class BranchTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider(keep_alive=False)
        url = self.enterContext(self.provider.serving())
        self.enterContext(override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=url, MODEL_NAME="task"))
        self.kit = ChatKitClient(self.async_client, self.ann)

    async def post(self, path: str, body: Any = None, person: Any = None, **headers: str) -> Any:
        person = person or self.ann
        return await self.async_client.post(
            f"{person.api}/{path}",
            json.dumps(body or {}),
            content_type="application/json",
            headers=person.headers | headers,
        )

    async def get(self, path: str) -> Any:
        return (await self.async_client.get(f"{self.ann.api}/{path}", headers=self.ann.headers)).json()

    async def say(self, message: str, **body: Any) -> Any:
        response = await self.post("chat", {"message": message, **body})
        self.assertEqual(response.status_code, 200, response.content)
        return response.json()

    async def spoken(self, conversation: str) -> list[str]:
        page = await self.get(f"conversations/{conversation}/messages")
        return [item["text"] for item in page["items"]]

    async def titles(self) -> list[str]:
        return [task.title async for task in Task.objects.order_by("number")]

    async def test_a_retry_hides_the_earlier_answer_and_keeps_it(self) -> None:
        first = await self.say("milk")
        second = (await self.post(f"turns/{first['turn_id']}/retry")).json()
        self.assertNotEqual(first["turn_id"], second["turn_id"])
        self.assertEqual(second["abandoned"], [first["turn_id"]])
        self.assertEqual(await self.spoken(first["conversation_id"]), ["milk", "Added it."])
        (versions,) = (await self.get(f"conversations/{first['conversation_id']}/versions"))["items"]
        self.assertEqual(versions["message_id"], first["message_id"])
        chosen = [(turn["turn_id"], turn["is_active"]) for turn in versions["turns"]]
        self.assertEqual(chosen, [(first["turn_id"], False), (second["turn_id"], True)])

    async def test_an_edit_takes_the_place_of_a_message_and_what_followed(self) -> None:
        first = await self.say("milk")
        talk = first["conversation_id"]
        await self.say("bread", conversation_id=talk)
        edited = await self.say("tea", conversation_id=talk, replaces=first["message_id"])
        self.assertEqual(await self.spoken(talk), ["tea", "Added it."])
        self.assertEqual(len(edited["abandoned"]), 2)
        told = json.dumps(self.provider.last().items)
        self.assertNotIn("milk", told)
        self.assertNotIn("bread", told)

    async def test_another_version_is_shown_with_what_followed_it(self) -> None:
        first = await self.say("milk")
        talk = first["conversation_id"]
        await self.say("bread", conversation_id=talk)
        await self.say("tea", conversation_id=talk, replaces=first["message_id"])
        await self.post(f"turns/{first['turn_id']}/activate")
        self.assertEqual(await self.spoken(talk), ["milk", "Added it.", "bread", "Added it."])
        await self.say("eggs", conversation_id=talk)
        self.assertIn("bread", json.dumps(self.provider.last().items))
        self.assertNotIn("tea", json.dumps(self.provider.last().items))

    async def test_a_message_with_two_answers_is_shown_with_either(self) -> None:
        first = await self.say("milk")
        await self.post(f"turns/{first['turn_id']}/retry")
        self.assertEqual(
            (await self.post(f"turns/{first['turn_id']}/activate")).json()["message_id"], first["message_id"]
        )
        self.assertEqual(await self.spoken(first["conversation_id"]), ["milk", "Added it."])
        self.assertEqual(await Message.objects.filter(kind="user_message").acount(), 1)

    async def test_what_the_hidden_answer_did_is_listed_and_undone(self) -> None:
        events = await self.kit.say("milk")
        thread = thread_id(events)
        question = items(events)[0]["id"]
        events = await self.kit.stream("threads.retry_after_item", thread_id=thread, item_id=question)
        card = next(item for item in items(events) if item["type"] == "widget")
        self.assertIn("milk", json.dumps(card["widget"]))
        self.assertEqual(await self.titles(), ["milk", "milk"])
        action = card["widget"]["confirm"]["action"]
        pressed = {"type": action["type"], "payload": action["payload"]}
        for _ in range(2):  # pressed twice, done once
            answer = await self.kit.json(
                "threads.sync_custom_action", thread_id=thread, item_id=card["id"], action=pressed
            )
            self.assertNotIn("confirm", answer["updated_item"]["widget"])
            self.assertEqual([task.number async for task in Task.objects.all()], [2])

    async def test_what_hidden_answers_did_together_is_what_is_offered(self) -> None:
        """One added a task and another one deleted it: nothing is left to undo."""
        await User.objects.aupdate(approval_policy=ApprovalPolicy.NEVER)
        self.provider.scripted("delete", calls_then_text(("delete_task", {"task_id": 1})))
        events = await self.kit.say("milk")
        thread, question = thread_id(events), items(events)[0]["id"]
        with override_settings(MODEL_NAME="delete"):
            await self.kit.say("delete it", thread)
        with override_settings(MODEL_NAME="hello"):
            again = await self.kit.stream("threads.retry_after_item", thread_id=thread, item_id=question)
        self.assertEqual([item["type"] for item in items(again)], ["assistant_message"])

    async def test_where_nothing_was_done_nothing_is_offered(self) -> None:
        with override_settings(MODEL_NAME="hello"):
            events = await self.kit.say("hi")
            question = items(events)[0]["id"]
            again = await self.kit.stream("threads.retry_after_item", thread_id=thread_id(events), item_id=question)
        self.assertEqual([item["type"] for item in items(again)], ["assistant_message"])

    async def test_an_edit_over_chatkit(self) -> None:
        events = await self.kit.say("milk")
        thread, question = thread_id(events), items(events)[0]["id"]
        body = {
            "type": "threads.add_user_message",
            "params": {"thread_id": thread, "input": user_input("tea")},
            "metadata": {"replaces": question},
        }
        response: Any = await self.async_client.post(
            "/chatkit", json.dumps(body), content_type="application/json", headers=self.ann.headers
        )
        self.assertEqual(response.status_code, 200)
        b"".join([chunk async for chunk in response.streaming_content])
        page = await self.kit.json("items.list", thread_id=thread, order="asc")
        self.assertEqual(
            [item["type"] for item in page["data"]], ["user_message", "widget", "workflow", "assistant_message"]
        )
        self.assertEqual(page["data"][0]["content"][0]["text"], "tea")

    async def test_a_failed_answer_is_gone_on_with_and_is_no_version(self) -> None:
        with override_settings(MODEL_NAME="refused"):
            failed = await self.say("milk")
        again = (await self.post(f"turns/{failed['turn_id']}/retry")).json()
        self.assertEqual((again["status"], again["abandoned"]), ("completed", []))
        self.assertEqual((await self.get(f"conversations/{failed['conversation_id']}/versions"))["items"], [])

    async def test_a_retry_under_one_key_is_made_once(self) -> None:
        first = await self.say("milk")
        key = {"Idempotency-Key": "again"}
        answers = [(await self.post(f"turns/{first['turn_id']}/retry", **key)).json() for _ in range(2)]
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(await Turn.objects.acount(), 2)

    async def test_what_is_not_shown_can_neither_be_edited_nor_asked_again(self) -> None:
        first = await self.say("milk")
        talk = first["conversation_id"]
        await self.say("tea", conversation_id=talk, replaces=first["message_id"])
        self.assertEqual((await self.post(f"turns/{first['turn_id']}/retry")).status_code, 404)
        edit = {"message": "eggs", "conversation_id": talk, "replaces": first["message_id"]}
        self.assertEqual((await self.post("chat", edit)).status_code, 404)
        self.assertEqual((await self.post("chat", {"message": "eggs", "replaces": "msg_1"})).status_code, 422)

    async def test_nobody_else_can_choose_a_version(self) -> None:
        first = await self.say("milk")
        bob = await sync_to_async(sign_up)("Bob")
        for path in ("retry", "activate"):
            response = await self.post(f"turns/{first['turn_id']}/{path}", person=bob)
            self.assertEqual(response.status_code, 404)

    async def test_the_events_of_a_retry_end_as_they_are_stored(self) -> None:
        events = await self.kit.say("milk")
        thread = thread_id(events)
        events = await self.kit.stream("threads.retry_after_item", thread_id=thread, item_id=items(events)[0]["id"])
        page = await self.kit.json("items.list", thread_id=thread, order="asc")
        self.assertEqual(items(events), page["data"][1:])
        self.assertEqual(said(events), "Added it.")
