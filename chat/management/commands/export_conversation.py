from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.replay import anonymous, command_options, export_files
from chat.replay.recording import record


class Command(BaseCommand):
    help = "Write conversations as self-contained JSON files: what was said and done, and the tasks before and after."

    def add_arguments(self, parser: ArgumentParser) -> None:
        command_options.add_selection(parser)
        parser.add_argument("--output", type=Path, help="a file, or for several a folder (default: standard output)")
        parser.add_argument("--anonymize", action="store_true", help="replace names, texts and ids consistently")
        parser.add_argument("--schema", action="store_true", help="write the JSON schema of the format instead")

    def handle(self, *args: Any, **given: Any) -> None:
        output: Path | None = given["output"]
        if given["schema"]:
            self.put(export_files.schema(), output)
            return
        found = command_options.selected(given)
        if not found:
            raise CommandError("There is no such conversation. Name some by their ids or --since.", returncode=2)
        if len(found) > 1 and (output is None or not output.is_dir()):
            raise CommandError("Several conversations need a folder that exists: --output DIR", returncode=2)
        for conversation in found:
            recording = record(conversation)
            if given["anonymize"]:
                recording = anonymous.anonymized(recording)
            is_folder = output is not None and output.is_dir()
            self.put(
                export_files.dump(recording), output / f"{recording.public_id}.json" if output and is_folder else output
            )

    def put(self, text: str, path: Path | None) -> None:
        if path is None:
            self.stdout.write(text, ending="")
            return
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}", returncode=2) from error
