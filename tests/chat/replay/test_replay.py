"""Replays: the recording gives the same tasks again, another model or prompt shows a difference, nothing is left."""

import asyncio
import datetime
import json
import re
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from django.core.management import CommandError
from django.db import connection
from django.test import TransactionTestCase, override_settings

from chat.models import Conversation, Step, Turn
from chat.replay import scratch_database
from chat.turns import branches, starting
from tasks.models import Change, Operation, Task
from tasks.rules import operations, undo
from tests.chat.talking import command, command_json, ended, talk
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.people import sign_up
from tests.recordings import keep_here, keep_now
from tests.replays import check, dump


def databases() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'errand_sandbox%'")
        return [name for (name,) in cursor.fetchall()]


class ReplayTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()

    def add(self, *titles: str) -> None:
        for title in titles:
            operations.add_task(self.ann.caller(), {"title": title})

    def replay(self, conversation: Conversation, *options: Any) -> tuple[int, Any]:
        status, printed = command_json("replay_conversation", conversation.public_id, *options)
        self.assertEqual(printed["failures"], {})
        return status, printed["replays"][0]

    def test_the_recording_gives_the_same_tasks_and_leaves_no_trace(self) -> None:
        self.add("Water the plants", "Call Bob")
        said = [
            "add buy milk tomorrow at 5pm",
            "every friday remind me to swim",
            "delete call bob",
            "undo that",
            "done with milk",
        ]
        conversation = talk(self.ann, *said)
        self.add("Something after it")
        before = dump()
        status, replayed = self.replay(conversation, "--recorded")
        self.assertEqual(dump(), before)
        self.assertEqual(databases(), [])
        self.assertEqual((status, replayed["differences"]), (0, []))
        self.assertTrue(all(turn["is_same"] for turn in replayed["turns"]), replayed["turns"])
        self.assertNotIn("Something after it", str(replayed["end"]["new"]))
        self.assertIn("Buy milk".lower(), str(replayed["end"]["new"]).lower())

    def test_what_happened_elsewhere_meanwhile_happens_again(self) -> None:
        conversation = talk(self.ann, "add buy milk")
        operations.update_task(self.ann.caller(), 1, {"title": "Buy oat milk"})
        self.add("From the page")
        undo.undo_last(self.ann.caller())
        self.add("Another")
        talk(self.ann, "complete oat milk", "add eggs", conversation=conversation)
        status, replayed = self.replay(conversation, "--recorded")
        self.assertEqual((status, replayed["differences"]), (0, []))
        self.assertEqual(list(replayed["end"]["new"]["tasks"]), ["#1", "#3", "#4"])

    def test_what_somebody_did_while_the_model_answered_comes_before_its_call(self) -> None:
        self.add("From the page")
        conversation = talk(self.ann, "add buy milk")
        answered = Step.objects.filter(kind=Step.Kind.RESPONSE).earliest("number").created_at
        called = Operation.objects.get(source="chat").created_at
        Operation.objects.filter(source="rest").update(created_at=answered + (called - answered) / 2)
        status, replayed = self.replay(conversation, "--recorded")
        self.assertEqual((status, replayed["differences"]), (0, []))

    def test_an_undo_reaches_back_before_the_conversation(self) -> None:
        talk(self.ann, "add buy milk", "add eggs")
        conversation = talk(self.ann, "undo")
        status, replayed = self.replay(conversation, "--recorded")
        self.assertEqual((status, list(replayed["end"]["new"]["tasks"])), (0, ["#1"]))

    def test_only_the_shown_branch_is_replayed(self) -> None:
        conversation = talk(self.ann, "add milk", "add eggs")
        first = Turn.objects.order_by("id").first()
        assert first
        question = first.question
        assert question

        async def edit() -> None:
            item = starting.user_message("add tea")
            request = starting.Request.of(None, 1)
            turn = await starting.say(self.ann.user, conversation.public_id, item, request, question.item_id)
            await ended(turn)

        asyncio.run(edit())
        status, replayed = self.replay(conversation, "--recorded")
        self.assertEqual((status, [turn["message"] for turn in replayed["turns"]]), (0, ["add tea"]))
        self.assertEqual(len(replayed["end"]["new"]["tasks"]), Task.objects.count())
        branches.activate(self.ann.user, first.public_id)
        status, replayed = self.replay(conversation, "--recorded")
        self.assertEqual([turn["message"] for turn in replayed["turns"]], ["add milk", "add eggs"])

    def test_a_part_begins_with_the_tasks_and_the_words_of_its_beginning(self) -> None:
        conversation = talk(self.ann, "add buy milk", "move it to friday", "complete it")
        status, replayed = self.replay(conversation, "--from", 2, "--until", 2)
        self.assertEqual((status, [turn["number"] for turn in replayed["turns"]]), (0, [2]))
        self.assertEqual({call["kind"] for call in replayed["turns"][0]["calls"]}, {"same"})

    def test_it_runs_at_the_recorded_time(self) -> None:
        conversation = talk(self.ann, "add buy milk tomorrow at 5pm")
        began = datetime.datetime(2024, 2, 28, 10, tzinfo=datetime.UTC)
        Turn.objects.update(created_at=began, ended_at=began + datetime.timedelta(minutes=1))
        Step.objects.update(created_at=began)
        Operation.objects.update(created_at=began + datetime.timedelta(seconds=1))
        _, replayed = self.replay(conversation)
        self.assertEqual(replayed["end"]["new"]["tasks"]["#1"]["due_date"], "2024-02-29")

    def test_many_are_replayed_in_parallel_and_summed_up(self) -> None:
        for word in ("milk", "eggs", "tea"):
            talk(self.ann, f"add {word}", "complete it")
        status, printed = command("replay_conversation", "--since", "2020-01-01", "--recorded", "--parallel", 3)
        self.assertEqual(status, 0, printed)
        self.assertIn("3 of 3 end alike", printed)

    def test_those_with_bad_answers_are_chosen(self) -> None:
        for word in ("milk", "eggs"):
            talk(self.ann, f"add {word}")
        Turn.objects.filter(question__text="add milk").update(feedback="negative")
        status, printed = command("replay_conversation", "--feedback", "negative", "--recorded")
        self.assertEqual(status, 0, printed)
        self.assertIn("milk", printed)
        self.assertNotIn("eggs", printed)

    def test_what_cannot_be_is_said(self) -> None:
        for arguments in (["conv_1"], ["--since", "soon"], ["--file", "/nowhere"], []):
            with self.subTest(arguments), self.assertRaises(CommandError) as caught:
                command("replay_conversation", *arguments)
            self.assertEqual(caught.exception.returncode, 2)


class RecordedTests(TransactionTestCase):
    """What `tests.recordings` keeps, as `tests.replays` checks it: `uv run pytest --recordings=DIR` does so for all."""

    def setUp(self) -> None:
        self.folder = Path(mkdtemp())
        talk(sign_up(), "add buy milk tomorrow at 5pm", "add eggs", "complete milk", "undo")
        talk(sign_up("Bob", "Asia/Tokyo"), "every friday remind me to swim")
        keep_here(self.folder / "here")
        keep_now()
        for model in (Conversation, Change, Operation, Task):
            model.objects.all().delete()

    def test_they_reproduce_their_tasks_and_leave_no_trace(self) -> None:
        self.assertEqual(check(self.folder), ["2 of 2 end alike, 6 of 6 calls are the same"])

    def test_one_that_ended_otherwise_is_named(self) -> None:
        path = next(path for path in self.folder.glob("*/*") if "swim" in path.read_text())
        recorded = json.loads(path.read_text())
        recorded["states"]["tasks"]["operations"][0]["changes"][0]["after"]["title"] = "Dive"
        path.write_text(json.dumps(recorded))
        figures, fault = check(self.folder)
        self.assertIn("1 of 2 end alike", figures)
        self.assertRegex(fault, f"^here {path.stem}: tasks #1 title: Dive → .*swim")


class SandboxTests(TransactionTestCase):
    def test_what_a_killed_replay_left_is_dropped_by_the_next(self) -> None:
        old = f"{scratch_database.PREFIX}{int(time.time()) - 7200:x}_0123"
        scratch_database.create(old)
        self.assertIn(old, databases())
        talk(sign_up(), "hello")
        command("replay_conversation", "--limit", 1, "--recorded")
        self.assertEqual(databases(), [])

    def test_who_may_make_no_database_is_told_what_to_do(self) -> None:
        talk(sign_up(), "hello")
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE poor; GRANT pg_read_all_data TO poor")
        options = connection.settings_dict["OPTIONS"]
        try:
            options["options"] = "-c role=poor"
            with self.assertRaisesMessage(CommandError, "CREATEDB"):
                command("replay_conversation", "--limit", 1, "--recorded")
        finally:
            del options["options"]
            connection.close()
            with connection.cursor() as cursor:
                cursor.execute("DROP OWNED BY poor; DROP ROLE poor")


class OtherModelTests(TransactionTestCase):
    """Conversations with models on the wire, and replays with others."""

    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider(keep_alive=False)
        self.provider.scripted(
            "delete", calls(Call("delete_task", {"task_id": 1}), Call("add_task", {"title": "Rest"}))
        )
        self.provider.scripted("other", calls(Call("delete_task", {"task_id": 2}), Call("list_tasks", {})))
        self.url = self.enterContext(self.provider.serving())
        for title in ("Buy milk", "Call Bob"):
            operations.add_task(self.ann.caller(), {"title": title})

    def talk(self, model: str, *said: str) -> Conversation:
        with override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=self.url, MODEL_NAME=model):
            return talk(self.ann, *said)

    def retry(self, model: str) -> None:
        turn = Turn.objects.get()

        async def run() -> None:
            await ended(await starting.retry(self.ann.user, turn.public_id, starting.Request.of(None, 1)))

        with override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=self.url, MODEL_NAME=model):
            asyncio.run(run())

    def test_another_model_shows_a_difference(self) -> None:
        conversation = self.talk("delete", "Tidy up")
        options = ["--provider", "custom", "--base-url", self.url, "--model", "other"]
        status, printed = command_json("replay_conversation", conversation.public_id, *options)
        (replayed,) = printed["replays"]
        self.assertEqual(status, 1)
        kinds = [(call["kind"], call["name"]) for call in replayed["turns"][0]["calls"]]
        self.assertEqual(kinds, [("changed", "delete_task"), ("missing", "add_task"), ("added", "list_tasks")])
        self.assertEqual(list(replayed["end"]["new"]["tasks"]), ["#1"])
        self.assertEqual([each["thing"] for each in replayed["differences"]], ["tasks #1", "tasks #2", "tasks #3"])

    def test_what_was_approved_is_approved_again(self) -> None:
        conversation = self.talk("delete", "Tidy up")
        status, printed = command_json("replay_conversation", conversation.public_id, "--recorded")
        self.assertEqual((status, printed["replays"][0]["differences"]), (0, []))

    def test_nobody_approves_where_that_is_said(self) -> None:
        conversation = talk(self.ann, "hello")
        options = ["--provider", "custom", "--base-url", self.url, "--model", "delete", "--approve", "none"]
        _, printed = command_json("replay_conversation", conversation.public_id, *options)
        self.assertIn("#1", printed["replays"][0]["end"]["new"]["tasks"])

    def test_another_prompt_shows_a_difference(self) -> None:
        def obedient(asked: Asked) -> Reply:
            if asked.has_results:
                return Reply(["Done."])
            title = "Arr" if "pirate, and serve Ann" in str(asked.items[0]) else "Yes"
            return Reply(calls=[Call("add_task", {"title": title})])

        self.provider.scripted("obedient", obedient)
        conversation = self.talk("obedient", "Say yes as a task")
        prompt = Path(mkdtemp()) / "prompt.md"
        prompt.write_text("You are a pirate, and serve {{ name }}.\nNow: {{ now }}")
        options = ["--provider", "custom", "--base-url", self.url, "--model", "obedient"]
        status, printed = command_json("replay_conversation", conversation.public_id, *options)
        self.assertEqual((status, printed["replays"][0]["differences"]), (0, []))
        status, printed = command_json("replay_conversation", conversation.public_id, *options, "--prompt", prompt)
        (difference,) = printed["replays"][0]["differences"]
        self.assertEqual((status, difference["old"], difference["new"]), (1, "Yes", "Arr"))

    def test_another_tool_set_shows_a_difference(self) -> None:
        conversation = self.talk("task", "Buy tea")
        options = ["--provider", "custom", "--base-url", self.url, "--model", "task"]
        tools = ["--mcp-server", "knowledge.surfaces.mcp.server"]
        status, printed = command_json("replay_conversation", conversation.public_id, *options, *tools)
        self.assertEqual((status, [each["thing"] for each in printed["replays"][0]["differences"]]), (1, ["tasks #3"]))

    def test_both_sides_are_printed_beside_each_other(self) -> None:
        conversation = self.talk("delete", "Tidy up")
        options = ["--provider", "custom", "--base-url", self.url, "--model", "other"]
        status, printed = command("replay_conversation", conversation.public_id, *options)
        self.assertEqual(status, 1)
        self.assertRegex(printed, r'~ delete_task \{"task_id": 1\} +delete_task \{"task_id": 2\}')
        self.assertIn("In the end: 3 differences", printed)

    def test_a_turn_that_failed_ends_with_the_same_tasks(self) -> None:
        conversation = self.talk("cut-after-task", "Buy tea")
        status, printed = command_json("replay_conversation", conversation.public_id, "--recorded")
        (turn,) = printed["replays"][0]["turns"]
        self.assertEqual((status, turn["old"]["status"], turn["new"]["status"]), (0, "failed", "failed"))
        self.assertEqual((turn["new"]["answer"], turn["is_same"]), ("Half of an", True))

    def test_what_a_retry_went_on_from_is_done_once(self) -> None:
        conversation = self.talk("cut-after-task", "Buy tea")
        self.retry("hello")
        status, printed = command_json("replay_conversation", conversation.public_id, "--recorded")
        self.assertEqual((status, printed["replays"][0]["differences"]), (0, []))
        self.assertEqual(len(printed["replays"][0]["end"]["new"]["tasks"]), 3)

    def test_what_a_failed_turn_said_is_not_said_again_by_its_retry(self) -> None:
        call = Call("add_task", {"title": "Tea"})
        cut = Reply(["Half"], ends="cut")
        self.provider.scripted("moment", lambda asked: cut if asked.has_results else Reply(["One moment."], [call]))
        conversation = self.talk("moment", "Buy tea")
        self.retry("hello")
        _, printed = command_json("replay_conversation", conversation.public_id, "--recorded")
        (turn,) = printed["replays"][0]["turns"]
        self.assertEqual((turn["old"]["answer"], turn["is_same"]), (turn["new"]["answer"], True))

    def test_a_retry_after_calls_that_cannot_be_made_is_replayed_to_its_end(self) -> None:
        conversation = self.talk("no-such-tool", "Buy tea")
        self.retry("hello")
        _, printed = command_json("replay_conversation", conversation.public_id, "--recorded")
        (turn,) = printed["replays"][0]["turns"]
        self.assertEqual((turn["new"]["status"], turn["is_same"]), ("completed", True))

    def test_a_recording_without_its_history_says_so(self) -> None:
        conversation = self.talk("task", "Buy tea")
        keep_now()
        for model in (Change, Operation):
            model.objects.all().delete()
        status, printed = command("replay_conversation", conversation.public_id, "--recorded")
        self.assertEqual(status, 1)
        self.assertIn("holds no change by add_task: its history was removed", printed)

    def test_an_operation_that_is_named_by_its_id_is_found(self) -> None:
        def script(asked: Asked) -> Reply:
            if len(asked.results) == 0:
                return Reply(calls=[Call("add_task", {"title": "Tea"})])
            if len(asked.results) == 1:
                return Reply(calls=[Call("task_history", {"task_id": 3})])
            if len(asked.results) == 2:
                (operation,) = set(re.findall(r"op_[0-9a-f]{32}", asked.results[1]))
                return Reply(calls=[Call("undo", {"operation_id": operation})])
            return Reply(["Done."])

        self.provider.scripted("back", script)
        conversation = self.talk("back", "Tea or not")
        status, printed = command_json("replay_conversation", conversation.public_id, "--recorded")
        self.assertEqual((status, list(printed["replays"][0]["end"]["new"]["tasks"])), (0, ["#1", "#2"]))
        self.assertEqual([call["kind"] for call in printed["replays"][0]["turns"][0]["calls"]], ["same"] * 3)

    def test_a_tool_that_no_server_has_here_is_named(self) -> None:
        conversation = self.talk("task", "Buy tea")
        options = [conversation.public_id, "--recorded", "--mcp-server", "knowledge.surfaces.mcp.server"]
        _, printed = command("replay_conversation", *options)
        self.assertIn("? no tool server here has add_task", printed)
        _, document = command_json("replay_conversation", *options)
        self.assertEqual([call["kind"] for call in document["replays"][0]["turns"][0]["calls"]], ["not_here"])

    def test_a_tool_that_there_never_was_is_not_missing(self) -> None:
        self.provider.scripted("dream", calls(Call("call_mum", {})))
        conversation = self.talk("dream", "Call Mum")
        status, printed = command_json("replay_conversation", conversation.public_id, "--recorded")
        (turn,) = printed["replays"][0]["turns"]
        self.assertEqual((status, turn["is_same"], turn["not_here"]), (0, True, []))


def calls(*made: Call) -> Any:
    """Make a model that asks for these calls at once, then says so."""
    return lambda asked: Reply(["Done."]) if asked.has_results else Reply(calls=list(made))
