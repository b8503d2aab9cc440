"""Errand as `deploy/` sets it up, without containers: nginx before two servers, Redis, PgBouncer, PostgreSQL.

Each is a real process with the configuration that is deployed, but for addresses.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

import httpx2
import psycopg

from tests import programs
from tests.server import ROOT, START_SECONDS, Client, Server, free_port, hear_interrupts, wait_for

SECRET_KEY = "a secret of tests, long enough to be one"


class Web:
    """One `serve` process of the deployment."""

    def __init__(self, environment: dict[str, str], processes: int) -> None:
        self.port = free_port()
        self.environment = environment
        self.processes = processes
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port), "--processes", str(self.processes)]
        environment = {name: value for name, value in os.environ.items() if name != "DATA_DIR"} | self.environment
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=hear_interrupts)
        wait_for(self.is_ready, START_SECONDS, lambda: "the server did not start")

    def is_ready(self) -> bool:
        assert self.process
        assert self.process.poll() is None
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        assert self.process
        self.process.send_signal(how)
        self.process.wait(60)


class Deployment:
    """All of it. The database is that of a `Server` which is not asked anything itself."""

    def __init__(self, folder: Path, database: Server, **environment: str) -> None:
        self.folder = folder
        self.database = database
        self.port, self.redis_port, self.pooler_port = free_port(), free_port(), free_port()
        self.environment = environment
        self.started: list[subprocess.Popen[bytes]] = []
        self.clients: list[Client] = []
        self.webs: list[Web] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self) -> None:
        self.start_pooler()
        self.start_redis()
        environment = {
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{self.pooler_port}/errand",
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "SECRET_KEY": SECRET_KEY,
            "PUBLIC_URL": self.url,
            "TRUST_PROXY": "true",
            "MEDIA_DIR": str(self.folder / "media"),
            "DATA_DIR": str(self.folder),
            **self.environment,
        }
        self.webs = [Web(environment, processes=1) for _ in range(2)]
        for web in self.webs:
            web.start()
        self.start_proxy()

    def __exit__(self, *exc: object) -> None:
        for client in self.clients:
            client.http.close()
        for web in self.webs:
            if web.process and web.process.poll() is None:
                web.stop()
        for process in reversed(self.started):
            process.terminate()
            process.wait(30)

    def run(self, *command: str) -> None:
        self.started.append(subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL))

    def start_pooler(self) -> None:
        program = programs.path("pgbouncer", "pgbouncer")
        lines = (self.database.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
        text = (ROOT / "deploy" / "pgbouncer.ini").read_text()
        text = text.replace("host=postgres port=5432", f"host={lines[4]} port={lines[3]} user=postgres")
        text = text.replace("listen_addr = 0.0.0.0", "listen_addr = 127.0.0.1").replace("6432", str(self.pooler_port))
        text = text.replace("scram-sha-256", "any").replace("auth_file", "unix_socket_dir = \n;auth_file")
        (self.folder / "pgbouncer.ini").write_text(text)
        # It does not run as root; the embedded database's user may enter the folder of its socket.
        owner = (self.database.data_dir / "postgres").owner()
        user = ["-u", owner] if os.geteuid() == 0 else []
        self.run(program, "-q", *user, "pgbouncer.ini")

        def answers() -> bool:
            try:
                psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.pooler_port}/errand").close()
            except psycopg.OperationalError:
                return False
            return True

        wait_for(answers, 20, lambda: "PgBouncer did not start")

    def start_redis(self) -> None:
        program = programs.path("redis-server", "redis-server")
        self.run(program, "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "")

    def restart_redis(self) -> None:
        redis = self.started.pop()
        redis.kill()
        redis.wait()
        self.start_redis()

    def start_proxy(self) -> None:
        program = programs.path("nginx", "nginx-light")
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        for name, web in zip(("web-1:8000", "web-2:8000"), self.webs, strict=True):
            text = text.replace(name, f"127.0.0.1:{web.port}")
        text = text.replace("better-auth:3000", f"127.0.0.1:{self.webs[0].port}")
        text = text.replace("listen 80;", f"listen 127.0.0.1:{self.port};")
        text = re.sub(r"/tmp/(nginx[a-z.-]*)", rf"{self.folder}/\1", text)  # noqa: S108
        (self.folder / "nginx.conf").write_text(f"daemon off;\n{text}")
        redis = self.started.pop()
        self.run(program, "-e", "stderr", "-c", str(self.folder / "nginx.conf"))
        self.started.append(redis)  # the last, see `restart_redis`
        wait_for(self.is_up, 20, lambda: "nginx did not start")

    def is_up(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    def client(self, email: str = "ann@example.org") -> Client:
        self.clients.append(Client(self.url, email))
        return self.clients[-1]

    def directly(self, web: Web, client: Client) -> httpx2.Client:
        """Return a client of one server, past the proxy, signed in as another client is."""
        headers = {"Authorization": f"Bearer {client.token}"}
        return httpx2.Client(base_url=f"http://127.0.0.1:{web.port}", headers=headers, timeout=30)
