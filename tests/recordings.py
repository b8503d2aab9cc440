"""Keeps every conversation that tests make: `uv run pytest --recordings=DIR`. `tests.replays` replays them."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import TestCase, TransactionTestCase
from psycopg.pq import TransactionStatus

from chat.models import Conversation
from chat.replay.export_files import dump
from chat.replay.recording import record
from tests.server import ROOT, Server

_folder: Path | None = None


def keep(folder: Path) -> None:
    """Export the conversations of each test, in a folder of its name, before its rows are removed."""
    global _folder
    _folder = folder
    for case in (TransactionTestCase, TestCase):
        first(case, "_fixture_teardown", lambda case: keep_here(of_this_test(folder)))
    first(Server, "__exit__", lambda server: keep_served(server, of_this_test(folder)))


def keep_now() -> None:
    """Export the conversations as they are: the test changes next what they were made of."""
    if _folder:
        keep_here(of_this_test(_folder))


def first(owner: type, name: str, act: Callable[[Any], None]) -> None:
    """Let a method of a class do something else before its own work."""
    original = getattr(owner, name)

    def method(self: Any, *arguments: Any) -> None:
        try:
            act(self)
        finally:  # what could not be kept fails one test, not all that follow it
            original(self, *arguments)

    setattr(owner, name, method)


def of_this_test(folder: Path) -> Path:
    test, _, _ = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")
    return folder / re.sub(r"[^\w-]+", ".", test.removeprefix("tests/"))


def keep_here(folder: Path) -> None:
    """Keep what is in this process's database, unless the test broke its transaction: then there is nothing to read."""
    if connection.connection and connection.connection.info.transaction_status == TransactionStatus.INERROR:
        return
    for conversation in Conversation.objects.begun().select_related("user"):
        folder.mkdir(parents=True, exist_ok=True)
        recording = record(conversation)
        path = folder / f"{recording.public_id}.json"
        if not path.exists():  # else by `keep_now`
            path.write_text(dump(recording))


def keep_served(server: Server, folder: Path) -> None:
    """Keep what is in the database of a server that a test started."""
    folder.mkdir(parents=True, exist_ok=True)
    export = ["manage.py", "export_conversation", "--since", "1970-01-01", "--output", str(folder)]
    environment = os.environ | server.environment | {"DATA_DIR": str(server.data_dir)}
    done = subprocess.run([sys.executable, *export], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 or "There is no such conversation" in done.stderr, done.stderr
