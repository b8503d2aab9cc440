"""One turn, two server processes: watched, stopped and finished by the one that did not begin it."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.faults.provider import Asked, Call, Provider, Reply
from tests.server import Client, Server, wait_for

LONG = [f"word{number} " for number in range(40)]


def answer_slowly(asked: Asked) -> Reply:
    if "delete" in asked.said:
        return Reply(["Gone."]) if asked.has_results else Reply(calls=[Call("delete_task", {"task_id": 1})])
    if "task" in asked.said and not asked.has_results:
        return Reply(calls=[Call("add_task", {"title": asked.said})])
    return Reply(LONG, piece_seconds=0.1)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with Provider().scripted("slow", answer_slowly).serving() as url:
        yield url


@pytest.fixture
def servers(provider: str, tmp_path: Path) -> Iterator[list[Server]]:
    environment = {
        "MODEL_PROVIDER": "custom",
        "MODEL_BASE_URL": provider,
        "MODEL_NAME": "slow",
        "TURN_LEASE_SECONDS": "2",
        "SHUTDOWN_GRACE_SECONDS": "0.5",
    }
    with Server(tmp_path, **environment) as one, Server(tmp_path, **environment) as other:
        yield [one, other]


def begin(ann: Client, message: str) -> str:
    """Say something and go away when the answer begins; return the turn's id."""
    headers = {"Idempotency-Key": message}
    body = {
        "type": "threads.create",
        "params": {
            "input": {"content": [{"type": "input_text", "text": message}], "attachments": [], "inference_options": {}}
        },
    }
    turn_id = ""
    with ann.http.stream("POST", "/chatkit", json=body, headers=headers) as stream:
        for line in stream.iter_lines():
            if '"turn.started"' in line:
                turn_id = json.loads(line[6:])["data"]["turn_id"]
            if "text_delta" in line:
                return turn_id
    raise AssertionError("the answer never began")


class Watcher:
    """A tab: builds the text from the events it gets, as a page does."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.final: dict[str, str] = {}
        self.turn: dict[str, Any] = {}

    def hear(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "thread.item.updated" if event["update"]["type"].endswith("text_delta"):
                self.texts[event["item_id"]] = self.texts.get(event["item_id"], "") + event["update"]["delta"]
            case "thread.item.removed":
                self.texts.pop(event["item_id"], None)
            case "thread.item.done" if event["item"]["type"] == "assistant_message":
                self.final[event["item"]["id"]] = "".join(part["text"] for part in event["item"]["content"])
            case "turn":
                self.turn = event["turn"]


async def watch(url: str, ann: Client, turn_id: str) -> Watcher:
    watcher = Watcher()
    async for event in events(url, ann, turn_id):
        watcher.hear(event)
    return watcher


async def events(url: str, ann: Client, turn_id: str) -> AsyncIterator[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {ann.token}"}
    async with (
        httpx2.AsyncClient(timeout=60) as http,
        http.stream("GET", f"{url}{ann.api}/turns/{turn_id}/events", headers=headers) as response,
    ):
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line[6:])


def test_tabs_in_both_processes_see_the_same_text(servers: list[Server]) -> None:
    """Two tabs, and a third that attaches late through the other process."""
    ann = servers[0].client()
    turn_id = begin(ann, "tell me")

    async def scenario() -> list[Watcher]:
        first = [asyncio.create_task(watch(server.url, ann, turn_id)) for server in servers]
        await asyncio.sleep(1.5)
        late = await watch(servers[1].url, ann, turn_id)
        return [*await asyncio.gather(*first), late]

    watchers = asyncio.run(scenario())
    for watcher in watchers:
        assert "".join(watcher.final.values()) == "".join(LONG)
        assert list(watcher.texts.values()) == [] or "".join(LONG).startswith("".join(watcher.texts.values()))
        assert watcher.turn["status"] == "completed"


def test_a_turn_is_stopped_from_the_other_process(servers: list[Server]) -> None:
    ann = servers[0].client()
    turn_id = begin(ann, "tell me more")
    headers = {"Authorization": f"Bearer {ann.token}"}
    stopped = httpx2.post(f"{servers[1].url}{ann.api}/turns/{turn_id}/stop", headers=headers, timeout=30).json()
    assert stopped["status"] == "stopped"
    assert 0 < len(stopped["response"]) < len("".join(LONG))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_turn_is_finished_by_the_other_process(servers: list[Server], how: signal.Signals) -> None:
    ann = servers[0].client()
    token, api = ann.token, ann.api
    turn_id = begin(ann, "add a task")

    async def scenario() -> Watcher:
        watching = asyncio.create_task(watch(servers[1].url, ann, turn_id))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(servers[0].stop, how)
        return await watching

    watcher = asyncio.run(scenario())
    assert watcher.turn["status"] == "completed"
    assert "".join(watcher.final.values()) == "".join(LONG)
    headers = {"Authorization": f"Bearer {token}"}
    tasks = httpx2.get(f"{servers[1].url}{api}/tasks", headers=headers).json()["items"]
    assert [task["title"] for task in tasks] == ["add a task"]


def test_a_turn_that_nobody_asks_for_is_finished_too(servers: list[Server]) -> None:
    ann = servers[0].client()
    headers = {"Authorization": f"Bearer {ann.token}"}
    turn_id = begin(ann, "add a task and forget it")
    api = ann.api
    servers[0].stop(signal.SIGKILL)

    def status() -> str:
        return str(httpx2.get(f"{servers[1].url}{api}/turns/{turn_id}", headers=headers).json()["status"])

    wait_for(lambda: status() != "running", 30, lambda: status())
    assert status() == "completed"


def test_an_approval_survives_a_restart_and_is_used_once_by_two_processes(servers: list[Server]) -> None:
    ann = servers[0].client()
    headers, api = {"Authorization": f"Bearer {ann.token}"}, ann.api
    ann.http.post(f"{api}/tasks", json={"title": "Old"})
    asked = ann.http.post(f"{api}/chat", json={"message": "delete it"}).json()
    assert asked["status"] == "awaiting_approval"
    for server in servers:
        server.stop(signal.SIGKILL)
    for server in servers:
        server.start()

    async def decide(server: Server) -> Any:
        async with httpx2.AsyncClient(base_url=server.url, timeout=30) as http:
            path = f"{api}/turns/{asked['turn_id']}/approval"
            return (await http.post(path, json={"approve": True}, headers=headers)).json()

    async def scenario() -> list[Any]:
        return list(await asyncio.gather(*(decide(server) for server in servers * 5)))

    answers = asyncio.run(scenario())
    assert [(answer["status"], answer.get("response", answer)) for answer in answers] == [("completed", "Gone.")] * 10
    operations = httpx2.get(f"{servers[1].url}{api}/operations", headers=headers).json()["items"]
    assert [operation["tool"] for operation in operations] == ["delete_task", "add_task"]
