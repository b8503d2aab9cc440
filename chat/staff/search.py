"""Finding conversations among everybody's: by words, people, tools, models, states, errors, cost and date.

Each search reads the latest matches only, so that it costs the same however many there are.
"""

import datetime
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.dateparse import parse_date

from accounts.models import User
from chat import ids
from chat.models import Conversation, Message, Step, Turn
from chat.models.conversations import WORDS_OF_TITLE
from chat.models.messages import WORDS_OF_TEXT
from core.problems import NotFound

LATEST = 1_000  # matches that are looked at
# With more matches than this, the latest messages are read one by one, until this many fit.
MANY, LATEST_OF_MANY = 20_000, 200
PEOPLE = 100
TERM = re.compile(r"(user|tool|model|status|error|feedback|since|until|id):(\S+)|cost>(\S+)")


class BadSearch(Exception):
    """A term that cannot be read; the text says how to write it."""


@dataclass
class Search:
    """What staff look for: `user:ann tool:delete_task model:gpt status:failed error:timeout cost>1 since:2026-05-01`.

    All other terms are words, which must all be in one message or in the title.
    """

    words: str = ""
    terms: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> "Search":
        terms = {match[1] or "cost": match[2] or match[3] for match in TERM.finditer(text)}
        return cls(" ".join(TERM.sub("", text).split()), terms)

    def apply(self, found: QuerySet[Conversation]) -> QuerySet[Conversation]:
        """Narrow to what is looked for. Raises `BadSearch`."""
        if "id" in self.terms:
            return found.filter(pk__in=filter(None, [conversation_of(self.terms["id"])]))
        if "since" in self.terms:
            found = found.filter(updated_at__gte=day("since", self.terms["since"]))
        if "until" in self.terms:
            found = found.filter(updated_at__lt=day("until", self.terms["until"]) + datetime.timedelta(days=1))
        if "user" in self.terms:
            found = found.filter(user__in=people(self.terms["user"]))
        with_words = saying(self.words) if self.words else None
        if with_words is not None:
            found = found.filter(pk__in=with_words)
        if self.terms.keys() & {"tool", "model", "status", "error", "cost", "feedback"}:
            found = found.filter(pk__in=self.with_turns(with_words))
        return found

    def with_turns(self, among: list[UUID] | None) -> list[UUID]:
        """Return the conversations of the latest turns that the terms fit."""
        turns = Turn.objects.all() if among is None else Turn.objects.filter(conversation__in=among)
        if "user" in self.terms:
            turns = turns.filter(user__in=people(self.terms["user"]))
        if model := self.terms.get("model"):
            turns = turns.filter(model__in=[name for name in models() if model.lower() in name.lower()])
        if status := self.terms.get("status"):
            turns = turns.filter(status=status)
        if feedback := self.terms.get("feedback"):
            turns = turns.filter(feedback=feedback)
        if error := self.terms.get("error"):
            turns = turns.filter(status=Turn.Status.FAILED, error__icontains="" if error == "any" else error)
        if cost := self.terms.get("cost"):
            turns = turns.filter(cost__gt=amount(cost))
        if tool := self.terms.get("tool"):
            turns = (
                turns.filter(pk__in=latest_calls(tool))
                if among is None and len(self.terms) == 1
                else calling(turns, tool)
            )
        return list(dict.fromkeys(turns.order_by("-id").values_list("conversation", flat=True)[:LATEST]))


def latest_calls(tool: str) -> list[UUID]:
    found = Step.objects.filter(kind=Step.Kind.TOOL, name=tool).order_by("-id")
    return list(dict.fromkeys(found.values_list("turn", flat=True)[:LATEST]))


def calling(turns: QuerySet[Turn], tool: str) -> QuerySet[Turn]:
    return turns.filter(Exists(Step.objects.filter(turn=OuterRef("pk"), kind=Step.Kind.TOOL, name=tool)))


def saying(words: str) -> list[UUID]:
    """Return the conversations of the latest messages, and of titles, that have all of these words."""
    terms = SearchQuery(words, config="simple", search_type="websearch")
    matching = Message.objects.alias(words=WORDS_OF_TEXT).filter(words=terms)
    if matching.order_by()[:MANY].count() < MANY:
        # As an expression, so that PostgreSQL reads the index of words and not everybody's messages from the end.
        found = matching.alias(place=F("id") + 0).order_by("-place")[:LATEST]
    else:  # no index serves CASE: the newest are read until enough fit, instead of all that ever did
        fits = Case(When(words=terms, then=True), default=Value(False))
        found = Message.objects.alias(words=WORDS_OF_TEXT).filter(fits).order_by("-id")[:LATEST_OF_MANY]
    titles = Conversation.objects.alias(words=WORDS_OF_TITLE).filter(words=terms).values_list("pk", flat=True)
    said = found.values_list("conversation", flat=True)
    return list(dict.fromkeys([*said, *titles[:LATEST]]))


def people(text: str) -> list[int]:
    named = Q(email__icontains=text) | Q(name__icontains=text) | Q(username__iexact=text) | Q(subject=text)
    return list(User.objects.filter(named).values_list("pk", flat=True)[:PEOPLE])


def conversation_of(public_id: str) -> UUID | None:
    """Return the conversation of an id of it, or of one of its turns. Raises `BadSearch`."""
    try:
        if public_id.startswith("turn_"):
            return Turn.objects.filter(pk=ids.read("turn", public_id)).values_list("conversation", flat=True).first()
        return ids.read("conv", public_id)
    except NotFound as error:
        raise BadSearch("Write an id as conv_… or turn_…, with all its digits.") from error


def models() -> list[str]:
    """Return the names of all models that ever answered: read from the index, a name at a time, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE names AS ((SELECT model FROM chat_turn ORDER BY model LIMIT 1) UNION ALL "
            "SELECT (SELECT model FROM chat_turn WHERE model > names.model ORDER BY model LIMIT 1) FROM names "
            "WHERE names.model IS NOT NULL) SELECT model FROM names WHERE model <> '' ORDER BY model"
        )
        return [name for (name,) in cursor.fetchall()]


def day(name: str, text: str) -> datetime.datetime:
    """Return the beginning of a day. Raises `BadSearch`."""
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise BadSearch(f"Write a day as {name}:2026-05-01.")
    return timezone.make_aware(datetime.datetime.combine(found, datetime.time()))


def amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise BadSearch("Write a cost as cost>0.01.") from error


def facts(conversations: list[Conversation]) -> dict[UUID, dict[str, Any]]:
    """Return what a list shows of conversations besides their own columns, in one query: turns, tokens, cost, last."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, t.* FROM unnest(%s::uuid[]) AS c(id), LATERAL ("
            "SELECT count(*) AS turns, sum(input_tokens + output_tokens) AS tokens, sum(cost) AS cost, "
            "count(*) FILTER (WHERE status = 'failed') AS failed, "
            "(array_agg(status ORDER BY id DESC))[1] AS status, (array_agg(model ORDER BY id DESC))[1] AS model "
            "FROM chat_turn WHERE conversation_id = c.id) AS t",
            [[conversation.pk for conversation in conversations]],
        )
        names = [column.name for column in cursor.description or []]
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
