"""Exporting documents: the text that was read of them. Their files can be fetched one by one."""

from typing import Any

from accounts.models import User
from core.sections import in_pages
from knowledge.models import Document

FIELDS = ["name", "title", "kind", "language", "bytes", "digest", "text"]


def documents(user: User) -> list[dict[str, Any]]:
    """Return the user's own documents as JSON."""
    found = Document.objects.filter(owner=user).order_by("id")
    return [
        {"id": each.public_id, "created_at": each.created_at.isoformat()}
        | {name: getattr(each, name) for name in FIELDS}
        for each in in_pages(found, 20)
    ]
