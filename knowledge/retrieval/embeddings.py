"""Embeddings from any endpoint with OpenAI's `POST /embeddings`; off unless EMBEDDING_BASE_URL is set.

https://platform.openai.com/docs/api-reference/embeddings
"""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import structlog
from django.conf import settings
from django.utils import timezone

from core.sections import released
from knowledge.models import Chunk, Document

QUERY_SECONDS = 0.3
BATCH_SECONDS = 60.0
PAUSES = [0.5, 2.0, 8.0]
CHARACTERS_LIMIT = 8_000  # of one text: headings and a passage are far below it, but a query is not ours

log = structlog.get_logger("errand.knowledge")


class EmbeddingFailed(Exception):
    """The endpoint did not give usable embeddings. The text is for logs."""


@dataclass(frozen=True)
class Embedding:
    """A vector, and what made it: model and dimension, for example `text-embedding-3-small:1536`."""

    vector: list[float]
    made_by: str


def is_on() -> bool:
    return bool(settings.EMBEDDING_BASE_URL)


def request_of(texts: list[str]) -> dict[str, Any]:
    """Return a request as `httpx2` takes it."""
    body: dict[str, Any] = {"model": settings.EMBEDDING_MODEL, "input": [text[:CHARACTERS_LIMIT] for text in texts]}
    if settings.EMBEDDING_DIMENSIONS:
        body["dimensions"] = settings.EMBEDDING_DIMENSIONS
    headers = {"Authorization": f"Bearer {settings.EMBEDDING_API_KEY}"} if settings.EMBEDDING_API_KEY else {}
    return {"url": f"{settings.EMBEDDING_BASE_URL}/embeddings", "json": body, "headers": headers}


def read_answer(answer: Any, count: int) -> list[Embedding]:
    """Return the embeddings of an answer, in the order of the texts. Raises `EmbeddingFailed` if any is unusable."""
    try:
        found = sorted(answer["data"], key=lambda each: int(each["index"]))
        vectors = [[float(number) for number in each["embedding"]] for each in found]
    except (KeyError, TypeError, ValueError) as error:
        raise EmbeddingFailed("The answer is not one of the embeddings API.") from error
    if len(vectors) != count:
        raise EmbeddingFailed(f"{len(vectors)} embeddings came for {count} texts.")
    dimensions = {len(vector) for vector in vectors}
    wanted = settings.EMBEDDING_DIMENSIONS
    if len(dimensions) != 1 or 0 in dimensions or (wanted and dimensions != {wanted}):
        raise EmbeddingFailed(f"The embeddings have {sorted(dimensions)} dimensions, not {wanted or 'one number of'}.")
    return [Embedding(vector, f"{settings.EMBEDDING_MODEL}:{len(vector)}") for vector in vectors]


async def of_query(text: str) -> Embedding:
    """Return the embedding of what somebody asks. Raises `EmbeddingFailed`, at the latest after `QUERY_SECONDS`."""
    try:
        async with httpx2.AsyncClient(timeout=QUERY_SECONDS) as http:
            response = await http.post(**request_of([text]))
            return read_answer(response.raise_for_status().json(), 1)[0]
    except (httpx2.HTTPError, ValueError) as error:
        raise EmbeddingFailed(f"{type(error).__name__}: {error}") from error


def of_texts(texts: list[str]) -> list[Embedding]:
    """Return the embeddings of passages. A failure that may pass is tried again. Raises `EmbeddingFailed`."""
    for pause in [*PAUSES, None]:
        try:
            with httpx2.Client(timeout=BATCH_SECONDS) as http:
                response = http.post(**request_of(texts))
                return read_answer(response.raise_for_status().json(), len(texts))
        except (httpx2.HTTPError, ValueError) as error:
            if pause is None or not may_pass(error):
                raise EmbeddingFailed(f"{type(error).__name__}: {error}") from error
            log.info("embedding.retried", error=str(error))
        time.sleep(pause)
    raise AssertionError("unreachable")


def may_pass(error: Exception) -> bool:
    """Tell whether trying again may help: not if the endpoint understood the request and refused it."""
    if isinstance(error, httpx2.HTTPStatusError):
        return error.response.status_code == 429 or error.response.status_code >= 500
    return isinstance(error, httpx2.TransportError)


def embed(id: UUID) -> int:
    """Embed those passages of a document that have no embedding of the present model; return how many.

    No connection is held while the endpoint is asked. Raises `EmbeddingFailed`; what was done by then is kept.
    """
    count, made_by = 0, ""
    while batch := released(missing, id):
        embeddings = of_texts([text for _, text in batch])
        made_by = embeddings[0].made_by
        released(put, [pk for pk, _ in batch], embeddings)
        count += len(batch)
    released(finish, id, made_by)
    return count


def missing(id: UUID) -> list[tuple[int, str]]:
    """Return a batch of passages without an embedding of the present model: their ids, and what is embedded."""
    chunks = Chunk.objects.filter(document=id).exclude(embedded_by__startswith=f"{settings.EMBEDDING_MODEL}:")
    rows = chunks.order_by("number").values_list("pk", "heading", "text")[: settings.EMBEDDING_BATCH_SIZE]
    return [(pk, f"{heading}\n\n{text}") for pk, heading, text in rows]


def put(ids: list[int], embeddings: list[Embedding]) -> None:
    chunks = [
        Chunk(pk=pk, embedding=embedding.vector, embedded_by=embedding.made_by)
        for pk, embedding in zip(ids, embeddings, strict=True)
    ]
    Chunk.objects.bulk_update(chunks, ["embedding", "embedded_by"])


def finish(id: UUID, made_by: str) -> None:
    name = made_by or f"{settings.EMBEDDING_MODEL}:"
    Document.objects.filter(pk=id, state=Document.State.READY).update(embedded_by=name, lease_expires_at=timezone.now())
