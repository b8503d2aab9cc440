"""A server that is told to end: turns finish while they are watched, or are handed over."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import httpx2
import psycopg
import pytest

from tests.faults.provider import Provider, Reply
from tests.server import SERVERS, Client, Server, wait_for

WORDS = ["drip "] * 20


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with Provider().scripted("drip", lambda asked: Reply(WORDS, piece_seconds=0.1)).serving() as url:
        yield url


@pytest.fixture(params=SERVERS)
def kind(request: pytest.FixtureRequest) -> type[Server]:
    return cast("type[Server]", request.param)


def server(kind: type[Server], provider: str, folder: Path, grace_seconds: str) -> Server:
    environment = {"MODEL_PROVIDER": "custom", "MODEL_BASE_URL": provider, "MODEL_NAME": "drip"}
    return kind(folder, SHUTDOWN_GRACE_SECONDS=grace_seconds, TURN_LEASE_SECONDS="60", **environment)


async def said(server: Server, ann: Client) -> AsyncIterator[dict[str, object]]:
    """Say something and give the events of the answer, as far as they come."""
    headers = {"Authorization": f"Bearer {ann.token}", "Accept": "text/event-stream"}
    async with (
        httpx2.AsyncClient(base_url=server.url, timeout=30) as http,
        http.stream("POST", f"{ann.api}/chat", json={"message": "hello"}, headers=headers) as response,
    ):
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


async def ended_at_the_first_word(server: Server, ann: Client) -> tuple[dict[str, object], int]:
    """Tell the server to end when the answer begins; return the last event that comes, and the exit status."""
    last: dict[str, object] = {}
    ending = None
    try:
        async for event in said(server, ann):
            last = event
            if "text_delta" in json.dumps(event) and ending is None:
                ending = asyncio.create_task(asyncio.to_thread(server.stop, signal.SIGTERM))
    except httpx2.TransportError:
        pass  # the connection was closed with the process
    assert ending
    return last, await ending


def test_who_watches_a_turn_hears_its_end(kind: type[Server], provider: str, tmp_path: Path) -> None:
    with server(kind, provider, tmp_path, "10") as here:
        last, status = asyncio.run(ended_at_the_first_word(here, here.client()))
    turn = last["turn"]
    assert isinstance(turn, dict)
    assert (turn["status"], turn["response"], status) == ("completed", "".join(WORDS), 0)
    assert "Traceback" not in here.output


def test_a_turn_that_takes_too_long_is_handed_over_at_once(kind: type[Server], provider: str, tmp_path: Path) -> None:
    """Not when its lease runs out, which here is in a minute; the process that ends does not take it up again."""
    with server(kind, provider, tmp_path, "0.2") as here:
        ann = here.client()
        token, api = ann.token, ann.api
        last, status = asyncio.run(ended_at_the_first_word(here, ann))
    assert (last.get("turn"), status) == (None, 0)
    with server(kind, provider, tmp_path, "0.2") as other:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx2.Client(base_url=other.url, headers=headers) as http:
            conversation = http.get(f"{api}/conversations").json()["items"][0]["id"]
            messages = f"{api}/conversations/{conversation}/messages"
            wait_for(lambda: len(http.get(messages).json()["items"]) == 2, 30, lambda: other.output)
            assert http.get(messages).json()["items"][1]["text"] == "".join(WORDS)
        assert attempts(other) == 2


def attempts(server: Server) -> int:
    lines = (server.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="errand") as database:
        row = database.execute("SELECT attempts FROM chat_turn").fetchone()
        assert row
        return int(row[0])
