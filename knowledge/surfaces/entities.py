"""Documents as people tag them in a message."""

from typing import Any

from django.db.models import Q

from accounts.models import User
from core import ids
from core.problems import NotFound
from knowledge.models import Document

EXCERPT_LENGTH = 300


def search(user: User, text: str, limit: int) -> list[dict[str, Any]]:
    """Return the documents whose title or name has a text in it, as ChatKit's entities."""
    found = Document.objects.visible_to(user).filter(state=Document.State.READY)
    if text:
        found = found.filter(Q(title__icontains=text) | Q(name__icontains=text))
    return [
        {
            "id": f"document:{document.public_id}",
            "title": str(document),
            "group": "Documents",
            "icon": "document",
            "interactive": True,
            "data": {"type": "document", "id": document.public_id, "url": document.url},
        }
        for document in found.light().order_by("-updated_at", "-id")[:limit]
    ]


def preview(user: User, kind: str, id: str) -> dict[str, Any] | None:
    """Return how a document begins, as a ChatKit widget; None where there is none."""
    if kind != "document":
        return None
    try:
        document = Document.objects.visible_to(user).filter(pk=ids.read("doc", id)).first()
    except NotFound:
        return None
    if document is None:
        return None
    title = {"type": "Title", "value": str(document), "size": "sm", "truncate": True}
    begins = {"type": "Text", "value": document.text[:EXCERPT_LENGTH], "size": "sm", "maxLines": 4}
    return {"type": "Basic", "children": [title, begins]}
