"""Database sections: the one way async code reaches the database.

A section is one synchronous function that does all the database work of a step and returns plain, fully loaded data.
It runs in a worker thread and gives its connection back at the end, so that nothing waits for a model, a tool or a
client with a connection in its hand. Async ORM methods would keep theirs until the whole response has ended.
"""

from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.db import connections


async def section[**P, R](work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `work(*args, **kwargs)` in a worker thread and release its database connections."""

    def run() -> R:
        try:
            return work(*args, **kwargs)
        finally:
            for connection in connections.all(initialized_only=True):
                if not connection.in_atomic_block:  # a test's transaction spans its sections
                    connection.close()

    return await sync_to_async(run)()
