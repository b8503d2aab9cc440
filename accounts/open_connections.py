"""Connections that stay open: each is closed soon after its access has been taken back.

A request is checked when it comes. A stream or a WebSocket may stay for hours, so all that are open in this process are
checked together, by one query every few seconds while there are any. That needs nothing but the database, whichever
process deactivated, signed out or deleted somebody.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import DatabaseError

from accounts.models import AccessToken, User
from accounts.tokens import Access
from core.sections import section

CHECK_SECONDS = 1.0

log = structlog.get_logger("errand.accounts")


@dataclass(eq=False)
class Presence:
    """One open connection; `leave` closes it."""

    access: Access
    leave: Callable[[], object]


_present: set[Presence] = set()
_checking: list[asyncio.Task[None]] = []


@contextmanager
def present(access: Access, leave: Callable[[], object]) -> Iterator[None]:
    """Hold a connection open for as long as `access` is good; else `leave` is called, once."""
    presence = Presence(access, leave)
    _present.add(presence)
    if not _checking or _checking[0].done():
        _checking[:] = [asyncio.create_task(check_while_any())]
    try:
        yield
    finally:
        _present.discard(presence)


async def check_while_any() -> None:
    while _present:
        await asyncio.sleep(CHECK_SECONDS)
        try:
            await check()
        except DatabaseError as error:  # the database is away for a moment: checked again
            log.warning("presence.unchecked", error=str(error))


async def check() -> None:
    """Close the connections whose access has been taken back."""
    looked_at = list(_present)
    good = await section(still_good, [presence.access for presence in looked_at]) if looked_at else []
    for presence, is_good in zip(looked_at, good, strict=True):
        if not is_good and presence in _present:
            _present.discard(presence)
            presence.leave()


def still_good(accesses: list[Access]) -> list[bool]:
    """Tell of each access whether it would still be given."""
    users = User.objects.in_bulk({access.user.pk for access in accesses})
    tokens = set(
        AccessToken.objects.filter(pk__in={access.token_id for access in accesses}).values_list("pk", flat=True)
    )
    return [is_good(access, users.get(access.user.pk), tokens) for access in accesses]


def is_good(access: Access, user: User | None, tokens: set[UUID]) -> bool:
    if user is None or not user.is_active:
        return False
    if access.token_id:
        return access.token_id in tokens
    return access.claims is None or user.accepts(access.claims)
