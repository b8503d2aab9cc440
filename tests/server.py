"""Errand as a process: started with `quickstart`, as a person starts it, and really stopped or killed."""

import atexit
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

import httpx2

ROOT = Path(__file__).parent.parent
START_SECONDS = 120  # of a machine that does much else
STOP_SECONDS = 60
PATIENCE_SECONDS = 60  # for what comes at once where the machine has nothing else to do


def hear_interrupts() -> None:
    """Undo what a shell does to what it runs in the background: its children ignore SIGINT, and so would theirs."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@functools.cache
def migrated() -> Path:
    """Return a database cluster as a first start makes it, before there is anybody in it."""
    folder = Path(tempfile.mkdtemp(prefix="errand-"))
    atexit.register(shutil.rmtree, folder)
    environment = os.environ | {"DATA_DIR": str(folder)}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=environment, check=True)
    return folder / "postgres"


class Server:
    """A `quickstart` process on a data directory of its own; the same directory can be started again."""

    def __init__(self, data_dir: Path, *arguments: str, **environment: str) -> None:
        self.data_dir = data_dir
        self.arguments = arguments
        self.port = free_port()
        self.environment = environment
        self.output = ""
        self.process: subprocess.Popen[str] | None = None
        self.clients: list[Client] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Put a database into an empty data directory, which is half of what a first start does."""
        if not (self.data_dir / "postgres").exists() and "DATABASE_URL" not in self.environment:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", migrated(), self.data_dir / "postgres"], check=True)  # with its owners

    def command(self) -> list[str]:
        return ["quickstart", "--port", str(self.port), "--data-dir", str(self.data_dir), *self.arguments]

    def start(self) -> Self:
        self.prepare()
        environment = {name: value for name, value in os.environ.items() if name != "DATA_DIR"} | self.environment
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", *self.command()],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=hear_interrupts,  # one call, before there are threads
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        wait_for(self.is_up, START_SECONDS, lambda: f"the server did not start:\n{self.output}")
        return self

    def read(self) -> None:
        assert self.process
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self.output += line

    def is_up(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            self.reader.join(5)
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.output}")
        try:
            return httpx2.get(f"{self.url}/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the process and return its exit status."""
        assert self.process
        for client in self.clients:
            client.http.close()
        self.clients = []
        self.process.send_signal(how)
        status = self.process.wait(STOP_SECONDS)
        self.reader.join(5)
        return status

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        if self.process and self.process.poll() is None:
            self.stop()

    def client(self, email: str = "ann@example.org") -> "Client":
        """Return a signed-in person; signed up where there is no such account yet."""
        self.clients.append(Client(self.url, email))
        return self.clients[-1]

    def password(self, of: str) -> str:
        """Return the password of "demo" or "staff" as the first start printed it."""
        wait_for(lambda: "Errand is ready" in self.output, PATIENCE_SECONDS, lambda: self.output)
        found = re.search(rf"{of}\S*\s+password: (\S+)", self.output)
        assert found, self.output
        return found[1]

    def database_is_running(self) -> bool:
        return (self.data_dir / "postgres" / "postmaster.pid").exists()


class DaphneServer(Server):
    """The same as a `runserver` process, which is Daphne. It makes no demo, and migrates nothing."""

    def __init__(self, data_dir: Path, *arguments: str, **environment: str) -> None:
        super().__init__(data_dir, *arguments, **environment)
        self.environment |= {"DATA_DIR": str(data_dir), "PORT": str(self.port)}

    def command(self) -> list[str]:
        return ["runserver", "--noreload", f"127.0.0.1:{self.port}", *self.arguments]


SERVERS = [Server, DaphneServer]  # which both must speak the protocols


def wait_for(condition, seconds: float, explain) -> None:  # type: ignore[no-untyped-def]
    """Wait until `condition()` holds. Fails with `explain()` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.05)


class Client:
    """A signed-in person, over HTTP."""

    def __init__(self, url: str, email: str) -> None:
        self.http = httpx2.Client(base_url=url, timeout=30)
        body = {"name": "Ann", "email": email, "password": "correct horse battery"}
        answer = self.http.post("/api/auth/sign-up/email", json=body)
        if answer.status_code == 422:
            answer = self.http.post("/api/auth/sign-in/email", json=body)
        assert answer.status_code == 200, answer.text
        self.api = f"/api/{answer.json()['user']['id']}"
        self.token = self.http.get("/api/auth/token").json()["token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def tasks(self) -> list[dict[str, object]]:
        items = self.http.get(f"{self.api}/tasks").json()["items"]
        assert isinstance(items, list)
        return items

    def chat(self, message: str, **body: object) -> dict[str, object]:
        answer = self.http.post(f"{self.api}/chat", json={"message": message, **body})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())
