"""The soak: many users chat for minutes on Errand as it is deployed (nginx, two servers, Redis, a pooler).

    uv run python -m tests.faults.soak --users 100 --minutes 10
    uv run python -m tests.faults.soak --users 100 --minutes 4 --faults

Without faults no request may fail, memory may not grow by more than 5 % after the first minute, and no connection may
be left at the end. With faults PostgreSQL, then Redis are restarted and a server is killed meanwhile; clients repeat
with their keys. Either way every turn ends, and every message and every change is there exactly once. It prints what it
saw, and ends with status 1 if a promise was broken.
"""

import argparse
import asyncio
import random
import signal
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil
import psycopg

from tests.config.deployed import Deployment
from tests.faults.kill_lab import restart_database
from tests.faults.provider import Asked, Call, Provider, Reply
from tests.server import Client, Server

PAUSE_SECONDS = (1, 9)  # between an answer and the next message
SETTLED_AFTER_SECONDS = 60
SETTLE_SECONDS = 20
GROWTH_LIMIT = 1.05


# How a message was answered, for those whose change is missing.
TOLD = """
SELECT m.text, t.status, t.attempts, t.lease_owner, s.number, s.kind, s.is_error, s.created_at, s.items::text
FROM chat_message m JOIN chat_turn t ON t.question_id = m.id LEFT JOIN chat_step s ON s.turn_id = t.id
WHERE m.text = %s ORDER BY t.id, s.number
"""


def model(asked: Asked) -> Reply:
    """Add what is said, in ten words; sum up what is to be summed up."""
    if not asked.body.get("tools"):
        return Reply(["The person adds one task after another."])
    if asked.has_results:
        return Reply(["word "] * 10, first_seconds=0.1, piece_seconds=0.02)
    return Reply(calls=[Call("add_task", {"title": asked.said})], first_seconds=0.1)


@dataclass
class Soak:
    deployment: Deployment
    users: int
    seconds: float
    has_faults: bool
    said: set[str] = field(default_factory=set)
    seconds_taken: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    repeats: int = 0
    memory: list[int] = field(default_factory=list)  # bytes of both servers: settled, and at the end

    async def run(self) -> None:
        people = [await asyncio.to_thread(self.deployment.client, f"user{n}@example.org") for n in range(self.users)]
        began = time.monotonic()
        watching = asyncio.create_task(self.measure_settled())
        trouble = asyncio.create_task(self.make_trouble()) if self.has_faults else None
        await asyncio.gather(*(self.talk(number, person, began) for number, person in enumerate(people)))
        for task in filter(None, [watching, trouble]):
            await task
        await asyncio.sleep(SETTLE_SECONDS)
        self.memory.append(self.memory_now())

    async def talk(self, number: int, person: Client, began: float) -> None:
        """Say one thing after another in one conversation, with a token that is renewed as the page does."""
        dice, conversation, turns = random.Random(number), None, 0  # noqa: S311
        async with httpx2.AsyncClient(base_url=self.deployment.url, timeout=60) as http:
            await asyncio.sleep(dice.uniform(0, PAUSE_SECONDS[1]))
            while time.monotonic() - began < self.seconds:
                turns += 1
                message = f"user {number} task {turns}"
                answer = await self.say(http, person, message, conversation)
                conversation = answer.get("conversation_id", conversation)
                await asyncio.sleep(dice.uniform(*PAUSE_SECONDS))

    async def say(
        self, http: httpx2.AsyncClient, person: Client, message: str, conversation: str | None
    ) -> dict[str, Any]:
        body = {"message": message, "conversation_id": conversation}
        self.said.add(message)
        asked = time.monotonic()
        path, key = f"{person.api}/chat", message
        while time.monotonic() - asked < SETTLED_AFTER_SECONDS:
            headers = {"Authorization": f"Bearer {person.token}", "Idempotency-Key": key}
            try:
                response = await http.post(path, json=body, headers=headers)
            except httpx2.TransportError as error:
                self.note(f"{message}: {type(error).__name__}")
                await asyncio.sleep(0.2)
                continue
            if response.status_code == 401:
                await asyncio.to_thread(renew, person)
            elif response.status_code == 200 and response.json()["status"] == "completed":
                self.seconds_taken.append(time.monotonic() - asked)
                return dict(response.json())
            else:
                self.note(f"{message}: {response.status_code} {response.text[:200]}")
                await asyncio.sleep(0.2)
                if response.status_code == 200:  # it failed, in a way that a person may try again
                    path, body, key = f"{person.api}/turns/{response.json()['turn_id']}/retry", {}, f"{key} again"
        self.faults.append(f"{message}: no answer")
        return {}

    def note(self, what: str) -> None:
        self.repeats += 1
        if not self.has_faults:
            self.faults.append(what)

    async def measure_settled(self) -> None:
        await asyncio.sleep(min(SETTLED_AFTER_SECONDS, self.seconds / 2))
        self.memory.append(self.memory_now())

    def memory_now(self) -> int:
        pids = [web.process.pid for web in self.deployment.webs if web.process]
        return sum(int(psutil.Process(pid).memory_info().rss) for pid in pids)

    async def make_trouble(self) -> None:
        """Restart PostgreSQL, restart Redis, kill a server, at a quarter, at half, at three quarters of the time."""
        quarter = self.seconds / 4
        await asyncio.sleep(quarter)
        await asyncio.to_thread(restart_database, self.deployment.database.data_dir)
        await asyncio.sleep(quarter)
        await asyncio.to_thread(self.deployment.restart_redis)
        await asyncio.sleep(quarter)
        await asyncio.to_thread(self.deployment.webs[0].stop, signal.SIGKILL)
        await asyncio.to_thread(self.deployment.webs[0].start)

    def broken(self) -> list[str]:
        """Return a line for every promise that was not kept."""
        faults = list(self.faults)
        lines = (self.deployment.database.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
        with psycopg.connect(host=lines[4], port=lines[3], user="postgres", dbname="errand") as database:
            found = {"tasks": "SELECT title FROM tasks_task WHERE title LIKE 'user %'"}
            found["messages"] = "SELECT text FROM chat_message WHERE kind = 'user_message'"
            for name, query in found.items():
                rows = [row[0] for row in database.execute(query)]
                if sorted(rows) != sorted(self.said):
                    faults.append(f"{len(rows)} {name} of {len(self.said)}")
                    faults += [str(row) for each in self.said - set(rows) for row in database.execute(TOLD, [each])]
            running = database.execute("SELECT count(*) FROM chat_turn WHERE status = 'running'").fetchone()
        faults += [f"{running[0]} turns still run"] if running and running[0] else []
        if not self.has_faults and self.memory[1] > self.memory[0] * GROWTH_LIMIT:
            faults.append(f"memory grew from {self.memory[0]:,} to {self.memory[1]:,} bytes")
        return faults + ([f"{left} connections are left"] if (left := self.connections_left()) else [])

    def connections_left(self) -> int:
        """Return how many requests the servers still hold. The proxy keeps some connections, which are idle."""
        url = "http://127.0.0.1:{}/metrics"
        texts = [httpx2.get(url.format(web.port)).text for web in self.deployment.webs]
        lines = [line for text in texts for line in text.splitlines() if line.startswith("errand_open_streams ")]
        return sum(int(float(line.split()[1])) for line in lines)

    def figures(self) -> str:
        taken = sorted(self.seconds_taken)
        median, p95 = statistics.median(taken), taken[int(len(taken) * 0.95)]
        megabytes = " → ".join(f"{each / 2**20:.0f}" for each in self.memory)
        return (
            f"{self.users} users, {self.seconds / 60:.1f} minutes: {len(taken)} turns, "
            f"{self.repeats} requests repeated, "
            f"a turn took {median:.2f} s at the median and {p95:.2f} s at the 95th percentile, "
            f"memory of both servers {megabytes} MB (after the first minute → at the end)"
        )


def renew(person: Client) -> None:
    person.token = person.http.get("/api/auth/token").json()["token"]


def run(users: int, minutes: float, *, has_faults: bool) -> tuple[Soak, list[str]]:
    with (
        Provider(keep_alive=False).scripted("soak", model).serving() as url,
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
    ):
        place = Path(folder)
        (place / "deployment").mkdir()
        environment = {"MODEL_PROVIDER": "custom", "MODEL_BASE_URL": url, "MODEL_NAME": "soak", "MODEL_TITLES": "false"}
        limits = {"USER_TURNS_A_MINUTE": "0", "SIGN_IN_ATTEMPTS_A_MINUTE": "0", "TURN_LEASE_SECONDS": "5"}
        with (
            # It takes over turns too, and with other settings its answers would be the offline model's.
            Server(place / "data", **environment, **limits) as database,
            Deployment(place / "deployment", database, **environment, **limits) as deployment,
        ):
            soak = Soak(deployment, users, minutes * 60, has_faults)
            asyncio.run(soak.run())
            return soak, soak.broken()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--faults", action="store_true", help="restart PostgreSQL and Redis, kill a server")
    asked = parser.parse_args()
    soak, broken = run(asked.users, asked.minutes, has_faults=asked.faults)
    print(soak.figures())  # noqa: T201
    print("\n".join(broken[:40]) or "Every turn ended, every message and every change is there exactly once.")  # noqa: T201
    raise SystemExit(bool(broken))
