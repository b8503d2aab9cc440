"""How much one user may ask for, and what it costs."""

import json
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async
from django.test import TransactionTestCase, override_settings

from accounts.models import User
from chat.models import Message, Step, Turn
from tests.chat.protocol import ChatKitClient, user_input
from tests.faults.provider import Provider
from tests.people import Person, sign_up


class LimitTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        url = self.enterContext(Provider().serving())
        self.enterContext(override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=url, MODEL_NAME="hello"))

    async def chat(self, person: Person | None = None) -> Any:
        person, body = person or self.ann, json.dumps({"message": "hello"})
        return await self.async_client.post(
            f"{person.api}/chat", body, content_type="application/json", headers=person.headers
        )

    @override_settings(USER_TURNS_A_MINUTE=2)
    async def test_too_many_turns_a_minute_are_refused_until_the_first_is_a_minute_old(self) -> None:
        statuses = [(await self.chat()).status_code for _ in range(2)]
        refused = await self.chat()
        self.assertEqual([*statuses, refused.status_code], [200, 200, 429])
        self.assertTrue(50 <= int(refused["Retry-After"]) <= 60)
        self.assertEqual(await Message.objects.filter(kind="user_message").acount(), 2)
        self.assertEqual((await self.chat(await sync_to_async(sign_up)("Bob"))).status_code, 200)

    @override_settings(USER_TURNS_A_MINUTE=1)
    async def test_the_chat_is_told_in_words(self) -> None:
        await self.chat()
        events = await ChatKitClient(self.async_client, self.ann).stream("threads.create", input=user_input("again"))
        self.assertEqual(events[-1]["type"], "notice")
        self.assertIn("Wait a moment", events[-1]["message"])

    @override_settings(USER_TOKENS_A_DAY=100)
    async def test_tokens_of_a_day_are_limited(self) -> None:
        self.assertEqual((await self.chat()).status_code, 200)
        refused = await self.chat()
        self.assertEqual(refused.status_code, 429)
        self.assertLessEqual(int(refused["Retry-After"]), 86_400)

    @override_settings(USER_TOKENS_A_DAY=100)
    async def test_one_user_may_have_another_budget(self) -> None:
        await User.objects.filter(pk=self.ann.user.pk).aupdate(tokens_a_day=1000)
        self.assertEqual([(await self.chat()).status_code for _ in range(2)], [200, 200])
        await User.objects.filter(pk=self.ann.user.pk).aupdate(tokens_a_day=200)
        self.assertEqual((await self.chat()).status_code, 429)

    @override_settings(MODEL_PRICES={"hello": (Decimal("0.25"), Decimal(2))})
    async def test_a_turn_says_what_it_cost(self) -> None:
        answer = (await self.chat()).json()
        self.assertEqual(answer["usage"], {"input_tokens": 100, "output_tokens": 5})
        self.assertEqual(Decimal(str(answer["cost"])), Decimal("0.000035"))
        self.assertEqual((await Step.objects.aget()).cost, (await Turn.objects.aget()).cost)
