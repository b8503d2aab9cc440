"""Serving, for `quickstart` and `serve`: uvicorn in this process, or in several that share one socket."""

import math
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

import uvicorn
from django.conf import settings
from django.core.management.base import CommandError
from uvicorn.supervisors import Multiprocess

SILENCE_SECONDS = 60  # until a process is taken for hung: starting takes long where the machine does much else


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that hears requests. Raises `CommandError` where that is not possible."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except (OSError, OverflowError) as error:
        raise CommandError(f"Port {port} cannot be used: {error}. Choose another with --port.") from error
    return found


def serve(listening: socket.socket, processes: int = 1, ready: Callable[[], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called once requests are answered."""
    config = uvicorn.Config(
        "config.asgi:application",
        workers=processes,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # whom to believe is TRUST_PROXY's to say
        server_header=False,
        timeout_keep_alive=75,  # longer than proxies keep theirs, or they would meet a closed door
        timeout_graceful_shutdown=math.ceil(settings.SHUTDOWN_GRACE_SECONDS) + settings.LEAVE_SECONDS,
        timeout_worker_healthcheck=SILENCE_SECONDS,
    )
    listening.listen(config.backlog)
    if ready:
        threading.Thread(target=call_when_answered, args=(listening, ready), daemon=True).start()
    if processes > 1:
        serve_together(config, listening)
    else:
        with suppress(KeyboardInterrupt):  # uvicorn raises the signal again that it has heeded
            uvicorn.Server(config).run([listening])


def serve_together(config: uvicorn.Config, listening: socket.socket) -> None:
    """Serve in several processes, each of which reads its settings from this environment."""
    with tempfile.TemporaryDirectory(prefix="errand-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # they count together
        if "InMemory" in settings.CHANNEL_LAYERS["default"]["BACKEND"]:
            os.environ["LIVE_UPDATES"] = "postgresql"
        Multiprocess(config, [listening]).run()


def call_when_answered(listening: socket.socket, ready: Callable[[], None]) -> None:
    """Ask something. The socket hears it at once, and it is answered as soon as there is somebody to answer."""
    host, port = listening.getsockname()[:2]
    asking = HTTPConnection(host, port)
    with suppress(OSError, HTTPException):  # the server ended before, and said why
        asking.request("GET", "/healthz")
        asking.getresponse().read()
        asking.close()
        ready()


def end_at_sigterm() -> None:
    """Let SIGTERM end this process as its end does, with all that is to be done then."""
    signal.signal(signal.SIGTERM, end_process)


def end_process(signum: int, frame: object) -> None:
    raise SystemExit(0)
