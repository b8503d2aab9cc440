import asyncio
import json
from typing import Any

from django.test import TestCase
from mcp import Client
from mcp.types import CallToolResult

from accounts.caller import calling
from core.sections import section
from tasks.models import Operation, Task
from tasks.surfaces.mcp import server
from tests.people import sign_up


class ToolTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()

    async def call(self, name: str, person: Any = None, **arguments: Any) -> CallToolResult:
        caller = (person or self.ann).caller(source="chat")
        with calling(caller):
            async with Client(server) as client:
                return await client.call_tool(name, arguments)

    async def test_every_tool_says_what_it_does_to_the_world(self) -> None:
        async with Client(server) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        hints = {
            name: (tool.annotations.read_only_hint, tool.annotations.destructive_hint)
            for name, tool in tools.items()
            if tool.annotations
        }
        self.assertEqual(
            hints,
            {
                "add_task": (False, False),
                "list_tasks": (True, None),
                "update_task": (False, False),
                "complete_task": (False, False),
                "reopen_task": (False, False),
                "delete_task": (False, True),
                "add_tasks": (False, False),
                "update_tasks": (False, False),
                "complete_tasks": (False, False),
                "delete_tasks": (False, True),
                "task_history": (True, None),
                "overview": (True, None),
                "undo": (False, False),
            },
        )
        self.assertTrue(all(tool.output_schema and tool.title and tool.description for tool in tools.values()))

    async def test_no_tool_takes_a_user(self) -> None:
        async with Client(server) as client:
            schemas = [json.dumps(tool.input_schema) for tool in (await client.list_tools()).tools]
        self.assertFalse(any("user" in schema.replace("the user", "") for schema in schemas), schemas)

    async def test_what_a_model_is_given_of_all_tools_stays_small(self) -> None:
        async with Client(server) as client:
            tools = (await client.list_tools()).tools
        given = [{"name": t.name, "description": t.description, "parameters": t.input_schema} for t in tools]
        tokens = len(json.dumps(given)) / 4  # four characters a token, the usual estimate
        self.assertLess(tokens, 2_500)

    async def test_several_tasks_are_handled_at_once_and_each_is_answered(self) -> None:
        added = await self.call("add_tasks", tasks=[{"title": "a"}, {"title": "b", "due": "blue"}, {"title": "c"}])
        results = added.structured_content["results"]
        self.assertEqual([result["ok"] for result in results], [True, False, True])
        self.assertIn("tomorrow at 5pm", results[1]["error"])
        self.assertEqual((added.meta or {})["errand/summary"], "Added 2 tasks; 1 failed")
        await self.call("complete_tasks", task_ids=[1, 2])
        await self.call("update_tasks", updates=[{"task_id": 1, "priority": "p1"}])
        await self.call("delete_tasks", task_ids=[2])
        done = (await self.call("list_tasks", status="done")).structured_content["tasks"]
        self.assertEqual([(task["title"], task["priority"]) for task in done], [("a", "p1")])

    async def test_a_stale_write_is_refused_with_the_present_task(self) -> None:
        await self.call("add_task", title="a")
        await self.call("update_task", task_id=1, title="b", version=1)
        stale = await self.call("update_task", task_id=1, title="c", version=1)
        self.assertTrue(stale.is_error)
        self.assertIn('"title": "b"', stale.content[0].text)  # type: ignore[union-attr]

    async def test_the_last_thing_done_here_is_undone(self) -> None:
        await self.call("add_task", title="a")
        await self.call("complete_task", task_id=1)
        undone = await self.call("undo")
        self.assertIn("“a”", undone.structured_content["summary"])
        self.assertIsNone((await Task.objects.aget()).completed_at)
        self.assertTrue((await self.call("undo", operation_id="op_x")).is_error)

    async def test_history_and_overview_are_told(self) -> None:
        await self.call("add_task", title="a", due="today", labels=["home"])
        await self.call("update_task", task_id=1, title="b")
        entries = (await self.call("task_history", task_id=1)).structured_content["items"]
        self.assertEqual(entries[0]["fields"], [{"field": "title", "before": "a", "after": "b"}])
        overview = (await self.call("overview")).structured_content
        self.assertEqual((overview["open"], overview["today"], overview["by_label"]), (1, 1, {"home": 1}))

    async def test_a_task_is_added_with_words_for_dates(self) -> None:
        result = await self.call("add_task", title="Buy milk", due="next friday 9am", labels=["home"])
        task = await Task.objects.aget()
        self.assertEqual((task.title, task.due_time.isoformat(), task.labels), ("Buy milk", "09:00:00", ["home"]))  # type: ignore[union-attr]
        self.assertEqual(result.structured_content["task"]["id"], 1)
        self.assertEqual(json.loads(result.content[0].text), result.structured_content)  # type: ignore[union-attr]

    async def test_a_result_sums_itself_up(self) -> None:
        result = await self.call("add_task", title="Buy milk")
        self.assertEqual((result.meta or {})["errand/summary"], "Added “Buy milk”")

    async def test_tasks_are_changed_completed_and_deleted(self) -> None:
        await self.call("add_task", title="Buy milk", due="tomorrow 5pm")
        changed = await self.call("update_task", task_id=1, due="", priority="p1")
        self.assertEqual(changed.structured_content["task"]["due_date"], None)
        done = await self.call("complete_task", task_id=1)
        self.assertTrue(done.structured_content["task"]["completed"])
        await self.call("delete_task", task_id=1)
        self.assertFalse(await Task.objects.aexists())

    async def test_expected_failures_tell_the_model_what_to_do(self) -> None:
        missing = await self.call("complete_task", task_id=9)
        unread = await self.call("add_task", title="x", due="blue")
        empty = await self.call("update_task", task_id=1)
        for result, words in ((missing, "no task 9"), (unread, "tomorrow at 5pm"), (empty, "at least one")):
            self.assertTrue(result.is_error)
            self.assertIn(words, result.content[0].text)  # type: ignore[union-attr]

    async def test_bad_arguments_change_nothing(self) -> None:
        for arguments in ({}, {"title": ""}, {"title": "x" * 600}, {"title": "x", "priority": "p9"}, {"title": 7}):
            with self.subTest(arguments):
                self.assertTrue((await self.call("add_task", **arguments)).is_error)
        self.assertFalse(await Operation.objects.aexists())

    async def test_the_list_tells_how_many_there_are(self) -> None:
        for title in ("a", "b", "c"):
            await self.call("add_task", title=title)
        result = (await self.call("list_tasks", limit=2)).structured_content
        self.assertEqual(([task["title"] for task in result["tasks"]], result["total"]), (["a", "b"], 3))

    async def test_tools_run_for_whoever_calls_also_at_the_same_time(self) -> None:
        bob = await section(sign_up, "Bob")
        await asyncio.gather(self.call("add_task", title="Ann's"), self.call("add_task", bob, title="Bob's"))
        mine = (await self.call("list_tasks")).structured_content["tasks"]
        his = (await self.call("list_tasks", bob)).structured_content["tasks"]
        self.assertEqual(([t["title"] for t in mine], [t["title"] for t in his]), (["Ann's"], ["Bob's"]))
        self.assertTrue((await self.call("delete_task", bob, task_id=2)).is_error)
