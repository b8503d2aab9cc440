"""`quickstart` as a process: what a newcomer meets."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.server import ROOT
from tests.server import Server as PreparedServer


class Server(PreparedServer):
    def prepare(self) -> None:
        """Leave the data directory empty, as a newcomer's is."""


def fail_to_start(*arguments: str, **environment: str) -> str:
    """Start what cannot start; return what it says, which must be short and no traceback."""
    command = [sys.executable, "manage.py", "quickstart", *arguments]
    clean = {name: value for name, value in os.environ.items() if name != "DATA_DIR"}
    ended = subprocess.run(command, cwd=ROOT, env=clean | environment, capture_output=True, text=True, timeout=60)
    said = ended.stderr.strip()
    assert ended.returncode == 1, said
    assert "Traceback" not in said
    assert len(said.splitlines()) <= 2, said
    return said


def test_a_second_start_keeps_everything(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        demo_password = server.password("demo")
        client = server.client()
        client.http.post(f"{client.api}/tasks", json={"title": "Stay"})
    with Server(tmp_path) as server:
        assert [task["title"] for task in server.client().tasks()] == ["Stay"]
        assert "password" not in server.output
        body = {"email": "demo@example.org", "password": demo_password}
        assert httpx2.post(f"{server.url}/api/auth/sign-in/email", json=body).status_code == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_server_and_database_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    server = Server(tmp_path).start()
    assert server.database_is_running()
    assert server.stop(how) == 0
    assert not server.database_is_running()
    assert "Traceback" not in server.output


def test_it_starts_after_it_was_killed(tmp_path: Path) -> None:
    server = Server(tmp_path).start()
    client = server.client()
    client.http.post(f"{client.api}/tasks", json={"title": "Survive"})
    server.stop(signal.SIGKILL)
    with server:
        assert [task["title"] for task in server.client().tasks()] == ["Survive"]
    assert not server.database_is_running()


def test_staff_can_sign_in_to_the_admin(tmp_path: Path) -> None:
    with Server(tmp_path) as server, httpx2.Client(base_url=server.url, follow_redirects=True) as browser:
        browser.get("/admin/login/")
        form = {"username": "staff", "password": server.password("staff")}
        form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        assert "Site administration" in browser.post("/admin/login/?next=/admin/", data=form).text


def test_a_taken_port_gets_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert "--port" in fail_to_start("--port", port, "--data-dir", str(tmp_path))


def test_an_unusable_data_directory_gets_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    assert "--data-dir" in fail_to_start("--data-dir", str(tmp_path / "file" / "data"))
    assert "--data-dir" in fail_to_start("--data-dir", "/proc/errand")


def test_a_database_of_another_version_gets_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    assert "left by PostgreSQL 16" in fail_to_start("--data-dir", str(tmp_path))


def test_a_site_that_is_no_origin_is_named(tmp_path: Path) -> None:
    said = fail_to_start("--data-dir", str(tmp_path), EMBED_ORIGINS='["https://example.org/page"]')
    assert "EMBED_ORIGINS" in said
    assert "write for example https://" in said


def test_a_wrong_setting_names_the_variable_and_the_fix(tmp_path: Path) -> None:
    said = fail_to_start("--data-dir", str(tmp_path), MODEL_PROVIDER="openia")
    assert "MODEL_PROVIDER" in said
    assert "openai" in said
    assert "MODEL_API_KEY: required" in fail_to_start("--data-dir", str(tmp_path), MODEL_PROVIDER="openai")
