import asyncio
import json
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat import tool_servers
from chat.replay import command_options, comparison, report
from chat.replay.concurrency import run_all
from chat.replay.export_files import UnreadableRecording, load
from chat.replay.recording import Recording, record
from chat.replay.replaying import Options, Replayed, replay
from chat.replay.scratch_database import CannotMake, scratch_database

EPILOG = "Exit status: 0 if every replay ends with what the recording ended with, 1 if one does not, 2 for wrong usage."


class Command(BaseCommand):
    help = "Replay conversations with another model, prompt or tools in a scratch database, and compare. " + EPILOG

    def add_arguments(self, parser: ArgumentParser) -> None:
        command_options.add_selection(parser)
        command_options.add_model(parser)
        parser.add_argument("--file", type=Path, nargs="+", default=[], help="exported conversations")
        parser.add_argument("--recorded", action="store_true", help="let the recording answer: checks the code itself")
        parser.add_argument(
            "--approve", choices=["all", "none"], default="all", help="for calls nobody decided on when recorded"
        )
        parser.add_argument("--from", type=int, default=1, metavar="N", dest="first", help="begin with turn N")
        parser.add_argument("--until", type=int, metavar="N", dest="last", help="end with turn N")
        parser.add_argument("--parallel", type=int, default=4, help="replays at a time (default: 4)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **given: Any) -> None:
        recordings = self.recordings(given)
        options = self.options(given)
        try:
            with scratch_database(), tool_servers.instead(given["mcp_server"]):
                results = self.replay_all(recordings, options, given["parallel"])
        except CannotMake as error:
            raise CommandError(str(error), returncode=2) from error
        replays = [result for result in results if isinstance(result, Replayed)]
        failures = {
            each.public_id: f"{type(result).__name__}: {result}"
            for each, result in zip(recordings, results, strict=True)
            if isinstance(result, BaseException)
        }
        self.stdout.write(self.as_json(replays, failures) if given["json"] else self.as_text(replays, failures))
        if failures or any(each.old != each.new for each in replays):
            raise SystemExit(1)

    def recordings(self, given: dict[str, Any]) -> list[Recording]:
        try:
            files = [load(path) for path in given["file"]]
        except UnreadableRecording as error:
            raise CommandError(str(error), returncode=2) from error
        found = [] if files and not command_options.is_selecting(given) else command_options.selected(given)
        recordings = {each.conversation.id: each for each in [*files, *map(record, found)]}
        if not recordings:
            raise CommandError(
                "There is no such conversation. Name some by their ids, --file or --since.", returncode=2
            )
        return list(recordings.values())

    def options(self, given: dict[str, Any]) -> Options:
        if given["first"] < 1 or given["parallel"] < 1:
            raise CommandError("--from and --parallel must be at least 1.", returncode=2)
        return Options(
            recorded=given["recorded"],
            choice=command_options.choice(given),
            prompt=command_options.prompt(given),
            approve=given["approve"],
            first=given["first"],
            last=given["last"],
        )

    def replay_all(
        self, recordings: list[Recording], options: Options, parallel: int
    ) -> list[Replayed | BaseException]:
        bar = command_options.Progress(len(recordings), self.stderr)
        work = [partial(replay, each, options) for each in recordings]
        return asyncio.run(run_all(work, parallel, bar.step))

    def as_json(self, replays: list[Replayed], failures: dict[str, str]) -> str:
        document = {"replays": [comparison.as_json(each) for each in replays], "failures": failures}
        return json.dumps(document, indent=1, ensure_ascii=False, default=str)

    def as_text(self, replays: list[Replayed], failures: dict[str, str]) -> str:
        parts = [report.text(each) for each in replays] if len(replays) + len(failures) == 1 else []
        return "\n\n".join([*parts, report.table(replays, failures)])
