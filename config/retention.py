"""What is kept for a limited time: which rows are due to be removed, and removing them a few at a time.

Each batch is a transaction of its own that passes over rows somebody else has locked, so that nobody waits for long.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import AccessToken, Attempts, Session
from chat.models import Conversation, Look, PromptTemplate, Toolset, Turn
from tasks.models import Operation

BATCH = 50  # a conversation's messages, turns and steps are removed with it
DAY = datetime.timedelta(days=1)
TOKEN_DAYS = 30  # people see for a while which of their access tokens have expired


@dataclass(frozen=True)
class Kind:
    """Rows of one kind that are due to be removed, the oldest first; None: they are kept for ever."""

    name: str
    old: QuerySet[Any] | None


def kinds(now: datetime.datetime) -> Iterator[Kind]:
    """Give every kind, with what goes at `now`."""

    def before(days: int) -> datetime.datetime:
        return now - days * DAY

    conversations, history = settings.RETAIN_CONVERSATIONS_DAYS, settings.RETAIN_HISTORY_DAYS
    readings = settings.RETAIN_READING_DAYS
    yield Kind("conversations", said_before(before(conversations)) if conversations else None)
    yield Kind("operations with their changes", done_before(before(history)) if history else None)
    yield Kind("readings by staff", Look.objects.filter(at__lt=before(readings)).order_by("pk") if readings else None)
    yield Kind("expired sessions", Session.objects.filter(expire_date__lt=now).order_by("expire_date"))
    yield Kind("expired access tokens", AccessToken.objects.filter(expires_at__lt=before(TOKEN_DAYS)).order_by("pk"))
    yield Kind("counts of attempts", Attempts.objects.filter(began_at__lt=before(1)).order_by("began_at"))
    # A turn stores its prompt and its tools just before it names them: a day later none is waiting for its turn.
    for model, named in ((PromptTemplate, "prompt_hash"), (Toolset, "tools_hash")):
        unused = ~Exists(Turn.objects.filter(**{named: OuterRef("pk")}))
        found = model._default_manager.filter(unused, created_at__lt=before(1)).order_by("created_at")
        yield Kind(f"{model._meta.verbose_name_plural} that no turn names", found)


def said_before(moment: datetime.datetime) -> QuerySet[Conversation]:
    """Return conversations in which nothing was said since, but for those with a turn that runs or waits."""
    unfinished = Turn.objects.filter(conversation=OuterRef("pk"), status__in=Turn.UNFINISHED)
    return Conversation.objects.filter(~Exists(unfinished), updated_at__lt=moment).order_by("updated_at", "id")


def done_before(moment: datetime.datetime) -> QuerySet[Operation]:
    """Return operations from before, but for those of a turn that runs or waits, which may be undone with it.

    Found by their ids, which begin with the time in milliseconds (RFC 9562, section 5.7): there is no index of
    everybody's by time.
    """
    first = UUID(int=int(moment.timestamp() * 1000) << 80)
    unfinished = Turn.objects.filter(pk=OuterRef("turn_id"), status__in=Turn.UNFINISHED)
    return Operation.objects.filter(~Exists(unfinished), pk__lt=first).order_by("pk")


def remove(old: QuerySet[Any]) -> int:
    """Remove rows and the rows that belong to them, batch by batch; return how many there were."""
    removed = 0
    while count := remove_some(old):
        removed += count
    return removed


def remove_some(old: QuerySet[Any]) -> int:
    with transaction.atomic():
        # Locked, so that whoever goes on with one of them meanwhile either comes first or finds it gone.
        found = [row.pk for row in old.select_for_update(skip_locked=True, of=("self",)).only("pk")[:BATCH]]
        old.model._default_manager.filter(pk__in=found).delete()
    return len(found)
