"""How well a search finds: recall@5, MRR@10 and nDCG@10 over questions with known answers.

The questions go through the same statement as a search. Documents that a file contains are put into the database in a
transaction that is rolled back.
"""

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from django.db import connection, transaction
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from uuid_utils.compat import uuid7

from accounts.models import User
from knowledge.models import BELOW, Chunk, Document, chunk_digest
from knowledge.reading import languages
from knowledge.reading.chunks import lay_out, split
from knowledge.reading.extract import extract
from knowledge.retrieval import embeddings, search
from knowledge.retrieval.embeddings import Embedding

DEPTH = 10
MORE = 5  # passages looked at for each document that is ranked: several of them may be of one document
RESAMPLES = 1_000
SAMPLE = 200  # texts from which the language is found out
GIVEN = "given"

type Vector = list[float]
# Sets name these differently; numbers are as good as texts.
Id = Annotated[str, BeforeValidator(str), Field(validation_alias=AliasChoices("id", "_id"))]
Asked = Annotated[str, Field(min_length=1, validation_alias=AliasChoices("question", "query", "text"))]


class GivenDocument(BaseModel):
    """A document, which is divided into passages as any other; it counts as found where one of them is."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    id: Id
    title: str = ""
    text: str


class GivenPassage(GivenDocument):
    """A passage that is taken as it is."""

    heading: str = ""
    embedding: Vector | None = None


class Question(BaseModel):
    """A question, and what answers it: ids, or ids with grades. For a collection of your own: names of documents.

    `id#heading` narrows a document down to what stands below one of its headings.
    """

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    question: Asked
    relevant: dict[str, float]
    embedding: Vector | None = None

    @model_validator(mode="before")
    @classmethod
    def graded(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("relevant"), list):
            return {**value, "relevant": dict.fromkeys(map(str, value["relevant"]), 1.0)}
        return value


class QuestionSet(BaseModel):
    """What `evaluate_retrieval` reads: questions, and the documents or passages that they are asked of, if any."""

    model_config = ConfigDict(extra="ignore")

    questions: Annotated[list[Question], Field(min_length=1)]
    documents: list[GivenDocument] = []
    passages: list[GivenPassage] = []

    @property
    def has_vectors(self) -> bool:
        given: list[GivenPassage | Question] = [*self.passages, *self.questions]
        return bool(self.passages) and all(each.embedding for each in given)


@dataclass(frozen=True)
class Scores:
    """Of one question."""

    recall: float
    reciprocal_rank: float
    ndcg: float
    is_empty: bool

    @classmethod
    def of(cls, ranking: list[str], relevant: dict[str, float]) -> "Scores":
        """Score the ids that were found, best first, by recall@5, reciprocal rank@10 and nDCG@10."""
        ranking = ranking[:DEPTH]
        ranks = [rank for rank, id in enumerate(ranking, 1) if relevant.get(id, 0) > 0]
        wanted = [grade for grade in relevant.values() if grade > 0]
        ideal = gain(sorted(wanted, reverse=True)[:DEPTH])
        return cls(
            recall=sum(rank <= 5 for rank in ranks) / len(wanted) if wanted else 0,
            reciprocal_rank=1 / ranks[0] if ranks else 0,
            ndcg=gain([relevant.get(id, 0) for id in ranking]) / ideal if ideal else 0,
            is_empty=not ranking,
        )


def gain(grades: Iterable[float]) -> float:
    """Discounted cumulative gain of grades in ranked order."""
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


@dataclass(frozen=True)
class Measure:
    """A mean with its 95 % confidence interval, by bootstrap over the questions."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Measure":
        dice = random.Random(0)  # noqa: S311  # the same interval in every run
        means = sorted(sum(dice.choices(values, k=len(values))) / len(values) for _ in range(RESAMPLES))
        return cls(sum(values) / len(values), means[RESAMPLES // 40], means[-RESAMPLES // 40])

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f} to {self.high:.3f}]"


@dataclass(frozen=True)
class Row:
    """One way of searching, measured."""

    name: str
    recall: Measure
    mrr: Measure
    ndcg: Measure
    empty_share: float

    @classmethod
    def of(cls, name: str, scores: list[Scores]) -> "Row":
        recall, mrr, ndcg = (
            Measure.of([getattr(score, field) for score in scores]) for field in ("recall", "reciprocal_rank", "ndcg")
        )
        return cls(name, recall, mrr, ndcg, sum(score.is_empty for score in scores) / len(scores))


def evaluate(given: QuestionSet, user: User | None, language: str = "") -> list[Row]:
    """Measure full text and, where there are vectors or an endpoint for them, hybrid search.

    `user` is the person whose documents are searched if the set contains none.
    """
    with transaction.atomic():
        try:
            return measured(given, user, language)
        finally:
            transaction.set_rollback(True)


def measured(given: QuestionSet, user: User | None, language: str) -> list[Row]:
    if given.documents or given.passages:
        asked = User.objects.create(username=uuid7().hex)
        names = put_passages(asked, given, language) if given.passages else put_documents(asked, given, language)
    else:
        assert user is not None
        asked, names = user, {}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE knowledge_document, knowledge_chunk")
    rows = [Row.of("full text", [score(asked, question, None, names) for question in given.questions])]
    if vector_of := vectors(given):
        scores = [score(asked, question, vector_of(question), names) for question in given.questions]
        rows.append(Row.of("hybrid", scores))
    return rows


def score(user: User, question: Question, embedding: Embedding | None, names: dict[int | UUID, str]) -> Scores:
    """Search for a question and score what is found: passages by their ids, documents by theirs, or by their names."""
    found = search.find(user.pk, question.question, DEPTH * MORE, embedding)
    ids = [names.get(each.id) or names.get(each.document_id) or each.name for each in found]
    if any("#" in id for id in question.relevant):
        ids = [f"{id}#{each.heading.rpartition(BELOW)[2]}" for id, each in zip(ids, found, strict=True)]
    return Scores.of(list(dict.fromkeys(ids)), question.relevant)


def vectors(given: QuestionSet) -> Callable[[Question], Embedding] | None:
    """Return a function from a question to its embedding, by the file or the endpoint. None if there is neither."""
    if given.has_vectors:
        return lambda question: Embedding(question.embedding or [], GIVEN)
    if not embeddings.is_on():
        return None
    made = embeddings.of_texts([question.question for question in given.questions])
    by_question = dict(zip([question.question for question in given.questions], made, strict=True))
    return lambda question: by_question[question.question]


def new_document(user: User, name: str, language: str) -> Document:
    return Document(owner=user, name=name[:255], title=name[:300], language=language, state=Document.State.READY)


def put_passages(user: User, given: QuestionSet, language: str) -> dict[int | UUID, str]:
    """Store the passages as they are; return their ids in the set by their ids in the database."""
    language = language or languages.of("\n".join(each.text for each in given.passages[:SAMPLE]))
    document = new_document(user, "passages", language)
    document.save()
    chunks = [
        Chunk(
            document=document,
            number=number,
            heading=BELOW.join(part for part in (each.title, each.heading) if part),
            text=each.text,
            start=0,
            end=len(each.text),
            digest=chunk_digest(each.id, each.text),
            language=language,
            embedding=each.embedding if given.has_vectors else None,
            embedded_by=GIVEN if given.has_vectors else "",
        )
        for number, each in enumerate(given.passages)
    ]
    Chunk.objects.bulk_create(chunks, batch_size=500)
    return {chunk.pk: each.id for chunk, each in zip(chunks, given.passages, strict=True)}


def put_documents(user: User, given: QuestionSet, language: str) -> dict[int | UUID, str]:
    """Store the documents, divided as they would be; return their ids in the set by their ids in the database."""
    names: dict[int | UUID, str] = {}
    for each in given.documents:
        document = new_document(user, each.id, language or languages.of(each.text))
        whole, placed = lay_out(extract(each.text.encode(), f"{each.id}.md").blocks)
        title = each.title or next((place.block.text for place in placed if place.block.level == 1), "")
        document.save()
        chunks = [
            Chunk(
                document=document,
                number=number,
                heading=passage.heading,
                text=passage.text,
                start=passage.start,
                end=passage.end,
                digest=passage.digest,
                language=document.language,
            )
            for number, passage in enumerate(split(whole, placed, title))
        ]
        Chunk.objects.bulk_create(chunks)
        if embeddings.is_on():
            embeddings.embed(document.pk)
        names[document.pk] = each.id
    return names
