"""What people are told while a tool works for long, and what a stop means to it."""

import asyncio
from typing import Any
from unittest.mock import patch

from asgiref.sync import sync_to_async
from django.test import TransactionTestCase, override_settings

from accounts.models import ApprovalPolicy, User
from chat.models import Turn
from chat.turns import engine, journal
from chat.turns.running import running
from tests.chat import slow_tools
from tests.chat.protocol import ChatKitClient, check_events, user_input
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.people import sign_up


def count(asked: Asked) -> Reply:
    return Reply(["Two."]) if asked.has_results else Reply(calls=[Call("count_sheep", {})])


class ProgressTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        User.objects.update(approval_policy=ApprovalPolicy.NEVER)
        url = self.enterContext(Provider().scripted("count", count).serving())
        self.enterContext(override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=url, MODEL_NAME="count"))
        self.enterContext(override_settings(MCP_SERVERS=["tests.chat.slow_tools.server"]))
        slow_tools.may_end.clear()
        self.addCleanup(slow_tools.may_end.set)

    async def told(self, until: str) -> list[str]:
        """Say something; let the tool end once a text has come; return what was told meanwhile."""
        kit = ChatKitClient(self.async_client, self.ann)
        response = await kit.post("threads.create", {"input": user_input("count")})
        body = b""
        async for chunk in response.streaming_content:
            body += chunk
            if until.encode() in chunk:
                slow_tools.may_end.set()
        events: list[dict[str, Any]] = check_events(body)
        return [event["text"] for event in events if event["type"] == "progress_update"]

    async def test_what_a_tool_says_of_its_progress_is_passed_on(self) -> None:
        self.assertIn("One sheep", await self.told("One sheep"))

    async def test_a_tool_that_works_for_long_is_named(self) -> None:
        with override_settings(PROGRESS_SECONDS=0.05):
            self.assertIn("Count sheep …", await self.told("Count sheep …"))

    async def stopped(self, until: str = "One sheep") -> dict[str, Any]:
        """Say something, press Stop several times while the tool is at work, and return the turn in the end."""
        kit = ChatKitClient(self.async_client, self.ann)
        response = await kit.post("threads.create", {"input": user_input("count")})
        async for chunk in response.streaming_content:
            if until.encode() in chunk:
                for live in list(running.values()):
                    for _ in range(3):
                        live.stop()
                        await asyncio.sleep(0.05)
                    self.still_runs = not live.has_ended
                slow_tools.may_end.set()
        return await sync_to_async(journal.answer)((await Turn.objects.aget()).pk)

    async def test_a_stop_waits_for_the_call_that_was_begun(self) -> None:
        """It may change something, and the answer must tell of it, however often Stop is pressed."""
        answer = await self.stopped()
        self.assertTrue(self.still_runs)
        self.assertEqual(answer["status"], "stopped")
        self.assertEqual([call["result"]["result"] for call in answer["tool_calls"]], ["Two sheep."])

    async def test_a_stop_does_not_wait_for_a_call_that_hangs(self) -> None:
        with patch.object(engine, "LAST_CALL_SECONDS", 0.05):
            answer = await self.stopped()
        self.assertFalse(self.still_runs)
        self.assertEqual((answer["status"], answer["tool_calls"]), ("stopped", []))
