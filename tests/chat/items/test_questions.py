"""Questions of the model: asked with choices, which end the turn; the answers begin the next one."""

import asyncio
from typing import Any

from asgiref.sync import sync_to_async
from django.test import TransactionTestCase, override_settings

from chat.models import Message, Step, Turn
from tests.chat.protocol import ChatKitClient, items, said, thread_id
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.people import sign_up

QUESTIONS = [
    {"question": "Which list?", "options": ["Home", "Work"]},
    {"question": "When?", "options": ["Today", "Tomorrow", "Friday"], "multiple": True},
    {"question": "Anything else?"},
]


def ask(asked: Asked) -> Reply:
    if asked.said.startswith("plan") and not asked.has_results:
        return Reply(["Two things."], calls=[Call("ask_user", {"questions": QUESTIONS})])
    return Reply(["Thank", " you."])


class QuestionTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider().scripted("ask", ask)
        url = self.enterContext(self.provider.serving())
        self.enterContext(override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=url, MODEL_NAME="ask"))
        self.kit = ChatKitClient(self.async_client, self.ann)

    async def asked(self) -> tuple[str, dict[str, Any]]:
        events = await self.kit.say("plan my week")
        return thread_id(events), items(events)[-1]

    def params(self, thread: str, item: dict[str, Any], answers: dict[str, Any], **more: Any) -> dict[str, Any]:
        given = {id: {"values": values} for id, values in answers.items()}
        return {"thread_id": thread, "item_id": item["id"], "input": {"answers": given} | more}

    async def answer(self, thread: str, item: dict[str, Any], answers: dict[str, Any], **more: Any) -> Any:
        key = more.pop("key", None)
        return await self.kit.stream(
            "threads.add_structured_input", key=key, **self.params(thread, item, answers, **more)
        )

    async def item(self, thread: str, id: str) -> dict[str, Any]:
        page = await self.kit.json("items.list", thread_id=thread)
        return next(item for item in page["data"] if item["id"] == id)

    async def test_the_questions_end_the_turn_without_another_word_of_the_model(self) -> None:
        events = await self.kit.say("plan my week")
        kinds = [item["type"] for item in items(events)]
        self.assertEqual(kinds, ["user_message", "assistant_message", "workflow", "structured_input"])
        self.assertEqual(len(self.provider.asked), 1)
        self.assertEqual((await Turn.objects.aget()).status, Turn.Status.COMPLETED)
        asked = items(events)[-1]["inputs"]
        self.assertEqual([each["type"] for each in asked], ["multiple_choice", "multiple_choice", "freeform"])
        self.assertEqual(asked[0]["options"], [{"value": "Home"}, {"value": "Work"}])

    async def test_what_was_streamed_is_what_is_listed_later(self) -> None:
        events = await self.kit.say("plan my week")
        page = await self.kit.json("items.list", thread_id=thread_id(events), order="asc")
        self.assertEqual(page["data"], items(events))

    async def test_the_answers_are_kept_and_begin_the_next_turn(self) -> None:
        thread, item = await self.asked()
        events = await self.answer(thread, item, {"1": ["Work"], "2": ["Today", "Friday"]})
        self.assertEqual(events[0]["type"], "thread.item.replaced")
        self.assertEqual(events[0]["item"], await self.item(thread, item["id"]))
        answers = [each["answer"] for each in events[0]["item"]["inputs"]]
        self.assertEqual([each["values"] for each in answers], [["Work"], ["Today", "Friday"], []])
        self.assertEqual((answers[2]["skipped"], said(events)), (True, "Thank you."))
        self.assertEqual(self.provider.last().said, "Which list? Work\nWhen? Today, Friday\nAnything else? (no answer)")
        roles = [each["role"] for each in self.provider.last().items]
        self.assertEqual(roles, ["system", "user", "assistant", "assistant", "tool", "assistant", "user"])

    async def test_of_a_single_choice_only_the_first_counts(self) -> None:
        thread, item = await self.asked()
        events = await self.answer(thread, item, {"1": ["Work", "Home"]})
        self.assertEqual(events[0]["item"]["inputs"][0]["answer"]["values"], ["Work"])

    async def test_they_can_be_skipped(self) -> None:
        thread, item = await self.asked()
        events = await self.answer(thread, item, {}, status="skipped")
        self.assertEqual((events[0]["item"]["status"], said(events)), ("skipped", "Thank you."))
        self.assertEqual(self.provider.last().said, "I would rather not answer that.")

    async def test_who_says_something_else_has_skipped_them(self) -> None:
        thread, item = await self.asked()
        await self.kit.say("never mind", thread)
        self.assertEqual((await self.item(thread, item["id"]))["status"], "skipped")
        response = await self.kit.post("threads.add_structured_input", self.params(thread, item, {"1": ["Work"]}))
        self.assertEqual(response.status_code, 409)

    async def test_a_second_answer_is_refused_and_a_repeat_is_not(self) -> None:
        thread, item = await self.asked()
        first = await self.answer(thread, item, {"1": ["Work"]}, key="k")
        again = await self.answer(thread, item, {"1": ["Work"]}, key="k")
        self.assertEqual(items(again), items(first))
        response = await self.kit.post("threads.add_structured_input", self.params(thread, item, {"1": ["Home"]}))
        self.assertEqual((response.status_code, await Turn.objects.acount()), (409, 2))

    async def test_of_two_answers_at_once_one_counts(self) -> None:
        thread, item = await self.asked()
        post = [
            self.kit.post("threads.add_structured_input", self.params(thread, item, {"1": [value]}))
            for value in ("Work", "Home")
        ]
        responses = await asyncio.gather(*post)
        for response in responses:
            if response.streaming:
                async for _ in response.streaming_content:
                    pass
        self.assertEqual(sorted(response.status_code for response in responses), [200, 409])
        self.assertEqual(await Turn.objects.acount(), 2)

    async def test_answers_that_cannot_be_are_refused(self) -> None:
        thread, item = await self.asked()
        message = await Message.objects.aget(kind="user_message")
        for params, status in [
            (self.params(thread, item, {"9": ["x"]}), 422),
            (self.params(thread, item, {"1": ["x" * 3_000]}), 422),
            (self.params(thread, item, {"1": ["x"] * 50}), 422),
            (self.params(thread, {"id": message.item_id}, {"1": ["x"]}), 422),
            (self.params(thread, {"id": "msg_" + "0" * 32}, {"1": ["x"]}), 404),
            (self.params("conv_" + "0" * 32, item, {"1": ["x"]}), 404),
        ]:
            response = await self.kit.post("threads.add_structured_input", params)
            self.assertEqual(response.status_code, status)
        bob = ChatKitClient(self.async_client, await sync_to_async(sign_up)("Bob"))
        response = await bob.post("threads.add_structured_input", self.params(thread, item, {"1": ["Work"]}))
        self.assertEqual(response.status_code, 404)
        self.assertEqual((await self.item(thread, item["id"]))["status"], "pending")

    async def test_questions_that_cannot_be_asked_are_mended_by_the_model(self) -> None:
        def wrong(asked: Asked) -> Reply:
            if not asked.has_results:
                return Reply(calls=[Call("ask_user", {"questions": []})])
            return Reply(["Then not."])

        self.provider.scripted("ask", wrong)
        events = await self.kit.say("plan")
        self.assertEqual([item["type"] for item in items(events)], ["user_message", "workflow", "assistant_message"])
        self.assertTrue((await Step.objects.aget(kind="tool")).is_error)
