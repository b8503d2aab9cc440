import secrets
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.utils import OperationalError

from accounts.caller import Caller
from accounts.models import BUILT_IN_ISSUER, User
from config import embedded
from config.serving import server
from tasks.rules import operations

HOST = "127.0.0.1"
DEMO_EMAIL = "demo@example.org"
STAFF_NAME = "staff"
DEMO_TASKS: list[dict[str, Any]] = [
    {"title": "Try “remind me to send the invoice tomorrow at 5pm”", "due": "today", "priority": "p2"},
    {"title": "Water the plants", "due": "yesterday", "labels": ["home"]},
    {"title": "Book the dentist", "due": "friday 10am", "labels": ["health"]},
    {"title": "Plan the summer holiday", "notes": "Mountains or sea?"},
]


class Command(BaseCommand):
    help = "Start everything on this machine: database, demo data, server. Needs nothing else; keeps all data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.PORT, help="port on 127.0.0.1 (default: PORT)")
        parser.add_argument("--data-dir", help="where the database lives (default: .data; read by manage.py)")
        parser.add_argument("--processes", type=int, default=1, help="server processes on this port (default: 1)")
        parser.add_argument("--no-demo", action="store_true", help="create no demo user and no staff user")

    def handle(self, *args: Any, port: int, no_demo: bool, processes: int, **options: Any) -> None:
        if processes < 1:
            raise CommandError("--processes is at least 1.")
        server.end_at_sigterm()
        listening = server.listen(HOST, port)
        try:
            start_database()
            call_command("migrate", verbosity=0)
        except OperationalError as error:
            raise CommandError(str(error)) from error
        passwords = [] if no_demo else make_demo()
        connection.close()
        address = f"http://{HOST}:{port}"
        lines = [f"\nErrand is ready: {address}", *passwords, f"Staff: {address}/admin/   Stop with Ctrl-C\n"]
        try:
            server.serve(listening, processes, lambda: self.stdout.write("\n".join(lines)))
        finally:
            embedded.stop()


def start_database() -> None:
    """Start the embedded database, if it is used, while the rest is imported: a start takes 2.5 instead of 3.4 s."""
    with ThreadPoolExecutor(1) as pool:
        is_embedded = settings.DATABASES["default"]["ENGINE"] == "config.embedded"
        starting = pool.submit(embedded.start) if is_embedded else None
        import_module(settings.ROOT_URLCONF)
        if starting:
            starting.result()
    connection.ensure_connection()


def make_demo() -> list[str]:
    """Make the demo user with a few tasks, and a member of staff; return lines with their passwords, at first only."""
    lines = []
    if not User.objects.filter(issuer=BUILT_IN_ISSUER, email=DEMO_EMAIL).exists():
        password = secrets.token_urlsafe(9)
        user = User.objects.sign_up(name="Demo", email=DEMO_EMAIL, password=password)
        for number, values in enumerate(DEMO_TASKS, 1):
            operations.add_task(Caller(user, "page", f"quickstart:{number}"), values)
        lines.append(f"Demo user:  {DEMO_EMAIL}   password: {password}   (or sign up on the page)")
    if not User.objects.filter(username=STAFF_NAME).exists():
        password = secrets.token_urlsafe(9)
        User.objects.create_superuser(STAFF_NAME, password=password, subject=STAFF_NAME, name="Staff")
        lines.append(f"Staff user: {STAFF_NAME}   password: {password}   (passwords are shown this once)")
    return lines
