"""Serving, for `quickstart` and `serve`: uvicorn in this process, or in several that share one socket."""

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import CommandError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_LIMIT = 64 * 1024  # of a request line with its headers, as nginx and others have it
GATHERED_BYTES = 64 * 1024
LEAVE_SECONDS = 2  # for connections to end once the turns they watch have ended or were handed over
RESTART_SECONDS = 1.0
# New objects until those are looked through (Python: 2,000), and how often until older ones are, too (10, 10). What
# turns leave is old by then where a hundred run at once: looked for too seldom, it makes a server grow. Looking often
# costs little, because what was loaded at the start is left out.
GARBAGE_THRESHOLDS = (10_000, 2, 2)


class Gathered:
    """A transport that sends together what is written in one go: a response's head and its body."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self.loop = loop
        self.written = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        if not self.written:
            self.loop.call_soon(self.send)
        self.written += data
        if len(self.written) > GATHERED_BYTES:
            self.send()

    def send(self) -> None:
        written, self.written = self.written, bytearray()
        if written:
            self.transport.write(written)

    def close(self) -> None:
        self.send()
        self.transport.close()


class BoundedProtocol(HttpToolsProtocol):
    """HTTP whose request heads are bounded: the parser itself would keep as much as a client sends."""

    head_bytes = 0
    is_in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Gathered(transport, self.loop))  # type: ignore[arg-type]

    def handle_websocket_upgrade(self) -> None:
        self.transport = self.transport.transport  # type: ignore[attr-defined]  # another protocol's from now on
        super().handle_websocket_upgrade()

    def on_headers_complete(self) -> None:
        self.is_in_head, self.head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.is_in_head = True  # of the next request, if there is one
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        if self.is_in_head:  # it may end in this piece, which may hold a whole request: then this counts no more
            self.head_bytes += len(data)
        super().data_received(data)
        if self.head_bytes > HEAD_BYTES_LIMIT and not self.transport.is_closing():
            self.send_400_response("The request's head is larger than 64 KB.")


class Server(uvicorn.Server):
    """A uvicorn server that lets turns finish, or hands them over, before it closes the connections that watch them."""

    def __init__(self, ready: Callable[[], None] | None = None) -> None:
        self.ready = ready
        super().__init__(
            uvicorn.Config(
                "config.asgi:application",
                http=BoundedProtocol,
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,  # whom to believe is TRUST_PROXY's to say
                server_header=False,
                timeout_keep_alive=75,  # longer than proxies keep theirs, or they would meet a closed door
                timeout_graceful_shutdown=LEAVE_SECONDS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        look_for_garbage_less()
        if self.ready:
            self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from chat.turns import runner  # large

        for server in self.servers:
            server.close()
        await runner.drain(settings.SHUTDOWN_GRACE_SECONDS)
        await super().shutdown(sockets)


def look_for_garbage_less() -> None:
    """Leave what was loaded out of the search for garbage, and search less often: it took a fifth of a turn's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that hears requests. Raises `CommandError` where that is not possible."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except (OSError, OverflowError) as error:
        raise CommandError(f"Port {port} cannot be used: {error}. Choose another with --port.") from error
    found.set_inheritable(True)
    return found


def serve(listening: socket.socket, processes: int = 1, ready: Callable[[], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called once requests are answered."""
    if processes > 1:
        Processes(listening, processes).run(ready)
        return
    with suppress(KeyboardInterrupt):  # uvicorn raises the signal again that it has heeded
        Server(ready).run([listening])


class Processes:
    """Server processes on one socket. One that ends by itself is replaced; at the end all are told to end."""

    def __init__(self, listening: socket.socket, count: int) -> None:
        self.listening = listening
        self.running: list[subprocess.Popen[bytes]] = []
        self.count = count
        self.is_ending = False

    def run(self, ready: Callable[[], None] | None) -> None:
        with tempfile.TemporaryDirectory(prefix="errand-metrics-") as folder:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # they count together
            if "InMemory" in settings.CHANNEL_LAYERS["default"]["BACKEND"]:
                os.environ["LIVE_UPDATES"] = "postgresql"
            self.supervise(ready)

    def supervise(self, ready: Callable[[], None] | None) -> None:
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self.end)
        self.listening.listen()
        self.running = [self.start() for _ in range(self.count)]
        if ready:
            ready()
        while not self.is_ending:
            self.replace_ended()
            time.sleep(RESTART_SECONDS)
        for process in self.running:
            process.wait()

    def start(self) -> subprocess.Popen[bytes]:
        fd = self.listening.fileno()
        command = [sys.executable, "manage.py", "serve", "--fd", str(fd)]
        # In a group of its own: Ctrl-C in a terminal reaches the whole group, and is passed on by `end` once.
        return subprocess.Popen(  # noqa: S603
            command, cwd=settings.BASE_DIR, pass_fds=[fd], process_group=0
        )

    def replace_ended(self) -> None:
        for place, process in enumerate(self.running):
            if process.poll() is not None and not self.is_ending:
                self.running[place] = self.start()

    def end(self, signum: int, frame: Any) -> None:
        self.is_ending = True
        for process in self.running:
            if process.poll() is None:
                process.terminate()
