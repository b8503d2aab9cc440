"""Documents in tests: given, and read at once as a worker would."""

from typing import Any

from django.contrib.auth.models import Group

from knowledge import background
from knowledge.models import Document
from knowledge.reading import ingest
from tests.people import Person

HANDBOOK = """# Handbook

## Leave

Everybody has twenty-eight days of paid leave a year.

## Travel

A room in a hotel may cost 130 a night.
"""


def add(person: Person | None, name: str = "handbook.md", content: str | bytes = HANDBOOK, **more: Any) -> Document:
    """Give a document and read it; `group` shares it."""
    group: Group | None = more.pop("group", None)
    place = ingest.Place(person.user if person else None, group)
    given = content.encode() if isinstance(content, str) else content
    document, _ = background.add(place, name, given, **more)
    background.work_off()
    document.refresh_from_db()
    return document
