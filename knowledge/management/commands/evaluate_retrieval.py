import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from pydantic import ValidationError

from core.problems import Problem
from knowledge.management.commands.ingest import find_user
from knowledge.reading import languages
from knowledge.reading.blocks import UnreadableFile
from knowledge.retrieval import evaluation
from knowledge.retrieval.embeddings import EmbeddingFailed

HEADERS = ["", "recall@5", "MRR@10", "nDCG@10", "without a result"]


class Command(BaseCommand):
    help = (
        "Measure how well searching finds. FILE is JSON: “questions”, each with “question” and “relevant” (a list of "
        "ids, or ids with grades), and “passages” (id, text; title, heading) or “documents” (id, text; title). With an "
        "“embedding” in each passage and question, hybrid search is measured too. Without passages and documents the "
        "questions are asked of the documents of --user, and “relevant” names those."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--user", metavar="EMAIL", help="whose documents to search if FILE contains none")
        parser.add_argument(
            "--language", default="", help="PostgreSQL's name of the language; detected from the texts by default"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *args: Any, file: Path, user: str | None, language: str, **options: Any) -> None:
        given = read(file)
        if language and not languages.exists(language):
            raise CommandError(f"There is no text search for “{language}”. One of: {', '.join(languages.names())}.")
        if not (given.documents or given.passages or user):
            raise CommandError("FILE contains no documents: say whose to search with --user EMAIL.")
        try:
            rows = evaluation.evaluate(given, find_user(user), language)
        except (UnreadableFile, EmbeddingFailed, Problem) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(as_json(rows) if options["json"] else as_table(rows, len(given.questions)))


def read(file: Path) -> evaluation.QuestionSet:
    try:
        return evaluation.QuestionSet.model_validate_json(file.read_bytes())
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:3]]
        raise CommandError(f"{file} is not a question set: " + "; ".join(faults)) from error


def as_table(rows: list[evaluation.Row], count: int) -> str:
    cells = [[row.name, str(row.recall), str(row.mrr), str(row.ndcg), f"{row.empty_share:.1%}"] for row in rows]
    widths = [max(len(line[column]) for line in [HEADERS, *cells]) for column in range(len(HEADERS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in [HEADERS, *cells]
    ]
    return "\n".join([*lines, f"{count} questions; in brackets the 95 % confidence interval (bootstrap)"])


def as_json(rows: list[evaluation.Row]) -> str:
    def members(measure: evaluation.Measure) -> dict[str, float]:
        return {"mean": measure.mean, "low": measure.low, "high": measure.high}

    return json.dumps(
        [
            {
                "name": row.name,
                "recall@5": members(row.recall),
                "mrr@10": members(row.mrr),
                "ndcg@10": members(row.ndcg),
            }
            | {"without_result": row.empty_share}
            for row in rows
        ],
        indent=1,
    )
