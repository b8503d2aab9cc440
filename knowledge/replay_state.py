"""Documents as a case has them (`core.tools.replay_state`): a few texts, read as files are, searched as always.

A recording holds no documents: they have no history, may be large, and may belong to others who share them. So a
replay of a recorded conversation finds no documents, unless the recording itself answers.
"""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from core.tools.replay_state import Effect, Event, Plain, Record
from knowledge.models import Document
from knowledge.reading import extract, ingest
from knowledge.reading.chunks import lay_out, split


class DocumentState:
    name = "documents"
    words: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()

    def record(self, user: User, since: datetime, until: datetime) -> Record:
        return {"documents": []}

    def events(self, record: Record) -> list[Event]:
        return []

    def plain(self, record: Record, moment: datetime) -> Plain:
        return {each["name"]: each for each in record["documents"]}

    def restore(self, user: User, record: Record, moment: datetime) -> None:
        for each in record["documents"]:
            store(user, each["name"], each["text"])

    def apply(self, user: User, event: Event) -> None:
        raise ValueError("Nothing that happens to documents is recorded.")

    def present(self, user: User) -> Plain:
        found = Document.objects.filter(owner=user).values_list("name", "text")
        return {name: {"name": name, "text": text} for name, text in found}

    def translate(self, user: User, record: Record, arguments: str) -> str:
        return arguments

    def effects(self, user: User, turn_ids: list[UUID]) -> list[Effect]:
        return []

    def starting(self, items: list[dict[str, Any]], moment: datetime) -> Record:
        if any(item.keys() != {"name", "text"} for item in items):
            raise ValueError("a document has a name and a text")
        return {"documents": items}

    def items(self, record: Record, moment: datetime) -> list[dict[str, Any]]:
        return list(record["documents"])


state = DocumentState()


def store(user: User, name: str, text: str) -> None:
    """Store a document that has no file, read as a file of that name and content would be."""
    content = text.encode()
    document = Document(owner=user, name=name, bytes=len(content), digest=hashlib.sha256(content).hexdigest())
    document.state, document.attempts, document.lease_expires_at = Document.State.READING, 1, timezone.now()
    document.save(force_insert=True)
    extracted = extract.extract(content, name, ingest.Watch(document).progress)
    whole, placed = lay_out(extracted.blocks)
    title = ingest.title_of(document, extracted)
    ingest.keep(document, ingest.Reading(extracted, title, whole, placed, split(whole, placed, title)))
