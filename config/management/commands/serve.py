import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.serving import server


class Command(BaseCommand):
    help = "Serve in production: behind a proxy, with DATABASE_URL, in one process or several. Does not migrate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on (default: PORT)")
        parser.add_argument("--processes", type=int, default=1, help="server processes on this port (default: 1)")
        parser.add_argument("--fd", type=int, help="an inherited socket to listen on, instead of a port")

    def handle(self, *args: Any, host: str, port: int, processes: int, fd: int | None, **options: Any) -> None:
        if processes < 1:
            raise CommandError("--processes is at least 1.")
        server.end_at_sigterm()
        listening = socket.socket(fileno=fd) if fd is not None else server.listen(host, port)
        server.serve(listening, processes)
