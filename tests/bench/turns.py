"""A chat turn (two model calls, one tool, 40 tokens) beside the same with the bare Agents SDK, and many who watch one.

A real server and a real provider on the wire; clients, provider and server share the machine.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from tests.bench.answering import UNLIMITED, first_text, percentile, provider
from tests.bench.table import Row, Table
from tests.server import ROOT, Client, Server

MODEL = "forty"
OWN_MS = 100  # of the provider: 50 before each response
TURNS = 200  # of each side and number of users, about


@dataclass(frozen=True)
class Taken:
    """What turns took: milliseconds of processor each, and those until each one's first text but the model's own."""

    cpu_ms: float
    first_text_ms: list[float]


def measure(options: Namespace) -> Table:
    rows = []
    with provider() as url, tempfile.TemporaryDirectory() as data:
        environment = {
            "MODEL_PROVIDER": "custom",
            "MODEL_BASE_URL": url,
            "MODEL_NAME": MODEL,
            "MODEL_TITLES": "false",
        } | UNLIMITED
        with Server(Path(data), **environment) as server:
            people = [server.client(f"user{number}@example.org") for number in range(max(options.turn_users))]
            for users in options.turn_users:
                rounds = max(1, TURNS // users)
                here, bare = take_here(server, people[:users], rounds), take_bare(url, users, rounds)
                rows += compared(users, here, bare)
        slow = environment | {"MODEL_NAME": "slow"}
        with Server(Path(data), **slow) as server:
            rows += asyncio.run(watched(server, server.client(), options.watchers))
    return Table("Turns: two model calls, one tool, 40 tokens", "Errand", "Agents SDK", rows)


def compared(users: int, here: Taken, bare: Taken) -> list[Row]:
    name = f"{users} user{'s' if users > 1 else ''}"
    ours, theirs = here.first_text_ms, bare.first_text_ms
    return [
        Row(f"{name}: processor a turn", here.cpu_ms, bare.cpu_ms, "ms"),
        Row(f"{name}: first text, median", statistics.median(ours), statistics.median(theirs), "ms"),
        Row(f"{name}: first text, 95th percentile", percentile(ours), percentile(theirs), "ms"),
        Row(f"{name}: turns without an error", len(ours), len(theirs), ""),
    ]


def take_bare(url: str, users: int, rounds: int) -> Taken:
    command = [sys.executable, "-m", "tests.bench.bare_agent", url, MODEL, str(users), str(rounds)]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=600).stdout
    found = json.loads(printed)
    return Taken(found["cpu_ms"], [each - OWN_MS for each in found["first_text_ms"]])


def take_here(server: Server, people: list[Client], rounds: int) -> Taken:
    assert server.process
    process = psutil.Process(server.process.pid)

    async def take() -> Taken:
        limits = httpx2.Limits(max_connections=len(people))
        async with httpx2.AsyncClient(base_url=server.url, timeout=120, limits=limits) as http:
            await asyncio.gather(*(first_text(person, http, 0) for person in people[:5]))  # warm
            before, found = sum(process.cpu_times()[:2]), []
            for _ in range(rounds):
                found += await asyncio.gather(*(first_text(person, http, 0) for person in people))
            cpu_ms = (sum(process.cpu_times()[:2]) - before) * 1000 / len(found)
            return Taken(cpu_ms, found)

    return asyncio.run(take())


async def watched(server: Server, ann: Client, watchers: int) -> list[Row]:
    """Measure a turn of ten seconds that many watch: memory of each stream, and what watching delays the end by."""
    assert server.process
    process = psutil.Process(server.process.pid)
    alone = await watch(server, ann, 1, process)
    together = await watch(server, ann, watchers, process)
    return [
        Row(f"{watchers:,} watchers: memory each", together.memory_kb, None, "kB"),
        Row(f"{watchers:,} watchers: the last one's end after the turn's", together.delay_ms, alone.delay_ms, "ms"),
    ]


@dataclass(frozen=True)
class Watched:
    memory_kb: float
    delay_ms: float


async def watch(server: Server, ann: Client, watchers: int, process: psutil.Process) -> Watched:
    headers = {"Authorization": f"Bearer {ann.token}"}
    limits = httpx2.Limits(max_connections=watchers + 1)
    async with httpx2.AsyncClient(base_url=server.url, timeout=120, limits=limits, headers=headers) as http:
        body, accept = {"message": "Count slowly"}, {"Accept": "text/event-stream"}
        async with http.stream("POST", f"{ann.api}/chat", json=body, headers=accept) as response:
            path = f"{ann.api}/turns/{response.headers['X-Turn-Id']}/events"
            before = process.memory_info().rss
            heard = [asyncio.create_task(to_the_end(http, path)) for _ in range(watchers)]
            await asyncio.sleep(4)
            memory_kb = (process.memory_info().rss - before) / 1024 / watchers
            ends = await asyncio.gather(*heard)
            return Watched(memory_kb, (max(ends) - min(ends)) * 1000)


async def to_the_end(http: httpx2.AsyncClient, path: str) -> float:
    """Watch a turn to its end; return when that came."""
    async with http.stream("GET", path) as response:
        assert response.status_code == 200
        async for line in response.aiter_lines():
            if line.startswith("data: ") and '"type":"turn"' in line.replace(" ", ""):
                assert json.loads(line[6:])["turn"]["status"] == "completed", line
    return time.perf_counter()
