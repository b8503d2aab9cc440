"""What is chosen beside a message: the model, a tool, tags, and a recording instead of typing."""

import base64
import json
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import TransactionTestCase, override_settings

from chat.llm import providers
from chat.models import Conversation, Turn
from config.environment import ComposerTool, ModelChoice
from config.views import page_config
from tasks.rules import operations
from tests.chat.protocol import ChatKitClient, items, said, thread_id, user_input
from tests.faults.provider import Provider, Reply
from tests.knowledge.documents import add
from tests.people import sign_up

TAG = {"type": "input_tag", "id": "task:1", "text": "Buy [milk]", "data": {"type": "task"}, "interactive": True}


class ComposerCase(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider()
        self.url = self.enterContext(self.provider.serving())
        choices = [ModelChoice(id="hello", label="Quick"), ModelChoice(id="task", label="Thorough")]
        self.enterContext(
            override_settings(
                MODEL_PROVIDER="custom", MODEL_BASE_URL=self.url, MODEL_NAME="hello", MODEL_CHOICES=choices
            )
        )
        self.kit = ChatKitClient(self.async_client, self.ann)

    async def choose(self, text: str, thread: str | None = None, **options: Any) -> list[dict[str, Any]]:
        message = user_input(text) | {"inference_options": options}
        if thread:
            return await self.kit.stream("threads.add_user_message", thread_id=thread, input=message)
        return await self.kit.stream("threads.create", input=message)


class ChoiceTests(ComposerCase):
    async def test_the_chosen_model_answers_and_the_turn_records_it(self) -> None:
        await self.choose("milk", model="task")
        self.assertEqual((self.provider.last().body["model"], (await Turn.objects.aget()).model), ("task", "task"))

    async def test_without_a_choice_that_of_the_settings_answers(self) -> None:
        thread = thread_id(await self.choose("milk", model="task"))
        await self.kit.say("hello", thread)
        self.assertEqual(self.provider.last().body["model"], "hello")

    async def test_a_retry_asks_the_same_model(self) -> None:
        events = await self.choose("milk", model="task")
        question = items(events)[0]["id"]
        await self.kit.stream("threads.retry_after_item", thread_id=thread_id(events), item_id=question)
        self.assertEqual(self.provider.last().body["model"], "task")

    async def test_a_chosen_tool_must_be_called_first_and_only_first(self) -> None:
        await self.choose("what is up?", model="task", tool_choice={"id": "overview"})
        first, second = self.provider.asked
        self.assertEqual(first.body["tool_choice"], {"type": "function", "function": {"name": "overview"}})
        self.assertIn(second.body.get("tool_choice"), (None, "auto"))

    async def test_the_offline_model_uses_a_chosen_tool_too(self) -> None:
        await sync_to_async(add)(self.ann)
        with override_settings(MODEL_PROVIDER="offline", MODEL_CHOICES=[]):
            events = await self.choose("leave", tool_choice={"id": "search_knowledge"})
        workflow = next(item for item in items(events) if item["type"] == "workflow")
        self.assertIn("documents", json.dumps(workflow))

    async def test_what_is_not_offered_is_refused_and_nothing_stored(self) -> None:
        for options in [{"model": "gpt-99"}, {"tool_choice": {"id": "delete_task"}}, {"model": "x" * 10_000}]:
            message = user_input("hi") | {"inference_options": options}
            response = await self.kit.post("threads.create", {"input": message})
            self.assertEqual(response.status_code, 422)
        self.assertEqual(await Conversation.objects.acount(), 0)

    def test_the_page_is_told_what_there_is(self) -> None:
        with override_settings(COMPOSER_TOOLS=[ComposerTool(id="overview", label="Overview")]):
            config = page_config()
        self.assertEqual(
            config["models"],
            [{"id": "hello", "label": "Quick", "default": True}, {"id": "task", "label": "Thorough", "default": False}],
        )
        self.assertEqual(config["tools"], [{"id": "overview", "label": "Overview"}])

    def test_a_replay_against_another_model_is_not_led_astray_by_a_choice(self) -> None:
        with providers.choosing(providers.Choice("custom", "other", self.url)):
            self.assertEqual(providers.model_name("task"), "other")


class TagTests(ComposerCase):
    async def say_tagged(self, tag: dict[str, Any]) -> list[dict[str, Any]]:
        content = [{"type": "input_text", "text": "complete "}, tag, {"type": "input_text", "text": " please"}]
        message = user_input("") | {"content": content}
        return await self.kit.stream("threads.create", input=message)

    async def test_a_tag_reaches_the_model_as_a_link_that_names_what_is_meant(self) -> None:
        events = await self.say_tagged(TAG)
        self.assertEqual(self.provider.last().said, "complete [Buy (milk)](task:1) please")
        self.assertEqual(items(events)[0]["content"][1]["id"], "task:1")
        self.assertEqual((await Conversation.objects.aget()).title, "complete Buy [milk] please")

    async def test_the_offline_model_understands_it(self) -> None:
        await sync_to_async(operations.add_task)(self.ann.caller(), {"title": "Buy milk", "labels": ["home"]})
        with override_settings(MODEL_PROVIDER="offline", MODEL_CHOICES=[]):
            self.assertIn("Done: **Buy milk**", said(await self.say_tagged(TAG)))

    async def test_tags_that_are_too_many_or_too_large_are_refused(self) -> None:
        for content in ([TAG] * 60, [TAG | {"data": {"x": "x" * 5_000}}], [TAG | {"text": "x" * 900}]):
            response = await self.kit.post("threads.create", {"input": user_input("") | {"content": content}})
            self.assertEqual(response.status_code, 422)

    async def test_tasks_labels_and_documents_are_found_to_be_tagged(self) -> None:
        await sync_to_async(operations.add_task)(self.ann.caller(), {"title": "Buy hand soap", "labels": ["handy"]})
        await sync_to_async(add)(self.ann)
        found = (await self.get("entities?q=hand")).json()["items"]
        self.assertEqual([each["group"] for each in found], ["Tasks", "Labels", "Documents"])
        self.assertEqual([each["id"].partition(":")[0] for each in found], ["task", "label", "document"])
        self.assertEqual(found[0]["data"], {"type": "task", "number": "1"})
        for each in found:
            preview = (await self.get(f"entities/{each['id']}")).json()["preview"]
            self.assertEqual(preview["type"], "Basic")
            self.assertIn(each["title"], json.dumps(preview))

    async def test_nothing_of_others_is_found_or_shown(self) -> None:
        await sync_to_async(operations.add_task)(self.ann.caller(), {"title": "Buy milk", "labels": ["home"]})
        document = await sync_to_async(add)(self.ann)
        self.kit.person = self.ann = await sync_to_async(sign_up)("Bob")
        self.assertEqual((await self.get("entities")).json()["items"], [])
        for id in (
            "task:1",
            "label:home",
            f"document:{document.public_id}",
            "task:",
            "task:x",
            "x",
            "task:" + "9" * 40,
        ):
            with self.subTest(id):
                self.assertEqual((await self.get(f"entities/{id}")).json(), {"preview": None})

    async def get(self, path: str) -> Any:
        return await self.async_client.get(f"{self.ann.api}/{path}", headers=self.ann.headers)


class DictationTests(ComposerCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(override_settings(TRANSCRIPTION_BASE_URL=self.url, TRANSCRIPTION_MODEL="whisper-1"))

    async def dictate(self, audio: bytes, mime_type: str = "audio/webm;codecs=opus") -> Any:
        given = {"audio_base64": base64.b64encode(audio).decode(), "mime_type": mime_type}
        return await self.kit.post("input.transcribe", given)

    async def test_what_is_said_comes_back_as_text(self) -> None:
        response = await self.dictate(b" Buy milk tomorrow. ")
        self.assertEqual(response.json(), {"text": "Buy milk tomorrow."})
        self.assertEqual(self.provider.heard, [{"model": "whisper-1", "name": "speech.webm", "type": "audio/webm"}])

    async def test_a_recording_may_be_longer_than_any_other_request(self) -> None:
        response = await self.dictate(b"a" * 2_000_000)
        self.assertEqual(len(response.json()["text"]), 2_000_000)
        message = {"input": user_input("x" * 2_000_000)}
        self.assertEqual((await self.kit.post("threads.create", message)).status_code, 413)
        with override_settings(TRANSCRIPTION_BYTES_LIMIT=1_000_000):
            self.assertIn((await self.dictate(b"a" * 1_000_001)).status_code, {413, 422})
            self.assertEqual((await self.dictate(b"a" * 2_000_000)).status_code, 413)

    async def test_recordings_that_cannot_be_read_are_refused(self) -> None:
        self.assertEqual((await self.dictate(b"")).status_code, 422)
        self.assertEqual((await self.dictate(b"x", "video/mp4")).status_code, 422)
        response = await self.kit.post("input.transcribe", {"audio_base64": "%%%", "mime_type": "audio/webm"})
        self.assertEqual(response.status_code, 422)
        self.assertEqual(self.provider.heard, [])

    async def test_a_service_that_fails_is_told_in_words(self) -> None:
        self.provider.queue.extend([Reply(status=401), Reply(status=401)])
        response = await self.dictate(b"x")
        self.assertEqual(response.status_code, 422)
        self.assertIn("does not work at the moment", response.json()["detail"])

    async def test_where_none_is_set_it_is_not_offered(self) -> None:
        with override_settings(TRANSCRIPTION_BASE_URL=""):
            self.assertFalse(page_config()["dictation"])
            self.assertEqual((await self.dictate(b"x")).status_code, 422)
            self.assertEqual((await self.dictate(b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE)).status_code, 413)
        self.assertTrue(page_config()["dictation"])
