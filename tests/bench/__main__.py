"""Measure Errand: `uv run python -m tests.bench [GROUP …] [--json]`.

A group is a module of this package with `measure(options) -> Table`. Every group measures both sides in one run and
gives their ratio, because absolute figures drift between machines and hours.
"""

import argparse
import os
import sys
from importlib import import_module

import django

from tests import environment
from tests.bench import table

GROUPS = ["answering", "conversation", "crud", "finding", "page", "searching", "staff", "turns"]


def main() -> None:
    try:
        options = parse()
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        modules = [import_module(f"tests.bench.{name}") for name in options.groups or GROUPS]
        tables = (module.measure(options) for module in modules)
        for text in [table.as_json([*tables])] if options.json else table.texts(tables):
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
    finally:
        environment.end()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure Errand.")
    parser.add_argument("groups", nargs="*", metavar="group", help=f"of {', '.join(GROUPS)}; none: all")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--rows", type=int, default=10_000_000, help="finding: tasks of everyone (default 10,000,000)")
    parser.add_argument("--chunks", type=int, default=100_000, help="searching: chunks of everyone (default 100,000)")
    parser.add_argument("--connections", type=int, default=100, help="crud: connections at once (default 100)")
    parser.add_argument("--requests", type=int, default=2_000, help="crud: requests of each kind (default 2,000)")
    parser.add_argument(
        "--turn-users", type=int, nargs="+", default=[1, 50, 200], help="turns: users at once (default 1 50 200)"
    )
    parser.add_argument("--watchers", type=int, default=1_000, help="turns: who watch one turn (default 1,000)")
    parser.add_argument("--users", type=int, default=50, help="answering: users at once (default 50)")
    parser.add_argument("--page-messages", type=int, default=1_000, help="page: messages (default 1,000)")
    parser.add_argument("--page-runs", type=int, default=7, help="page: how often each is measured (default 7)")
    parser.add_argument("--messages", type=int, default=1_000_000, help="staff: messages (default 1,000,000)")
    options = parser.parse_args()
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    main()
