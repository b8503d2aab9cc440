"""Daphne where it is not `runserver --noreload`, which the protocol tests speak to: reloading, and by itself."""

import os
import signal
import sys
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.server import PATIENCE_SECONDS, ROOT, DaphneServer, wait_for

WATCHED = ROOT / "config" / "urls.py"


class ReloadingServer(DaphneServer):
    def command(self) -> list[str]:
        return [each for each in super().command() if each != "--noreload"]

    def below(self) -> psutil.Process:
        """Return the process that serves."""
        assert self.process
        [child] = psutil.Process(self.process.pid).children()
        return child


class BareDaphne(DaphneServer):
    """`daphne config.asgi:application`, as its own documentation has it."""

    def command(self) -> list[str]:
        program = Path(sys.executable).with_name("daphne")
        return [str(program), "-p", str(self.port), "config.asgi:application"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_anew_when_code_changes_and_ends_with_its_database(tmp_path: Path, how: signal.Signals) -> None:
    with ReloadingServer(tmp_path, DEBUG="true") as server:
        ann = server.client()
        assert ann.http.post(f"{ann.api}/tasks", json={"title": "Stay"}).status_code == 201
        before = server.below()
        os.utime(WATCHED)
        wait_for(lambda: not before.is_running() and server.is_up(), PATIENCE_SECONDS, lambda: server.output)
        assert [task["title"] for task in ann.tasks()] == ["Stay"]
        below = server.below()
        server.stop(how)
    assert has_ended(below)
    assert not server.database_is_running()
    assert "Traceback" not in server.output


def has_ended(process: psutil.Process) -> bool:
    """Whoever started it may have ended before it, so that nobody asked how it ended."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_daphne_serves_by_itself(tmp_path: Path) -> None:
    with BareDaphne(tmp_path) as server:
        ann = server.client()
        assert ann.chat("add buy milk")["status"] == "completed"
        assert httpx2.get(f"{server.url}/static/embed.js").headers["cache-control"] == "no-cache"
        assert server.stop() == 0
    assert not server.database_is_running()
    assert "Traceback" not in server.output
