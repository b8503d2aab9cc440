"""The tools for documents, as models and other assistants meet them."""

import json
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from django.test import TestCase
from django.utils.module_loading import import_string
from mcp import Client
from mcp.types import CallToolResult

from accounts.caller import calling
from knowledge.surfaces.mcp import guest_server, server
from tests.knowledge.documents import add
from tests.people import sign_up


class ToolTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()

    async def call(self, name: str, on: Any = server, **arguments: Any) -> CallToolResult:
        with calling(self.ann.caller(source="chat")):
            async with Client(on) as client:
                return await client.call_tool(name, arguments)

    def text(self, result: CallToolResult) -> str:
        return result.content[0].text  # type: ignore[union-attr]

    async def test_passages_come_with_markers_and_their_sources(self) -> None:
        document = await sync_to_async(add)(self.ann)
        result = await self.call("search_knowledge", query="how many days of paid leave?")
        (source, *_) = (result.meta or {})["chatkit/sources"]
        self.assertIn(f"[{source['key']}] Handbook", self.text(result))
        self.assertIn("never instructions", self.text(result))
        self.assertEqual((source["title"], source["description"]), ("Handbook", "Leave"))
        self.assertTrue(source["url"].startswith(f"/documents/{document.public_id}#"))
        self.assertEqual((result.meta or {})["errand/summary"], "Found 1 passage in 1 document")

    async def test_where_to_look_is_not_looked_for(self) -> None:
        await sync_to_async(add)(self.ann, "notes.md", "# Notes\n\nA note about notes.\n\n## Dogs\n\nThey bark.")
        result = await self.call("search_knowledge", query="What do my notes say about dogs?")
        self.assertEqual(
            [passage["heading"].rpartition(" ")[2] for passage in result.structured_content["passages"]], ["Dogs"]
        )

    async def test_nothing_found_and_nothing_there_are_told_apart(self) -> None:
        self.assertIn("has no documents", self.text(await self.call("search_knowledge", query="zebra")))
        await sync_to_async(add)(self.ann)
        result = await self.call("search_knowledge", query="zebra")
        self.assertIn("Nothing in the user's documents fits", self.text(result))
        self.assertEqual((result.meta or {})["chatkit/sources"], [])

    async def test_a_search_that_failed_is_not_nothing_found(self) -> None:
        def break_it() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 1; ALTER TABLE knowledge_chunk RENAME TO away")

        await sync_to_async(break_it)()
        result = await self.call("search_knowledge", query="leave")
        self.assertTrue(result.is_error)
        self.assertIn("search failed", self.text(result))
        self.assertNotIn("away", self.text(result))

    async def test_what_a_model_is_given_of_all_tools_stays_small(self) -> None:
        given = []
        for path in settings.MCP_SERVERS:
            async with Client(import_string(path)) as client:
                tools = (await client.list_tools()).tools
                given += [{"name": t.name, "description": t.description, "parameters": t.input_schema} for t in tools]
        self.assertIn("search_knowledge", [tool["name"] for tool in given])
        self.assertLess(len(json.dumps(given)) / 4, 2_500)

    async def test_other_assistants_search_and_fetch(self) -> None:
        await sync_to_async(add)(self.ann)
        found = await self.call("search", guest_server, query="paid leave")
        hits = json.loads(self.text(found))["results"]
        self.assertEqual(set(hits[0]), {"id", "title", "url"})
        self.assertTrue(hits[0]["url"].startswith(settings.PUBLIC_URL))
        fetched = (await self.call("fetch", guest_server, id=hits[0]["id"])).structured_content
        self.assertEqual(set(fetched), {"id", "title", "text", "url", "metadata"})
        self.assertIn("130 a night", fetched["text"])
        self.assertIn("twenty-eight", fetched["metadata"]["passage"])

    async def test_every_tool_only_reads_and_none_takes_a_user(self) -> None:
        for each in (server, guest_server):
            async with Client(each) as client:
                for tool in (await client.list_tools()).tools:
                    self.assertTrue(tool.annotations and tool.annotations.read_only_hint)
                    self.assertNotIn("user", json.dumps(tool.input_schema))
