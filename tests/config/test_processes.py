"""`quickstart --processes`: several processes on one port, which need nothing but PostgreSQL to tell each other."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import psutil
import pytest
import websockets

from tests.server import PATIENCE_SECONDS, Server, wait_for

MANY = 200


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), "--processes", "2") as server:
        yield server


def processes(server: Server) -> list[psutil.Process]:
    assert server.process
    found = psutil.process_iter(["ppid", "cmdline"])
    ours = [each for each in found if each.info["ppid"] == server.process.pid]
    return [each for each in ours if "--multiprocessing-fork" in (each.info["cmdline"] or [])]


def with_pages(server: Server) -> int:
    """Return how many processes have open pages."""
    found = [each.net_connections("tcp") for each in processes(server)]
    return sum(any(connection.status == "ESTABLISHED" for connection in connections) for connections in found)


def test_every_page_hears_of_a_change_in_whichever_process(server: Server) -> None:
    ann = server.client()
    title, notes = "Überall", "long " * 3_000  # more than one notification holds

    async def open_page(stack: AsyncExitStack) -> Any:
        url = f"ws://127.0.0.1:{server.port}/ws/tasks"
        page = await stack.enter_async_context(websockets.connect(url, origin=server.url))  # type: ignore[arg-type]
        await page.send(json.dumps({"type": "authenticate", "token": ann.token}))
        assert json.loads(await asyncio.wait_for(page.recv(), PATIENCE_SECONDS))["type"] == "ready"
        return page

    async def scenario() -> list[str]:
        async with AsyncExitStack() as stack:
            pages: list[Any] = []
            while with_pages(server) < 2:  # which process takes a connection is the kernel's to say
                assert len(pages) < MANY, "one process took all the pages"
                pages.append(await open_page(stack))
            body = {"title": title, "notes": notes}
            assert (await asyncio.to_thread(ann.http.post, f"{ann.api}/tasks", json=body)).status_code == 201
            heard = [json.loads(await asyncio.wait_for(page.recv(), PATIENCE_SECONDS)) for page in pages]
            return [event["changes"][0]["task"]["title"] for event in heard]

    assert set(asyncio.run(scenario())) == {title}


def test_figures_are_those_of_all_processes(server: Server) -> None:
    def asked() -> float:
        text = httpx2.get(f"{server.url}/metrics").text
        found = re.search(r'errand_requests_total{method="OPTIONS",status="405"} (\S+)', text)
        return float(found[1]) if found else 0

    before = asked()
    for _ in range(20):
        with httpx2.Client() as http:  # a connection of its own each time, to whichever process
            http.request("OPTIONS", f"{server.url}/chatkit")
    assert asked() == before + 20


def test_a_process_that_is_killed_is_replaced_and_nobody_notices(server: Server) -> None:
    ann, killed = server.client(), processes(server)[0]
    killed.kill()
    wait_for(lambda: len(processes(server)) == 2 and killed not in processes(server), 60, lambda: server.output)
    assert ann.http.post(f"{ann.api}/tasks", json={"title": "Still here"}).status_code == 201


def test_all_end_together(server: Server) -> None:
    found = processes(server)
    assert server.stop() == 0
    assert not [each for each in found if each.is_running()]
    assert not server.database_is_running()
    assert "Traceback" not in server.output
