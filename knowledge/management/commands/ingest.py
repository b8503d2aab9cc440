import glob
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from accounts.models import User
from core.problems import Problem
from knowledge.models import Document
from knowledge.reading import ingest
from knowledge.reading.ingest import Place
from knowledge.retrieval import embeddings

ENDINGS = {".md", ".markdown", ".mdx", ".html", ".htm", ".xhtml", ".txt", ".text", ".rst", ".pdf", ".docx"}
BAR = 24


class Command(BaseCommand):
    help = (
        "Read files and folders as documents. Unchanged files are not read again; files that cannot be read are listed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "paths", nargs="+", metavar="PATH", help="files, folders (with everything below them), globs"
        )
        parser.add_argument("--user", metavar="EMAIL", help="owner of the documents: e-mail address or subject")
        parser.add_argument("--shared", metavar="GROUP", help="share them with the members of a group")
        parser.add_argument(
            "--language", default="", help="PostgreSQL's name of the language; detected from each text by default"
        )
        parser.add_argument("--prune", action="store_true", help="remove documents whose files left the folders given")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be read and removed")

    def handle(self, *args: Any, paths: list[str], prune: bool, dry_run: bool, language: str, **options: Any) -> None:
        place = Place(find_user(options["user"]), find_group(options["shared"]))
        if not place.owner and not place.group:
            raise CommandError("Say who gets the documents: --user EMAIL, or --shared GROUP, or both.")
        files = dict(found(paths))
        gone = list(left(place, files, paths)) if prune else []
        if dry_run:
            lines = [f"would read   {name}" for name in files] + [f"would remove {document.name}" for document in gone]
            self.stdout.write("\n".join(lines) or "There is nothing to do.")
            return
        counts = {"read": 0, "unchanged": 0, "failed": 0}
        for number, (name, path) in enumerate(files.items(), 1):
            counts[self.take(place, name, path, language)] += 1
            self.show_progress(number, len(files), name)
        for document in gone:
            document.delete()
        self.show_progress(0, 0, "")
        self.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()) + f", {len(gone)} removed")
        if counts["failed"]:
            raise CommandError(f"{counts['failed']} of {len(files)} files could not be read.")

    def take(self, place: Place, name: str, path: Path, language: str) -> str:
        """Read one file; return "read", "unchanged" or, having named the reason, "failed"."""
        try:
            document, _ = ingest.store(place, name, path.read_bytes(), language)
        except (Problem, OSError) as error:
            return self.refuse(name, getattr(error, "strerror", None) or str(error))
        if document.state != Document.State.WAITING:
            return "unchanged"
        read = ingest.read(document.pk)
        if read is None or read.problem:
            return self.refuse(name, read.problem if read else "Another process is reading it at the moment.")
        if embeddings.is_on():
            try:
                embeddings.embed(document.pk)
            except embeddings.EmbeddingFailed as error:
                self.stderr.write(f"\r\033[K{name}: read, but not embedded. {error}")
        return "read"

    def refuse(self, name: str, reason: str) -> str:
        self.stderr.write(f"\r\033[K{name}: {reason}" if sys.stderr.isatty() else f"{name}: {reason}")
        return "failed"

    def show_progress(self, number: int, count: int, name: str) -> None:
        if not sys.stderr.isatty():
            return
        bar = "█" * (BAR * number // count) if count else ""
        text = f"\r\033[K{bar:░<{BAR}} {number}/{count} {name[:60]}" if count else "\r\033[K"
        self.stderr.write(text, ending="")


def find_user(name: str | None) -> User | None:
    if not name:
        return None
    found = User.objects.filter(Q(email__iexact=name) | Q(subject=name) | Q(username=name))[:2]
    if len(found) != 1:
        raise CommandError(f"There is {'no' if not found else 'more than one'} user “{name}”.")
    return found[0]


def find_group(name: str | None) -> Group | None:
    if not name:
        return None
    if group := Group.objects.filter(name=name).first():
        return group
    known = ", ".join(Group.objects.order_by("name").values_list("name", flat=True)) or "none yet"
    raise CommandError(f"There is no group “{name}” (known: {known}). Make it in the admin.")


def found(paths: list[str]) -> Iterator[tuple[str, Path]]:
    """Give the files, each by its document's name: below a folder, the path from that folder on."""
    for text in paths:
        path = Path(text)
        matches = [path] if path.exists() else [Path(match) for match in sorted(glob.glob(text, recursive=True))]
        if not matches:
            raise CommandError(f"There is nothing at {text}.")
        for match in matches:
            if match.is_dir():
                yield from below(match)
            elif match == path or is_document(match):
                yield match.name, match


def below(folder: Path) -> Iterator[tuple[str, Path]]:
    name = folder.resolve().name
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder)
        if is_document(file) and not any(part.startswith(".") for part in inside.parts):
            yield f"{name}/{inside.as_posix()}", file


def is_document(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and path.is_file()


def left(place: Place, files: dict[str, Path], paths: list[str]) -> Iterator[Document]:
    """Give the documents from the folders given whose files are not there any more."""
    folders = [Path(text).resolve().name for text in paths if Path(text).is_dir()]
    documents = Document.objects.light().filter(owner=place.owner)
    documents = documents if place.owner else documents.filter(group=place.group)
    for folder in folders:
        yield from documents.filter(name__startswith=f"{folder}/").exclude(name__in=files)
