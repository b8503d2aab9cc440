from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config import retention
from core import clock


class Command(BaseCommand):
    help = "Remove what has been kept long enough (RETAIN_…_DAYS), and what has expired. Run it once a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        for kind in retention.kinds(clock.now()):
            if kind.old is None:
                self.stdout.write(f"{kind.name}: kept for ever")
            elif dry_run:
                self.stdout.write(f"{kind.name}: {kind.old.count()} would be removed")
            else:
                self.stdout.write(f"{kind.name}: {retention.remove(kind.old)} removed")
