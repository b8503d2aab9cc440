"""The default model, through the whole system: what a newcomer's first words do."""

import datetime
import json

from django.test import TransactionTestCase

from chat.llm.prompts import render
from chat.models import Turn
from tests.chat.protocol import ChatKitClient, said, thread_id
from tests.people import sign_up


class OfflineTurnTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up(timezone="Pacific/Auckland")
        self.today = self.ann.user.now().date()

    async def tasks(self) -> list[dict[str, object]]:
        response = await self.async_client.get(f"{self.ann.api}/tasks", headers=self.ann.headers)
        return list(response.json()["items"])

    async def test_a_sentence_becomes_a_task_on_the_users_own_tomorrow(self) -> None:
        response = await self.async_client.post(
            f"{self.ann.api}/chat",
            json.dumps({"message": "add buy milk tomorrow at 5pm"}),
            content_type="application/json",
            headers=self.ann.headers,
        )
        answer = response.json()
        self.assertEqual([call["name"] for call in answer["tool_calls"]], ["add_task"])
        task = (await self.tasks())[0]
        tomorrow = (self.today + datetime.timedelta(days=1)).isoformat()
        self.assertEqual((task["title"], task["due_date"], task["due_time"]), ("buy milk", tomorrow, "17:00"))

    async def test_the_next_message_understands_it(self) -> None:
        kit = ChatKitClient(self.async_client, self.ann)
        thread = thread_id(await kit.say("add buy milk tomorrow at 5pm"))
        answer = said(await kit.say("move it to friday", thread))
        self.assertIn("buy milk", answer)
        task = (await self.tasks())[0]
        ahead = (4 - self.today.weekday()) % 7 or 7
        friday = (self.today + datetime.timedelta(days=ahead)).isoformat()
        self.assertEqual((task["due_date"], task["due_time"]), (friday, "17:00"))

    async def test_the_turn_records_model_and_prompt(self) -> None:
        await ChatKitClient(self.async_client, self.ann).say("hello")
        turn = await Turn.objects.aget()
        self.assertEqual((turn.model, turn.prompt_hash), ("offline", render(self.ann.user).template_hash))
        self.assertIn(f"time zone {self.ann.user.timezone}", render(self.ann.user).text)
