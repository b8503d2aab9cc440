"""The server for development: Daphne's `runserver`, which starts anew when code changes."""

from argparse import ArgumentParser
from typing import Any

import psutil
from daphne.management.commands.runserver import Command as DaphneCommand
from django.conf import settings
from django.db import connections

from config import embedded

KILLED_SECONDS = 10


class Command(DaphneCommand):  # type: ignore[misc]
    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(use_static_handler=False)  # config.asgi has its own

    def check_migrations(self) -> None:
        super().check_migrations()
        connections.close_all()  # as Django's own command does; nobody else would use what this thread keeps

    def run(self, **options: Any) -> None:
        """Hold the embedded database, if it is used, so that it lives on while the process below starts anew.

        When this one is told to end, Django kills that one, which cannot stop the database any more.
        """
        if settings.DATABASES["default"]["ENGINE"] == "config.embedded":
            embedded.start()
        try:
            super().run(**options)
        finally:
            psutil.wait_procs(psutil.Process().children(), KILLED_SECONDS)  # or it would count among the users
            embedded.stop()
