import asyncio
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat import tool_servers
from chat.llm.providers import Choice, chosen
from chat.replay import cases, command_options, evaluation
from chat.replay.cases import BadCase, Case
from chat.replay.evaluation import Result
from chat.replay.replaying import Options
from chat.replay.scratch_database import CannotMake, scratch_database

EPILOG = "Exit status: 0 if the pass rate is at least --at-least (of every way to answer), 1 if not, 2 for wrong usage."


class Command(BaseCommand):
    help = "Try cases with a model and a prompt, or compare two, in a scratch database. " + EPILOG

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dir", nargs="+", type=Path, metavar="DIR", help="folders of cases, or single files")
        command_options.add_model(parser)
        for name, what in (("provider", "provider"), ("model", "model"), ("base-url", "address"), ("api", "API")):
            parser.add_argument(f"--versus-{name}", help=f"the {what} of a second way to answer, to compare")
        parser.add_argument("--versus-prompt", type=Path, help="the prompt of a second way to answer, to compare")
        parser.add_argument("--only", action="append", default=[], help="cases with this tag or name; repeat for more")
        parser.add_argument("--runs", type=int, default=1, help="how often each case is tried (default: 1)")
        parser.add_argument("--parallel", type=int, default=4, help="tries at a time (default: 4)")
        parser.add_argument("--at-least", type=float, default=1.0, help="the pass rate for exit status 0 (default: 1)")
        parser.add_argument("--junit", type=Path, help="write JUnit XML to this file")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **given: Any) -> None:
        if given["runs"] < 1 or given["parallel"] < 1:
            raise CommandError("--runs and --parallel must be at least 1.", returncode=2)
        found, ways = self.cases(given), self.ways(given)
        try:
            with scratch_database(), tool_servers.instead(given["mcp_server"]):
                results = asyncio.run(self.try_all(found, ways, given["runs"], given["parallel"]))
        except CannotMake as error:
            raise CommandError(str(error), returncode=2) from error
        if given["junit"]:
            self.write(given["junit"], evaluation.junit(results))
        document = {"results": [result.as_json() for result in results]}
        shown = json.dumps(document, indent=1, ensure_ascii=False) if given["json"] else evaluation.table(results)
        self.stdout.write(shown)
        if any(result.rate < given["at_least"] for result in results):
            raise SystemExit(1)

    def cases(self, given: dict[str, Any]) -> list[Case]:
        try:
            found = [case for folder in given["dir"] for case in cases.load_all(folder)]
        except BadCase as error:
            raise CommandError(str(error), returncode=2) from error
        only = set(given["only"])
        found = [case for case in found if not only or only & {case.file, *case.tags}]
        if not found:
            raise CommandError(f"No case has the tag or name {', '.join(sorted(only))}.", returncode=2)
        return found

    def ways(self, given: dict[str, Any]) -> list[tuple[str, Options]]:
        """Return the ways to answer, named: the first, and the other one where there is one to compare."""
        ways = [self.way(command_options.choice(given), given)]
        names = ("provider", "model", "base_url", "api", "prompt")
        if any(given[f"versus_{name}"] for name in names):
            other = {name: given[f"versus_{name}"] for name in names}
            same_model = not any(other[name] for name in names[:-1])
            ways.append(self.way(command_options.choice(given if same_model else other), other))
        return ways

    def way(self, choice: Choice | None, given: dict[str, Any]) -> tuple[str, Options]:
        name = (choice or chosen()).model_name
        label = f"{name} {given['prompt'].stem}" if given["prompt"] else name
        return label, Options(choice=choice, prompt=command_options.prompt(given))

    async def try_all(
        self, found: list[Case], ways: list[tuple[str, Options]], runs: int, parallel: int
    ) -> list[Result]:
        bar = command_options.Progress(len(found) * runs * len(ways), self.stderr)
        return [await evaluation.evaluate(found, way, label, runs, parallel, bar.step) for label, way in ways]

    def write(self, path: Path, text: str) -> None:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}", returncode=2) from error
