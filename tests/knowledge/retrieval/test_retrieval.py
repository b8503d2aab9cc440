"""How well searching finds, over the project's docs and a handbook that was written for it. Full text only."""

import json
from pathlib import Path

from django.test import TestCase

from knowledge.retrieval import evaluation
from knowledge.retrieval.evaluation import GivenDocument, Question, QuestionSet
from tests.server import ROOT

HERE = Path(__file__).parent.parent
DOCUMENTS = [
    *sorted((HERE / "handbook").glob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "docs/failures.md", "docs/knowledge.md")),
]


def question_set() -> QuestionSet:
    documents = [GivenDocument(id=path.name, text=path.read_text()) for path in DOCUMENTS]
    asked = json.loads((HERE / "questions.json").read_text())
    questions = [Question(question=question, relevant={place: 1}) for question, place in asked]
    return QuestionSet(documents=documents, questions=questions)


class RetrievalTests(TestCase):
    def test_every_question_has_its_place_in_the_documents(self) -> None:
        given = question_set()
        texts = {document.id: document.text for document in given.documents}
        for question in given.questions:
            name, _, heading = next(iter(question.relevant)).partition("#")
            self.assertIn(f"# {heading}\n", texts[name], question.question)
        self.assertGreaterEqual(len(given.questions), 60)

    def test_the_right_section_is_found(self) -> None:
        (row,) = evaluation.evaluate(question_set(), None)
        self.assertGreaterEqual(row.recall.mean, 0.80, row)
        self.assertGreaterEqual(row.mrr.mean, 0.85, row)
        self.assertLess(row.empty_share, 0.01, row)
