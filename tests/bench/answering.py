"""Answers from documents, many users at once: how long until the first text, without the model's own time.

A real server and a real provider on the wire; clients, provider and server share the machine. Each turn makes two model
calls with a tool call between them; compared is the same turn with a tool that looks at tasks.
"""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path

import httpx2

from tests.bench.table import Row, Table
from tests.server import ROOT, Client, Server, free_port, wait_for

FIRST_SECONDS = 0.05  # of each model call in the provider's scenarios
SPREAD_SECONDS = 10
UNLIMITED = {"USER_TURNS_A_MINUTE": "0", "SIGN_IN_ATTEMPTS_A_MINUTE": "0"}
ROUNDS = 3
HANDBOOK = ROOT / "tests" / "knowledge" / "handbook"
QUESTION = "How many days of paid leave do I have in a year?"


def measure(options: Namespace) -> Table:
    """Measure with `options.users` users, each with ten documents of their own."""
    here, tasks = turns("documents", options.users), turns("forty", options.users)
    rows = []
    for name in here:
        rows.append(Row(f"{name}, median", statistics.median(here[name]), statistics.median(tasks[name]), "ms"))
        rows.append(Row(f"{name}, 95th percentile", percentile(here[name]), percentile(tasks[name]), "ms"))
    return Table(
        title=f"Answering: ms until the first text, without the model's {FIRST_SECONDS * 2000:.0f}; {ROUNDS} rounds",
        here="with search",
        reference="with tasks",
        rows=rows,
    )


def turns(scenario: str, users: int) -> dict[str, list[float]]:
    """Return the waits of all turns in a scenario of the provider: of one user, of many over a while, and at once."""
    with provider() as url, tempfile.TemporaryDirectory() as data:
        environment = {"MODEL_PROVIDER": "custom", "MODEL_BASE_URL": url, "MODEL_NAME": scenario}
        with Server(Path(data), **environment | UNLIMITED) as server:
            people = [server.client(f"user{n}@example.org") for n in range(users)]
            for person in people:
                give(person)
            return {
                "one user": waits(server, people[:1]),
                f"{users} users, each once in {SPREAD_SECONDS} s": waits(server, people, SPREAD_SECONDS),
                f"{users} users in the same moment": waits(server, people),
            }


@contextmanager
def provider() -> Iterator[str]:
    """Run the fault lab in a process of its own; give its base URL."""
    port = free_port()
    command = [sys.executable, "-m", "tests.faults.provider", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: is_up(url), 20, lambda: "the provider did not start")
        yield f"{url}/v1"
    finally:
        process.terminate()
        process.wait()


def is_up(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/asked").status_code == 200
    except httpx2.TransportError:
        return False


def give(person: Client) -> None:
    """Add the handbook, and wait until it is read."""
    path = f"{person.api}/documents"
    for file in sorted(HANDBOOK.glob("*.md")):
        answer = person.http.post(path, files={"file": (file.name, file.read_bytes())})
        assert answer.status_code == 201, answer.text

    def is_read() -> bool:
        return all(each["state"] == "ready" for each in person.http.get(path).json()["items"])

    wait_for(is_read, 60, lambda: "the documents were not read")


def waits(server: Server, people: list[Client], spread_seconds: float = 0) -> list[float]:
    """Return the milliseconds that each of all turns took to its first text."""
    dice = random.Random(0)  # noqa: S311

    async def rounds() -> list[float]:
        limits = httpx2.Limits(max_connections=len(people))
        async with httpx2.AsyncClient(base_url=server.url, timeout=60, limits=limits) as http:
            await asyncio.gather(*(first_text(person, http, 0) for person in people[:2]))  # warm
            found: list[float] = []
            for _ in range(ROUNDS):
                pauses = [dice.random() * spread_seconds for _ in people]
                found += await asyncio.gather(*map(first_text, people, repeat(http), pauses))
            return found

    return asyncio.run(rounds())


async def first_text(person: Client, http: httpx2.AsyncClient, pause_seconds: float) -> float:
    await asyncio.sleep(pause_seconds)
    headers = {"Authorization": f"Bearer {person.token}", "Accept": "text/event-stream"}
    began, first = time.perf_counter(), 0.0
    async with http.stream("POST", f"{person.api}/chat", json={"message": QUESTION}, headers=headers) as response:
        async for line in response.aiter_lines():
            if not first and "text_delta" in line:
                first = time.perf_counter() - began
            if line.startswith("data: ") and json.loads(line[6:]).get("type") == "turn":
                assert json.loads(line[6:])["turn"]["status"] == "completed", line
    return (first - 2 * FIRST_SECONDS) * 1000


def percentile(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
