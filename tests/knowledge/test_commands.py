"""`ingest` and `evaluate_retrieval`."""

import io
import json
import tempfile
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase

from knowledge.models import Chunk, Document
from knowledge.retrieval.evaluation import Measure, Scores
from tests.faults.provider import vector
from tests.knowledge import files
from tests.knowledge.documents import HANDBOOK
from tests.people import sign_up


def run(*arguments: Any) -> str:
    """Run a command; return what it says, on both streams."""
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=out)
    return out.getvalue()


class IngestCommandTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory())) / "notes"
        (self.folder / "deep").mkdir(parents=True)
        (self.folder / "a.md").write_text(HANDBOOK)
        (self.folder / "deep" / "b.txt").write_text("Some text.")
        (self.folder / ".hidden.md").write_text("Not this.")
        (self.folder / "code.py").write_text("pass")

    def ingest(self, *arguments: Any) -> str:
        return run("ingest", *(arguments or [self.folder]), "--user", "ann@example.org")

    def names(self) -> list[str]:
        return list(Document.objects.order_by("name").values_list("name", flat=True))

    def test_a_folder_is_read_with_all_below_it(self) -> None:
        self.assertIn("2 read, 0 unchanged, 0 failed", self.ingest())
        self.assertEqual(self.names(), ["notes/a.md", "notes/deep/b.txt"])
        self.assertEqual(set(Document.objects.values_list("state", "owner")), {("ready", self.ann.user.pk)})

    def test_a_second_run_reads_what_changed(self) -> None:
        self.ingest()
        (self.folder / "a.md").write_text(HANDBOOK + "\n\n## More\n\nText.")
        self.assertIn("1 read, 1 unchanged", self.ingest())

    def test_globs_and_single_files_are_taken(self) -> None:
        self.ingest(self.folder / "**" / "*.txt", self.folder / "code.py")
        self.assertEqual(self.names(), ["b.txt", "code.py"])

    def test_what_cannot_be_read_is_named_and_does_not_stop_the_rest(self) -> None:
        (self.folder / "a.pdf").write_bytes(files.encrypted_pdf("x"))
        out = io.StringIO()
        with self.assertRaisesRegex(CommandError, "1 of 3 files"):
            call_command("ingest", str(self.folder), "--user", "ann@example.org", stdout=out, stderr=out)
        self.assertIn("notes/a.pdf: The PDF is protected by a password", out.getvalue())
        self.assertEqual(Document.objects.filter(state="ready").count(), 2)

    def test_pruning_removes_what_left_the_folder_and_nothing_else(self) -> None:
        self.ingest()
        self.ingest(self.folder / "a.md")
        (self.folder / "a.md").unlink()
        self.assertIn("would remove notes/a.md", self.ingest(self.folder, "--prune", "--dry-run"))
        self.assertEqual(len(self.names()), 3)
        self.assertIn("1 removed", self.ingest(self.folder, "--prune"))
        self.assertEqual(self.names(), ["a.md", "notes/deep/b.txt"])

    def test_documents_are_shared_with_a_group(self) -> None:
        Group.objects.create(name="Team")
        run("ingest", self.folder, "--shared", "Team")
        self.assertEqual(set(Document.objects.values_list("owner", "group__name")), {(None, "Team")})

    def test_wrong_arguments_say_what_is_wrong(self) -> None:
        cases: list[tuple[list[Any], str]] = [
            ([self.folder], "--user"),
            ([self.folder, "--user", "nobody"], "no user"),
            ([self.folder, "--shared", "Nobody"], "no group"),
            (["/nothing/here", "--user", "ann@example.org"], "nothing at"),
        ]
        for arguments, words in cases:
            with self.subTest(words), self.assertRaisesRegex(CommandError, words):
                run("ingest", *arguments)


class EvaluationTests(TestCase):
    def evaluate(self, given: Any, *arguments: str) -> Any:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(given, file)
            file.flush()
            return json.loads(run("evaluate_retrieval", file.name, "--json", *arguments))

    def test_scores_are_those_of_the_textbooks(self) -> None:
        scores = Scores.of(["x", "a", "y", "z", "w", "b"], {"a": 1, "b": 1})
        self.assertEqual((scores.recall, scores.reciprocal_rank), (0.5, 0.5))
        self.assertAlmostEqual(scores.ndcg, (1 / 1.58496 + 1 / 2.80735) / (1 + 1 / 1.58496), places=4)
        self.assertEqual(Scores.of([], {"a": 1}), Scores(0, 0, 0, True))
        graded = Scores.of(["a", "b"], {"a": 1, "b": 3})
        self.assertAlmostEqual(graded.ndcg, (1 + 3 / 1.58496) / (3 + 1 / 1.58496), places=4)

    def test_the_interval_holds_the_mean_and_is_the_same_in_every_run(self) -> None:
        measure = Measure.of([0.0, 1.0] * 50)
        self.assertTrue(0.3 < measure.low < measure.mean == 0.5 < measure.high < 0.7)
        self.assertEqual(measure, Measure.of([0.0, 1.0] * 50))

    def test_passages_with_vectors_give_both_rows_and_leave_nothing_behind(self) -> None:
        texts = {"a": "The zebra has stripes.", "b": "Days of leave for all.", "c": "Hotels on the road."}
        passages = [{"id": id, "text": text, "embedding": vector(text, 32)} for id, text in texts.items()]
        questions = [
            {"question": question, "relevant": [id], "embedding": vector(question, 32)}
            for question, id in [("a zebra?", "a"), ("vacation", "b")]
        ]
        full, hybrid = self.evaluate({"passages": passages, "questions": questions})
        self.assertEqual((full["recall@5"]["mean"], full["without_result"]), (0.5, 0.5))
        self.assertEqual((hybrid["recall@5"]["mean"], hybrid["mrr@10"]["mean"]), (1.0, 1.0))
        self.assertFalse(Chunk.objects.exists() or Document.objects.exists())

    def test_documents_are_divided_and_found_by_any_of_their_passages(self) -> None:
        documents = [{"id": "h", "text": HANDBOOK}, {"id": "z", "text": "# Zebras\n\nStripes."}]
        questions = [
            {"question": "What may a hotel cost?", "relevant": {"h": 2}},
            {"question": "stripes", "relevant": ["z"]},
        ]
        (row,) = self.evaluate({"documents": documents, "questions": questions})
        self.assertEqual((row["name"], row["mrr@10"]["mean"], row["ndcg@10"]["mean"]), ("full text", 1.0, 1.0))

    def test_an_own_collection_is_measured_by_the_names_of_its_documents(self) -> None:
        sign_up()
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "h.md").write_text(HANDBOOK)
            run("ingest", Path(folder) / "h.md", "--user", "ann@example.org")
        questions = [
            {"question": "paid leave", "relevant": ["h.md"]},
            {"question": "paid leave", "relevant": ["h.md#Leave"]},
        ]
        (row,) = self.evaluate({"questions": questions}, "--user", "ann@example.org")
        self.assertEqual(row["mrr@10"]["mean"], 1.0)

    def test_other_names_and_numbers_are_understood(self) -> None:
        passages = [{"_id": 1, "text": "Zebras have stripes."}, {"_id": 2, "text": "Hotels."}]
        (row,) = self.evaluate({"passages": passages, "questions": [{"query": "stripes", "relevant": [1]}]})
        self.assertEqual(row["recall@5"]["mean"], 1.0)

    def test_a_table_is_for_people(self) -> None:
        with tempfile.NamedTemporaryFile("w") as file:
            json.dump(
                {"documents": [{"id": "h", "text": HANDBOOK}], "questions": [{"question": "hotel", "relevant": ["h"]}]},
                file,
            )
            file.flush()
            self.assertIn("1.000 [1.000 to 1.000]", run("evaluate_retrieval", file.name))

    def test_what_is_no_question_set_is_named(self) -> None:
        for given, words in [
            ({}, "questions"),
            ({"questions": []}, "questions"),
            ({"questions": [{"question": "x"}]}, "relevant"),
        ]:
            with self.subTest(given), self.assertRaisesRegex(CommandError, words):
                self.evaluate(given)
        with self.assertRaisesRegex(CommandError, "--user"):
            self.evaluate({"questions": [{"question": "x", "relevant": ["a"]}]})
        with self.assertRaisesRegex(CommandError, "No such file"):
            run("evaluate_retrieval", "/nothing/here")
