"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) that never hang a client."""

import asyncio
import functools
from collections.abc import AsyncIterator

import structlog
from chatkit.errors import ErrorCode
from chatkit.types import ErrorEvent, NoticeEvent
from django.http import StreamingHttpResponse
from pydantic import BaseModel

from accounts.open_connections import present
from accounts.tokens import Access
from core import metrics
from core.problems import Problem

HEARTBEAT_SECONDS = 15
QUEUED_CHUNKS = 64
ENCODED_EVENTS = 1024

log = structlog.get_logger("errand.chat")


class Same:
    """An event as a key: two events are two keys, even if they say the same."""

    def __init__(self, event: BaseModel) -> None:
        self.event = event

    def __hash__(self) -> int:
        return id(self.event)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.event is other.event


def encode(event: BaseModel) -> bytes:
    return encoded(Same(event))


@functools.lru_cache(ENCODED_EVENTS)
def encoded(same: Same) -> bytes:
    """Encode an event once for all who watch a turn. Events do not change after they were emitted."""
    sent = same.event.model_dump_json(exclude_none=True, by_alias=True, context={"exclude_metadata": True})
    return b"data: " + sent.encode() + b"\n\n"


def event_stream(chunks: AsyncIterator[bytes], access: Access) -> StreamingHttpResponse:
    """Return a response that streams `chunks`, with heartbeats in between and an `error` event where they fail.

    It ends when `access` is taken back.
    """
    events = with_heartbeat(without_hanging(chunks), access)
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


async def without_hanging(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Turn any exception into an event: an exception inside a response makes Daphne leave the client waiting."""
    try:
        async for chunk in chunks:
            yield chunk
    except Problem as problem:
        yield encode(NoticeEvent(level="warning", message=str(problem)))
    except Exception as error:
        log.error("stream.failed", exc_info=error)
        yield encode(
            ErrorEvent(
                code=ErrorCode.STREAM_ERROR,
                message="Something went wrong on the server; it was logged.",
                allow_retry=True,
            )
        )


async def with_heartbeat(chunks: AsyncIterator[bytes], access: Access) -> AsyncIterator[bytes]:
    """Add comment lines where nothing else comes, so that proxies keep the connection.

    One line end, not two: an empty line would make some clients deliver an empty message.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUED_CHUNKS)

    async def pump() -> None:  # one task for the whole stream: context variables set inside it must stay set
        async for chunk in chunks:
            await queue.put(chunk)
        await queue.put(None)

    pumping = asyncio.create_task(pump())
    left = asyncio.Event()
    try:
        with metrics.open_streams.track_inprogress(), present(access, lambda: leave(queue, left)):
            while not left.is_set():
                try:
                    chunk = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield b": ping\n"
                    continue
                while chunk is not None and not queue.empty():  # one write for everything that has come meanwhile
                    if (more := queue.get_nowait()) is None:
                        queue.put_nowait(None)
                        break
                    chunk += more
                if chunk is None:
                    return
                yield chunk
    finally:
        pumping.cancel()


def leave(queue: asyncio.Queue[bytes | None], left: asyncio.Event) -> None:
    """End a stream now: nothing that is still queued is sent."""
    left.set()
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)
