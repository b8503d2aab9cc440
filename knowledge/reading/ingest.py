"""Taking documents in: storing a file, reading it into passages, and resuming what a dead process left.

A file is stored at once and read in the background (`knowledge.background`). Reading it again touches only passages
that changed: the others keep their ids and embeddings.
"""

import datetime
import hashlib
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from core.problems import Conflict, Forbidden, NotFound, Problem, Unprocessable
from core.sections import released
from knowledge.models import KEY_PREFIX, NAME_LENGTH, TITLE_LENGTH, Chunk, Document, source_key
from knowledge.reading import extract, languages
from knowledge.reading.blocks import UnreadableFile
from knowledge.reading.chunks import Passage, Placed, lay_out, split

LEASE = datetime.timedelta(seconds=30)
RENEWED_AFTER = datetime.timedelta(seconds=1)
READING_LIMIT = datetime.timedelta(minutes=10)
ATTEMPTS_LIMIT = 3
BATCH = 500
TITLE_BLOCKS = 20  # at the start, among which a title is looked for
PLACE = ["number", "start", "end", "page", "language"]

log = structlog.get_logger("errand.knowledge")


class TooLarge(Problem):
    status = 413  # type: ignore[assignment]


class LostDocument(Exception):
    """The document was deleted, or its file replaced, while it was read."""


@dataclass(frozen=True)
class Place:
    """Whom a document belongs to: an owner, a group that it is shared with, or both."""

    owner: User | None = None
    group: Group | None = None

    def find(self, name: str) -> Document | None:
        found = Document.objects.light().filter(name=name, owner=self.owner)
        return found.first() if self.owner else found.filter(group=self.group).first()


def store(place: Place, name: str, content: bytes, language: str = "") -> tuple[Document, bool]:
    """Store a file, to be read later; return its document, and True if it is new.

    The same name again replaces the file of before. Raises `Problem` for what cannot be taken.
    """
    name = checked_name(name)
    if len(content) > settings.DOCUMENT_BYTES_LIMIT:
        raise TooLarge(f"The file is larger than {settings.DOCUMENT_BYTES_LIMIT // 1_000_000} MB.")
    if language and not languages.exists(language):
        raise Unprocessable(f"There is no text search for “{language[:40]}”. One of: {', '.join(languages.names())}.")
    digest = hashlib.sha256(content).hexdigest()
    if document := place.find(name):
        return replace(document, place, content, digest, language), False
    check_count(place)
    document = Document(owner=place.owner, group=place.group, name=name, title=name, language_given=language)
    document.bytes, document.digest, document.lease_expires_at = len(content), digest, timezone.now() + LEASE
    try:
        with transaction.atomic():
            save_file(document, content)
            document.save(force_insert=True)
    except IntegrityError:  # the same file was given twice at once; the other one was first
        document.file.delete(save=False)
        if found := place.find(name):
            return replace(found, place, content, digest, language), False
        raise
    return document, True


def check_count(place: Place) -> None:
    limit = settings.USER_DOCUMENTS
    if place.owner and limit and Document.objects.filter(owner=place.owner).count() >= limit:
        raise Conflict(f"You have {limit:,} documents already. Delete one first.")


def checked_name(name: str) -> str:
    name = extract.storable("".join(char for char in name if char.isprintable())).strip().replace("\\", "/")
    if not name:
        raise Unprocessable("The file has no name.")
    return name if len(name) <= NAME_LENGTH else name[-NAME_LENGTH:]


def save_file(document: Document, content: bytes) -> None:
    document.file.save(document.name, ContentFile(content), save=False)


def replace(document: Document, place: Place, content: bytes, digest: str, language: str) -> Document:
    """Give a document another file. If it is the same file and was read, nothing happens."""
    document.language_given = language or document.language_given
    document.group = place.group or document.group
    if document.digest == digest and is_up_to_date(document):
        document.save(update_fields=["language_given", "group"])
        return document
    if document.digest != digest:
        old = document.file.name or ""
        document.bytes, document.digest = len(content), digest
        save_file(document, content)
        transaction.on_commit(lambda: document.file.storage.delete(old))
    read_again(document)
    return document


def is_up_to_date(document: Document) -> bool:
    return document.state == Document.State.READY and document.read_digest == reading_of(document)


def reading_of(document: Document) -> str:
    """Return a text that identifies a reading: the file, the language given, and the version of the readers."""
    return f"{extract.VERSION}:{document.language_given}:{document.digest}"[:80]


def read_again(document: Document) -> None:
    """Have a document read again from its file."""
    document.state, document.problem, document.progress, document.attempts = Document.State.WAITING, "", 0, 0
    document.lease_expires_at = document.updated_at = timezone.now()
    document.lease_expires_at += LEASE
    document.save()


def get(user: User, id: UUID) -> Document:
    """Return a document that the user may see. Raises `NotFound`, also where it is another user's."""
    document = Document.objects.visible_to(user).select_related("group").filter(pk=id).first()
    if document is None:
        raise NotFound("There is no such document.")
    return document


def begin(id: UUID) -> Document | None:
    """Claim a document for reading. None where it is read by somebody else, ready, or gone."""
    now = timezone.now()
    with transaction.atomic():
        # Two workers may be given the same document: the second sees the first one's lease.
        found = Document.objects.select_for_update().light().filter(pk=id)
        document = found.filter(state__in=[Document.State.WAITING, Document.State.READING]).first()
        if document is None or (document.state == Document.State.READING and document.lease_expires_at > now):
            return None
        document.attempts += 1
        document.state, document.progress, document.lease_expires_at = Document.State.READING, 0, now + LEASE
        if document.attempts > ATTEMPTS_LIMIT:
            document.state = Document.State.FAILED
            document.problem = f"Reading it failed {ATTEMPTS_LIMIT} times and was given up."
        document.save(update_fields=["attempts", "state", "progress", "lease_expires_at", "problem"])
    return document if document.state == Document.State.READING else None


def read(id: UUID) -> Document | None:
    """Read a document into passages. What is wrong with a file is noted on its document, in one line.

    No connection is held while a file is taken apart. Returns None if there is nothing to read (any more).
    """
    document = released(begin, id)
    if document is None:
        return None
    with suppress(LostDocument):
        try:
            reading = take_apart(document)
        except UnreadableFile as error:
            released(fail, document, str(error))
        else:
            released(keep, document, reading)
        return document
    log.info("document.lost", document=document.public_id)
    return None


@dataclass(frozen=True)
class Reading:
    """What was read of a document."""

    extracted: extract.Extract
    title: str
    text: str
    placed: list[Placed]
    passages: list[Passage]


def take_apart(document: Document) -> Reading:
    """Return what a document's file says. Raises `UnreadableFile`, and `LostDocument`."""
    extracted = extract.extract(content_of(document), document.name, Watch(document).progress)
    whole, placed = lay_out(extracted.blocks)
    title = title_of(document, extracted)
    return Reading(extracted, title, whole, placed, split(whole, placed, title))


def content_of(document: Document) -> bytes:
    try:
        with document.file.open("rb") as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise UnreadableFile("The file is no longer in the storage. Add it again.") from error


def original(document: Document) -> bytes:
    """Return a document's file. Raises `NotFound` where the storage has lost it."""
    try:
        return content_of(document)
    except UnreadableFile as error:
        raise NotFound(str(error)) from error


class Watch:
    """Reports the progress of a reading and renews its lease. Raises `UnreadableFile` if it takes too long."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.began_at = self.told_at = timezone.now()

    def progress(self, done: int, total: int) -> None:
        now = timezone.now()
        if now - self.began_at > READING_LIMIT:
            raise UnreadableFile(f"Reading took longer than {READING_LIMIT.seconds // 60} minutes and was given up.")
        if now - self.told_at > RENEWED_AFTER:
            self.told_at = now
            fields = {"progress": 100 * done // total, "lease_expires_at": now + LEASE}
            if not released(held(self.document).update, **fields):
                raise LostDocument


def held(document: Document) -> Any:
    """Return the row if it still belongs to this reading: not deleted, and with the same file."""
    state, attempts = Document.State.READING, document.attempts
    return Document.objects.filter(pk=document.pk, digest=document.digest, state=state, attempts=attempts)


def title_of(document: Document, extracted: extract.Extract) -> str:
    """Return what a document calls itself, or else its file's name without the ending."""
    start = extracted.blocks[:TITLE_BLOCKS]
    heading = next((block.text for block in start if block.kind == "heading" and block.level == 1), "")
    own = extracted.title if extracted.kind != "pdf" or len(extracted.title) > 3 else ""
    title = " ".join((heading or own).split())
    return (title or document.name.rpartition("/")[2].rpartition(".")[0] or document.name)[:TITLE_LENGTH]


def fail(document: Document, problem: str) -> None:
    """Note why a file cannot be read. What was read of the file before it stays."""
    document.state, document.problem = Document.State.FAILED, problem[:300]
    held(document).update(state=document.state, problem=document.problem, updated_at=timezone.now())


def keep(document: Document, reading: Reading) -> None:
    """Store a reading: the document's text, and the passages that changed. Raises `LostDocument`."""
    with transaction.atomic():
        if not held(document).select_for_update().exists():
            raise LostDocument
        document.language = document.language_given or languages.of(reading.text)
        document.title, document.text, document.kind = reading.title, reading.text, reading.extracted.kind
        document.blocks = [place.as_json() for place in reading.placed]
        document.length, document.pages = len(reading.text), reading.extracted.pages
        document.passages, document.progress = len(reading.passages), 100
        document.state, document.problem = Document.State.READY, ""
        document.read_digest, document.updated_at = reading_of(document), timezone.now()
        document.embedded_by = ""
        document.lease_expires_at = timezone.now()
        put_passages(document, reading.passages)
        document.save()


def put_passages(document: Document, passages: list[Passage]) -> None:
    """Replace the document's passages by these. Passages with the same text stay, at their new place."""
    kept: dict[str, list[Chunk]] = defaultdict(list)
    for chunk in document.chunks.defer("search", "embedding").order_by("-number"):
        kept[chunk.digest].append(chunk)
    new, moved = [], []
    for number, passage in enumerate(passages):
        place = {"number": number, "start": passage.start, "end": passage.end, "page": passage.page}
        place["language"] = document.language  # type: ignore[assignment]
        if not (same := kept[passage.digest]):
            new.append(Chunk(document=document, heading=passage.heading, text=passage.text, **place))
            new[-1].digest = passage.digest
        elif differs(chunk := same.pop(), place):
            moved.append(chunk)
    gone = [chunk.pk for chunks in kept.values() for chunk in chunks]
    Chunk.objects.filter(pk__in=gone).delete()
    Chunk.objects.bulk_update(moved, PLACE, batch_size=BATCH)
    Chunk.objects.bulk_create(new, batch_size=BATCH)


def differs(chunk: Chunk, place: dict[str, Any]) -> bool:
    """Put a chunk at its place, and tell whether that changed anything."""
    before = {name: getattr(chunk, name) for name in PLACE}
    for name, value in place.items():
        setattr(chunk, name, value)
    return before != place


def places(document: Document) -> list[dict[str, Any]]:
    """Return where each of a document's passages stands, by the key that it is cited by."""
    found = document.chunks.order_by("number").values_list("digest", "start", "end")
    keys = ((source_key(document.pk, digest).removeprefix(KEY_PREFIX), start, end) for digest, start, end in found)
    return [{"key": key, "start": start, "end": end} for key, start, end in keys]


def own(user: User, id: UUID) -> Document:
    """Return a document that the user may change. Raises `NotFound` and, where it is shared with them, `Forbidden`."""
    document = get(user, id)
    if document.owner_id != user.pk:
        raise Forbidden("This document is shared with you. Only its owner can change it.")
    return document
