"""The official MCP conformance suite and inspector, against `/mcp` of a real server.

The suite can send no header, so it goes through a proxy that adds the token. Scenarios that ask for tools of their own
find them in `fixtures`, mounted beside ours as any tool server is.
"""

import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests import node
from tests.server import Client, Server

HERE = Path(__file__).parent
PASSED_ON = {"content-type", "mcp-session-id", "mcp-protocol-version"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    servers = json.dumps(["tasks.surfaces.mcp.server", "tests.conformance.fixtures.server"])
    with Server(tmp_path_factory.mktemp("data"), MCP_SERVERS=servers) as server:
        yield server


@pytest.fixture(scope="module")
def ann(server: Server) -> Client:
    return server.client()


@pytest.fixture(scope="session")
def modules() -> Path:
    """Install suite and inspector, as their lock file says, with the node that comes from a wheel."""
    return node.modules(HERE) / ".bin"


@contextmanager
def signed_in(target: str, token: str) -> Iterator[str]:
    """Serve a proxy that adds a bearer token; gives its base URL."""

    async def forward(request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        headers["authorization"] = f"Bearer {token}"
        async with httpx2.AsyncClient(timeout=30) as http:
            body = await request.body()
            answer = await http.request(request.method, target + request.url.path, content=body, headers=headers)
        kept = {name: value for name, value in answer.headers.items() if name in PASSED_ON}
        return Response(answer.content, answer.status_code, kept)

    methods = ["GET", "POST", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", forward, methods=methods)])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        proxy = uvicorn.Server(config)
        thread = threading.Thread(target=proxy.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            proxy.should_exit = True
            thread.join()


def test_the_official_suite_passes_but_for_what_is_named(
    server: Server, ann: Client, modules: Path, tmp_path: Path
) -> None:
    with signed_in(server.url, ann.token) as url:
        command: list[str | Path] = [node.NODE, modules / "conformance", "server", "--url", f"{url}/mcp"]
        command += ["--suite", "all", "--expected-failures", HERE / "expected-failures.yml", "-o", tmp_path]
        run = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=HERE)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    passed = re.search(r"Total: (\d+) passed", run.stdout)
    assert passed, run.stdout[-3000:]
    assert int(passed[1]) >= 15, run.stdout[-3000:]


def test_every_expected_failure_names_its_reason() -> None:
    lines = (HERE / "expected-failures.yml").read_text().splitlines()
    assert [line for line in lines if line.strip().startswith("- ") and " # " not in line] == []


def test_the_inspector_finds_the_tools_in_order(server: Server, ann: Client, modules: Path) -> None:
    command: list[str | Path] = [node.NODE, modules / "mcp-inspector", "--cli", f"{server.url}/mcp"]
    command += [
        "--transport",
        "http",
        "--header",
        f"Authorization: Bearer {ann.token}",
        "--method",
        "tools/list",
        "--strict",
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=HERE)
    assert run.returncode == 0, run.stdout + run.stderr
    names = {tool["name"] for tool in json.loads(run.stdout)["tools"]}
    assert {"add_task", "delete_tasks", "undo", "overview"} <= names
