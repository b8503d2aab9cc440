"""Turns on a real server: what only shows with real connections, processes and clients that leave."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

import httpx2
import psycopg
import pytest
import websockets

from tests.faults.provider import Provider, Reply
from tests.server import PATIENCE_SECONDS, SERVERS, Client, DaphneServer, Server, wait_for

POOL_SIZE = 2


@pytest.fixture(scope="module")
def provider() -> Iterator[tuple[Provider, str]]:
    provider = Provider().scripted("drip", lambda asked: Reply(["drip "] * 20, piece_seconds=0.1))
    with provider.serving() as url:
        yield provider, url


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, provider: tuple[Provider, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    environment = {
        "MODEL_PROVIDER": "custom",
        "MODEL_BASE_URL": provider[1],
        "MODEL_NAME": "drip",
        "DATABASE_POOL_SIZE": str(POOL_SIZE),
        "USER_TURNS_A_MINUTE": "0",
    }
    with request.param(tmp_path_factory.mktemp("data"), **environment) as server:
        yield server


@pytest.fixture
def ann(server: Server) -> Client:
    return server.client()


async def stream(ann: Client, message: str, http: httpx2.AsyncClient) -> AsyncIterator[str]:
    headers = {"Authorization": f"Bearer {ann.token}", "Accept": "text/event-stream"}
    body = {"message": message}
    async with http.stream("POST", f"{ann.api}/chat", json=body, headers=headers) as response:
        assert response.status_code == 200
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                yield line.removeprefix("data: ")


def connections(server: Server) -> list[tuple[str, int]]:
    """Return the states of the server's database connections, and how many there are of each."""
    lines = (server.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="postgres") as database:
        query = "SELECT state, count(*) FROM pg_stat_activity WHERE datname = 'errand' GROUP BY state ORDER BY state"
        return list(database.execute(query))


def test_slow_answers_hold_no_connection(server: Server, ann: Client) -> None:
    """Twenty answers of two seconds each, a pool of two: all the while nothing is in use and others are served."""

    async def watch(number: int, http: httpx2.AsyncClient, begun: asyncio.Queue[int]) -> str:
        last = ""
        async for event in stream(ann, f"message {number}", http):
            if "text_delta" in event and "text_delta" not in last:
                begun.put_nowait(number)
            last = event
        return last

    async def scenario() -> tuple[list[str], list[list[tuple[str, int]]], float]:
        begun: asyncio.Queue[int] = asyncio.Queue()
        limits = httpx2.Limits(max_connections=50)
        async with httpx2.AsyncClient(base_url=server.url, timeout=30, limits=limits) as http:
            watchers = [asyncio.create_task(watch(number, http, begun)) for number in range(20)]
            for _ in range(20):
                await asyncio.wait_for(begun.get(), PATIENCE_SECONDS)
            states = [await asyncio.to_thread(connections, server) for _ in range(20)]
            asked = time.perf_counter()
            response = await http.get(f"{ann.api}/tasks", headers={"Authorization": f"Bearer {ann.token}"})
            assert response.status_code == 200
            answered = time.perf_counter() - asked
            return await asyncio.gather(*watchers), states, answered

    events, states, answered = asyncio.run(scenario())
    assert [json.loads(event)["turn"]["status"] for event in events] == ["completed"] * 20
    # Each turn is noted in the database several times a second, so one or the other may be at work just then.
    assert [state for seen in states for state, _ in seen if state not in {"idle", "active"}] == [], states
    assert any([state for state, _ in seen] == ["idle"] for seen in states), states
    of_the_command = isinstance(server, DaphneServer)  # `runserver` asks for the migrations, and keeps its connection
    assert max(sum(count for _, count in seen) for seen in states) <= POOL_SIZE + of_the_command
    assert answered < 1, "others wait for a connection"


def test_a_client_that_leaves_does_not_stop_the_turn(server: Server, ann: Client) -> None:
    async def leave() -> str:
        async with httpx2.AsyncClient(base_url=server.url, timeout=30) as http:
            async for event in stream(ann, "I will not wait", http):
                if "text_delta" in event:
                    break
        page = ann.http.get(f"{ann.api}/conversations", params={"q": "I will not wait"}).json()
        return str(page["items"][0]["id"])

    conversation = asyncio.run(leave())
    path = f"{ann.api}/conversations/{conversation}/messages"
    said: list[str] = []

    def is_answered() -> bool:
        said[:] = [message["text"] for message in ann.http.get(path).json()["items"]]
        return len(said) == 2

    wait_for(is_answered, PATIENCE_SECONDS, lambda: str(said))
    assert said[1] == "drip " * 20


def test_a_turn_is_stopped_and_keeps_what_it_said(server: Server, ann: Client) -> None:
    async def stop() -> dict[str, object]:
        async with httpx2.AsyncClient(base_url=server.url, timeout=30) as http:
            conversation = ""
            async for event in stream(ann, "stop me", http):
                parsed = json.loads(event)
                if parsed["type"] == "thread.item.added":
                    conversation = parsed["item"]["thread_id"]
                if "text_delta" in event and conversation:
                    turn = running_turn(server)
                    await asyncio.to_thread(ann.http.post, f"{ann.api}/turns/{turn}/stop")
                last = parsed
            return dict(last["turn"])

    turn = asyncio.run(stop())
    assert turn["status"] == "stopped"
    assert 0 < len(str(turn["response"])) < len("drip " * 20)


def running_turn(server: Server) -> str:
    lines = (server.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="errand") as database:
        row = database.execute("SELECT id FROM chat_turn ORDER BY id DESC LIMIT 1").fetchone()
        assert row
        return f"turn_{row[0].hex}"


def test_changes_reach_open_pages_at_once(server: Server, ann: Client) -> None:
    async def listen() -> dict[str, object]:
        address = server.url.replace("http", "ws") + "/ws/tasks"
        async with websockets.connect(address, origin=server.url) as socket:  # type: ignore[arg-type]
            await socket.send(json.dumps({"type": "authenticate", "token": ann.token}))
            assert json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_SECONDS)) == {"type": "ready"}
            await asyncio.to_thread(ann.http.post, f"{ann.api}/tasks", json={"title": "Live"})
            return dict(json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_SECONDS)))

    message = asyncio.run(listen())
    assert (message["type"], message["source"]) == ("tasks.changed", "rest")
    assert message["changes"][0]["task"]["title"] == "Live"  # type: ignore[index]


def test_changes_of_others_reach_nobody_else(server: Server, ann: Client) -> None:
    bob = server.client("bob@example.org")

    async def listen() -> str:
        address = server.url.replace("http", "ws") + "/ws/tasks"
        async with websockets.connect(address, origin=server.url) as socket:  # type: ignore[arg-type]
            await socket.send(json.dumps({"type": "authenticate", "token": bob.token}))
            await asyncio.wait_for(socket.recv(), PATIENCE_SECONDS)
            await asyncio.to_thread(ann.http.post, f"{ann.api}/tasks", json={"title": "Hers"})
            await asyncio.to_thread(bob.http.post, f"{bob.api}/tasks", json={"title": "His"})
            return str(await asyncio.wait_for(socket.recv(), PATIENCE_SECONDS))

    assert "Hers" not in asyncio.run(listen())


@pytest.mark.parametrize("first", ["not json", "[]", '{"type": "authenticate", "token": "forged"}'])
def test_the_socket_tells_nothing_without_a_token(server: Server, ann: Client, first: str) -> None:
    async def listen() -> str:
        address = server.url.replace("http", "ws") + "/ws/tasks"
        async with websockets.connect(address, origin=server.url) as socket:  # type: ignore[arg-type]
            await socket.send(first)
            await asyncio.to_thread(ann.http.post, f"{ann.api}/tasks", json={"title": "Secret"})
            try:
                return str(await asyncio.wait_for(socket.recv(), 1))
            except (TimeoutError, websockets.ConnectionClosed):
                return "nothing"

    assert asyncio.run(listen()) == "nothing"


def test_the_socket_refuses_pages_of_other_sites(server: Server) -> None:
    async def connect() -> None:
        address = server.url.replace("http", "ws") + "/ws/tasks"
        async with websockets.connect(address, origin="https://evil.example"):  # type: ignore[arg-type]
            pass

    with pytest.raises(websockets.InvalidStatus):
        asyncio.run(connect())


def execute(server: Server, statement: str, *values: object) -> None:
    lines = (server.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="errand") as database:
        database.execute(statement, values)


REVOCATIONS = {
    "deactivated": "UPDATE accounts_user SET is_active = false WHERE subject = %s",
    "revoked": "UPDATE accounts_user SET revoked_before = now() + interval '1 minute' WHERE subject = %s",
}


@pytest.mark.parametrize("how", REVOCATIONS)
def test_open_connections_end_when_access_is_taken_back(server: Server, how: str) -> None:
    eve = server.client(f"{how}@example.org")
    subject = eve.api.rpartition("/")[2]

    async def watch_both() -> tuple[int, str]:
        async with (
            websockets.connect(f"ws://127.0.0.1:{server.port}/ws/tasks", origin=server.url) as socket,  # type: ignore[arg-type]
            httpx2.AsyncClient(base_url=server.url, timeout=30) as http,
        ):
            await socket.send(json.dumps({"type": "authenticate", "token": eve.token}))
            await socket.recv()
            events = 0
            async for event in stream(eve, "tell me more", http):
                events += 1
                if "text_delta" in event and events < 5:
                    await asyncio.to_thread(execute, server, REVOCATIONS[how], subject)
                    events = 5
            await asyncio.wait_for(socket.wait_closed(), PATIENCE_SECONDS)
            return socket.close_code or 0, event

    close_code, last = asyncio.run(watch_both())
    assert close_code == 4401
    assert json.loads(last).get("turn", {}).get("status") != "completed", "the stream was cut, or the turn stopped"
    assert eve.http.get(f"{eve.api}/tasks").status_code == 401


def test_a_deleted_account_is_gone_with_everything_in_it(server: Server) -> None:
    eve = server.client("gone@example.org")
    eve.http.post(f"{eve.api}/tasks", json={"title": "secret"})
    eve.chat("remember this")
    subject = eve.api.rpartition("/")[2]
    assert eve.http.delete(f"{eve.api}/me").status_code == 204
    assert eve.http.get(f"{eve.api}/tasks").status_code == 401
    lines = (server.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="errand") as database:
        users = database.execute("SELECT count(*) FROM accounts_user WHERE subject = %s", [subject]).fetchone()
        told = database.execute("SELECT count(*) FROM chat_message WHERE text = 'remember this'").fetchone()
    assert (users, told) == ((0,), (0,))
