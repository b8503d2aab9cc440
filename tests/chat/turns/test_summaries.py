"""What the model does between turns: names a conversation, sums up what grows too long."""

import asyncio
import json
from typing import Any

from django.test import TransactionTestCase, override_settings

from chat.models import Conversation, Summary, Turn
from chat.turns import summaries
from tests.faults.provider import Asked, Provider, Reply
from tests.people import sign_up

LONG = "word " * 120


def assistant(asked: Asked) -> Reply:
    """Answer at length; name and sum up as the prompts ask."""
    prompt = str(asked.items[0].get("content"))
    if prompt.startswith("You name conversations"):
        return Reply(['"Groceries for the week."'])
    if prompt.startswith("You keep the record"):
        return Reply([f"Record {len(asked.said)}: the person likes oat milk."])
    return Reply([LONG])


class UpkeepTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider(keep_alive=False).scripted("talk", assistant)
        url = self.enterContext(self.provider.serving())
        model = {"MODEL_PROVIDER": "custom", "MODEL_BASE_URL": url, "MODEL_NAME": "talk"}
        self.enterContext(override_settings(**model, HISTORY_TOKEN_BUDGET=1000))

    async def say(self, message: str, **body: Any) -> Any:
        response = await self.async_client.post(
            f"{self.ann.api}/chat",
            json.dumps({"message": message, **body}),
            content_type="application/json",
            headers=self.ann.headers,
        )
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*(task for task in others if task.get_name().startswith("turn_")))  # its upkeep too
        return response.json()

    async def talk(self, messages: int) -> str:
        talk = None
        for number in range(messages):
            talk = (await self.say(f"message {number}", conversation_id=talk))["conversation_id"]
        return str(talk)

    def given(self) -> list[dict[str, Any]]:
        """Return what the model was given for its last answer to the person."""
        asked = [asked.items for asked in self.provider.asked if "You keep the record" not in str(asked.items[0])]
        return asked[-1]

    def prompts(self) -> list[str]:
        return [str(asked.items[0]["content"]) for asked in self.provider.asked]

    async def title(self) -> str:
        return (await Conversation.objects.aget()).title

    async def test_the_model_names_a_conversation_once(self) -> None:
        with override_settings(MODEL_TITLES=True):
            talk = (await self.say("I need milk"))["conversation_id"]
            await self.say("and bread", conversation_id=talk)
        self.assertEqual(await self.title(), "Groceries for the week")
        self.assertEqual(sum(prompt.startswith("You name") for prompt in self.prompts()), 1)

    async def test_naming_counts_as_used_tokens(self) -> None:
        with override_settings(MODEL_TITLES=True):
            await self.say("I need milk")
        self.assertEqual((await Turn.objects.aget()).input_tokens, 200)

    async def test_a_name_given_by_a_person_stays(self) -> None:
        with override_settings(MODEL_TITLES=True):
            await self.say("I need milk")
            await Conversation.objects.aupdate(title="Mine")
            turn = await Turn.objects.select_related("question").aget()
            await summaries.name(turn)
        self.assertEqual(await self.title(), "Mine")

    async def test_a_failing_provider_harms_nothing(self) -> None:
        self.provider.scripted(
            "talk",
            lambda asked: (
                Reply(status=500)
                if len(asked.items) == 2 and asked.items[0]["content"].startswith("You name")
                else Reply(["Yes."])
            ),
        )
        with override_settings(MODEL_TITLES=True, MODEL_RETRIES=0):
            answer = await self.say("I need milk")
        self.assertEqual((answer["status"], await self.title()), ("completed", "I need milk"))

    async def test_what_is_older_is_summed_up_and_given_to_the_model(self) -> None:
        await self.talk(8)
        system, *rest = self.given()
        self.assertIn("likes oat milk", system["content"])
        said = [item["content"] for item in rest if item["role"] == "user"]
        self.assertNotIn("message 0", said)
        self.assertEqual(said[-1], "message 7")
        last = await Turn.objects.alatest("id")
        self.assertLess((await Summary.objects.alatest("turn")).pk, last.pk)

    async def test_each_summary_builds_on_the_one_before(self) -> None:
        await self.talk(14)
        asked = [asked.said for asked in self.provider.asked if "You keep the record" in str(asked.items[0])]
        self.assertGreater(len(asked), 1)
        self.assertTrue(asked[1].startswith("The record so far:\nRecord"))
        self.assertNotIn("message 0", asked[1])

    async def test_nothing_falls_between_summary_and_history(self) -> None:
        await self.talk(20)
        said = [asked.said for asked in self.provider.asked if "You keep the record" in str(asked.items[0])]
        last = [item["content"] for item in self.given() if item["role"] == "user"]
        known = " ".join(said) + " ".join(last)
        self.assertEqual([n for n in range(20) if f"message {n}" not in known], [])

    async def test_a_summary_of_a_hidden_branch_is_not_used(self) -> None:
        talk = await self.talk(8)
        first = await Turn.objects.select_related("question").order_by("id").afirst()
        assert first
        assert first.question
        await self.say("something else", conversation_id=talk, replaces=first.question.item_id)
        self.assertNotIn("oat milk", json.dumps(self.given()))

    async def test_a_long_conversation_costs_a_turn_no_more_than_a_short_one(self) -> None:
        await self.talk(30)
        sizes = [len(json.dumps(asked.items)) for asked in self.provider.asked if "word" in json.dumps(asked.items)]
        self.assertLess(max(sizes), 2 * 4 * 1000 + 6000)
