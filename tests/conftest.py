from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db.backends.postgresql.operations import DatabaseOperations

from accounts import tokens
from config import embedded

WORKERS = 2  # on two cores; tests start servers, databases and browsers of their own beside it

IN_ANY_ORDER = "SET LOCAL session_replication_role = replica"
DELETION = "DELETE FROM {}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--recordings", type=Path, help="a folder for the conversations that tests make, as files")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run folders in several processes; one file is sooner done than a second process is ready."""
    files = {argument.split("::")[0] for argument in config.args}
    return 0 if len(files) == 1 and Path(*files).is_file() else WORKERS


def pytest_configure() -> None:
    """Spare each test in this process a third of a second; servers that tests start do as servers do."""
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1
    pytest.MonkeyPatch().setattr(DatabaseOperations, "sql_flush", deletions)


def deletions(self: DatabaseOperations, style: Any, tables: Sequence[str], **how: bool) -> list[str]:
    """Return SQL that empties tables after a test: TRUNCATE, as Django has it, makes the files of all of them anew."""
    return ["; ".join([IN_ANY_ORDER, *(DELETION.format(self.quote_name(table)) for table in tables)])]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let the tests' own PostgreSQL write without waiting for the disk: it is thrown away, whatever happens."""
    with psycopg.connect(embedded.start().get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session", autouse=True)
def recordings(request: pytest.FixtureRequest) -> None:
    if folder := request.config.getoption("--recordings"):
        from tests import recordings  # needs Django to be set up

        recordings.keep(folder)


@pytest.fixture(autouse=True)
def fresh_keys() -> Iterator[None]:
    """Forget the issuer's public keys: each test has its own."""
    tokens.key_set.cache_clear()
    yield
    tokens.key_set.cache_clear()
