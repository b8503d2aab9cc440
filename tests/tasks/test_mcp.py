import asyncio
import json
from typing import Any

from django.test import TestCase
from mcp import Client
from mcp.types import CallToolResult

from accounts.caller import calling
from accounts.sections import section
from tasks.mcp import server
from tasks.models import Operation, Task
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
                "delete_task": (False, True),
            },
        )
        self.assertTrue(all(tool.output_schema and tool.title and tool.description for tool in tools.values()))

    async def test_no_tool_takes_a_user(self) -> None:
        async with Client(server) as client:
            schemas = [json.dumps(tool.input_schema) for tool in (await client.list_tools()).tools]
        self.assertFalse(any("user" in schema.replace("the user", "") for schema in schemas), schemas)

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
