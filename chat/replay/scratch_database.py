"""A database of its own for a replay: made empty beside the real one, dropped at the end.

Nothing in the real database is touched, even if the process is killed; a later replay drops what a killed one left.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

from channels.layers import InMemoryChannelLayer, channel_layers
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connection
from psycopg import sql

from core import compat

PREFIX = "errand_sandbox_"
LEFT_AFTER_SECONDS = 3600
ALIAS = "default"


class CannotMake(Exception):
    """The database server does not let us make a database; the text says what to do."""


@contextmanager
def scratch_database() -> Iterator[None]:
    """Let this process use a new database, with all tables and no rows. For commands: it holds for every thread.

    Raises `CannotMake`.
    """
    name = f"{PREFIX}{int(time.time()):x}_{secrets.token_hex(4)}"
    drop_left()
    create(name)
    # Live updates would go to people's pages: users in the scratch database have numbers that real ones have too.
    layer = channel_layers.backends.get(ALIAS)
    real = compat.connect_to(connection, name)
    try:
        channel_layers.set(ALIAS, InMemoryChannelLayer())
        call_command("migrate", verbosity=0, interactive=False)
        yield
    finally:
        compat.connect_to(connection, real)
        drop(name)
        channel_layers.backends.pop(ALIAS, None)
        if layer is not None:
            channel_layers.set(ALIAS, layer)


def create(name: str) -> None:
    try:
        execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except ProgrammingError as error:
        role = settings.DATABASES["default"].get("USER", "postgres")
        raise CannotMake(
            f"A replay needs a database of its own, and “{role}” may not make one ({error}). "
            f'Let it (ALTER ROLE "{role}" CREATEDB), or replay an exported file (--file) where it may.'
        ) from error


def drop(name: str) -> None:
    execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def execute(statement: sql.Composed) -> None:
    """Run a statement outside of every transaction, connected to no database of ours."""
    with compat.maintenance_cursor(connection) as cursor:
        cursor.execute(statement)


def drop_left() -> None:
    """Drop the databases of processes that were killed: old ones that nobody is connected to."""
    left = "SELECT datname FROM pg_database WHERE datname LIKE %s AND datname NOT IN (%s)"
    used = "SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL"
    with compat.maintenance_cursor(connection) as cursor:
        cursor.execute(left.replace("(%s)", f"({used})"), [f"{PREFIX}%"])
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        if time.time() - int(name.removeprefix(PREFIX).split("_")[0], 16) > LEFT_AFTER_SECONDS:
            drop(name)
