"""Two servers behind nginx, with Redis and a pooler in transaction mode: any of them answers anything."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
import websockets

from tests.config.deployed import Deployment
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.server import PATIENCE_SECONDS, Client, Server, wait_for

WORDS = [f"word{number} " for number in range(30)]


def answer(asked: Asked) -> Reply:
    if "task" in asked.said and not asked.has_results:
        return Reply(calls=[Call("add_task", {"title": asked.said})])
    return Reply(WORDS, piece_seconds=0.1)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Provider().scripted("slow", answer).serving() as url:
        settings = {
            "MODEL_PROVIDER": "custom",
            "MODEL_BASE_URL": url,
            "MODEL_NAME": "slow",
            "MODEL_TITLES": "false",
            "TURN_LEASE_SECONDS": "2",
            "SIGN_IN_ATTEMPTS_A_MINUTE": "6",
        }
        with (
            Server(tmp_path_factory.mktemp("data"), **settings) as database,  # it takes over turns too
            Deployment(tmp_path_factory.mktemp("deployment"), database, **settings) as deployment,
        ):
            yield deployment


@pytest.fixture(scope="module")
def ann(deployment: Deployment) -> Client:
    return deployment.client()


def begin(http: httpx2.Client, ann: Client, message: str) -> str:
    """Say something, and go away when the answer begins; return the turn's id."""
    headers = {"Accept": "text/event-stream", "Idempotency-Key": message}
    with http.stream("POST", f"{ann.api}/chat", json={"message": message}, headers=headers) as response:
        for line in response.iter_lines():
            if "text_delta" in line:
                return str(response.headers["X-Turn-Id"])
    raise AssertionError("the answer did not begin")


def test_a_turn_is_watched_and_stopped_through_the_other_server(deployment: Deployment, ann: Client) -> None:
    first, second = (deployment.directly(web, ann) for web in deployment.webs)
    with first, second:
        turn_id = begin(first, ann, "watch me")
        with second.stream("GET", f"{ann.api}/turns/{turn_id}/events") as events:
            told = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")]
        said = [event["item"] for event in told if event["type"] == "thread.item.done"]
        assert [part["text"] for part in said[-1]["content"]] == ["".join(WORDS)]
        assert told[-1]["turn"]["status"] == "completed"
        turn_id = begin(first, ann, "stop me")
        stopped = second.post(f"{ann.api}/turns/{turn_id}/stop").json()
        assert stopped["status"] == "stopped"
        assert "".join(WORDS).startswith(stopped["response"].strip())


def test_a_change_through_one_server_is_seen_on_pages_of_both(deployment: Deployment, ann: Client) -> None:
    async def scenario() -> list[str]:
        async with AsyncExitStack() as stack:
            pages: list[Any] = []
            for port in [deployment.port, *(web.port for web in deployment.webs)]:
                connecting = websockets.connect(f"ws://127.0.0.1:{port}/ws/tasks", origin=deployment.url)  # type: ignore[arg-type]
                pages.append(await stack.enter_async_context(connecting))
                await pages[-1].send(json.dumps({"type": "authenticate", "token": ann.token}))
                assert json.loads(await asyncio.wait_for(pages[-1].recv(), PATIENCE_SECONDS))["type"] == "ready"
            with deployment.directly(deployment.webs[1], ann) as http:
                added = await asyncio.to_thread(http.post, f"{ann.api}/tasks", json={"title": "Live"})
            assert added.status_code == 201
            heard = [json.loads(await asyncio.wait_for(page.recv(), PATIENCE_SECONDS)) for page in pages]
            return [event["changes"][0]["task"]["title"] for event in heard]

    assert asyncio.run(scenario()) == ["Live"] * 3


def test_limits_hold_over_all_servers(deployment: Deployment) -> None:
    body = {"email": "nobody@example.org", "password": "wrong wrong wrong"}
    statuses = [httpx2.post(f"{deployment.url}/api/auth/sign-in/email", json=body).status_code for _ in range(10)]
    assert statuses == [401] * 6 + [429] * 4


def test_a_server_that_is_killed_under_load_loses_nothing(deployment: Deployment, ann: Client) -> None:
    """Twelve people's turns through the proxy; one server is killed in the middle. Clients repeat with their keys."""

    async def say(number: int) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {ann.token}", "Idempotency-Key": f"load-{number}"}
        while True:
            try:
                async with httpx2.AsyncClient(base_url=deployment.url, timeout=60) as http:
                    response = await http.post(f"{ann.api}/chat", json={"message": f"task {number}"}, headers=headers)
                if response.status_code < 500:
                    return dict(response.json())
            except httpx2.TransportError:
                await asyncio.sleep(0.1)

    async def scenario() -> list[dict[str, Any]]:
        said = [asyncio.create_task(say(number)) for number in range(12)]
        await asyncio.sleep(1.5)
        await asyncio.to_thread(deployment.webs[0].stop, signal.SIGKILL)
        return await asyncio.gather(*said)

    answers = asyncio.run(scenario())
    assert [answer.get("status", answer) for answer in answers] == ["completed"] * 12
    assert [answer["response"] for answer in answers] == ["".join(WORDS)] * 12
    titles = [task["title"] for task in ann.tasks() if str(task["title"]).startswith("task ")]
    assert sorted(map(str, titles)) == sorted(f"task {number}" for number in range(12))
    deployment.webs[0].start()


def test_without_redis_it_says_so_and_recovers(deployment: Deployment, ann: Client) -> None:
    redis = deployment.started[-1]
    redis.send_signal(signal.SIGSTOP)
    ready = f"http://127.0.0.1:{deployment.webs[1].port}/readyz"
    assert httpx2.get(ready, timeout=10).status_code == 503
    redis.send_signal(signal.SIGCONT)
    deployment.restart_redis()
    wait_for(lambda: httpx2.get(ready, timeout=10).status_code == 200, PATIENCE_SECONDS, lambda: httpx2.get(ready).text)
    assert ann.http.post(f"{ann.api}/tasks", json={"title": "After"}).status_code == 201

    def is_live() -> bool:
        try:
            test_a_change_through_one_server_is_seen_on_pages_of_both(deployment, ann)
        except websockets.ConnectionClosed:  # what a page meets, too: it connects again
            return False
        return True

    wait_for(is_live, PATIENCE_SECONDS, lambda: "no page hears of changes any more")


def test_figures_are_not_for_the_world(deployment: Deployment) -> None:
    assert httpx2.get(f"{deployment.url}/metrics").status_code == 403
