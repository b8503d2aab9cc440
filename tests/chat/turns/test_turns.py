"""Whole turns over REST, against a model on the wire, in both APIs."""

import json
from typing import Any

from asgiref.sync import sync_to_async
from django.test import TransactionTestCase, override_settings

from chat.models import Step, Turn
from tasks.models import Operation, Task
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.people import sign_up


def add_milk(asked: Asked) -> Reply:
    if asked.has_results:
        return Reply(["Added **Buy milk**", " for tomorrow."])
    return Reply(calls=[Call("add_task", {"title": "Buy milk", "due": "tomorrow 5pm"})])


class TurnTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider().scripted("milk", add_milk)
        self.url = self.enterContext(self.provider.serving())

    async def chat(self, message: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
        return await self.async_client.post(
            f"{self.ann.api}/chat",
            json.dumps({"message": message, **body}),
            content_type="application/json",
            headers=self.ann.headers | (headers or {}),
        )

    def model(self, name: str, api: str = "chat") -> Any:
        return override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=self.url, MODEL_NAME=name, MODEL_API=api)

    async def test_a_tool_call_becomes_a_task_in_both_apis(self) -> None:
        for number, api in enumerate(["chat", "responses"], 1):
            with self.subTest(api), self.model("milk", api):
                answer = (await self.chat("add buy milk tomorrow at 5pm")).json()
                self.assertEqual(answer["status"], "completed", answer)
                self.assertEqual(answer["response"], "Added **Buy milk** for tomorrow.")
                self.assertEqual([call["name"] for call in answer["tool_calls"]], ["add_task"])
                self.assertEqual(answer["usage"], {"input_tokens": 200, "output_tokens": 12})
                self.assertEqual(await Task.objects.acount(), number)

    async def test_the_change_is_attributed_to_the_turn(self) -> None:
        with self.model("milk"):
            answer = (await self.chat("milk")).json()
        turn, operation = await Turn.objects.aget(), await Operation.objects.aget()
        self.assertEqual((operation.source, operation.turn_id), ("chat", turn.pk))
        self.assertEqual(answer["turn_id"], turn.public_id)

    async def test_the_next_turn_is_given_the_whole_history(self) -> None:
        with self.model("milk"):
            first = (await self.chat("milk")).json()
            await self.chat("thanks", conversation_id=first["conversation_id"])
        roles = [(item["role"], bool(item.get("tool_calls"))) for item in self.provider.asked[2].items]
        expected = [("system", 0), ("user", 0), ("assistant", 1), ("tool", 0), ("assistant", 0), ("user", 0)]
        self.assertEqual(roles, expected)

    async def test_steps_are_journaled_in_order(self) -> None:
        with self.model("milk"):
            await self.chat("milk")
        steps = [step async for step in Step.objects.order_by("number").values_list("kind", "name")]
        self.assertEqual(steps, [("response", ""), ("tool", "add_task"), ("response", "")])

    async def test_the_same_key_gives_the_same_answer_and_does_nothing_again(self) -> None:
        with self.model("milk"):
            first = await self.chat("milk", {"Idempotency-Key": "k"})
            second = await self.chat("milk", {"Idempotency-Key": "k"})
        self.assertEqual(first.content, second.content)
        self.assertEqual((await Turn.objects.acount(), await Task.objects.acount()), (1, 1))

    async def test_another_body_under_the_same_key_is_refused(self) -> None:
        with self.model("milk"):
            await self.chat("milk", {"Idempotency-Key": "k"})
            self.assertEqual((await self.chat("eggs", {"Idempotency-Key": "k"})).status_code, 409)

    async def test_a_stream_ends_with_the_answer(self) -> None:
        with self.model("milk"):
            response = await self.chat("milk", {"Accept": "text/event-stream"})
            body = b"".join([chunk async for chunk in response.streaming_content])
        events = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]
        deltas = [e["update"]["delta"] for e in events if e.get("update", {}).get("type", "").endswith("text_delta")]
        self.assertEqual(events[-1]["type"], "turn")
        self.assertEqual("".join(deltas), events[-1]["turn"]["response"])

    async def test_a_provider_that_refuses_makes_a_failed_turn_that_says_why(self) -> None:
        with self.model("refused"):
            answer = (await self.chat("hello")).json()
        self.assertEqual(answer["status"], "failed")
        self.assertIn("MODEL_API_KEY", answer["error"])

    async def test_a_conversation_of_another_user_does_not_exist(self) -> None:
        bob = await sync_to_async(sign_up)("Bob")
        with self.model("milk"):
            first = (await self.chat("milk")).json()
        for path in ["", "/messages"]:
            response = await self.async_client.get(
                f"{bob.api}/conversations/{first['conversation_id']}{path}", headers=bob.headers
            )
            self.assertEqual(response.status_code, 404)
