"""A real Better Auth server (deploy/better-auth), on the node of the PyPI wheel, beside a server under test."""

import os
import subprocess
from typing import Self

import httpx2
import psycopg

from tests import node
from tests.server import ROOT, Server, free_port, wait_for

HOME = ROOT / "deploy" / "better-auth"
SECRET = "a secret of tests, long enough to be one"


class BetterAuth:
    """The server as a process. It can be stopped and started again, and keeps its users and keys."""

    def __init__(self, errand: Server, **environment: str) -> None:
        self.errand = errand
        self.port = free_port()
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        node.modules(HOME)
        environment = os.environ | {
            "PORT": str(self.port),
            "BETTER_AUTH_URL": self.url,
            "BETTER_AUTH_SECRET": SECRET,
            "ERRAND_URL": self.errand.url,
            "DATABASE_URL": self.database_url(),
            "RATE_LIMIT": "off",
        }
        command = [str(node.NODE), "server.mjs"]
        self.process = subprocess.Popen(command, cwd=HOME, env=environment | self.environment)
        wait_for(self.is_up, 60, lambda: "Better Auth did not start")
        return self

    def database_url(self) -> str:
        """Return the address of a database of its own beside Errand's, made at the first call."""
        lines = (self.errand.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
        folder, port = lines[4], lines[3]
        with psycopg.connect(host=folder, port=port, user="postgres", dbname="postgres", autocommit=True) as server:
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = 'better_auth'").fetchone():
                server.execute("CREATE DATABASE better_auth")
        return f"postgresql://postgres@/better_auth?host={folder}&port={port}"

    def execute(self, statement: str) -> None:
        """Run SQL in the server's own database."""
        with psycopg.connect(self.database_url()) as database:
            database.execute(statement)

    def is_up(self) -> bool:
        assert self.process
        assert self.process.poll() is None, "Better Auth ended"
        try:
            return httpx2.get(f"{self.url}/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    def stop(self) -> None:
        assert self.process
        self.process.terminate()
        self.process.wait(20)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        if self.process and self.process.poll() is None:
            self.stop()

    def sign_up(self, email: str) -> httpx2.Cookies:
        """Sign somebody up as the page does; return the cookies of their browser."""
        body = {"name": "Ann", "email": email, "password": "correct horse battery"}
        headers = {"Origin": self.errand.url}
        answer = httpx2.post(f"{self.url}/api/auth/sign-up/email", json=body, headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.cookies
