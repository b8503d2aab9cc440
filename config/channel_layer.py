"""A channel layer for several processes that share nothing but PostgreSQL: groups by LISTEN and NOTIFY.

Every process delivers to its own connections what any process sends. While a process does not listen, because its
connection to the database broke, it misses messages for good; the members of its groups are told so
(`live.interrupted`). For many changes a second use Redis: NOTIFY makes commits wait for one another
(https://www.postgresql.org/docs/18/sql-notify.html).
"""

import asyncio
import json
from typing import Any

import psycopg
import structlog
from channels.layers import InMemoryChannelLayer
from django.db import connection
from uuid_utils.compat import uuid7

from core.sections import section

CHANNEL = "errand_live"
PART_LENGTH = 7_000  # a payload has fewer than 8,000 bytes
RETRY_SECONDS = 1

log = structlog.get_logger("errand.live")


class PostgresChannelLayer(InMemoryChannelLayer):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.listener: asyncio.Task[None] | None = None
        self.is_listening = asyncio.Event()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send to everybody in a group, in every process, as soon as that process hears of it."""
        text = json.dumps([group, message])  # ASCII: a character is a byte
        pieces = [text[start : start + PART_LENGTH] for start in range(0, len(text), PART_LENGTH)]
        id = uuid7().hex
        await section(notify, [f"{id}:{len(pieces)}:{piece}" for piece in pieces])

    async def begin(self) -> None:
        """Listen from now on, for as long as the event loop runs."""
        self.listener = self.listener or asyncio.create_task(self.listen_forever())
        await self.is_listening.wait()

    async def listen_forever(self) -> None:
        while True:
            try:
                await self.listen()
            except psycopg.Error as error:  # the database is away for a moment
                log.warning("listening.interrupted", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def listen(self) -> None:
        parameters = await section(connection_parameters)
        async with await psycopg.AsyncConnection.connect(**parameters, autocommit=True) as listening:
            await listening.execute(f"LISTEN {CHANNEL}")
            if self.is_listening.is_set():  # not for the first time
                for group in list(self.groups):
                    await super().group_send(group, {"type": "live.interrupted"})
            self.is_listening.set()
            parts: dict[str, list[str]] = {}
            async for notification in listening.notifies():
                id, count, piece = notification.payload.split(":", 2)
                parts.setdefault(id, []).append(piece)  # those of one message come in their order
                if len(parts[id]) == int(count):
                    group, message = json.loads("".join(parts.pop(id)))
                    await super().group_send(group, message)


def notify(payloads: list[str]) -> None:
    with connection.cursor() as cursor:  # in one transaction: they come together
        cursor.execute("SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload", [CHANNEL, payloads])


def connection_parameters() -> dict[str, Any]:
    """Return how to connect to Django's database, without what only its own cursors need."""
    own = {"cursor_factory", "context", "prepare_threshold"}
    return {name: value for name, value in connection.get_connection_params().items() if name not in own}
