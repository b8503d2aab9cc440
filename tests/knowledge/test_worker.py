"""Documents on a real server: who reads them, and what a killed process leaves."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.knowledge.documents import HANDBOOK
from tests.server import ROOT, Client, Server, wait_for


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Server]:
    """A server that reads no documents itself."""
    with Server(tmp_path, DOCUMENT_WORKER="apart") as server:
        yield server


def give(ann: Client) -> str:
    answer = ann.http.post(f"{ann.api}/documents", files={"file": ("handbook.md", HANDBOOK.encode())})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["state"])


def is_ready(ann: Client) -> bool:
    (document,) = ann.http.get(f"{ann.api}/documents").json()["items"]
    return bool(document["state"] == "ready")


def test_a_worker_of_its_own_reads_what_the_server_takes(idle: Server) -> None:
    ann = idle.client()
    assert give(ann) == "waiting"
    command = [sys.executable, "manage.py", "db_worker", "--batch", "--no-startup-delay"]
    environment = os.environ | {"DATA_DIR": str(idle.data_dir)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=60)
    assert is_ready(ann)


def test_a_document_that_waits_outlives_the_process_that_took_it(idle: Server) -> None:
    assert give(idle.client()) == "waiting"
    idle.stop(signal.SIGKILL)
    with Server(idle.data_dir) as server:
        ann = server.client()
        wait_for(lambda: is_ready(ann), 20, lambda: server.output)
        found = ann.http.get(f"{ann.api}/search", params={"q": "paid leave"}).json()
        assert "twenty-eight days" in found["items"][0]["text"]
