"""Many replays at once, each in a task and with a database thread of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from asgiref.sync import ThreadSensitiveContext

from chat.llm.providers import close_clients


async def run_all[T](
    work: Iterable[Callable[[], Awaitable[T]]], parallel: int, done: Callable[[], None]
) -> list[T | BaseException]:
    """Run all, at most `parallel` at a time; return what each returned or raised, in order. Calls `done` after each."""
    room = asyncio.Semaphore(parallel)

    async def run(each: Callable[[], Awaitable[T]]) -> T:
        async with room, ThreadSensitiveContext():
            try:
                return await each()
            finally:
                done()

    try:
        return await asyncio.gather(*(run(each) for each in work), return_exceptions=True)
    finally:
        await close_clients()
