"""The server itself: what a client may send before Errand sees any of it, and what it is told meanwhile."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import psycopg
import pytest

from tests.server import ROOT, SERVERS, DaphneServer, Server


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with request.param(tmp_path_factory.mktemp("data")) as server:
        yield server


def send(server: Server, *pieces: bytes) -> bytes:
    """Send pieces over one connection until the server hangs up or all are sent; return what it says."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except ConnectionError:
                break
        return connection.recv(10_000)


def test_a_head_that_is_too_large_is_refused(server: Server) -> None:
    """By Errand, or by the server itself: Twisted has its own limits, and httptools one for the line."""
    refused = b" 400 " if isinstance(server, DaphneServer) else b" 431 "
    headers = [b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n", *[b"X-Filler: " + b"x" * 7_000 + b"\r\n"] * 10]
    assert refused in send(server, *headers, b"\r\n")
    assert b" 400 " in send(server, b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert b" 200 " in send(server, *headers[:3], b"\r\n")


def test_a_large_body_in_many_pieces_is_no_head(server: Server) -> None:
    body = b'{"message": "' + b"x" * 300_000 + b'"}'
    head = b"POST /chatkit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    pieces = [body[start : start + 50_000] for start in range(0, len(body), 50_000)]
    assert b" 401 " in send(server, head, *pieces)


def test_several_requests_over_one_connection(server: Server) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert send(server, *[asked] * 1).count(b" 200 ") == 1
    with httpx2.Client(base_url=server.url) as http:
        assert {http.get("/healthz").status_code for _ in range(50)} == {200}


def test_figures_are_for_this_machine_only_unless_there_is_a_token(server: Server) -> None:
    figures = httpx2.get(f"{server.url}/metrics")
    assert figures.status_code == 200
    assert "errand_section_seconds_count" in figures.text
    through_a_proxy = httpx2.get(f"{server.url}/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert through_a_proxy.status_code == 403


def test_a_database_that_lacks_a_migration_is_not_ready(server: Server) -> None:
    assert httpx2.get(f"{server.url}/readyz").status_code == 200
    lines = (server.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="errand", autocommit=True) as database:
        gone = database.execute(
            "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations WHERE app = 'chat') "
            "RETURNING app, name, applied"
        ).fetchone()
        refused = httpx2.get(f"{server.url}/readyz")
        database.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", gone)
    assert refused.status_code == 503
    assert "has not been migrated to chat." in refused.json()["detail"]
    assert httpx2.get(f"{server.url}/readyz").status_code == 200


def test_serve_says_in_one_line_what_it_cannot_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        for arguments, said in [(["--port", port], "--port"), (["--processes", "0"], "at least 1")]:
            command = [sys.executable, "manage.py", "serve", *arguments]
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
            assert run.returncode == 1
            assert said in run.stderr
            assert len(run.stderr.splitlines()) == 1


def test_connections_that_the_database_closed_cost_nobody_a_request(server: Server) -> None:
    ann = server.client()
    assert {ann.http.get(f"{ann.api}/tasks").status_code for _ in range(20)} == {200}
    lines = (server.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="postgres") as database:
        ended = "pg_terminate_backend(pid, 10000)"  # it waits until it has
        closed = database.execute(f"SELECT {ended} FROM pg_stat_activity WHERE datname = 'errand'")  # noqa: S608
        assert closed.rowcount > 0
    assert [ann.http.get(f"{ann.api}/tasks").status_code for _ in range(20)] == [200] * 20
