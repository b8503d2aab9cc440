"""Daphne where it is not `runserver --noreload`, which the protocol tests speak to: reloading, and by itself."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx2
import psutil
import pytest
import websockets

from tests.server import PATIENCE_SECONDS, ROOT, Client, DaphneServer, wait_for

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
    with BareDaphne(tmp_path, LIVE_UPDATES="postgresql") as server:
        ann = server.client()
        assert ann.chat("add buy milk")["status"] == "completed"
        assert asyncio.run(heard(server, ann))["type"] == "tasks.changed"
        assert httpx2.get(f"{server.url}/static/embed.js").headers["cache-control"] == "no-cache"
        assert server.stop() == 0
    assert not server.database_is_running()
    assert "Traceback" not in server.output


async def heard(server: DaphneServer, ann: Client) -> dict[str, object]:
    """Return what an open page hears when a task is added."""
    async with websockets.connect(f"ws://127.0.0.1:{server.port}/ws/tasks", origin=server.url) as page:  # type: ignore[arg-type]
        await page.send(json.dumps({"type": "authenticate", "token": ann.token}))
        await asyncio.wait_for(page.recv(), PATIENCE_SECONDS)
        await asyncio.to_thread(ann.http.post, f"{ann.api}/tasks", json={"title": "Live"})
        return dict(json.loads(await asyncio.wait_for(page.recv(), PATIENCE_SECONDS)))
