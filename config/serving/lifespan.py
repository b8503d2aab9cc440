"""What a server process does besides answering: it sweeps, reads documents, and hands its turns over when it ends."""

import asyncio
import gc
import signal
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from starlette.types import ASGIApp, Receive, Scope, Send

from chat.turns import runner
from config.channel_layer import PostgresChannelLayer
from core import sections
from knowledge.background import keeper

# New objects until those are looked through (Python: 2,000), and how often until older ones are, too (10, 10). What
# turns leave is old by then where a hundred run at once: looked for too seldom, it makes a server grow. Looking often
# costs little, because what was loaded at the start is left out.
GARBAGE_THRESHOLDS = (10_000, 2, 2)
SIGNALS = (signal.SIGINT, signal.SIGTERM)

type Handler = Callable[[int, FrameType | None], Any] | int | None


class Lifespan:
    """The outermost ASGI application: it begins and ends, with the server, what runs beside the requests.

    When the process is told to end, turns get SHUTDOWN_GRACE_SECONDS to finish, and the others are handed over. That
    begins with the signal itself: uvicorn tells an application only after all connections are closed, and those that
    watch a turn end with it; Daphne tells nothing, neither the start nor the end.
    """

    def __init__(self, application: ASGIApp) -> None:
        self.application = application
        self.sweeper: asyncio.Task[None] | None = None
        self.drain: asyncio.Task[None] | None = None
        self.answering: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
            return
        if self.sweeper is None:  # a server without lifespan
            self.begin()
            self.heed_signals(self.end_first)
        task = asyncio.current_task()
        if scope["type"] == "http" and task:
            self.answering.add(task)
            task.add_done_callback(self.answering.discard)
        await self.application(scope, receive, send)

    async def live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.begin()
        if isinstance(layer := get_channel_layer(), PostgresChannelLayer):
            await layer.begin()
        look_for_garbage_less()
        self.heed_signals(self.end_meanwhile)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.end()
        await send({"type": "lifespan.shutdown.complete"})

    def begin(self) -> None:
        sections.serve_with(settings.SECTION_THREADS)
        self.sweeper = asyncio.create_task(runner.sweep_forever())
        keeper.start()

    def begin_end(self) -> asyncio.Task[None]:
        if self.sweeper:
            self.sweeper.cancel()  # it would take up here what is handed over
        self.drain = self.drain or asyncio.create_task(runner.drain(settings.SHUTDOWN_GRACE_SECONDS))
        return self.drain

    async def end(self) -> None:
        await self.begin_end()
        await runner.drain(0)  # turns of requests that were under way when it began
        await asyncio.to_thread(keeper.stop)

    def heed_signals(self, work: Callable[[Handler, int], None]) -> None:
        """Do `work` on the event loop when the process is told to end, with the server's own handler of that signal."""
        if threading.current_thread() is not threading.main_thread():  # below `runserver`, which reloads
            return
        loop = asyncio.get_running_loop()
        for each in SIGNALS:
            do = partial(work, signal.getsignal(each), each)
            signal.signal(each, partial(heard, loop, do))

    def end_meanwhile(self, handler: Handler, signum: int) -> None:
        """Begin to end while the server closes what nobody uses; it tells when the rest is closed (uvicorn)."""
        self.begin_end()
        pass_on(handler, signum)

    def end_first(self, handler: Handler, signum: int) -> None:
        """End before the server cuts all connections (Daphne). Whoever asks a second time does not want to wait."""
        if self.drain:
            pass_on(handler, signum)
        else:
            self.begin_end()
            self.ending = asyncio.create_task(self.end_and_leave())
            self.ending.add_done_callback(lambda _: pass_on(handler, signum))

    async def end_and_leave(self) -> None:
        await self.end()
        if self.answering:  # they watched turns, and now tell that those have ended
            await asyncio.wait(self.answering, timeout=settings.LEAVE_SECONDS)


def heard(loop: asyncio.AbstractEventLoop, do: Callable[[], None], signum: int, frame: FrameType | None) -> None:
    loop.call_soon_threadsafe(do)


def pass_on(handler: Handler, signum: int) -> None:
    if callable(handler):
        handler(signum, None)


def look_for_garbage_less() -> None:
    """Leave what was loaded out of the search for garbage, and search less often: it took a fifth of a turn's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
