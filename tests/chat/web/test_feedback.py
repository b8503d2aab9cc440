"""What people say of answers: stored with its reason, seen by staff, and a choice for replays."""

import json
from typing import Any

from asgiref.sync import sync_to_async
from django.test import TransactionTestCase

from accounts.models import User
from chat.models import Turn
from tests.chat.protocol import ChatKitClient, items, thread_id
from tests.people import sign_up


class FeedbackTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.kit = ChatKitClient(self.async_client, self.ann)

    async def say(self, text: str) -> tuple[str, str]:
        """Return the thread and the answer's item."""
        events = await self.kit.say(text)
        return thread_id(events), items(events)[-1]["id"]

    async def give(self, thread: str, item: str, kind: str, person: Any = None, **metadata: Any) -> int:
        params = {"thread_id": thread, "item_ids": [item], "kind": kind}
        body = {"type": "items.feedback", "params": params, "metadata": metadata}
        response = await self.async_client.post(
            "/chatkit", json.dumps(body), content_type="application/json", headers=(person or self.ann).headers
        )
        return response.status_code

    async def stored(self) -> tuple[str, str]:
        turn = await Turn.objects.alatest("id")
        return turn.feedback, turn.feedback_reason

    async def test_the_last_word_counts(self) -> None:
        answer = await self.say("add milk")
        self.assertEqual(await self.give(*answer, "positive"), 200)
        self.assertEqual(await self.give(*answer, "negative", reason=" wrong day "), 200)
        self.assertEqual(await self.stored(), ("negative", "wrong day"))

    async def test_programs_give_it_too(self) -> None:
        await self.say("add milk")
        turn = await Turn.objects.aget()
        url = f"{self.ann.api}/turns/{turn.public_id}/feedback"
        body = json.dumps({"kind": "positive", "reason": "quick"})
        answer = await self.async_client.post(url, body, content_type="application/json", headers=self.ann.headers)
        self.assertEqual((answer.status_code, await self.stored()), (204, ("positive", "quick")))

    async def test_what_is_not_ones_own_or_too_long_is_refused(self) -> None:
        thread, item = await self.say("add milk")
        bob = await sync_to_async(sign_up)("Bob")
        self.assertEqual(await self.give(thread, item, "negative", bob), 404)
        self.assertEqual(await self.give(thread, "msg_unknown", "negative"), 404)
        self.assertEqual(await self.give(thread, item, "awful"), 422)
        self.assertEqual(await self.give(thread, item, "negative", reason="x" * 2_001), 422)
        self.assertEqual(await self.stored(), ("", ""))

    async def test_staff_find_and_read_it(self) -> None:
        await self.give(*await self.say("add milk"), "negative", reason="wrong day")
        await self.say("add bread")
        await sync_to_async(User.objects.create_superuser)("staff", password="correct horse battery")
        await sync_to_async(self.client.login)(username="staff", password="correct horse battery")

        def read() -> tuple[str, str, str]:
            conversation = Turn.objects.order_by("id")[0].conversation
            pages = (
                "/admin/chat/conversation/?q=feedback:negative",
                f"/admin/chat/conversation/{conversation.pk}/change/",
                "/admin/chat/conversation/dashboard/",
            )
            one, two, three = (self.client.get(page).content.decode() for page in pages)
            return one, two, three

        found, timeline, dashboard = await sync_to_async(read)()
        self.assertIn("add milk", found)
        self.assertNotIn("add bread", found)
        self.assertIn("wrong day", timeline)
        self.assertIn("<dd>0 : 1</dd>", dashboard)
