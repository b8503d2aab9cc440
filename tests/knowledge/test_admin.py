"""Documents in the admin."""

from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase, override_settings

from accounts.models import User
from knowledge import background
from knowledge.models import Document
from tests.knowledge.documents import HANDBOOK, add
from tests.people import sign_up


class DocumentAdminTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.group = Group.objects.create(name="Team")
        self.client.force_login(User.objects.create_superuser("staff", subject="staff"))

    def give(self, path: str, content: bytes = HANDBOOK.encode(), **fields: object) -> object:
        file = {"file": SimpleUploadedFile("handbook.md", content)} if content else {}
        values = {"owner": "", "group": "", "language_given": "", **file, **fields}
        return self.client.post(f"/admin/knowledge/document/{path}", values, follow=True)

    def test_staff_share_a_document_with_a_group(self) -> None:
        self.give("add/", group=self.group.pk)
        background.work_off()
        document = Document.objects.get()
        self.assertEqual((document.group, document.owner, document.state), (self.group, None, "ready"))
        self.assertContains(self.client.get("/admin/knowledge/document/"), "Handbook")
        self.assertContains(self.client.get(f"/admin/knowledge/document/{document.pk}/change/"), "english")

    def test_a_persons_document_is_shared_and_keeps_what_was_read(self) -> None:
        document = add(self.ann)
        self.give(f"{document.pk}/change/", b"", owner=self.ann.user.pk, group=self.group.pk)
        document.refresh_from_db()
        self.assertEqual((document.group, document.state, document.passages), (self.group, "ready", 2))
        self.assertIn("twenty-eight", document.text)

    def test_what_cannot_be_taken_is_told_at_the_field(self) -> None:
        self.assertContains(self.give("add/"), "document_of_somebody")  # type: ignore[arg-type]
        with override_settings(DOCUMENT_BYTES_LIMIT=10):
            self.assertContains(self.give("add/", group=self.group.pk), "larger than")  # type: ignore[arg-type]
        refused = self.give("add/", group=self.group.pk, language_given="klingon")
        self.assertContains(refused, "One of:")  # type: ignore[arg-type]
        self.assertFalse(Document.objects.exists())

    def test_documents_are_read_again(self) -> None:
        document = add(self.ann)
        values = {"action": "read_again", "_selected_action": [str(document.pk)]}
        self.client.post("/admin/knowledge/document/", values)
        document.refresh_from_db()
        self.assertEqual(document.state, "waiting")
