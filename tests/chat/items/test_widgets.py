"""Widgets that tools attach: shown below the answer, live, and clicked without the model."""

from typing import Any

from asgiref.sync import sync_to_async
from django.test import TransactionTestCase, override_settings

from accounts.models import ApprovalPolicy, User
from chat.items import widgets
from chat.models import Message, Step, Turn
from chat.turns import starting
from core.sections import section
from tasks.models import Operation, Task
from tasks.rules import operations
from tests.chat.protocol import ChatKitClient, items, thread_id
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.people import sign_up


def look_up(asked: Asked) -> Reply:
    """Make the call that is asked for, as "task_history 1", then say a word."""
    name, _, number = asked.said.partition(" ")
    if asked.has_results:
        return Reply(["Here", " it is."])
    arguments = {"task_id": int(number)} if number else {"show": True} if name == "list_tasks" else {}
    return Reply(calls=[Call(name, arguments)])


LOOK_ONLY = Reply(calls=[Call("list_tasks", {})])


def look_then_do(asked: Asked) -> Reply:
    if not asked.has_results:
        return Reply(calls=[Call("list_tasks", {"show": True})])
    return Reply(calls=[Call("complete_task", {"task_id": 1})]) if len(asked.results) == 1 else Reply(["Done."])


class WidgetTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider().scripted("look", look_up).scripted("then", look_then_do)
        url = self.enterContext(self.provider.serving())
        self.enterContext(override_settings(MODEL_PROVIDER="custom", MODEL_BASE_URL=url, MODEL_NAME="look"))
        self.kit = ChatKitClient(self.async_client, self.ann)
        for title in ("milk", "bread"):
            operations.add_task(self.ann.caller(), {"title": title, "due": "2026-12-01T17:00"})

    async def widget(self, said: str) -> tuple[str, dict[str, Any]]:
        """Say something; return the thread and the widget's item."""
        events = await self.kit.say(said)
        (item,) = [item for item in items(events) if item["type"] == "widget"]
        return thread_id(events), item

    async def click(self, thread: str, item: dict[str, Any], action: dict[str, Any], **fields: Any) -> Any:
        """Click as a client does, with the fields of the form filled in; return the item that is answered."""
        return (await self.ask(thread, item, action, **fields)).json()["updated_item"]

    async def ask(self, thread: str, item: dict[str, Any], action: dict[str, Any], **fields: Any) -> Any:
        payload = dict(action["payload"])
        payload["arguments"] = payload.get("arguments", {}) | fields
        params = {"thread_id": thread, "item_id": item["id"], "action": {"type": action["type"], "payload": payload}}
        return await self.kit.post("threads.sync_custom_action", params)

    async def listed(self, thread: str) -> list[dict[str, Any]]:
        page = await self.kit.json("items.list", thread_id=thread, order="asc")
        return [item for item in page["data"] if item["type"] == "widget"]

    async def test_a_list_is_shown_below_the_answer_and_the_model_is_not_told_of_it(self) -> None:
        events = await self.kit.say("list_tasks")
        self.assertEqual(
            [item["type"] for item in items(events)], ["user_message", "workflow", "assistant_message", "widget"]
        )
        self.assertEqual([box["label"] for box in boxes(items(events)[-1])], ["milk", "bread"])
        self.assertNotIn("ListView", str(self.provider.last().body))

    async def test_what_was_streamed_is_what_is_listed_later(self) -> None:
        events = await self.kit.say("list_tasks")
        page = await self.kit.json("items.list", thread_id=thread_id(events), order="asc")
        self.assertEqual(page["data"], items(events))

    async def test_a_click_completes_the_task_without_the_model_and_answers_with_the_widget_as_it_is_then(self) -> None:
        thread, item = await self.widget("list_tasks")
        asked = len(self.provider.asked)
        updated = await self.click(thread, item, boxes(item)[0]["onChangeAction"], done=True)
        self.assertEqual([box["defaultChecked"] for box in boxes(updated)], [True, False])
        self.assertTrue((await Task.objects.aget(number=1)).completed_at)
        self.assertEqual(len(self.provider.asked), asked)
        self.assertEqual((await Operation.objects.alatest("id")).source, "page")

    async def test_unticking_opens_it_again(self) -> None:
        thread, item = await self.widget("list_tasks")
        await self.click(thread, item, boxes(item)[0]["onChangeAction"], done=True)
        updated = await self.click(thread, item, boxes(item)[0]["onChangeAction"], done=False)
        self.assertEqual([box["defaultChecked"] for box in boxes(updated)], [False, False])

    async def test_a_reload_shows_the_present_state(self) -> None:
        thread, _ = await self.widget("list_tasks")
        await sync_to_async(operations.complete_task)(self.ann.caller(), 2)
        await sync_to_async(operations.delete_task)(self.ann.caller(), 1)
        (item,) = await self.listed(thread)
        self.assertEqual([(box["label"], box["defaultChecked"]) for box in boxes(item)], [("bread", True)])
        whole = await self.kit.json("threads.get_by_id", thread_id=thread)
        self.assertIn(item, whole["items"]["data"])

    async def test_where_all_was_deleted_it_says_so(self) -> None:
        thread, _ = await self.widget("list_tasks")
        await sync_to_async(operations.batch)(
            self.ann.caller(), "delete_tasks", [{"action": "delete", "task_id": number} for number in (1, 2)]
        )
        self.assertIn("has been deleted", str(await self.listed(thread)))

    async def test_a_card_moves_its_task_to_another_day_at_the_same_time(self) -> None:
        thread, item = await self.widget("task_history 1")
        picker = next(each for each in nodes(item["widget"]) if each["type"] == "DatePicker")
        await self.click(thread, item, picker["onChangeAction"], due_date="2026-12-24T00:00:00.000Z")
        task = await Task.objects.aget(number=1)
        self.assertEqual((str(task.due_date), str(task.due_time)), ("2026-12-24", "17:00:00"))
        await self.click(thread, item, picker["onChangeAction"], due_date="")
        self.assertIsNone((await Task.objects.aget(number=1)).due_date)

    async def test_a_card_changes_the_priority(self) -> None:
        thread, item = await self.widget("task_history 1")
        select = next(each for each in nodes(item["widget"]) if each["type"] == "Select")
        updated = await self.click(thread, item, select["onChangeAction"], priority="p1")
        self.assertEqual((await Task.objects.aget(number=1)).priority, "p1")
        self.assertIn("priority", str(updated["widget"]["children"][-1]))  # its history has grown

    async def test_a_list_that_nobody_shall_see_is_not_shown(self) -> None:
        self.provider.scripted("look", lambda asked: Reply(["Yes."]) if asked.has_results else LOOK_ONLY)
        self.assertNotIn("widget", [item["type"] for item in items(await self.kit.say("did I?"))])

    async def test_what_cannot_draw_widgets_is_told_in_words(self) -> None:
        body = {"message": "list_tasks"}
        response = await self.async_client.post(
            f"{self.ann.api}/chat", body, content_type="application/json", headers=self.ann.headers
        )
        self.assertRegex(response.json()["response"], r"^Here it is.\n\n1. \*\*milk\*\* · .* \(#1\)\n2. ")

    async def test_the_offline_model_shows_lists_and_knows_what_it_showed(self) -> None:
        with override_settings(MODEL_PROVIDER="offline"):
            events = await self.kit.say("what is on my list?")
            self.assertEqual(items(events)[-2]["content"][0]["text"], "2 tasks:")
            self.assertEqual([box["label"] for box in boxes(items(events)[-1])], ["milk", "bread"])
            await self.kit.say("the second one is done", thread_id(events))
            events = await self.kit.say("complete all tasks", thread_id(events))
        self.assertNotIn("widget", [item["type"] for item in items(events)])
        self.assertEqual(await Task.objects.filter(completed_at=None).acount(), 0)

    async def test_the_overview_is_a_chart(self) -> None:
        _, item = await self.widget("overview")
        chart = next(each for each in nodes(item["widget"]) if each["type"] == "Chart")
        self.assertEqual([each["tasks"] for each in chart["data"]], [2])

    async def test_what_was_looked_up_for_a_change_is_not_shown(self) -> None:
        with override_settings(MODEL_NAME="then"):
            events = await self.kit.say("milk is done")
        self.assertEqual([item["type"] for item in items(events)], ["user_message", "workflow", "assistant_message"])

    async def test_the_same_click_with_the_same_key_is_done_once(self) -> None:
        thread, item = await self.widget("list_tasks")
        action = boxes(item)[0]["onChangeAction"]
        payload = action["payload"] | {"arguments": {"task_id": 1, "done": True}}
        params = {"thread_id": thread, "item_id": item["id"], "action": {"type": "tool", "payload": payload}}
        for _ in range(2):
            response = await self.kit.post("threads.sync_custom_action", params, **{"Idempotency-Key": "k"})
            self.assertEqual(response.status_code, 200)
        self.assertEqual(await Operation.objects.filter(tool="complete_task").acount(), 1)
        payload["arguments"] = {"task_id": 2, "done": True}
        response = await self.kit.post("threads.sync_custom_action", params, **{"Idempotency-Key": "k"})
        self.assertEqual(response.status_code, 409)

    async def test_what_destroys_is_shown_first_and_done_as_confirmed(self) -> None:
        thread, item = await self.widget("list_tasks")
        delete = tool("delete_task", task_id=1)
        asked = await self.click(thread, item, delete)
        self.assertEqual(await Task.objects.acount(), 2)
        self.assertIn("milk", str(asked["widget"]["children"]))
        back = await self.click(thread, item, asked["widget"]["cancel"]["action"])
        self.assertEqual(len(boxes(back)), 2)
        done = await self.click(thread, item, asked["widget"]["confirm"]["action"])
        self.assertEqual([box["label"] for box in boxes(done)], ["bread"])

    async def test_what_was_confirmed_is_not_done_once_it_is_something_else(self) -> None:
        thread, item = await self.widget("list_tasks")
        delete = tool("delete_task", task_id=1)
        asked = await self.click(thread, item, delete)
        await sync_to_async(operations.update_task)(self.ann.caller(), 1, {"title": "oat milk"})
        response = await self.ask(thread, item, asked["widget"]["confirm"]["action"])
        self.assertEqual((response.status_code, await Task.objects.acount()), (409, 2))

    async def test_who_wants_to_be_asked_for_nothing_is_not(self) -> None:
        await User.objects.filter(pk=self.ann.user.pk).aupdate(approval_policy=ApprovalPolicy.NEVER)
        thread, item = await self.widget("list_tasks")
        await self.click(thread, item, tool("delete_task", task_id=1))
        self.assertEqual(await Task.objects.acount(), 1)

    async def test_clicks_that_cannot_be_are_refused_with_a_reason_and_change_nothing(self) -> None:
        thread, item = await self.widget("list_tasks")
        message = next(each for each in (await self.all(thread)) if each["type"] == "assistant_message")
        bad: list[tuple[dict[str, Any], Any, int]] = [
            (item, tool("order_pizza"), 422),
            (item, {"type": "tool", "payload": {}}, 422),
            (item, {"type": "tool", "payload": {"tool": "check_task", "arguments": []}}, 422),
            (item, {"type": "nope", "payload": {}}, 422),
            (
                item,
                tool("check_task", task_id=99, done=True),
                409,
            ),
            (item, tool("check_task", task_id="x"), 409),
            (message, tool("check_task", task_id=1), 422),
            ({"id": "wig_" + "0" * 32}, tool("check_task"), 404),
        ]
        before = await Operation.objects.acount()
        for sender, action, status in bad:
            with self.subTest(str(action)):
                params = {"thread_id": thread, "item_id": sender["id"], "action": action}
                response = await self.kit.post("threads.sync_custom_action", params)
                self.assertEqual(response.status_code, status)
                self.assertEqual(response["Content-Type"], "application/problem+json")
        params = {"thread_id": thread, "action": bad[4][1]}
        self.assertEqual((await self.kit.post("threads.sync_custom_action", params)).status_code, 422)
        self.assertEqual(await Operation.objects.acount(), before)

    async def test_a_tool_whose_widget_is_none_still_answers(self) -> None:
        step = {"type": "errand.widget", "widget": {"type": "Nonsense"}, "refresh": None}
        self.assertEqual(widgets.of_items([step], "conv_1"), [])

    async def all(self, thread: str) -> list[dict[str, Any]]:
        return list((await self.kit.json("items.list", thread_id=thread, order="asc"))["data"])

    async def test_the_widget_survives_a_crash_after_the_last_word(self) -> None:
        thread = thread_id(await self.kit.say("list_tasks"))
        await Message.objects.filter(kind="widget").adelete()
        await Turn.objects.aupdate(status="running", ended_at=None, lease_expires_at="2000-01-01T00:00Z")
        turn = await section(Turn.of_user, self.ann.user, (await Turn.objects.aget()).public_id)
        async for _ in starting.watch(turn):
            pass
        self.assertEqual([box["label"] for box in boxes((await self.listed(thread))[0])], ["milk", "bread"])

    async def test_the_widget_survives_a_crash_between_its_tool_and_the_answer(self) -> None:
        await self.kit.say("list_tasks")
        step = await Step.objects.aget(kind="tool")
        self.assertEqual(step.items[-1]["type"], "errand.widget")
        self.assertEqual(((await Message.objects.aget(kind="widget")).refresh or {})["tool"], "show_tasks")


def tool(name: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "tool", "payload": {"tool": name, "arguments": arguments}}


def nodes(node: Any) -> list[dict[str, Any]]:
    """Return all components of a widget."""
    if isinstance(node, list):
        return [found for each in node for found in nodes(each)]
    if not isinstance(node, dict):
        return []
    own = [node] if "type" in node else []
    return own + nodes(node.get("children", []))


def boxes(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in nodes(item["widget"]) if node["type"] == "Checkbox"]
