"""The time that work goes by: now or, in a replay, the time at which it was recorded.

Code that tells people or models the time, or calculates a date, asks here. Leases, keys and measured times do not: they
are about the machine.
"""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils import timezone


class Clock:
    """A clock that was set to another moment and goes on from there. It can be moved forward, never back."""

    def __init__(self, moment: datetime.datetime) -> None:
        self.ahead = moment - timezone.now()

    def now(self) -> datetime.datetime:
        return timezone.now() + self.ahead

    def move_to(self, moment: datetime.datetime) -> None:
        self.ahead = max(self.ahead, moment - timezone.now())


_clock: ContextVar[Clock | None] = ContextVar("clock", default=None)


def now() -> datetime.datetime:
    """Return the present moment, with its zone (UTC)."""
    clock = _clock.get()
    return clock.now() if clock else timezone.now()


@contextmanager
def running(clock: Clock) -> Iterator[None]:
    """Let everything that begins within this context go by `clock`."""
    token = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(token)
