"""Turns that run in this process: what each has said so far, and those who watch it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from chatkit.types import ThreadStreamEvent


class RunningTurn:
    """A running turn. Anybody may watch, from any moment on, and gets everything from the beginning."""

    def __init__(self, events: list[ThreadStreamEvent] | None = None, *, is_stoppable: bool = True) -> None:
        self.events = list(events or [])  # a run that takes over begins with what the earlier one told
        self.is_stoppable = is_stoppable
        self.has_ended = False
        self.stop_requested = False
        self.is_lost = False
        self.is_cancelled = False
        self.task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def emit(self, event: ThreadStreamEvent) -> None:
        self.events.append(event)
        self._wake()

    def end(self) -> None:
        self.has_ended = True
        self._wake()

    def stop(self) -> None:
        """Ask the turn to end now, keeping what it has said."""
        self.stop_requested = True
        if self.is_stoppable:
            self.cancel()

    def let_stop(self) -> None:
        """Obey stops from here on: what an earlier run began is finished."""
        self.is_stoppable = True
        if self.stop_requested:
            self.cancel()

    def lose(self) -> None:
        """End without a word: another process goes on with the turn."""
        self.is_lost = True
        self.cancel()

    def cancel(self) -> None:
        """Cancel the run, once: a second time would interrupt how it ends."""
        if self.task and not self.is_cancelled:
            self.is_cancelled = True
            self.task.cancel()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def watch(self) -> AsyncIterator[ThreadStreamEvent]:
        seen = 0
        while True:
            news = self._news  # taken before looking: what comes after the look wakes us
            while seen < len(self.events):
                yield self.events[seen]
                seen += 1
            if self.has_ended:
                return
            await news.wait()


running: dict[UUID, RunningTurn] = {}
