"""Messages of a conversation, each a ChatKit thread item as the person sees it."""

import datetime
from collections.abc import Collection, Sequence
from typing import Self
from uuid import UUID

from chatkit.types import ThreadItem
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.utils import timezone
from pydantic import TypeAdapter

from accounts.models import User
from core import prepared_sql
from core.prepared_sql import Statement

MESSAGE_LENGTH = 20_000
WORDS_OF_TEXT = SearchVector("text", config="simple")  # whole words in any language, as staff search them

thread_item: TypeAdapter[ThreadItem] = TypeAdapter(ThreadItem)


class MessageQuerySet(models.QuerySet["Message"]):
    def for_user(self, user: User) -> Self:
        return self.filter(conversation__user=user)

    def visible(self) -> Self:
        """Narrow to what the person sees: of several versions the active one."""
        active = Q(turn=None) | Q(turn__is_active=True)
        return self.filter(active).exclude(kind__in=["hidden_context_item", "sdk_hidden_context"])


class Message(models.Model):
    """What the person sees: one ChatKit thread item. `id` is the insert sequence that pages are ordered by."""

    item_id = models.CharField(max_length=80, unique=True)
    conversation = models.ForeignKey("chat.Conversation", models.CASCADE, related_name="messages")
    turn = models.ForeignKey("chat.Turn", models.CASCADE, null=True, blank=True, related_name="messages")
    kind = models.CharField(max_length=30)
    text = models.TextField(blank=True, help_text="Plain text, for search and for reading.")
    item = models.JSONField()
    refresh = models.JSONField(null=True, blank=True, help_text="The tool call that draws its widget anew.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["conversation", "id"], name="message_order"),
            GinIndex(WORDS_OF_TEXT, name="message_words"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text[:60]}"

    @classmethod
    def put(cls, conversation_id: UUID, item: ThreadItem, turn_id: UUID | None = None) -> None:
        """Store an item, or replace what is stored under its id; its place in the order never changes.

        Raises `IntegrityError` for an id that another conversation has. A stored message stays with its turn, and a
        widget that is known to be drawn anew stays so.
        """
        message = cls.of(conversation_id, item, turn_id)
        if not message.replace():
            message.save(force_insert=True)

    @classmethod
    def put_all(
        cls,
        conversation_id: UUID,
        items: Sequence[ThreadItem],
        turn_id: UUID,
        stored: Collection[str] = (),
        beside: Sequence[Statement] = (),
    ) -> None:
        """Store the items of a turn, and replace those whose ids are in `stored`. Raises `IntegrityError`.

        New ones are stored in the round trip of the statements `beside`.
        """
        messages = [cls.of(conversation_id, item, turn_id) for item in items]
        for message in messages:
            if message.item_id in stored:
                message.replace()
        new = [message for message in messages if message.item_id not in stored]
        prepared_sql.write([*beside, *prepared_sql.insertions(new)])

    def replace(self) -> bool:
        """Show this in place of what is stored under its id in its conversation; False if nothing is."""
        stored = Message.objects.filter(item_id=self.item_id, conversation=self.conversation_id)
        return stored.update(kind=self.kind, text=self.text, item=self.item) > 0

    @classmethod
    def of(cls, conversation_id: UUID, item: ThreadItem, turn_id: UUID | None) -> "Message":
        refresh = getattr(item, "refresh", None)
        return Message(
            item_id=item.id,
            conversation_id=conversation_id,
            turn_id=turn_id,
            kind=item.type,
            text=item_text(item),
            item=item.model_dump(mode="json", exclude_none=True),
            refresh=refresh and refresh.model_dump(),
            created_at=aware(item.created_at),
        )

    def as_item(self) -> ThreadItem:
        return thread_item.validate_python(self.item)


def aware(moment: datetime.datetime) -> datetime.datetime:
    """Return a moment with its zone; openai-chatkit makes moments without one, on the machine's clock."""
    return moment if moment.tzinfo else moment.astimezone(datetime.UTC)


def item_text(item: ThreadItem) -> str:
    """Return what a user or assistant message says, as plain text; other items say nothing."""
    parts = getattr(item, "content", None)
    if not isinstance(parts, list):
        return ""
    has_tags = any(part.type == "input_tag" for part in parts)  # those stand inside a sentence
    return ("" if has_tags else "\n\n").join(part.text for part in parts if getattr(part, "text", ""))
