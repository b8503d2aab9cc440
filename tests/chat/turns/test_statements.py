"""How often a turn asks the database: each question costs a turn more than its answer."""

import json
from collections.abc import Callable
from typing import Any
from unittest import mock

from django.db import connection
from django.test import TransactionTestCase, override_settings

from accounts.open_connections import still_good
from chat.turns import lease
from core import sections
from tests.chat.protocol import ChatKitClient, thread_id
from tests.chat.turns.test_turns import add_milk
from tests.faults.provider import Provider
from tests.people import sign_up

# Stored, loaded, two responses and a call journaled, the task added, ended; read by who watches.
WITH_A_TOOL = 18
FOLLOWING = 9  # more: the conversation is looked up and locked, and what was said before is loaded
ANSWERED = 3  # REST answers with the whole turn, a stream with what is left of it


class StatementTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.asked: list[str] = []
        self.url = self.enterContext(Provider().scripted("milk", add_milk).serving())
        released = sections.released

        def counted(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            if work in (lease.tell, still_good):  # every moment, for all turns and streams, whatever they do
                return released(work, *args, **kwargs)
            with connection.execute_wrapper(self.count):
                return released(work, *args, **kwargs)

        self.enterContext(mock.patch.object(sections, "released", counted))

    def count(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        self.asked.append(sql)
        return execute(sql, *rest)

    async def chat(self, **body: Any) -> Any:
        body = {"message": "milk"} | body
        answer = await self.async_client.post(
            f"{self.ann.api}/chat", json.dumps(body), content_type="application/json", headers=self.ann.headers
        )
        self.assertEqual(answer.json()["status"], "completed")
        return answer.json()

    async def say(self, thread: str | None = None) -> str:
        """Say the same as the page does."""
        kit = ChatKitClient(self.async_client, self.ann)
        events = await kit.say("milk", thread)
        return thread or thread_id(events)

    async def test_a_turn_asks_so_often(self) -> None:
        model = {"MODEL_PROVIDER": "custom", "MODEL_BASE_URL": self.url, "MODEL_NAME": "milk"}
        with override_settings(**model, MODEL_TITLES=False):
            await self.chat()  # what is kept once: the prompt's template, the tools
            self.asked.clear()
            conversation_id = (await self.chat())["conversation_id"]
            self.check(WITH_A_TOOL + ANSWERED)
            await self.chat(conversation_id=conversation_id)
            self.check(WITH_A_TOOL + FOLLOWING + ANSWERED)

    async def test_a_turn_of_the_page_asks_no_more(self) -> None:
        model = {"MODEL_PROVIDER": "custom", "MODEL_BASE_URL": self.url, "MODEL_NAME": "milk"}
        with override_settings(**model, MODEL_TITLES=False):
            await self.say()  # what is kept once
            self.asked.clear()
            thread = await self.say()
            self.check(WITH_A_TOOL)
            await self.say(thread)
            self.check(WITH_A_TOOL + FOLLOWING)

    def check(self, expected: int) -> None:
        asked, self.asked = self.asked, []
        self.assertEqual(len(asked), expected, "\n".join(sql[:200] for sql in asked))
