"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) that never hang a client."""

import asyncio
from collections.abc import AsyncIterator

import structlog
from chatkit.errors import ErrorCode
from chatkit.types import ErrorEvent, NoticeEvent
from django.http import StreamingHttpResponse
from pydantic import BaseModel

from accounts.problems import Problem

HEARTBEAT_SECONDS = 15
QUEUED_CHUNKS = 64

log = structlog.get_logger("errand.chat")


def encode(event: BaseModel) -> bytes:
    return b"data: " + event.model_dump_json(exclude_none=True, by_alias=True).encode() + b"\n\n"


def event_stream(chunks: AsyncIterator[bytes]) -> StreamingHttpResponse:
    """Return a response that streams `chunks`, with heartbeats in between and an `error` event where they fail."""
    response = StreamingHttpResponse(with_heartbeat(without_hanging(chunks)), content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


async def without_hanging(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Turn whatever escapes into an event: an exception inside a response makes Daphne leave the client waiting."""
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


async def with_heartbeat(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Add comment lines where nothing else comes, so that proxies keep the connection.

    One line end, not two: an empty line would make some clients deliver an empty message.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUED_CHUNKS)

    async def pump() -> None:  # one task for the whole stream: context variables set inside it must stay set
        async for chunk in chunks:
            await queue.put(chunk)
        await queue.put(None)

    pumping = asyncio.create_task(pump())
    try:
        while True:
            try:
                chunk = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield b": ping\n"
                continue
            if chunk is None:
                return
            yield chunk
    finally:
        pumping.cancel()
