"""Another user's document: invisible in search, fetch, lists, counts and errors, in every way in."""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase
from mcp import Client

from accounts.caller import calling
from knowledge.models import Document
from knowledge.surfaces.mcp import guest_server, server
from tests.knowledge.documents import add
from tests.people import Person, sign_up

SECRET = "swordfish"


class IsolationTests(TestCase):
    def setUp(self) -> None:
        self.ann, self.bob = sign_up("Ann"), sign_up("Bob")
        self.document = add(self.ann, f"{SECRET}.md", f"# {SECRET}\n\nThe {SECRET} is here.")
        self.shared = add(
            None, f"{SECRET}-team.md", f"# {SECRET}\n\nThe team's {SECRET}.", group=Group.objects.create(name="Ann's")
        )

    def ask(self, method: str, path: str, person: Person | None = None) -> Any:
        person = person or self.bob
        return self.client.generic(method, person.api + path, headers=person.headers)

    def test_rest_shows_and_changes_nothing_of_hers(self) -> None:
        unknown = "doc_" + "0" * 32
        for document in (self.document, self.shared):
            for method, rest in (("GET", ""), ("GET", "/text"), ("GET", "/file"), ("DELETE", ""), ("POST", "/read")):
                with self.subTest(f"{method} {rest}"):
                    hers = self.ask(method, f"/documents/{document.public_id}{rest}")
                    nobodys = self.ask(method, f"/documents/{unknown}{rest}")
                    self.assertEqual((hers.status_code, hers.content), (404, nobodys.content))
        self.assertEqual(Document.objects.filter(state="ready").count(), 2)

    def test_lists_searches_and_exports_hold_nothing_of_hers(self) -> None:
        for path in ("/documents", f"/search?q={SECRET}", "/export"):
            with self.subTest(path):
                self.assertIn(SECRET, self.ask("GET", path, self.ann).content.decode())
                self.assertNotIn(f"{SECRET} is", self.ask("GET", path).content.decode())
        self.assertEqual(self.ask("GET", "/documents").json()["items"], [])
        self.assertEqual(self.ask("GET", f"/search?q={SECRET}").json()["items"], [])

    def test_a_file_of_the_same_name_is_a_document_of_ones_own(self) -> None:
        body = {"file": SimpleUploadedFile(f"{SECRET}.md", b"# Mine")}
        answer = self.client.post(f"{self.bob.api}/documents", body, headers=self.bob.headers)
        self.assertEqual(answer.status_code, 201)
        self.document.refresh_from_db()
        self.assertEqual(self.document.owner, self.ann.user)

    def test_leaving_a_group_ends_the_sight_of_its_documents(self) -> None:
        assert self.shared.group
        self.bob.user.groups.add(self.shared.group)
        self.assertEqual(len(self.ask("GET", f"/search?q={SECRET}").json()["items"]), 1)
        self.bob.user.groups.clear()
        self.assertEqual(self.ask("GET", f"/search?q={SECRET}").json()["items"], [])

    async def test_tools_find_nothing_of_hers(self) -> None:
        passage = await sync_to_async(lambda: self.document.chunks.get().pk)()
        with calling(self.bob.caller(source="mcp")):
            async with Client(server) as client:
                found = await client.call_tool("search_knowledge", {"query": SECRET})
                self.assertNotIn(SECRET, str(found))
                self.assertIn("no documents", str(found))
            async with Client(guest_server) as client:
                self.assertNotIn(SECRET, str(await client.call_tool("search", {"query": SECRET})))
                for id in (self.document.public_id, f"{self.document.public_id}:{passage}", "doc_x", "", f":{passage}"):
                    with self.subTest(id):
                        fetched = await client.call_tool("fetch", {"id": id})
                        self.assertTrue(fetched.is_error)
                        self.assertNotIn(SECRET, str(fetched))

    async def test_a_passage_of_hers_is_not_given_with_a_document_of_ones_own(self) -> None:
        passage = await sync_to_async(lambda: self.document.chunks.get().pk)()
        mine = await sync_to_async(add)(self.bob, "mine.md", "# Mine\n\nText.")
        with calling(self.bob.caller(source="mcp")):
            async with Client(guest_server) as client:
                fetched = await client.call_tool("fetch", {"id": f"{mine.public_id}:{passage}"})
        self.assertNotIn(SECRET, str(fetched))
        self.assertFalse(fetched.is_error)
