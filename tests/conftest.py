import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from accounts import tokens
from config import embedded

WORKERS = 2  # on two cores; tests start servers, databases and browsers of their own beside it


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--recordings", type=Path, help="a folder for the conversations that tests make, as files")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run folders in several processes; one file is sooner done than a second process is ready."""
    files = {argument.split("::")[0] for argument in config.args}
    return 0 if len(files) == 1 and Path(*files).is_file() else WORKERS


def pytest_configure() -> None:
    """Let programs that tests start have the project's own settings; those of this process are read by now."""
    assert settings.configured
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"


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
