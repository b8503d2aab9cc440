"""Exporting a person's conversations."""

from typing import Any

from accounts.models import User
from chat.models import Conversation


def conversations(user: User) -> list[dict[str, Any]]:
    """Return all of a user's conversations with what was said, as JSON, the oldest first."""
    found = Conversation.objects.for_user(user).begun().order_by("created_at").prefetch_related("messages")
    return [
        {
            "id": conversation.public_id,
            "title": conversation.title,
            "created_at": conversation.created_at.isoformat(),
            "messages": [message.item for message in sorted(conversation.messages.all(), key=lambda each: each.pk)],
        }
        for conversation in found
    ]
