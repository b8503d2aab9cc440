"""What is borrowed from the insides of other packages: one entry for each, with its reason and where it was seen.

`tests/core/test_compat.py` fails with a sentence when the other side changes; pyproject.toml bounds the versions.
"""

import asyncio
from collections.abc import Callable
from typing import Any
from weakref import ReferenceType

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.dispatch import Signal
from django.http import HttpRequest


class EventLoopHandler(ASGIHandler):
    """Django 6.1's ASGI handler, which answers some requests without changing the thread.

    `ASGIHandler.handle` goes through other threads three times around each request: for the receivers of
    `request_started`, for log records and errors, and to close the response. That takes more processor time than many
    views (docs/performance.md, "What paid"). Where `stays(path)` holds, the same is done on the event loop, without
    `request_started`; `request_finished` is sent as the response is closed. Database sections look after their
    connections themselves, and `config.checks` refuses other receivers, which would miss the one or block the loop.

    Borrowed: what `handle` does in which order, and `read_body`, `create_request`, `run_get_response` and
    `send_response`, which have no documentation. Seen with Django 6.1.3.
    """

    def __init__(self, stays: Callable[[str], bool]) -> None:
        super().__init__()
        self.stays = stays

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.stays(scope["path"]):
            await self.handle_here(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def handle_here(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            request, refusal = self.create_request(scope, body)
            if request is None or refusal is not None:
                assert refusal is not None
                await self.send_response(refusal, send)
                return
            answering = asyncio.create_task(self.answer(request, send))
            leaving = asyncio.create_task(receive())  # the only thing left to be told is that the client went away
            try:
                await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                leaving.cancel()
                answering.cancel()  # nothing, where it is done
            try:
                await answering
            except asyncio.CancelledError:
                if not leaving.done():  # the server ends
                    raise

    async def answer(self, request: HttpRequest, send: Any) -> None:
        response = await self.run_get_response(request)
        try:
            await self.send_response(response, send)
        finally:
            response.close()


def receivers_of(signal: Signal) -> list[Any]:
    """Return who receives a signal. Seen with Django 6.1.3, where only `Signal.receivers` tells."""
    kept = [receiver for _, receiver, *_ in signal.receivers]
    found = [each() if isinstance(each, ReferenceType) else each for each in kept]
    return [each for each in found if each is not None]
