"""What links a running turn to other processes: it tells them what it says, renews its lease, and hears "stop".

Processes share only PostgreSQL, so a turn that runs for longer than a moment has its events written there, some at a
time, together with those of all other turns of its process.
"""

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from chatkit.types import (
    ErrorEvent,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadStreamEvent,
)
from django.conf import settings
from django.db import DatabaseError, connection
from pydantic import TypeAdapter

from chat.models import Turn, lease_end
from chat.turns import journal
from chat.turns.running import RunningTurn
from core import live_updates, traces
from core.sections import section

TICK_SECONDS = 0.3
LISTEN_SECONDS = 1.0
PERHAPS_NOT_STORABLE = re.compile(r"\\u(0000|d[89a-f])")  # in JSON: NUL characters, halves of surrogate pairs

log = structlog.get_logger("errand.chat")

stream_event: TypeAdapter[ThreadStreamEvent] = TypeAdapter(ThreadStreamEvent)


# One statement for all turns that run here, several times a second. A turn whose row is locked is being written to by
# its own run, and told of the next time. Only the lease's renewal changes the row, which has many indexes.
REPORT = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%s) AS g(turn uuid, owner uuid, number int, events jsonb, renews bool)
), free AS (
    SELECT t.lease_owner, t.user_id, t.stop_requested
    FROM chat_turn t JOIN given ON t.id = turn AND t.lease_owner = owner
    WHERE t.status = 'running' ORDER BY t.id FOR NO KEY UPDATE OF t SKIP LOCKED
), renewed AS (
    UPDATE chat_turn SET lease_expires_at = %s FROM free JOIN given ON owner = free.lease_owner AND renews
    WHERE chat_turn.id = turn
), told AS (
    INSERT INTO chat_broadcast (turn_id, number, events)
    SELECT turn, number, events FROM given JOIN free ON free.lease_owner = owner WHERE events IS NOT NULL
    ON CONFLICT (turn_id, number) DO NOTHING
)
SELECT owner, free.lease_owner IS NOT NULL, held.id IS NULL, free.stop_requested OR NOT u.is_active
FROM given LEFT JOIN free ON free.lease_owner = owner LEFT JOIN accounts_user u ON u.id = free.user_id
LEFT JOIN chat_turn held ON held.id = turn AND held.lease_owner = owner AND held.status = 'running'
"""


@dataclass
class Heard:
    """What one watcher has heard, so that a change of source neither repeats nor omits anything."""

    open: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    has_error: bool = False

    def is_news(self, event: ThreadStreamEvent) -> bool:
        """Note an event; False if it says what was said before."""
        match event:
            case ThreadItemAddedEvent():
                is_new = event.item.id not in self.open | self.done
                self.open.add(event.item.id)
                return is_new
            case ThreadItemDoneEvent():
                is_new = event.item.id not in self.done
                self.done.add(event.item.id)
                self.open.discard(event.item.id)
                return is_new
            case ThreadItemRemovedEvent():
                was_open = event.item_id in self.open
                self.open.discard(event.item_id)
                return was_open
            case ErrorEvent():
                self.has_error = True
        return True


async def tell_pages(user_id: int, conversation_id: str, turn_id: str | None = None) -> None:
    """Tell the user's open pages that a turn begins in a conversation or, without a turn, that it has a new title."""
    await live_updates.tell(
        user_id, {"type": "conversation.changed", "conversation_id": conversation_id, "turn_id": turn_id}
    )


@dataclass(eq=False)
class LeasedTurn:
    """A turn that runs here, and how much of it is written down: `told` events in broadcasts before `number`.

    A report whose answer did not come may have been written. So it is made again as it was, up to event `until`.
    """

    turn: Turn
    live: RunningTurn
    told: int
    number: int
    until: int | None = None
    heard_at: float = field(default_factory=time.monotonic)
    renewed_at: float = field(default_factory=time.monotonic)

    def report(self, now: float) -> "TurnReport | None":
        """Return what is to be told now, or None where there is no need to."""
        fresh = self.live.events[self.told : self.until]
        if not fresh and now - self.heard_at < min(LISTEN_SECONDS, settings.TURN_LEASE_SECONDS / 3):
            return None
        self.until = self.told + len(fresh)
        events = [event.model_dump(mode="json", exclude_none=True, by_alias=True) for event in fresh]
        return TurnReport(self, events, renews=now - self.renewed_at > settings.TURN_LEASE_SECONDS / 4)

    def hear(self, heard: "Answer", report: "TurnReport", now: float) -> None:
        self.heard_at, self.until = now, None
        if heard.is_lost:
            self.live.lose()
        elif heard.is_told:
            self.told += len(report.events)
            self.number += bool(report.events)
            self.renewed_at = now if report.renews else self.renewed_at
            if heard.stops:
                self.live.stop()


@dataclass(frozen=True)
class TurnReport:
    kept: LeasedTurn
    events: list[Any]
    renews: bool

    def as_json(self) -> dict[str, Any]:
        turn, events = self.kept.turn, self.events or None
        return {"turn": str(turn.pk), "owner": str(turn.lease_owner), "number": self.kept.number} | {
            "events": events,
            "renews": self.renews,
        }


@dataclass(frozen=True)
class Answer:
    """The answer to a report: whether it was written down, whether another run has the turn, whether to stop."""

    is_told: bool = False
    is_lost: bool = False
    stops: bool = False


class LeaseKeeper:
    """Keeps the turns that run in one event loop: writes their events down, renews leases, hears whether to stop."""

    def __init__(self) -> None:
        self.kept: set[LeasedTurn] = set()
        self.task: asyncio.Task[None] | None = None

    def add(self, kept: LeasedTurn) -> None:
        self.kept.add(kept)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.keep())

    async def keep(self) -> None:
        structlog.contextvars.clear_contextvars()  # it is begun by one turn, and works for all
        with traces.apart():
            while self.kept:
                await asyncio.sleep(TICK_SECONDS)
                await self.report()

    async def report(self) -> None:
        now = time.monotonic()
        reports = [report for kept in self.kept if (report := kept.report(now))]
        if not reports:
            return
        try:
            answers = await section(tell, reports)
        except DatabaseError as error:  # the database is away: told next time, unless leases run out meanwhile
            log.warning("turns.not_reported", turns=len(reports), error=str(error))
            return
        for report, answer in zip(reports, answers, strict=True):
            if report.kept in self.kept:
                report.kept.hear(answer, report, now)


_keepers: WeakKeyDictionary[asyncio.AbstractEventLoop, LeaseKeeper] = WeakKeyDictionary()


def keeper() -> LeaseKeeper:
    return _keepers.setdefault(asyncio.get_running_loop(), LeaseKeeper())


def tell(reports: list[TurnReport]) -> list[Answer]:
    """Write events down and renew leases; return what each report met. A user who was deactivated stops a turn too."""
    told = [report.as_json() for report in reports]
    given = json.dumps(told)
    if PERHAPS_NOT_STORABLE.search(given):  # one turn's text must not keep the others from being told
        given = json.dumps(journal.storable(told))
    with connection.cursor() as cursor:
        cursor.execute(REPORT, [given, lease_end()])
        found = {row[0]: Answer(*map(bool, row[1:])) for row in cursor.fetchall()}
    return [found[report.kept.turn.lease_owner] for report in reports]


def told_so_far(turn: Turn, after: int = 0) -> tuple[list[ThreadStreamEvent], int]:
    """Return the events that the turn has written from broadcast number `after` on, and the next number."""
    rows = list(turn.broadcasts.filter(number__gte=after).order_by("number"))
    events = [stream_event.validate_python(event) for row in rows for event in row.events]
    return events, after + len(rows)
