"""Taking documents in: what is stored, what is read again, and what a crash leaves."""

import datetime

from django.core.files.storage import default_storage
from django.test import TestCase, override_settings
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from core.problems import Problem
from knowledge import background
from knowledge.models import Chunk, Document
from knowledge.reading import ingest
from knowledge.reading.ingest import Place
from tests.knowledge import files
from tests.knowledge.documents import HANDBOOK, add
from tests.people import sign_up


class IngestTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()

    def test_a_document_is_read_in_the_background(self) -> None:
        document, is_new = background.add(Place(self.ann.user), "handbook.md", HANDBOOK.encode())
        self.assertEqual((is_new, document.state), (True, "waiting"))
        background.work_off()
        document.refresh_from_db()
        self.assertEqual((document.state, document.title, document.passages), ("ready", "Handbook", 2))
        chunk = document.chunks.get(heading__endswith="Leave")
        self.assertEqual(document.text[chunk.start : chunk.end], chunk.text)

    def test_its_file_is_kept_as_it_was_given_and_goes_with_it(self) -> None:
        document = add(self.ann)
        name = document.file.name or ""
        self.assertEqual(ingest.original(document), HANDBOOK.encode())
        with self.captureOnCommitCallbacks(execute=True):
            self.ann.user.delete()
        self.assertFalse(Document.objects.exists())
        self.assertFalse(default_storage.exists(name))

    def test_reading_again_touches_only_what_changed(self) -> None:
        before = add(self.ann)
        old = {chunk.heading: chunk.pk for chunk in before.chunks.all()}
        Chunk.objects.update(embedding=[1, 2], embedded_by="model:2")
        with self.captureOnCommitCallbacks(execute=True):
            after = add(
                self.ann,
                content=HANDBOOK.replace("# Handbook\n", "# Handbook\n\nNew beginning.\n").replace("130", "150"),
            )
        self.assertEqual(after.pk, before.pk)
        new = {chunk.heading: chunk for chunk in after.chunks.all()}
        leave, travel = new["Handbook › Leave"], new["Handbook › Travel"]  # noqa: RUF001
        self.assertEqual((leave.pk, leave.embedded_by), (old[leave.heading], "model:2"))
        self.assertEqual(after.text[leave.start : leave.end], leave.text)
        self.assertNotEqual(travel.pk, old[travel.heading])
        self.assertIn("150", travel.text)
        self.assertEqual((len(new), after.passages), (3, 3))

    def test_the_same_file_again_is_left_alone(self) -> None:
        before = add(self.ann)
        again, is_new = background.add(Place(self.ann.user), "handbook.md", HANDBOOK.encode())
        self.assertEqual((is_new, again.state, again.updated_at), (False, "ready", before.updated_at))
        self.assertEqual(DBTaskResult.objects.count(), 1)

    def test_a_file_that_cannot_be_read_says_why_and_keeps_what_was_read_before(self) -> None:
        add(self.ann, "a.pdf", files.pdf("Old text."))
        document = add(self.ann, "a.pdf", files.encrypted_pdf("New text."))
        self.assertEqual(document.state, "failed")
        self.assertIn("password", document.problem)
        self.assertEqual(document.chunks.get().text, "Old text.")

    def test_one_bad_file_does_not_stop_the_rest(self) -> None:
        for name, content in (("bad.pdf", b"%PDF-broken"), ("good.md", b"# Good\n\nText.")):
            background.add(Place(self.ann.user), name, content)
        background.work_off()
        states = dict(Document.objects.values_list("name", "state"))
        self.assertEqual(states, {"bad.pdf": "failed", "good.md": "ready"})

    def test_what_cannot_be_taken_is_refused_at_once(self) -> None:
        for name, content, language, words in [
            ("a.md", b"x" * 2_000, "", "larger than"),
            (" \n", b"x", "", "no name"),
            ("a.md", b"x", "klingon", "no text search"),
        ]:
            with self.subTest(words), override_settings(DOCUMENT_BYTES_LIMIT=1_000):
                with self.assertRaises(Problem) as refused:
                    ingest.store(Place(self.ann.user), name, content, language)
                self.assertIn(words, str(refused.exception))

    def test_there_is_a_limit_of_documents(self) -> None:
        add(self.ann, "a.md")
        with override_settings(USER_DOCUMENTS=1):
            add(self.ann, "a.md", "# A\n\nOther text.")
            with self.assertRaisesRegex(Problem, "1 documents already"):
                ingest.store(Place(self.ann.user), "b.md", b"x")

    def test_names_from_outside_never_become_paths(self) -> None:
        document = add(self.ann, "../../etc/pass\0wd.md", "# A\n\nText.")
        self.assertEqual(document.name, "../../etc/passwd.md")
        self.assertRegex(document.file.name or "", r"^documents/[0-9a-f]{32}/[0-9a-f]{32}\.md$")

    def test_the_language_of_each_document_is_found_out(self) -> None:
        german = "Der Urlaub ist eine schöne Zeit, und wir haben ihn alle verdient, wenn das Jahr vorbei ist."
        self.assertEqual(add(self.ann, "de.txt", german).language, "german")
        self.assertEqual(
            add(self.ann, "en.txt", "It is what we have of the time that is left for us.").language, "english"
        )
        self.assertEqual(add(self.ann, "short.txt", "Hm.").language, "english")
        self.assertEqual(add(self.ann, "given.txt", german, language="simple").language, "simple")

    def test_what_a_dead_process_left_is_read_by_the_next(self) -> None:
        document, _ = background.add(Place(self.ann.user), "a.md", b"# A\n\nText.")
        ingest.begin(document.pk)  # and then its process dies
        DBTaskResult.objects.update(status="RUNNING")
        self.assertEqual(background.sweep(), 0)
        Document.objects.update(lease_expires_at=timezone.now() - datetime.timedelta(seconds=1))
        self.assertEqual((background.sweep(), background.sweep()), (1, 0))
        background.work_off()
        document.refresh_from_db()
        self.assertEqual(document.state, "ready")

    def test_what_kills_every_process_is_given_up(self) -> None:
        document, _ = background.add(Place(self.ann.user), "a.md", b"# A\n\nText.")
        for _ in range(ingest.ATTEMPTS_LIMIT):
            self.assertIsNotNone(ingest.begin(document.pk))
            Document.objects.update(lease_expires_at=timezone.now() - datetime.timedelta(seconds=1))
        self.assertIsNone(ingest.begin(document.pk))
        document.refresh_from_db()
        self.assertEqual((document.state, "given up" in document.problem), ("failed", True))

    def test_two_workers_do_not_read_the_same_document(self) -> None:
        document, _ = background.add(Place(self.ann.user), "a.md", b"# A\n\nText.")
        self.assertIsNotNone(ingest.begin(document.pk))
        self.assertIsNone(ingest.begin(document.pk))

    def test_a_file_replaced_while_it_is_read_is_not_taken_for_the_new_one(self) -> None:
        background.add(Place(self.ann.user), "a.md", b"# Old\n\nOld text.")
        begun = ingest.begin(Document.objects.get().pk)
        assert begun
        reading = ingest.take_apart(begun)
        background.add(Place(self.ann.user), "a.md", b"# New\n\nNew text.")
        with self.assertRaises(ingest.LostDocument):
            ingest.keep(begun, reading)
        background.work_off()
        document = Document.objects.get()
        self.assertEqual((document.state, document.title), ("ready", "New"))
