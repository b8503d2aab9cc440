"""Conversations as files: they come back as they were, and can be given away without the words of people."""

import asyncio
import json
import re
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import jsonschema
from django.core.management import CommandError
from django.test import TransactionTestCase, override_settings

from chat.models import Conversation, Message, Step, Turn
from chat.replay import export_files
from chat.turns import starting
from tasks.models import Change, Operation, Task
from tasks.rules import operations
from tests.chat.talking import command, command_json, talk
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.people import sign_up
from tests.server import ROOT

SCHEMA = ROOT / "docs" / "conversation.schema.json"
SAID = [
    "add Call Zanzibar Plumbing about the leaking faucet tomorrow at 5pm #Bathroom p1",
    "remind me to visit Grandmother Philomena every friday",
    "rename the first one to Phone 0301234567 Kowalczyk",
    "delete the second one",
    "show my tasks",
]


class Exporting(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up("Wilhelmina")
        self.folder = Path(mkdtemp())

    def export(self, conversation: Conversation, *options: str) -> Path:
        path = self.folder / f"{len(list(self.folder.iterdir()))}.json"
        command("export_conversation", conversation.public_id, "--output", path, *options)
        return path

    def recorded(self, *arguments: Any) -> Any:
        status, printed = command_json("replay_conversation", *arguments, "--recorded")
        self.assertEqual((status, printed["failures"]), (0, {}), printed)
        return printed["replays"][0]["end"]


class ExportTests(Exporting):
    def test_exports_fit_their_schema_which_is_the_documented_one(self) -> None:
        self.assertEqual(SCHEMA.read_text(), export_files.schema())
        conversation = talk(self.ann, *SAID)
        for options in ([], ["--anonymize"]):
            document = json.loads(self.export(conversation, *options).read_text())
            jsonschema.validate(document, json.loads(SCHEMA.read_text()))

    def test_what_was_exported_and_deleted_comes_back_and_replays_the_same(self) -> None:
        operations.add_task(self.ann.caller(), {"title": "Water the plants"})
        conversation = talk(self.ann, *SAID)
        path = self.export(conversation)
        before = self.recorded(conversation.public_id)
        asyncio.run(starting.delete_conversation(self.ann.user, conversation.public_id))
        for model in (Change, Operation, Task):
            model.objects.all().delete()
        command("import_conversation", path, "--user", "wilhelmina@example.org")
        self.assertEqual(self.recorded(conversation.public_id), before)
        again, first = (json.loads(each.read_text()) for each in (self.export(Conversation.objects.get()), path))
        self.assertEqual(again | {"exported_at": None}, first | {"exported_at": None})

    def test_an_imported_conversation_can_be_gone_on_with(self) -> None:
        path = self.export(talk(self.ann, "add milk"))
        Conversation.objects.all().delete()
        bob = sign_up("Bob")
        command("import_conversation", path, "--user", bob.user.subject)
        conversation = Conversation.objects.get()
        talk(bob, "what did I say?", conversation=conversation)
        self.assertEqual((conversation.user, Turn.objects.count()), (bob.user, 2))

    def test_an_imported_conversation_replays_by_the_time_zone_of_who_talked(self) -> None:
        def script(asked: Asked) -> Reply:
            call = Call("add_task", {"title": "Buy milk", "due": "tomorrow"})
            return Reply(["Done."]) if asked.has_results else Reply(calls=[call])

        url = self.enterContext(Provider(keep_alive=False).scripted("add", script).serving())
        with override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=url, MODEL_NAME="add"):
            path = self.export(talk(sign_up("Kiri", "Pacific/Kiritimati"), "Milk!"))
        Conversation.objects.all().delete()
        sina = sign_up("Sina", "Pacific/Pago_Pago")  # where no moment has the date of Kiritimati
        command("import_conversation", path, "--user", sina.user.subject)
        self.recorded(Conversation.objects.get().public_id)

    def test_a_file_replays_as_the_conversation_does(self) -> None:
        conversation = talk(self.ann, *SAID)
        self.assertEqual(self.recorded("--file", self.export(conversation)), self.recorded(conversation.public_id))

    def test_what_is_here_already_is_not_imported(self) -> None:
        path = self.export(talk(self.ann, "add milk"))
        with self.assertRaisesMessage(CommandError, "exists here already"):
            command("import_conversation", path, "--user", self.ann.user.subject)

    def test_what_is_no_export_is_refused_in_a_line(self) -> None:
        path = self.folder / "other.json"
        for content in ('{"format": "errand-export"}', "nothing", "[]"):
            path.write_text(content)
            with self.assertRaisesMessage(CommandError, "is not an exported conversation"):
                command("import_conversation", path, "--user", self.ann.user.subject)

    def test_several_go_into_a_folder(self) -> None:
        for word in ("milk", "eggs"):
            talk(self.ann, f"add {word}")
        command("export_conversation", "--since", "2020-01-01", "--output", self.folder)
        self.assertEqual(len(list(self.folder.iterdir())), 2)


class AnonymousTests(Exporting):
    def words(self, path: Path) -> set[str]:
        document = json.loads(path.read_text())
        texts = json.dumps({name: document[name] for name in document if name not in {"prompts", "toolsets"}})
        return {word.lower() for word in re.findall(r"[^\W\d_]{4,}", texts)}

    def test_nothing_that_a_person_said_is_in_it(self) -> None:
        conversation = talk(self.ann, *SAID)
        words = self.words(self.export(conversation, "--anonymize"))
        private = "zanzibar plumbing leaking faucet bathroom grandmother philomena kowalczyk phone wilhelmina"
        self.assertEqual(words & set(private.split()), set())

    def test_ids_and_long_numbers_are_others_and_dates_stay(self) -> None:
        conversation = talk(self.ann, *SAID)
        path = self.export(conversation, "--anonymize")
        for id in (conversation.pk, *Turn.objects.values_list("pk", flat=True), *Operation.objects.values_list("pk")):
            self.assertNotIn(getattr(id, "hex", str(id)), path.read_text())
        self.assertNotIn("0301234567", path.read_text())
        self.assertIn(Task.objects.get(number=1).due_date.isoformat(), path.read_text())  # type: ignore[union-attr]

    def test_words_that_became_names_of_members_are_replaced(self) -> None:
        said = ["add water the rhododendron #Philomena", "add call Bob #Philomena", "give me an overview"]
        conversation = talk(self.ann, *said)
        overview = Step.objects.get(name="overview", turn__conversation=conversation)
        self.assertIn("philomena", str(overview.result).lower())
        path = self.export(conversation, "--anonymize")
        self.assertTrue(self.words(path).isdisjoint({"philomena", "rhododendron"}))
        self.recorded("--file", path)

    def test_it_replays_the_same_way(self) -> None:
        operations.add_task(self.ann.caller(), {"title": "Water the rhododendron", "labels": ["garden"]})
        conversation = talk(self.ann, *SAID)
        end = self.recorded("--file", self.export(conversation, "--anonymize"))
        real = self.recorded(conversation.public_id)
        self.assertEqual(shape(end), shape(real))

    def test_texts_in_arguments_that_are_no_json_are_replaced_too(self) -> None:
        def script(asked: Asked) -> Reply:
            if len(asked.results) == 0:
                return Reply(calls=[Call("add_task", '{"title": "Xylophone lesson",,}')])
            if len(asked.results) == 1:
                return Reply(calls=[Call("order_pizza", {"topping": "Artichokes"})])
            return Reply(["Your Xylophone is out of tune."])

        with Provider(keep_alive=False).scripted("odd", script).serving() as url:
            settings = override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=url, MODEL_NAME="odd")
            with settings:
                conversation = talk(self.ann, "Book the Xylophone lesson and Artichokes")
        path = self.export(conversation, "--anonymize")
        self.assertTrue(self.words(path).isdisjoint({"xylophone", "artichokes", "lesson"}))
        self.recorded("--file", path)

    def test_widgets_questions_files_and_tags_are_replaced_too_and_can_still_be_read(self) -> None:
        def script(asked: Asked) -> Reply:
            if asked.has_results:
                return Reply(["Look at #1."])
            if "what" in asked.said:
                return Reply(calls=[Call("ask_user", {"questions": [{"question": "Xylophone or Artichokes?"}]})])
            return Reply(calls=[Call("list_tasks", {"show": True})])

        operations.add_task(self.ann.caller(), {"title": "Xylophone lesson", "labels": ["artichokes"]})
        provider = Provider(keep_alive=False).scripted("odd", script)
        url = self.enterContext(provider.serving())
        with override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=url, MODEL_NAME="odd"):
            conversation = talk(self.ann, "list the Xylophone and Artichokes", "what now?")
        message = Message.objects.filter(kind="user_message").earliest("id")
        tag = {"type": "input_tag", "id": "label:artichokes", "text": "artichokes", "data": {"label": "artichokes"}}
        picture = {"id": "atc_" + "1" * 32, "type": "image", "name": "Xylophone.png", "mime_type": "image/png"}
        message.item["content"].append(tag)
        message.item["attachments"] = [picture | {"preview_url": f"https://x.org/api/{self.ann.user.subject}/x"}]
        message.save()
        path = self.export(conversation, "--anonymize")
        self.assertTrue(self.words(path).isdisjoint({"xylophone", "artichokes", "lesson"}))
        self.assertNotIn(self.ann.user.subject, path.read_text())
        Conversation.objects.all().delete()
        command("import_conversation", path, "--user", self.ann.user.subject)
        kinds = [each.as_item().type for each in Message.objects.order_by("id")]
        self.assertIn("structured_input", kinds)
        self.assertIn("widget", kinds)


def shape(end: Any) -> list[Any]:
    """Return what of tasks is no text."""
    found = end["new"]["tasks"].items()
    return [
        (name, task["due_date"], task["recurrence"], task["completed"], len(task["labels"])) for name, task in found
    ]
