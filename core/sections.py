"""Database sections: the one way async code reaches the database.

A section is one synchronous function that does all the database work of a step and returns plain, fully loaded data.
Nothing waits for a model, a tool or a client with a connection in its hand: a connection is in use only as long as its
section runs. Async ORM methods would keep theirs until the whole response has ended.

A server runs its sections in a few threads that live as long as it does, each with a connection of its own
(`serve_with`). Everywhere else a section runs in the thread that asgiref chooses, and gives its connection back.
"""

import asyncio
import select
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import count
from time import perf_counter

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet

from core import metrics, traces

_threads: ThreadPoolExecutor | None = None
_serving: asyncio.AbstractEventLoop | None = None  # the loop of this process's server
_here = threading.local()


def serve_with(threads: int) -> None:
    """Run this process's sections in `threads` threads from now on; each keeps at most one connection.

    Called on the event loop that serves.
    """
    global _threads, _serving
    _serving = asyncio.get_running_loop()
    _threads = ThreadPoolExecutor(threads, "section", initializer=_keep_connections)


def _keep_connections() -> None:
    _here.keeps = True


async def section[**P, R](work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `work(*args, **kwargs)` in a worker thread; its database connections are free again afterwards."""
    asked, loop = perf_counter(), asyncio.get_running_loop()

    def run() -> R:
        metrics.section_wait_seconds.observe(perf_counter() - asked)
        _here.loop = loop
        try:
            return released(work, *args, **kwargs)
        finally:
            _here.loop = None

    if _threads is None:
        return await sync_to_async(run)()
    # Not through asgiref: it prepares each call for synchronous code that waits for async code. Sections never do.
    return await loop.run_in_executor(_threads, copy_context().run, run)


def asking_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that this thread works for, in a section or in a synchronous view, if there is one."""
    loop = getattr(_here, "loop", None) or _serving
    return loop if loop and loop.is_running() else None


def released[**P, R](work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a section where code is not async, as in a background worker, and release its database connections."""
    keeps = getattr(_here, "keeps", False)
    if keeps:
        for connection in connections.all(initialized_only=True):
            if was_closed(connection):
                connection.close()
    try:
        with traces.span("database", section=name_of(work)), metrics.section_seconds.time():
            return work(*args, **kwargs)
    finally:
        for connection in connections.all(initialized_only=True):
            if connection.in_atomic_block:  # a test's transaction spans its sections
                continue
            if not keeps or (connection.errors_occurred and not connection.is_usable()):
                connection.close()


def in_pages[M: Model](found: QuerySet[M], size: int) -> Iterator[M]:
    """Give the rows of an ordered query set, `size` at a time, so that they are never all in memory.

    Server-side cursors, which `iterator` would use, live in a session, and a pooler may give each
    transaction a different one.
    """
    for start in count(0, size):
        page = list(found[start : start + size])
        yield from page
        if len(page) < size:
            return


def was_closed(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether the server has closed an idle connection: then there is something to read on its socket.

    A query before each section, as `CONN_HEALTH_CHECKS` sends it, would cost a round trip.
    """
    if connection.connection is None or connection.connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def name_of(work: Callable[..., object]) -> str:
    return getattr(work, "__qualname__", type(work).__name__)
