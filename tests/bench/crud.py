"""Tasks over REST beside a FastAPI service with the same table, tokens and answers: one process each, which keeps 20
database connections (the reference may open ten more).

Errand's writes do more: they are kept under a key, with the task before and after, and can be undone.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx2
import psutil
import psycopg

from tests.bench.answering import UNLIMITED
from tests.bench.load import Figures, load, request
from tests.bench.table import Row, Table
from tests.server import ROOT, Client, Server, free_port, wait_for

USERS = 20
LISTED = 20
ROUNDS = 5


class Side:
    """One of the two services, with the same people on it."""

    def __init__(self, port: int, people: list[Client], processes: list[psutil.Process]) -> None:
        self.port = port
        self.people = people
        self.processes = processes  # the service, and the database's own
        self.figures: dict[str, list[Figures]] = {}
        self.ids: list[list[int]] = [[] for _ in people]

    def ask(self, name: str, requests: list[bytes], connections: int) -> Figures:
        before = cpu_seconds(self.processes)
        figures = asyncio.run(load(self.port, requests, connections))
        figures.cpu_seconds = cpu_seconds(self.processes) - before
        self.figures.setdefault(name, []).append(figures)
        return figures

    def each(self, count: int, make: Callable[[Client, int, int], bytes]) -> list[bytes]:
        """Return `count` requests, of all people in turn; `make(person, whose, number)`."""
        return [
            make(person, whose, number)
            for number, (whose, person) in enumerate(islice(cycle(enumerate(self.people)), count))
        ]

    def fill(self) -> None:
        for whose, person in enumerate(self.people):
            asked = [request("POST", f"{person.api}/tasks", person.token, body(number)) for number in range(LISTED)]
            answers = asyncio.run(load(self.port, asked, 1)).answers
            self.ids[whose] = [json.loads(answer)["id"] for answer in answers]

    def round(self, count: int, connections: int) -> None:
        """Measure each kind of request once."""
        ids = self.ids
        self.ask(
            "list 20 tasks",
            self.each(count, lambda p, w, n: request("GET", f"{p.api}/tasks?limit=20", p.token)),
            connections,
        )
        self.ask(
            "read one",
            self.each(count, lambda p, w, n: request("GET", f"{p.api}/tasks/{ids[w][n % LISTED]}", p.token)),
            connections,
        )
        change: dict[str, Any] = {}

        def changed(person: Client, whose: int, number: int) -> bytes:
            change["title"] = f"Changed {number}"
            return request("PATCH", f"{person.api}/tasks/{ids[whose][number % LISTED]}", person.token, change)

        self.ask("change", self.each(count, changed), connections)
        added = self.ask(
            "add", self.each(count, lambda p, w, n: request("POST", f"{p.api}/tasks", p.token, body(n))), connections
        )
        self.remove(added, connections)

    def remove(self, added: Figures, connections: int) -> None:
        """Delete what was added, of all people in turn. The answers do not say whose it is, but each list does."""
        of_each = []
        for whose, person in enumerate(self.people):
            kept = set(self.ids[whose])
            listed = asyncio.run(load(self.port, [request("GET", f"{person.api}/tasks?limit=200", person.token)], 1))
            found = [task["id"] for task in json.loads(listed.answers[0])["items"] if task["id"] not in kept]
            of_each.append([request("DELETE", f"{person.api}/tasks/{id}", person.token) for id in found])
        requests = [each for turn in zip(*of_each, strict=True) for each in turn]
        assert len(requests) == len(added.answers)
        self.ask("delete", requests, connections)

    def rate(self, name: str) -> float:
        return statistics.median(figures.rate for figures in self.figures[name])

    def cpu(self, name: str) -> float:
        found = self.figures[name]
        return statistics.median(figures.cpu_seconds / len(figures.answers) * 1000 for figures in found)

    def p95(self, name: str) -> float:
        return statistics.median(figures.percentile(0.95) for figures in self.figures[name])


def body(number: int) -> dict[str, Any]:
    return {
        "title": f"Task {number}",
        "notes": "From the shop on the corner.",
        "labels": ["home"],
        "due_date": "2026-12-01",
    }


def measure(options: Namespace) -> Table:
    """Measure with `options.connections` connections and `options.requests` requests of each kind."""
    settings = UNLIMITED | {"DATABASE_POOL_SIZE": "20"}
    with tempfile.TemporaryDirectory() as data, Server(Path(data), **settings) as server:
        people = [server.client(f"user{number}@example.org") for number in range(USERS)]
        with reference(server, people) as (port, pid):
            here, there = sides(server, people, port, pid)
            for side in (here, there):
                side.fill()
                side.round(options.requests // 5, options.connections)  # warm
                side.figures.clear()
            for _ in range(ROUNDS):  # in turns, so that a noisy moment meets both
                for side in (here, there):
                    side.round(options.requests, options.connections)
    rows = [Row(f"{name}, processor time", here.cpu(name), there.cpu(name), "ms") for name in here.figures]
    rows += [Row(f"{name}, requests/s", here.rate(name), there.rate(name), "1/s") for name in here.figures]
    rows += [Row(f"{name}, 95th percentile", here.p95(name), there.p95(name), "ms") for name in here.figures]
    return Table(f"Tasks over REST, {options.connections} connections", "Errand", "FastAPI", rows)


def sides(server: Server, people: list[Client], port: int, pid: int) -> tuple[Side, Side]:
    assert server.process
    postmaster = int((server.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    ours, theirs, database = map(psutil.Process, (server.process.pid, pid, postmaster))
    return Side(server.port, people, [ours, database]), Side(port, people, [theirs, database])


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Return the processor time that processes and their children have taken, also those that have ended.

    The load's own is not in it.
    """
    taken = sum(sum(process.cpu_times()[:4]) for process in processes)
    for child in [child for process in processes for child in process.children()]:
        with suppress(psutil.NoSuchProcess):  # it has ended just now, and counts in its parent next time
            taken += sum(child.cpu_times()[:2])
    return taken


@contextmanager
def reference(server: Server, people: list[Client]) -> Iterator[tuple[int, int]]:
    """Run the FastAPI service on a database beside Errand's; give its port and process id."""
    lines = (server.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="postgres", autocommit=True) as database:
        database.execute("CREATE DATABASE reference")
    claims = json.loads(httpx2.get(f"{server.url}/api/auth/jwks").text)
    port = free_port()
    environment = {
        "REFERENCE_DATABASE": f"postgresql+asyncpg://postgres@/reference?host={lines[4]}&port={lines[3]}",
        "REFERENCE_KEY": json.dumps(claims["keys"][0]),
        "REFERENCE_ISSUER": "urn:errand",
    }
    command = [sys.executable, "-m", "uvicorn", "tests.bench.fastapi_tasks:app", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
    try:
        wait_for(lambda: is_up(port), 30, lambda: "the reference did not start")
        subjects = [person.api.removeprefix("/api/") for person in people]
        assert httpx2.post(f"http://127.0.0.1:{port}/reference", json=subjects).status_code == 200
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def is_up(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/docs").status_code == 200
    except httpx2.TransportError:
        return False
