"""A running turn and the rest of the world: it tells other processes what it says, keeps its lease, hears "stop".

Processes share only PostgreSQL, so a turn that runs for longer than a moment writes its events there, some at a time.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

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
from django.utils.module_loading import import_string
from pydantic import TypeAdapter

from accounts.sections import section
from chat.live import Live
from chat.models import Turn, lease_end

TICK_SECONDS = 0.3
LISTEN_SECONDS = 1.0

log = structlog.get_logger("errand.chat")

stream_event: TypeAdapter[ThreadStreamEvent] = TypeAdapter(ThreadStreamEvent)


# In one statement, because every turn that runs does it several times a second.
REPORT = """
WITH held AS (
    UPDATE chat_turn SET lease_expires_at = %(until)s
    WHERE id = %(turn)s AND lease_owner = %(owner)s AND status = 'running' RETURNING stop_requested, user_id
), told AS (
    INSERT INTO chat_broadcast (turn_id, number, events)
    SELECT %(turn)s, %(number)s, %(events)s::jsonb FROM held WHERE %(events)s::jsonb IS NOT NULL
)
SELECT stop_requested OR NOT is_active FROM held JOIN accounts_user ON accounts_user.id = held.user_id
"""


@dataclass
class Heard:
    """What one watcher has been told, so that a change of source neither repeats nor leaves out anything."""

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
    """Tell the user's open pages that a turn begins in a conversation, or without one that it has a new title."""
    tell = import_string(settings.TELL_PAGES)
    await tell(user_id, {"type": "conversation.changed", "conversation_id": conversation_id, "turn_id": turn_id})


async def keep(turn: Turn, live: Live, told: int) -> None:
    """Go on until cancelled: write events down, renew the lease, hear whether to stop. `told` events are written."""
    number, heard_at = await section(turn.broadcasts.count) if told else 0, time.monotonic()
    while True:
        await asyncio.sleep(TICK_SECONDS)
        fresh = live.events[told:]
        if not fresh and time.monotonic() - heard_at < min(LISTEN_SECONDS, settings.TURN_LEASE_SECONDS / 3):
            continue
        heard_at = time.monotonic()
        shown = [event.model_dump(mode="json", exclude_none=True, by_alias=True) for event in fresh]
        try:
            stop = await section(report, turn, number, shown)
        except DatabaseError as error:  # away for a moment: told next time, unless the lease runs out meanwhile
            log.warning("turn.not_reported", turn_id=turn.public_id, error=str(error))
            continue
        told += len(fresh)
        number += bool(fresh)
        if stop is None:
            live.lose()
        elif stop:
            live.stop()


def report(turn: Turn, number: int, events: list[Any]) -> bool | None:
    """Renew the lease and write events. Returns whether the turn shall stop; None if it was taken over.

    It stops for a user who was deactivated too.
    """
    values: dict[str, Any] = {"turn": turn.pk, "owner": turn.lease_owner, "until": lease_end(), "number": number}
    with connection.cursor() as cursor:
        cursor.execute(REPORT, values | {"events": json.dumps(events) if events else None})
        found = cursor.fetchone()
    return bool(found[0]) if found else None


def told_so_far(turn: Turn, after: int = 0) -> tuple[list[ThreadStreamEvent], int]:
    """Return the events that the turn has written from broadcast number `after` on, and the next number."""
    rows = list(turn.broadcasts.filter(number__gte=after).order_by("number"))
    events = [stream_event.validate_python(event) for row in rows for event in row.events]
    return events, after + len(rows)
