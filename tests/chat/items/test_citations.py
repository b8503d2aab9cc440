"""Citations: from a model's markers to annotations, however the text is cut into pieces."""

import unittest
from typing import Any

from asgiref.sync import sync_to_async
from chatkit.types import AssistantMessageItem
from django.test import TransactionTestCase, override_settings

from chat.items.citations import Citations, Source
from chat.items.transcript import Transcript
from chat.models import Message, Step
from tests.chat.protocol import ChatKitClient, items, said, thread_id, user_input
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.knowledge.documents import add
from tests.people import sign_up

ONE = Source(key="doc-aaaaaa2", title="Handbook", url="/documents/doc_1#0-9")
TWO = Source(key="doc-bbbbbb3", title="Notes", url="/documents/doc_2#5-9")


def shown(text: str, size: int) -> tuple[str, list[tuple[str, int]]]:
    """Stream a text in pieces; return what the person reads, and what is cited where."""
    events: list[Any] = []
    transcript = Transcript("conv_1", events.append)
    transcript.citations.learn([ONE, TWO])
    for start in range(0, len(text), size):
        transcript.text(text[start : start + size], 0)
    (item,) = transcript.open_items()
    assert isinstance(item, AssistantMessageItem)
    transcript.close()
    (content,) = item.content
    updates = [event.update for event in events if event.type == "thread.item.updated"]
    assert "".join(update.delta for update in updates if update.type.endswith("text_delta")) == content.text
    assert [update.annotation for update in updates if update.type.endswith("annotation_added")] == content.annotations
    return content.text, [(note.source.title, note.index or 0) for note in content.annotations]


class CitationTests(unittest.TestCase):
    CASES = {
        "It is 28 days [doc-aaaaaa2].": ("It is 28 days.", [("Handbook", 13)]),
        "One [doc-aaaaaa2][doc-bbbbbb3] two": ("One two", [("Handbook", 3), ("Notes", 3)]),
        "One [doc-aaaaaa2, doc-bbbbbb3].": ("One.", [("Handbook", 3), ("Notes", 3)]),
        "One【doc-aaaaaa2】": ("One", [("Handbook", 3)]),
        "Unknown [doc-zzzzzz9] one": ("Unknown one", []),
        "Half known [doc-zzzzzz9; doc-bbbbbb3]": ("Half known", [("Notes", 10)]),
        "Emoji 😀 [doc-aaaaaa2]": ("Emoji 😀", [("Handbook", 8)]),
        "No marker [do not] [doc] [x](y) - [ ] a[0]": ("No marker [do not] [doc] [x](y) - [ ] a[0]", []),
        "Unfinished [doc-aaa": ("Unfinished [doc-aaa", []),
        "Spaces at the end  ": ("Spaces at the end  ", []),
        "```\nx [doc-aaaaaa2]\n```\nthen [doc-aaaaaa2]": ("```\nx [doc-aaaaaa2]\n```\nthen", [("Handbook", 28)]),
        "`[doc-aaaaaa2]` and [doc-bbbbbb3]": ("`[doc-aaaaaa2]` and", [("Notes", 19)]),
        "~~~\n[doc-aaaaaa2]": ("~~~\n[doc-aaaaaa2]", []),
    }

    def test_markers_become_annotations_however_the_text_is_cut(self) -> None:
        for text, wanted in self.CASES.items():
            for size in (1, 2, 3, 7, 1000):
                with self.subTest(text, size=size):
                    self.assertEqual(shown(text, size), wanted)

    def test_only_what_may_become_a_marker_is_held_back(self) -> None:
        citations = Citations()
        for text, held in [("See [", " ["), ("See [d", " [d"), ("a [li", ""), ("a [doc-x y", " [doc-x y"), ("a b", "")]:
            citations.held = ""
            self.assertEqual(list(citations.feed("", text)), [text.removesuffix(held) if held else text])
            self.assertEqual(citations.held, held)


def cite(asked: Asked) -> Reply:
    """Search, then cite everything that was found, a word at a time; later, cite it from memory."""
    if not asked.results:
        return Reply(calls=[Call("search_knowledge", {"query": "paid leave"})])
    marker = asked.results[0].partition("[")[2].partition("]")[0]
    return Reply(["There are ", "28 ", "days [", marker[:6], marker[6:] + "]", " and [doc-invented1]", " more."])


class CitedAnswerTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider(keep_alive=False).scripted("cite", cite)
        url = self.enterContext(self.provider.serving())
        self.enterContext(override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=url, MODEL_NAME="cite"))
        self.kit = ChatKitClient(self.async_client, self.ann)

    def annotations(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = items(events)[-1]["content"][0]["annotations"]
        return found

    async def test_an_answer_cites_the_passage_and_says_so_after_a_reload(self) -> None:
        document = await sync_to_async(add)(self.ann)
        events = await self.kit.say("how many days of leave?")
        self.assertEqual(said(events), "There are 28 days and more.")
        (note,) = self.annotations(events)
        self.assertEqual((note["index"], note["source"]["title"]), (len("There are 28 days"), "Handbook"))
        self.assertTrue(note["source"]["url"].startswith(f"/documents/{document.public_id}#"))
        listed = await self.kit.json("items.list", thread_id=thread_id(events), order="asc")
        self.assertEqual(listed["data"], items(events))

    async def test_a_later_turn_cites_what_an_earlier_one_found(self) -> None:
        await sync_to_async(add)(self.ann)
        first = await self.kit.say("how many days of leave?")
        second = await self.kit.say("are you sure?", thread_id(first))
        self.assertEqual(self.annotations(second), self.annotations(first))
        self.assertIn("[doc-", str(self.provider.last().items))  # the model reads its own markers

    async def test_the_sources_are_journaled_and_no_model_is_given_them(self) -> None:
        await sync_to_async(add)(self.ann)
        await self.kit.say("how many days of leave?")
        step = await Step.objects.aget(kind="tool")
        self.assertEqual([item["type"] for item in step.items], ["function_call_output", "errand.sources"])
        self.assertNotIn("errand.sources", str(self.provider.last().body))

    async def test_sources_of_other_peoples_conversations_are_not_known(self) -> None:
        await sync_to_async(add)(self.ann)
        await self.kit.say("how many days of leave?")
        marker = str((await Step.objects.aget(kind="tool")).items[0]["output"]).partition("[")[2].partition("]")[0]
        self.provider.scripted("cite", lambda asked: Reply([f"It is so [{marker}]."]))
        bob = ChatKitClient(self.async_client, await sync_to_async(sign_up)("Bob"))
        events = await bob.say("hello")
        self.assertEqual((said(events), self.annotations(events)), ("It is so.", []))

    async def test_quoted_text_reaches_the_model(self) -> None:
        self.provider.scripted("cite", lambda asked: Reply(["Well."]))
        quoted = user_input("what does that mean?") | {"quoted_text": "twenty-eight days"}
        events = await self.kit.stream("threads.create", input=quoted)
        self.assertEqual(items(events)[0]["quoted_text"], "twenty-eight days")
        self.assertEqual(self.provider.last().said, "<quoted>\ntwenty-eight days\n</quoted>\n\nwhat does that mean?")
        long = user_input("x") | {"quoted_text": "x" * 5_000}
        self.assertEqual((await self.kit.post("threads.create", {"input": long})).status_code, 422)

    async def test_an_answer_that_breaks_off_keeps_its_citations(self) -> None:
        await sync_to_async(add)(self.ann)

        def cut(asked: Asked) -> Reply:
            reply = cite(asked)
            return Reply(reply.text, reply.calls, ends="cut" if reply.text else "well")

        self.provider.scripted("cite", cut)
        await self.kit.say("how many days of leave?")
        message = await Message.objects.aget(kind="assistant_message")
        self.assertEqual(len(message.item["content"][0]["annotations"]), 1)
        self.assertEqual(message.text, "There are 28 days and more.")
