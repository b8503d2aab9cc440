"""Finding passages: full text and, with embeddings, both in one statement, fused by reciprocal rank.

Measured choices: words are joined by OR (AND finds nothing for most questions) and ranked by `ts_rank` with
normalisation 1; reciprocal rank fusion has k = 10 and lets full text count 1.5 times. Vectors are compared exactly,
after the filter by owner: an index would lose rows that the filter keeps.
"""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import structlog
from django.db import connection

from accounts.models import User
from core.sections import section
from knowledge.models import Document, source_key
from knowledge.retrieval import embeddings
from knowledge.retrieval.embeddings import Embedding, EmbeddingFailed

QUERY_LENGTH = 2_000
DEPTH = 100  # of each ranking that is fused
RRF_K = 10
TEXT_WEIGHT = 1.5

type Semantic = Literal["on", "off", "unavailable"]

log = structlog.get_logger("errand.knowledge")

# The documents are few, so they are looked up once, and their chunks by them. OFFSET 0 keeps PostgreSQL from taking the
# index of all words first: nearly every chunk of everybody has one of them. One query of words for each language, since
# each has stems of its own.
VISIBLE = """
visible AS MATERIALIZED (
    SELECT id, language FROM knowledge_document
    WHERE owner_id = %(user)s OR group_id IN (SELECT group_id FROM accounts_user_groups WHERE user_id = %(user)s)
),
asked AS MATERIALIZED (
    SELECT language, string_agg(quote_literal(lexeme), ' | ')::tsquery AS words
    FROM (SELECT DISTINCT language FROM visible) languages, unnest(to_tsvector(language, %(text)s))
    GROUP BY language
)"""
BY_TEXT = """
by_text AS (
    SELECT chunk.id, ts_rank(search, words, 1) AS score FROM visible
    CROSS JOIN LATERAL (SELECT id, language, search FROM knowledge_chunk WHERE document_id = visible.id OFFSET 0) chunk
    JOIN asked ON asked.language = chunk.language AND search @@ words
    ORDER BY score DESC, chunk.id LIMIT %(depth)s
)"""
BY_VECTOR = """
by_vector AS (
    SELECT chunk.id, embedding <=> %(vector)s::vector AS distance FROM visible
    CROSS JOIN LATERAL (
        SELECT id, embedding FROM knowledge_chunk
        WHERE document_id = visible.id AND embedded_by = %(made_by)s OFFSET 0
    ) chunk
    ORDER BY distance, chunk.id LIMIT %(depth)s
)"""
FUSED = """
best AS (
    SELECT id, sum(score) AS score FROM (
        SELECT id, %(text_weight)s / (%(k)s + row_number() OVER (ORDER BY score DESC, id)) AS score FROM by_text
        UNION ALL
        SELECT id, 1.0 / (%(k)s + row_number() OVER (ORDER BY distance, id)) FROM by_vector
    ) ranks GROUP BY id ORDER BY score DESC, id LIMIT %(limit)s
)"""
TEXT_ONLY = "best AS (SELECT * FROM by_text ORDER BY score DESC, id LIMIT %(limit)s)"
FOUND = """
SELECT chunk.id, document.id, document.name, document.title, chunk.heading, chunk.text, chunk.start, chunk.end,
    chunk.page, chunk.digest, best.score,
    (SELECT coalesce(avg((lexeme = ANY (tsvector_to_array(chunk.search)))::int), 0)::float
        FROM unnest(to_tsvector(chunk.language, %(text)s)))
FROM best JOIN knowledge_chunk chunk USING (id) JOIN knowledge_document document ON document.id = document_id
ORDER BY best.score DESC, best.id
"""


@dataclass(frozen=True)
class FoundPassage:
    """A passage that was found.

    `start` and `end` are characters of its document's text; `coverage` is the share of the question's words in it.
    """

    id: int
    document_id: UUID
    name: str
    title: str
    heading: str
    text: str
    start: int
    end: int
    page: int | None
    digest: str
    score: float
    coverage: float

    @property
    def key(self) -> str:
        return source_key(self.document_id, self.digest)

    @property
    def url(self) -> str:
        return Document(pk=self.document_id).passage_url(self.start, self.end, self.key)

    @property
    def document_public_id(self) -> str:
        return Document(pk=self.document_id).public_id


@dataclass(frozen=True)
class Findings:
    """What a search found. `semantic`: whether meaning counted too, was not asked for, or could not be asked for."""

    passages: list[FoundPassage]
    semantic: Semantic
    documents: int = 0


async def search(user: User, text: str, limit: int) -> Findings:
    """Return the passages of the user's documents that fit a question best, the best first.

    If the embedding endpoint does not answer in time, full text alone decides, and the result says so.
    """
    text = text[:QUERY_LENGTH]
    embedding, semantic = await embedded(text)
    passages, documents = await section(find_and_count, user, text, limit, embedding)
    return Findings(passages, semantic, documents)


async def embedded(text: str) -> tuple[Embedding | None, Semantic]:
    if not embeddings.is_on():
        return None, "off"
    try:
        return await embeddings.of_query(text), "on"
    except EmbeddingFailed as error:
        log.warning("search.without_embedding", error=str(error))
        return None, "unavailable"


def find_and_count(user: User, text: str, limit: int, embedding: Embedding | None) -> tuple[list[FoundPassage], int]:
    passages = find(user.pk, text, limit, embedding)
    return passages, 0 if passages else Document.objects.visible_to(user).count()


def find(user_id: int, text: str, limit: int, embedding: Embedding | None = None) -> list[FoundPassage]:
    """Return the best passages in one statement. `text` is taken as words; nothing in it is an operator."""
    parts = [VISIBLE, BY_TEXT] + ([BY_VECTOR, FUSED] if embedding else [TEXT_ONLY])
    values: dict[str, Any] = {"user": user_id, "text": text.replace("\0", " "), "limit": limit, "depth": DEPTH}
    values |= {"k": RRF_K, "text_weight": TEXT_WEIGHT}
    if embedding:
        values |= {"made_by": embedding.made_by, "vector": str(embedding.vector)}
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} {FOUND}", values)
        return [FoundPassage(*row) for row in cursor.fetchall()]
