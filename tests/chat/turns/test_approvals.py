"""Calls that wait for the person: what is shown, what a decision does, and what it is bound to."""

import json
from typing import Any

from asgiref.sync import sync_to_async
from django.test import TransactionTestCase, override_settings

from accounts.models import ApprovalPolicy, User
from chat.models import Approval, Message, Step, Turn
from chat.turns import runner
from tasks.models import Operation, Task
from tasks.rules import operations
from tests.chat.protocol import ChatKitClient, items, said, thread_id
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.people import sign_up


def calls_then_text(*calls: tuple[str, dict[str, Any]]) -> Any:
    """Make a model that asks for these calls, then says what came of them."""

    def script(asked: Asked) -> Reply:
        if asked.has_results:
            return Reply(["It said: ", asked.results[-1]])
        return Reply(["Let me see."], [Call(name, arguments) for name, arguments in calls])

    return script


class Waiting(TransactionTestCase):
    """Ann has three tasks, and talks to models that want to delete them."""

    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider(keep_alive=False)
        self.provider.scripted("one", calls_then_text(("delete_task", {"task_id": 1})))
        self.provider.scripted("batch", calls_then_text(("delete_tasks", {"task_ids": [1, 2, 3]})))
        self.provider.scripted("ghost", calls_then_text(("delete_task", {"task_id": 99})))
        self.provider.scripted("add", calls_then_text(("add_task", {"title": "Buy tea", "due": "tomorrow"})))
        rest: tuple[str, dict[str, Any]] = ("add_task", {"title": "Rest"})
        two = calls_then_text(("delete_task", {"task_id": 1}), rest, ("delete_task", {"task_id": 2}))
        self.provider.scripted("mixed", two)
        self.url = self.enterContext(self.provider.serving())
        for title in ("Buy milk", "Call Bob", "Pay rent"):
            operations.add_task(self.ann.caller(), {"title": title, "due": "2030-05-01"})

    def model(self, name: str) -> Any:
        return override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=self.url, MODEL_NAME=name)

    async def post(self, path: str, body: Any, person: Any = None, **headers: str) -> Any:
        person = person or self.ann
        return await self.async_client.post(
            f"{person.api}/{path}",
            json.dumps(body),
            content_type="application/json",
            headers=person.headers | headers,
        )

    async def ask(self, model: str, **body: Any) -> Any:
        with self.model(model):
            return (await self.post("chat", {"message": "do it", **body})).json()

    async def decide(self, turn: Any, model: str = "one", **decision: Any) -> Any:
        with self.model(model):
            return await self.post(f"turns/{turn['turn_id']}/approval", decision)

    async def titles(self) -> list[str]:
        return [task.title async for task in Task.objects.order_by("number")]

    async def policy(self, policy: str) -> None:
        await User.objects.filter(pk=self.ann.user.pk).aupdate(approval_policy=policy)


class ApprovalTests(Waiting):
    async def test_a_destructive_call_waits_and_shows_what_it_would_do(self) -> None:
        answer = await self.ask("one")
        self.assertEqual(answer["status"], "awaiting_approval")
        (call,) = answer["approval"]["calls"]
        self.assertEqual((call["name"], call["arguments"]), ("delete_task", {"task_id": 1}))
        (change,) = call["changes"]
        self.assertEqual((change["action"], change["title"]), ("delete", "Buy milk (#1)"))
        self.assertIn({"name": "due_date", "before": "2030-05-01", "after": None}, change["fields"])

    async def test_a_repetition_is_shown_in_words(self) -> None:
        await sync_to_async(operations.update_task)(self.ann.caller(), 1, {"recurrence": "every 2 weeks on monday"})
        (call,) = (await self.ask("one"))["approval"]["calls"]
        shown = {field["name"]: field["before"] for field in call["changes"][0]["fields"]}
        self.assertEqual(shown["recurrence"], "every 2 weeks on Monday")
        self.assertEqual(len(await self.titles()), 3)
        self.assertEqual(await Operation.objects.filter(source="chat").acount(), 0)

    async def test_an_approved_call_is_made_and_the_turn_ends(self) -> None:
        answer = await self.ask("one")
        after = (await self.decide(answer, approve=True)).json()
        self.assertEqual((after["status"], after["approval"]), ("completed", None))
        self.assertEqual([call["name"] for call in after["tool_calls"]], ["delete_task"])
        self.assertEqual(await self.titles(), ["Call Bob", "Pay rent"])
        self.assertIn("Buy milk", after["response"])

    async def test_a_rejected_call_does_nothing_and_the_model_is_told(self) -> None:
        answer = await self.ask("one")
        after = (await self.decide(answer, approve=False)).json()
        self.assertEqual(after["status"], "completed")
        self.assertIn("did not approve", after["response"])
        self.assertEqual(len(await self.titles()), 3)

    async def test_the_same_decision_again_acts_once(self) -> None:
        answer = await self.ask("one")
        first, second = await self.decide(answer, approve=True), await self.decide(answer, approve=True)
        self.assertEqual((first.status_code, second.status_code), (200, 200))
        self.assertEqual(first.json(), second.json())
        self.assertEqual(await Operation.objects.filter(tool="delete_task").acount(), 1)

    async def test_another_decision_afterwards_is_refused(self) -> None:
        answer = await self.ask("one")
        await self.decide(answer, approve=True)
        response = await self.decide(answer, approve=False)
        self.assertEqual((response.status_code, response.json()["detail"]), (409, "This was decided already."))

    async def test_a_task_that_changed_meanwhile_is_asked_for_again(self) -> None:
        answer = await self.ask("one")
        change = sync_to_async(operations.update_task)
        await change(self.ann.caller(), 1, {"title": "Buy oat milk"})
        after = (await self.decide(answer, approve=True)).json()
        self.assertEqual(after["status"], "awaiting_approval")
        (call,) = after["approval"]["calls"]
        self.assertTrue(call["is_stale"])
        self.assertEqual(call["changes"][0]["title"], "Buy oat milk (#1)")
        self.assertIn("Buy oat milk", await self.titles())
        end = (await self.decide(answer, approve=True, approval_id=after["approval"]["id"])).json()
        self.assertEqual((end["status"], await self.titles()), ("completed", ["Call Bob", "Pay rent"]))

    async def test_a_stale_approval_named_by_its_id_is_used_up(self) -> None:
        answer = await self.ask("one")
        await sync_to_async(operations.update_task)(self.ann.caller(), 1, {"title": "Buy oat milk"})
        first = {"approve": True, "approval_id": answer["approval"]["id"]}
        await self.decide(answer, **first)
        again = (await self.decide(answer, **first)).json()
        self.assertEqual((again["status"], len(await self.titles())), ("awaiting_approval", 3))

    async def test_a_part_of_a_batch_can_be_approved(self) -> None:
        answer = await self.ask("batch")
        (call,) = answer["approval"]["calls"]
        self.assertEqual([change["item"] for change in call["changes"]], [0, 1, 2])
        decision = {"calls": [{"id": call["id"], "approve": True, "leave_out": [1]}]}
        after = (await self.decide(answer, "batch", **decision)).json()
        self.assertEqual((after["status"], await self.titles()), ("completed", ["Call Bob"]))
        self.assertIn("The person changed the arguments", after["response"])

    async def test_calls_of_one_response_are_asked_for_together_and_others_go_in_their_order(self) -> None:
        answer = await self.ask("mixed")
        ids = [call["id"] for call in answer["approval"]["calls"]]
        self.assertEqual([call["name"] for call in answer["approval"]["calls"]], ["delete_task", "delete_task"])
        decision = {"calls": [{"id": ids[0], "approve": True}, {"id": ids[1], "approve": False}]}
        after = (await self.decide(answer, "mixed", **decision)).json()
        self.assertEqual([call["name"] for call in after["tool_calls"]], ["delete_task", "add_task", "delete_task"])
        self.assertEqual(await self.titles(), ["Call Bob", "Pay rent", "Rest"])

    async def test_edited_arguments_are_asked_for_with_what_they_would_do(self) -> None:
        answer = await self.ask("one")
        (call,) = answer["approval"]["calls"]
        edited = (await self.decide(answer, calls=[{"id": call["id"], "arguments": {"task_id": 3}}])).json()
        self.assertEqual(edited["status"], "awaiting_approval")
        self.assertEqual(edited["approval"]["calls"][0]["changes"][0]["title"], "Pay rent (#3)")
        after = (await self.decide(answer, approve=True)).json()
        self.assertEqual((after["status"], await self.titles()), ("completed", ["Buy milk", "Call Bob"]))
        step = await Step.objects.aget(name="delete_task")
        self.assertIn('changed the arguments of this call to {"task_id": 3}', step.items[0]["output"])

    async def test_a_call_that_would_fail_is_no_question_for_the_person(self) -> None:
        answer = await self.ask("ghost")
        self.assertEqual(answer["status"], "completed")
        self.assertIn("There is no task 99", answer["response"])

    async def test_whoever_wants_is_always_asked(self) -> None:
        await self.policy(ApprovalPolicy.ALWAYS)
        answer = await self.ask("add")
        (change,) = answer["approval"]["calls"][0]["changes"]
        self.assertEqual((change["action"], change["title"]), ("add", "Buy tea"))
        self.assertEqual(len(await self.titles()), 3)
        await self.decide(answer, "add", approve=True)
        self.assertIn("Buy tea", await self.titles())

    async def test_whoever_wants_is_never_asked(self) -> None:
        await self.policy(ApprovalPolicy.NEVER)
        answer = await self.ask("one")
        self.assertEqual((answer["status"], len(await self.titles())), ("completed", 2))

    async def test_another_message_withdraws_the_question(self) -> None:
        answer = await self.ask("one")
        other = await self.ask("add", conversation_id=answer["conversation_id"])
        self.assertEqual(other["status"], "completed")
        first = await Turn.objects.aget(pk__lt=(await Turn.objects.alatest("id")).pk)
        self.assertEqual(first.status, Turn.Status.STOPPED)
        response = await self.decide(answer, approve=True)
        self.assertEqual((response.status_code, len(await self.titles())), (409, 4))
        self.assertIn("went on to something else", self.provider.asked[-1].results[0])

    async def test_stop_withdraws_the_question(self) -> None:
        answer = await self.ask("one")
        stopped = (await self.post(f"turns/{answer['turn_id']}/stop", {})).json()
        self.assertEqual((stopped["status"], stopped["approval"]), ("stopped", None))
        self.assertEqual((await self.decide(answer, approve=True)).status_code, 409)

    async def test_a_decision_outlives_the_process_that_took_it(self) -> None:
        answer = await self.ask("one")
        turn = await Turn.objects.select_related("conversation", "user").aget()
        await Approval.objects.aupdate(status="decided")  # as if the process had died right after the decision
        approval = await Approval.objects.aget()
        approval.calls[0] |= {"verdict": "approve"}
        await approval.asave()
        await sync_to_async(turn.go_on)()
        await sync_to_async(turn.release)()
        with self.model("one"):
            self.assertEqual(await runner.sweep(), 1)
            after = (await self.post(f"turns/{answer['turn_id']}/stop", {})).json()
        self.assertIn(after["status"], {"completed", "stopped"})

    async def test_what_cannot_be_decided_is_said(self) -> None:
        answer = await self.ask("batch")
        call = answer["approval"]["calls"][0]["id"]
        refused: list[tuple[dict[str, Any], int]] = [
            ({}, 422),
            ({"approve": "perhaps"}, 422),
            ({"calls": [{"id": "call_unknown", "approve": True}]}, 422),
            ({"calls": [{"id": call}]}, 422),
            ({"calls": [{"id": call, "approve": True, "leave_out": [7]}]}, 422),
            ({"approve": True, "approval_id": "apr_00000000000000000000000000000000"}, 409),
            ({"approve": True, "approval_id": "nonsense"}, 404),
        ]
        for decision, status in refused:
            with self.subTest(decision):
                self.assertEqual((await self.decide(answer, **decision)).status_code, status)
        self.assertEqual(len(await self.titles()), 3)

    async def test_nobody_else_can_decide(self) -> None:
        answer = await self.ask("one")
        bob = await sync_to_async(sign_up)("Bob")
        response = await self.post(f"turns/{answer['turn_id']}/approval", {"approve": True}, bob)
        self.assertEqual((response.status_code, len(await self.titles())), (404, 3))


class CardTests(Waiting):
    """The same through the card in the conversation."""

    def setUp(self) -> None:
        super().setUp()
        self.chat = ChatKitClient(self.async_client, self.ann)

    async def card(self, model: str) -> tuple[str, dict[str, Any]]:
        with self.model(model):
            events = await self.chat.say("do it")
        return thread_id(events), next(item for item in items(events) if item["type"] == "widget")

    async def press(self, thread: str, item: Any, action: Any, model: str, **form: Any) -> list[dict[str, Any]]:
        action = {"type": action["type"], "payload": action["payload"] | form}
        with self.model(model):
            return await self.chat.stream("threads.custom_action", thread_id=thread, item_id=item["id"], action=action)

    async def test_the_card_approves(self) -> None:
        thread, item = await self.card("one")
        self.assertEqual(item["widget"]["children"][0]["value"], "Delete this?")
        events = await self.press(thread, item, item["widget"]["confirm"]["action"], "one")
        self.assertIn("Buy milk", said(events))
        self.assertEqual(await self.titles(), ["Call Bob", "Pay rent"])
        page = await self.chat.json("items.list", thread_id=thread, limit=20, order="asc")
        widget = next(each for each in page["data"] if each["type"] == "widget")
        self.assertNotIn("confirm", widget["widget"])
        self.assertEqual(widget["widget"]["children"][0]["value"], "Approved")

    async def test_the_card_approves_what_is_ticked(self) -> None:
        thread, item = await self.card("batch")
        boxes = [row["children"][0]["name"] for row in item["widget"]["children"] if row["type"] == "Row"]
        self.assertEqual(boxes, ["include.0-0", "include.0-1", "include.0-2"])
        form = {"include": {"0-0": True, "0-1": False}}
        await self.press(thread, item, item["widget"]["confirm"]["action"], "batch", **form)
        self.assertEqual(await self.titles(), ["Call Bob", "Pay rent"])

    async def test_with_nothing_ticked_nothing_is_done(self) -> None:
        thread, item = await self.card("batch")
        await self.press(thread, item, item["widget"]["confirm"]["action"], "batch")
        self.assertEqual(len(await self.titles()), 3)

    async def test_the_card_cancels(self) -> None:
        thread, item = await self.card("one")
        events = await self.press(thread, item, item["widget"]["cancel"]["action"], "one")
        self.assertIn("did not approve", said(events))
        self.assertEqual(len(await self.titles()), 3)

    async def test_the_card_edits(self) -> None:
        await self.policy(ApprovalPolicy.ALWAYS)
        thread, item = await self.card("add")
        edit = item["widget"]["children"][-1]["onClickAction"]
        form = (
            await self.chat.json(
                "threads.sync_custom_action",
                thread_id=thread,
                item_id=item["id"],
                action={"type": edit["type"], "payload": edit["payload"]},
            )
        )["updated_item"]["widget"]
        names = [child["name"] for child in form["children"] if child["type"] == "Input"]
        self.assertEqual(sorted(names), ["arguments.0.due", "arguments.0.title"])
        changed = {"arguments": {"0": {"title": "Buy green tea", "due": "tomorrow"}}}
        events = await self.press(thread, item, form["confirm"]["action"], "add", **changed)
        again = [item for item in items(events) if item["type"] == "widget"][-1]
        self.assertIn("Buy green tea", json.dumps(again["widget"]))
        await self.press(thread, again, again["widget"]["confirm"]["action"], "add")
        self.assertIn("Buy green tea", await self.titles())

    async def test_a_card_used_twice_acts_once(self) -> None:
        thread, item = await self.card("one")
        confirm = item["widget"]["confirm"]["action"]
        await self.press(thread, item, confirm, "one")
        await self.press(thread, item, confirm, "one")
        self.assertEqual(await Operation.objects.filter(tool="delete_task").acount(), 1)

    async def test_the_end_of_the_stream_is_what_is_stored(self) -> None:
        thread, item = await self.card("mixed")
        events = await self.press(thread, item, item["widget"]["confirm"]["action"], "mixed", include={"0-0": True})
        page = await self.chat.json("items.list", thread_id=thread, limit=50, order="asc")
        stored = {each["id"]: each for each in page["data"]}
        self.assertEqual({each["id"]: each for each in items(events)} | stored, stored)
        self.assertEqual(await Message.objects.filter(kind="widget").acount(), 1)

    async def test_bad_actions_are_refused_before_anything_happens(self) -> None:
        thread, item = await self.card("one")
        for action in [
            {"type": "format.disk", "payload": {}},
            {"type": "approval.decide", "payload": None},
            {"type": "approval.decide", "payload": {"approval_id": 7}},
            {"type": "approval.decide", "payload": {"approval_id": "x", "turn_id": "y", "include": "all"}},
        ]:
            with self.subTest(action):
                params = {"thread_id": thread, "item_id": item["id"], "action": action}
                response = await self.chat.post("threads.custom_action", params)
                self.assertEqual(response.status_code, 422)
