"""Documents over REST."""

import json
from typing import Any

from django.contrib.auth.models import Group
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase, override_settings

from knowledge import background
from knowledge.models import Document
from tests.knowledge import files
from tests.knowledge.documents import HANDBOOK, add
from tests.people import Person, sign_up


class DocumentApiTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()

    def ask(self, method: str, path: str, person: Person | None = None) -> Any:
        person = person or self.ann
        return self.client.generic(method, person.api + path, headers=person.headers)

    def upload(self, name: str, content: bytes, **fields: str) -> Any:
        body = {"file": SimpleUploadedFile(name, content), **fields}
        return self.client.post(f"{self.ann.api}/documents", body, headers=self.ann.headers)

    def test_a_file_is_given_read_shown_and_deleted(self) -> None:
        given = self.upload("handbook.md", HANDBOOK.encode())
        self.assertEqual((given.status_code, given.json()["state"]), (201, "waiting"))
        background.work_off()
        path = f"/documents/{given.json()['id']}"
        document = self.ask("GET", path).json()
        self.assertEqual((document["state"], document["kind"], document["passages"]), ("ready", "markdown", 2))
        text = self.ask("GET", f"{path}/text").json()
        block = text["blocks"][1]
        self.assertEqual((block["kind"], text["text"][block["start"] : block["end"]]), ("heading", "Leave"))
        original = self.ask("GET", f"{path}/file")
        self.assertEqual((original.content, original["Content-Type"]), (HANDBOOK.encode(), "application/octet-stream"))
        self.assertEqual(self.ask("DELETE", path).status_code, 204)
        self.assertEqual(self.ask("GET", path).status_code, 404)

    def test_the_same_name_again_replaces_the_document(self) -> None:
        first = self.upload("handbook.md", b"# One")
        second = self.upload("handbook.md", b"# Two")
        self.assertEqual((second.status_code, second.json()["id"]), (200, first.json()["id"]))

    def test_a_file_that_is_too_large_is_refused(self) -> None:
        with override_settings(DOCUMENT_BYTES_LIMIT=10):
            self.assertEqual(self.upload("a.md", b"x" * 11).status_code, 413)
        self.assertFalse(Document.objects.exists())

    def test_what_is_wrong_with_a_file_is_told_with_it(self) -> None:
        id = self.upload("a.pdf", files.encrypted_pdf("x")).json()["id"]
        background.work_off()
        document = self.ask("GET", f"/documents/{id}").json()
        self.assertEqual(document["state"], "failed")
        self.assertIn("password", document["problem"])

    def test_bad_requests_are_problems(self) -> None:
        for response in (
            self.upload("a.md", b"x", language="klingon"),
            self.ask("GET", "/search"),
            self.ask("GET", "/search?q="),
        ):
            self.assertEqual(response.status_code, 422, response.content)
        self.assertEqual(self.ask("GET", "/search?q=%00").status_code, 400)
        self.assertEqual(self.ask("GET", "/documents?cursor=x").status_code, 404)

    def test_closing_the_account_deletes_documents_and_files(self) -> None:
        name = add(self.ann).file.name or ""
        with self.captureOnCommitCallbacks(execute=True):
            self.assertEqual(self.ask("DELETE", "/me").status_code, 204)
        self.assertFalse(Document.objects.exists())
        self.assertFalse(default_storage.exists(name))

    def test_broken_uploads_are_problems(self) -> None:
        part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a%s.md"\r\n\r\ntext\r\n'
        many = b"".join(part % str(n).encode() for n in range(200)) + b"--x--\r\n"
        for kind, body in [
            ("multipart/form-data", b"x"),
            ("multipart/form-data; boundary=x", b"--y\r\n"),
            ("multipart/form-data; boundary=x", part % b"" + b"--x--\r\n" + b"\xff" * 10),
            ("multipart/form-data; boundary=x", many),
            ("multipart/form-data; boundary=x", part % b"\xff\xfe" + b"--x--\r\n"),
            ("application/x-www-form-urlencoded", b"file=x"),
        ]:
            with self.subTest(body[:40]):
                path = f"{self.ann.api}/documents"
                response = self.client.generic("POST", path, body, content_type=kind, headers=self.ann.headers)
                self.assertIn(response.status_code, {201, 400, 422}, response.content)

    def test_documents_are_listed_in_pages_the_newest_first(self) -> None:
        for number in range(3):
            self.upload(f"{number}.md", b"# A")
        first = self.ask("GET", "/documents?limit=2").json()
        rest = self.ask("GET", f"/documents?limit=2&cursor={first['next_cursor']}").json()
        names = [document["name"] for document in first["items"] + rest["items"]]
        self.assertEqual((names, rest["next_cursor"]), (["2.md", "1.md", "0.md"], None))

    def test_a_search_gives_passages_with_their_places(self) -> None:
        document = add(self.ann)
        found = self.ask("GET", "/search?q=how many days of leave").json()
        first = found["items"][0]
        self.assertEqual((first["document_id"], found["semantic"]), (document.public_id, "off"))
        self.assertEqual(document.text[first["start"] : first["end"]], first["text"])
        address = rf"^/documents/{document.public_id}#{first['start']}-{first['end']}~[a-z2-7]{{7}}$"
        self.assertRegex(first["url"], address)

    def test_a_citation_finds_its_passage_after_the_document_has_changed(self) -> None:
        document = add(self.ann)
        url = self.ask("GET", "/search?q=how many days of leave").json()["items"][0]["url"]
        add(self.ann, content="A new beginning.\n\n" + HANDBOOK.replace("130", "150"))
        text = self.ask("GET", f"/documents/{document.public_id}/text").json()
        (place,) = [each for each in text["passages"] if each["key"] == url.rpartition("~")[2]]
        self.assertIn("twenty-eight days", text["text"][place["start"] : place["end"]])

    def test_a_document_is_read_again_from_its_file(self) -> None:
        document = add(self.ann)
        Document.objects.update(title="Wrong")
        self.assertEqual(self.ask("POST", f"/documents/{document.public_id}/read").json()["state"], "waiting")
        background.work_off()
        self.assertEqual(self.ask("GET", f"/documents/{document.public_id}").json()["title"], "Handbook")

    def test_a_shared_document_is_read_but_not_changed_by_members(self) -> None:
        team = Group.objects.create(name="Team")
        document = add(None, group=team)
        self.ann.user.groups.add(team)
        shown = self.ask("GET", f"/documents/{document.public_id}").json()
        self.assertEqual((shown["shared_with"], shown["is_mine"]), ("Team", False))
        for method, path in (("DELETE", ""), ("POST", "/read")):
            self.assertEqual(self.ask(method, f"/documents/{document.public_id}{path}").status_code, 403)

    def test_the_export_names_the_documents(self) -> None:
        add(self.ann)
        documents = json.loads(self.ask("GET", "/export").content)["documents"]
        self.assertEqual([(each["name"], each["title"]) for each in documents], [("handbook.md", "Handbook")])
        self.assertIn("twenty-eight days", documents[0]["text"])
