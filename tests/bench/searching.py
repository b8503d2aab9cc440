"""Searching documents: one owner's among everyone's, by words and by meaning, and reading them in.

The time is that of the application's own function, with the whole way to the database and back.
"""

import random
import statistics
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection

from accounts.models import User
from knowledge.models import Chunk, Document
from knowledge.reading import ingest
from knowledge.reading.ingest import Place
from knowledge.retrieval import search
from knowledge.retrieval.embeddings import Embedding
from tests.bench.filling import empty_database
from tests.bench.table import Row, Table

OWNERS = 100
DOCUMENTS = 10  # of each owner
DIMENSIONS = 384
WORDS = 20_000  # drawn as words are in texts: the n-th as often as 1/n
CHUNK_WORDS = 120
QUESTION_WORDS = 7
QUESTIONS = 40
LIMIT = 5
PAGES = 1_000
MODEL = f"bench:{DIMENSIONS}"

DOCUMENTS_SQL = """
INSERT INTO knowledge_document (id, owner_id, name, title, file, bytes, digest, kind, language, language_given, state,
    problem, progress, attempts, lease_expires_at, read_digest, text, blocks, length, passages, embedded_by,
    created_at, updated_at)
SELECT gen_random_uuid(), owner, 'document ' || n, 'Document ' || n, '', 0, '', 'text', 'english', '', 'ready', '', 100,
    1, now(), '', '', '[]', 0, 100, %(model)s, now(), now()
FROM unnest(%(owners)s::bigint[]) owner, generate_series(1, %(documents)s) n
"""
# Each row draws its own words and numbers: what is random depends on the row, or PostgreSQL would draw once for all.
CHUNKS_SQL = """
INSERT INTO knowledge_chunk (document_id, number, heading, text, start, "end", digest, language, embedding, embedded_by)
SELECT document.id, n, 'Document, part ' || n,
    (SELECT string_agg('word' || floor(exp(random() * ln(%(words)s)))::int, ' ') FROM generate_series(1, %(length)s)
        WHERE document.id IS NOT NULL AND n > 0),
    0, 1, '', 'english',
    (SELECT array_agg(random() - 0.5) FROM generate_series(1, %(dimensions)s)
        WHERE document.id IS NOT NULL AND n > 0)::vector,
    %(model)s
FROM knowledge_document document, generate_series(1, %(chunks)s) n WHERE owner_id = ANY (%(owners)s)
"""
EXACT_SQL = """
SELECT chunk.id FROM knowledge_chunk chunk JOIN knowledge_document document ON document.id = document_id
WHERE owner_id = %s ORDER BY embedding <=> %s::vector, chunk.id LIMIT %s
"""


def measure(options: Namespace) -> Table:
    """Measure with `options.chunks` chunks of all owners, and one owner more who has half as many alone."""
    empty_database()
    dice = random.Random(0)  # noqa: S311  # the same questions in every run
    each = max(options.chunks // OWNERS, DOCUMENTS)
    owners = [User.objects.create(username=f"owner {n}", subject=f"owner {n}") for n in range(OWNERS + 1)]
    fill(owners[:1], each)
    alone = times(owners[0], dice)
    fill(owners[1:OWNERS], each)
    among = times(owners[0], dice)
    fill(owners[OWNERS:], options.chunks // 2)
    large = {
        f"{name}, {options.chunks // 2:,} of one's own": time for name, time in times(owners[OWNERS], dice).items()
    }
    rows = [Row(name, time, alone.get(name), "ms") for name, time in (among | large).items()]
    rows.append(Row("rows shared with an exact search, of 10", recall(owners[0], dice), 10, ""))
    rows += reading(owners[1], min(PAGES, options.chunks))
    return Table(
        title=f"Searching: median of {QUESTIONS} questions of {QUESTION_WORDS} words; {each:,} chunks of one's own, "
        f"{DIMENSIONS} dimensions",
        here=f"among {options.chunks:,}",
        reference="alone",
        rows=rows,
    )


def fill(owners: list[User], chunks: int) -> None:
    values: dict[str, Any] = {
        "owners": [owner.pk for owner in owners],
        "documents": DOCUMENTS,
        "chunks": chunks // DOCUMENTS,
    }
    values |= {"words": WORDS, "length": CHUNK_WORDS, "dimensions": DIMENSIONS, "model": MODEL}
    with connection.cursor() as cursor:
        cursor.execute(DOCUMENTS_SQL, values)
        cursor.execute(CHUNKS_SQL, values)
        cursor.execute("VACUUM (ANALYZE) knowledge_document, knowledge_chunk")


def question(dice: random.Random) -> str:
    words = [f"word{int(WORDS ** dice.random())}" for _ in range(QUESTION_WORDS)]
    return f"What is the {' '.join(words)} of it?"


def vector(dice: random.Random) -> Embedding:
    return Embedding([dice.random() - 0.5 for _ in range(DIMENSIONS)], MODEL)


def times(user: User, dice: random.Random) -> dict[str, float]:
    """Return the medians of both ways to search, in milliseconds."""
    cases = [(question(dice), vector(dice)) for _ in range(QUESTIONS)]
    return {
        "full text": milliseconds([partial(search.find, user.pk, text, LIMIT) for text, _ in cases]),
        "hybrid": milliseconds([partial(search.find, user.pk, text, LIMIT, asked) for text, asked in cases]),
    }


def milliseconds(calls: Sequence[Callable[[], object]]) -> float:
    runs = []
    for call in [*calls[:3], *calls]:
        began = time.perf_counter()
        call()
        runs.append((time.perf_counter() - began) * 1000)
    return statistics.median(runs[3:])


def recall(user: User, dice: random.Random) -> float:
    """Return how many of the ten nearest chunks of a user a search by meaning alone finds, on the average."""
    shared = []
    for _ in range(QUESTIONS):
        asked = vector(dice)
        found = {passage.id for passage in search.find(user.pk, "nowhere", 10, asked)}
        with connection.cursor() as cursor:
            cursor.execute(EXACT_SQL, [user.pk, str(asked.vector), 10])
            shared.append(len(found & {id for (id,) in cursor.fetchall()}))
    return statistics.mean(shared)


def reading(user: User, pages: int) -> list[Row]:
    """Return how many Markdown pages are read in a second: at first, and again when one in ten has changed."""
    dice = random.Random(1)  # noqa: S311
    texts = {f"page {n}.md": page(dice, n) for n in range(pages)}
    first = rate(user, texts)
    changed = {
        name: text + ("\n\nOne more line.\n" if n % 10 == 0 else "") for n, (name, text) in enumerate(texts.items())
    }
    assert Chunk.objects.filter(document__owner=user, document__name__startswith="page ").exists()
    return [
        Row(f"reading {pages:,} Markdown pages", first, None, "pages/s"),
        Row("… again, one in ten changed", rate(user, changed), first, "pages/s"),
    ]


def page(dice: random.Random, number: int) -> str:
    """Return a page of some 4,000 characters: five sections of paragraphs and a list."""
    sections = []
    for part in range(5):
        words = [f"word{int(WORDS ** dice.random())}" for _ in range(100)]
        items = "\n".join(f"- {word}" for word in words[:5])
        sections.append(f"## Part {part}\n\n{' '.join(words[:50])}.\n\n{items}\n\n{' '.join(words[50:])}.")
    return f"# Page {number}\n\n" + "\n\n".join(sections)


def rate(user: User, texts: dict[str, str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            (Path(folder) / name).write_text(text)
        began = time.perf_counter()
        for name in texts:
            document, _ = ingest.store(Place(user), name, (Path(folder) / name).read_bytes())
            if document.state == Document.State.WAITING:
                ingest.read(document.pk)
        return len(texts) / (time.perf_counter() - began)
