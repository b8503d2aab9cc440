"""Every row of docs/failures.md: a provider that fails on the wire, what people see, what is kept, what a retry does.

Each failure is provoked in both APIs, with small limits set by settings.
"""

import asyncio
import gc
import json
import socket
from typing import Any

from django.test import TransactionTestCase, override_settings

from chat.llm import failures
from chat.models import Message, Step, Turn
from chat.turns import runner, starting
from chat.turns.running import running
from tasks.models import Operation, Task
from tests.chat.protocol import ChatKitClient, items, said, thread_id
from tests.faults.provider import HELLO, Asked, Call, Provider, Reply
from tests.people import sign_up

SMALL = {
    "MODEL_PROVIDER": "custom",
    "MODEL_RETRIES": 2,
    "MODEL_RETRY_DELAY_SECONDS": 0.01,
    "MODEL_FIRST_TEXT_SECONDS": 0.5,
    "MODEL_BETWEEN_TEXTS_SECONDS": 0.3,
    "MODEL_CALLS_LIMIT": 6,
}
APIS = ["chat", "responses"]


def check_input(asked: Asked) -> None:
    """Check what every provider demands of a request: results for all calls, readable calls, nobody saying nothing."""
    waiting: list[str] = []
    last = ""
    for item in asked.items:
        kind = item.get("type") or item["role"]
        calls = item.get("tool_calls") or ([item] if kind == "function_call" else [])
        if kind in {"tool", "function_call_output"}:
            waiting.remove(item.get("tool_call_id") or item["call_id"])
        elif kind != "function_call":
            assert not waiting, f"calls without a result: {waiting}"
            assert calls or item.get("content"), f"an empty message: {item}"
            assert (last, kind) != ("user", "user"), "two messages of a person in a row"
        for call in calls:
            function = call.get("function") or call
            assert isinstance(json.loads(function["arguments"]), dict)
            assert function["name"].replace("_", "").replace("-", "").isalnum()
            waiting.append(call.get("id") if asked.api == "chat" else call["call_id"])
        last = kind
    assert not waiting, f"calls without a result: {waiting}"


@override_settings(**SMALL)
class FailureTests(TransactionTestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.provider = Provider(keep_alive=False)
        self.url = self.enterContext(self.provider.serving())
        self.kit = ChatKitClient(self.async_client, self.ann)

    def model(self, name: str, api: str = "chat", **settings: Any) -> Any:
        return override_settings(**{"MODEL_BASE_URL": self.url, "MODEL_NAME": name, "MODEL_API": api} | settings)

    async def turn(self) -> Any:
        turn = await Turn.objects.alatest("id")
        response = await self.async_client.get(f"{self.ann.api}/turns/{turn.public_id}", headers=self.ann.headers)
        return response.json()

    async def kinds(self, thread: str) -> list[str]:
        page = await self.kit.json("items.list", thread_id=thread, order="asc")
        return [item["type"] for item in page["data"]]

    async def question(self) -> str:
        return (await Message.objects.filter(kind="user_message").alatest("id")).item_id

    async def expect(self, name: str, words: str, partial: str = "", tries: int = 1, **settings: Any) -> None:
        """Check all that holds of every failure, in both APIs."""
        for api in APIS:
            with self.subTest(name, api=api):
                before = len(self.provider.asked)
                with self.model(name, api, **settings):
                    events = await self.kit.say("milk")
                thread = thread_id(events)
                answer = await self.turn()
                self.assertEqual((answer["status"], answer["response"]), ("failed", partial))
                self.assertIn(words, answer["error"])
                self.assertEqual(len(self.provider.asked) - before, tries)
                await self.check_words(events, thread, answer["error"], partial)
                await self.check_new_message(thread, api, partial or answer["error"])
                await self.check_retry(name, api, settings)
                gc.collect()  # a broken stream is closed in the loop that it belongs to, not in that of the next test

    async def check_words(self, events: list[dict[str, Any]], thread: str, words: str, partial: str) -> None:
        """Once in the conversation, where it stays, and an offer to try again."""
        kinds = ["user_message", *["assistant_message"] * bool(partial), "task"]
        self.assertEqual([item["type"] for item in items(events)], kinds)
        self.assertEqual(await self.kinds(thread), kinds)
        self.assertEqual(items(events)[-1]["task"]["title"], words)
        self.assertEqual((events[-1]["type"], events[-1]["allow_retry"]), ("error", True))
        self.assertNotIn(words, events[-1]["message"])

    async def check_new_message(self, thread: str, api: str, known: str) -> None:
        with self.model("hello", api):
            self.assertEqual(said(await self.kit.say("Are you there?", thread)), "".join(HELLO.text))
        check_input(self.provider.last())
        self.assertIn(known, json.dumps(self.provider.last().items, ensure_ascii=False))

    async def check_retry(self, name: str, api: str, settings: Any) -> None:
        with self.model(name, api, **settings):
            thread = thread_id(await self.kit.say("milk"))
        tasks = await Task.objects.acount()
        with self.model("task", api):
            events = await self.kit.stream("threads.retry_after_item", thread_id=thread, item_id=await self.question())
        self.assertEqual(said(events), "Added it.")
        self.assertEqual(await self.kinds(thread), ["user_message", "workflow", "assistant_message"])
        self.assertEqual(await Task.objects.acount(), tasks + 1)
        check_input(self.provider.last())

    # ---- refused at once

    async def test_a_refused_key(self) -> None:
        await self.expect("refused", "MODEL_API_KEY")

    async def test_an_unknown_model(self) -> None:
        await self.expect("unknown-model", "“unknown-model”")

    async def test_credit_that_is_used_up(self) -> None:
        await self.expect("no-credit", "credit")

    async def test_a_limit_that_lasts_too_long_to_wait(self) -> None:
        await self.expect("busy-for-long", "Try again in 10 minutes")

    async def test_a_request_that_is_too_long(self) -> None:
        await self.expect("too-long", "too long for the model")

    async def test_a_filtered_request(self) -> None:
        await self.expect("filtered-request", "content filter")

    # ---- tried again, in vain

    async def test_nobody_there(self) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
            await self.expect("hello", "cannot be reached", tries=0, MODEL_BASE_URL=url)

    async def test_a_broken_server(self) -> None:
        await self.expect("broken", "(500)", tries=3)

    async def test_a_busy_server(self) -> None:
        self.provider.scripted("busy", lambda asked: Reply(status=429, headers={"Retry-After-Ms": "20"}))
        await self.expect("busy", "limits our requests", tries=3)

    async def test_a_failure_told_inside_the_stream(self) -> None:
        await self.expect("fails-inside", "provider failed", tries=3)

    async def test_a_silent_server_is_tried_once_more(self) -> None:
        await self.expect("silent", "too long to answer", tries=2)

    async def test_a_cut_inside_a_calls_arguments(self) -> None:
        await self.expect("cut-call", "broke off", tries=3)
        await self.expect("closed-call", "broke off", tries=3)
        self.assertFalse(await Task.objects.filter(title__startswith="never").aexists())

    async def test_an_empty_answer(self) -> None:
        await self.expect("empty", "gave no answer", tries=3)
        await self.expect("blank", "gave no answer", tries=3)

    async def test_a_page_instead_of_an_answer(self) -> None:
        await self.expect("page", "broke off", tries=3)

    # ---- something was shown

    async def test_a_cut_inside_the_text(self) -> None:
        await self.expect("cut-text", "broke off", "Half of an")
        await self.expect("closed-text", "broke off", "Half of an")

    async def test_a_pause_inside_the_text(self) -> None:
        await self.expect("stalls", "took too long", "And")

    async def test_a_filtered_answer(self) -> None:
        await self.expect("filtered", "content filter")
        await self.expect("filtered-late", "content filter", "Half of an")

    async def test_an_answer_that_is_too_long(self) -> None:
        await self.expect("length", "cut off", "Half of an")

    async def test_a_turn_that_takes_too_long(self) -> None:
        limits = {"TURN_SECONDS_LIMIT": 1, "MODEL_BETWEEN_TEXTS_SECONDS": 30}
        await self.expect("stalls", "Stopped after 1 seconds", "And", **limits)

    # ---- after something was done

    async def test_a_cut_after_a_task_was_added_adds_no_second_one(self) -> None:
        for number, api in enumerate(APIS, 1):
            with self.subTest(api=api):
                with self.model("cut-after-task", api):
                    thread = thread_id(await self.kit.say("milk"))
                self.assertEqual(await self.kinds(thread), ["user_message", "workflow", "assistant_message", "task"])
                with self.model("task", api):
                    events = await self.kit.stream(
                        "threads.retry_after_item", thread_id=thread, item_id=await self.question()
                    )
                self.assertEqual([item["type"] for item in items(events)], ["workflow", "assistant_message"])
                self.assertEqual(await self.kinds(thread), ["user_message", "workflow", "assistant_message"])
                self.assertEqual(await Task.objects.acount(), number)
                self.assertEqual([call["name"] for call in (await self.turn())["tool_calls"]], ["add_task"])
                check_input(self.provider.last())

    async def test_a_loop_ends_and_a_new_message_goes_on(self) -> None:
        for api in APIS:
            with self.subTest(api=api):
                before = len(self.provider.asked)
                with self.model("loop", api):
                    thread = thread_id(await self.kit.say("milk"))
                self.assertEqual(len(self.provider.asked) - before, 6)
                answer = await self.turn()
                self.assertEqual((answer["status"], len(answer["tool_calls"])), ("failed", 6))
                self.assertIn("6 steps", answer["error"])
                self.assertEqual(await self.kinds(thread), ["user_message", "workflow", "task"])
                await self.check_going_on(thread, api, 6)
                with self.model("loop", api):
                    thread = thread_id(await self.kit.say("milk"))
                await self.check_new_message(thread, api, answer["error"])

    async def check_going_on(self, thread: str, api: str, calls: int) -> None:
        """Retry with a model that finds everything done: what was done before is in its input and in the answer."""
        with self.model("task", api):
            await self.kit.stream("threads.retry_after_item", thread_id=thread, item_id=await self.question())
        answer = await self.turn()
        self.assertEqual((answer["status"], answer["response"]), ("completed", "Added it."))
        self.assertEqual((len(answer["tool_calls"]), len(self.provider.last().results)), (calls, calls))
        self.assertEqual(await self.kinds(thread), ["user_message", "workflow", "assistant_message"])
        check_input(self.provider.last())

    # ---- calls that cannot be made

    async def test_a_model_mends_its_calls(self) -> None:
        told = {
            "bad-json-mended": "not valid JSON",
            "list-json-mended": "one JSON object",
            "no-such-tool-mended": "There is no tool “order_pizza”",
        }
        for name, words in told.items():
            for api in APIS:
                with self.subTest(name, api=api):
                    with self.model(name, api):
                        thread = thread_id(await self.kit.say("milk"))
                    self.assertEqual((await self.turn())["response"], "Added it.")
                    self.assertIn(words, self.provider.last().results[0])
                    steps = Step.objects.filter(turn=await Turn.objects.alatest("id"), kind=Step.Kind.TOOL)
                    self.assertEqual([step.is_error async for step in steps], [True, False])
                    for asked in self.provider.asked[-2:]:
                        check_input(asked)
                    await self.check_new_message(thread, api, words)

    async def test_a_model_that_never_mends_its_calls_is_stopped(self) -> None:
        for name in ["bad-json", "no-such-tool"]:
            for api in APIS:
                with self.subTest(name, api=api):
                    with self.model(name, api):
                        thread = thread_id(await self.kit.say("milk"))
                    answer = await self.turn()
                    self.assertIn("kept asking", answer["error"])
                    self.assertEqual(len(answer["tool_calls"]), failures.UNUSABLE_CALLS_LIMIT)
                    await self.check_going_on(thread, api, failures.UNUSABLE_CALLS_LIMIT)
                    with self.model(name, api):
                        thread = thread_id(await self.kit.say("milk"))
                    await self.check_new_message(thread, api, answer["error"])

    async def test_a_call_beside_an_unusable_one_is_made(self) -> None:
        def scenario(asked: Asked) -> Reply:
            if asked.has_results:
                return Reply(["One of two."])
            return Reply(calls=[Call("order_pizza", {}), Call("add_task", {"title": "milk"}), Call("add_task", "{")])

        self.provider.scripted("mixed", scenario)
        for number, api in enumerate(APIS, 1):
            with self.subTest(api=api), self.model("mixed", api):
                await self.kit.say("milk")
                self.assertEqual((await self.turn())["response"], "One of two.")
                self.assertEqual(await Task.objects.acount(), number)
                check_input(self.provider.last())

    async def test_call_ids_that_are_counted_anew_in_each_response(self) -> None:
        def scenario(asked: Asked) -> Reply:
            if len(asked.results) == 2:
                return Reply(["Both."])
            return Reply(calls=[Call("add_task", {"title": f"task {len(asked.results)}"}, id="call_0")])

        self.provider.scripted("same-ids", scenario)
        for api in APIS:
            with self.subTest(api=api), self.model("same-ids", api):
                thread = thread_id(await self.kit.say("milk"))
                self.assertEqual(len((await self.turn())["tool_calls"]), 2)
                await self.check_new_message(thread, api, "Both.")

    async def test_characters_that_no_database_holds(self) -> None:
        for api in APIS:
            with self.subTest(api=api), self.model("odd-text", api):
                events = await self.kit.say("milk")
                self.assertEqual((said(events), (await self.turn())["status"]), ("odd ? text", "completed"))

    async def test_an_argument_that_no_database_holds(self) -> None:
        def scenario(asked: Asked) -> Reply:
            return Reply(["Tried."]) if asked.has_results else Reply(calls=[Call("add_task", {"title": "mi\0lk"})])

        self.provider.scripted("nul", scenario)
        for api in APIS:
            with self.subTest(api=api), self.model("nul", api):
                thread = thread_id(await self.kit.say("milk"))
                self.assertEqual((await self.turn())["response"], "Tried.")
                await self.check_new_message(thread, api, "Tried.")

    # ---- a crash in the middle

    async def test_a_process_that_dies_before_an_unusable_call_was_refused(self) -> None:
        """Another process refuses it and goes on: the model mends its call, as if nothing had happened."""
        for name in ["bad-json-mended", "no-such-tool-mended"]:
            for api in APIS:
                with self.subTest(name, api=api), self.model(name, api):
                    await self.kit.say("milk")
                    turn = await Turn.objects.alatest("id")
                    await Step.objects.filter(turn=turn, number__gt=1).adelete()
                    await Message.objects.filter(turn=turn).exclude(kind="user_message").adelete()
                    await self.take_over(turn)
                    self.assertEqual((await self.turn())["response"], "Added it.")
                    steps = Step.objects.filter(turn=turn, kind=Step.Kind.TOOL)
                    self.assertEqual([step.is_error async for step in steps], [True, False])
                    check_input(self.provider.last())

    async def test_a_process_that_dies_after_the_last_response(self) -> None:
        """The answer is complete: the model is not asked again, which would perhaps do everything once more."""
        for api in APIS:
            with self.subTest(api=api), self.model("task", api):
                await self.kit.say("milk")
                turn, asked = await Turn.objects.alatest("id"), len(self.provider.asked)
                await self.take_over(turn)
                answer = await self.turn()
                self.assertEqual((answer["status"], answer["response"]), ("completed", "Added it."))
                self.assertEqual(len(self.provider.asked), asked)
                self.assertEqual(await Step.objects.filter(turn=turn).acount(), 3)

    async def test_a_complete_answer_that_failed_to_be_closed_is_given_anew(self) -> None:
        """Tried again, only the calls are carried over: an answer belongs to the turn that shows it."""
        with self.model("task"):
            thread = thread_id(await self.kit.say("milk"))
            await Turn.objects.aupdate(status="failed", error="Something went wrong.")
            await self.kit.stream("threads.retry_after_item", thread_id=thread, item_id=await self.question())
        answer = await self.turn()
        self.assertEqual((answer["status"], answer["response"]), ("completed", "Added it."))
        self.assertEqual([call["name"] for call in answer["tool_calls"]], ["add_task"])
        self.assertEqual(await Operation.objects.acount(), 1)

    async def test_a_stop_waits_for_the_call_that_a_dead_process_had_begun(self) -> None:
        """Whether that one changed something nobody knows: made again under its key, the answer tells of it."""
        with self.model("task"):
            await self.kit.say("milk")
            turn = await Turn.objects.select_related("conversation", "user").aget()
            await Step.objects.filter(turn=turn, number__gt=1).adelete()
            await turn.messages.exclude(kind="user_message").adelete()
            await Turn.objects.aupdate(status="running", lease_expires_at="2000-01-01T00:00Z")
            turn.status, asked = "running", len(self.provider.asked)
            self.assertTrue(await runner.resume(turn))
            await asyncio.sleep(0)  # it has begun
            running[turn.pk].stop()
            async for _ in starting.watch(turn):
                pass
        answer = await self.turn()
        self.assertEqual((answer["status"], [call["name"] for call in answer["tool_calls"]]), ("stopped", ["add_task"]))
        self.assertEqual((await Operation.objects.acount(), len(self.provider.asked)), (1, asked))

    async def take_over(self, turn: Turn) -> None:
        """Let the turn seem to be left by a dead process, and watch how this one goes on with it."""
        await Turn.objects.filter(pk=turn.pk).aupdate(status="running", lease_expires_at="2000-01-01T00:00Z")
        url = f"{self.ann.api}/turns/{turn.public_id}/events"
        response = await self.async_client.get(url, headers=self.ann.headers)
        async for _ in response.streaming_content:  # type: ignore[attr-defined]
            pass

    # ---- tried again, with success

    async def test_what_passes_is_not_even_noticed(self) -> None:
        self.provider.scripted("busy-once", once_busy)
        tools = {"cut-call-once", "closed-call-once"}
        for name in [
            *("broken-once", "busy-once", "silent-once", "fails-inside-once", "cut-once", "empty-once"),
            *sorted(tools),
        ]:
            for api in APIS:
                with self.subTest(name, api=api):
                    with self.model(name, api):
                        events = await self.kit.say("milk")
                    self.assertEqual(said(events), "Added it." if name in tools else "".join(HELLO.text))
                    self.assertEqual((await self.turn())["status"], "completed")
                    calls = 2 if name in tools else 1
                    self.assertEqual([e["type"] for e in events].count("progress_update"), calls)

    async def test_no_retries_can_be_set(self) -> None:
        with self.model("broken-once", MODEL_RETRIES=0):
            await self.kit.say("milk")
        self.assertEqual((await self.turn())["status"], "failed")
        self.assertEqual(len(self.provider.asked), 1)

    # ---- who asks again

    async def test_a_retry_that_fails_too_can_be_tried_again(self) -> None:
        with self.model("cut-text"):
            thread = thread_id(await self.kit.say("milk"))
            question = await self.question()
            await self.kit.stream("threads.retry_after_item", thread_id=thread, item_id=question)
        self.assertEqual(await self.kinds(thread), ["user_message", "assistant_message", "task"])
        with self.model("task"):
            await self.kit.stream("threads.retry_after_item", thread_id=thread, item_id=question)
        self.assertEqual(await self.kinds(thread), ["user_message", "workflow", "assistant_message"])

    async def test_a_retry_while_another_one_runs_takes_nothing_away(self) -> None:
        with self.model("cut-text"):
            thread = thread_id(await self.kit.say("milk"))
        kinds = await self.kinds(thread)
        await Turn.objects.aupdate(status="running", lease_expires_at="2100-01-01T00:00Z")
        params = {"thread_id": thread, "item_id": await self.question()}
        self.assertEqual((await self.kit.post("threads.retry_after_item", params)).status_code, 409)
        self.assertEqual(await self.kinds(thread), kinds)

    async def test_the_same_key_gets_the_same_failure(self) -> None:
        with self.model("cut-text"):
            first = await self.kit.say("milk", key="k")
            again = await self.kit.say("milk", key="k")
        self.assertEqual(items(again), items(first))
        self.assertEqual(again[-1], first[-1])
        self.assertEqual(len(self.provider.asked), 1)

    async def test_the_api_of_the_lab_queues_replies(self) -> None:
        self.provider.queue.append(Reply(["Queued."]))
        with self.model("hello"):
            self.assertEqual(said(await self.kit.say("x")), "Queued.")
            self.assertEqual(said(await self.kit.say("y")), "".join(HELLO.text))


def once_busy(asked: Asked) -> Reply:
    return Reply(status=429, headers={"Retry-After-Ms": "20"}) if asked.tries == 1 else HELLO
