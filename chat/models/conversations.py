"""Conversations: whose they are, what they are called, and whether something may still be said in them."""

from typing import Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from chat import ids
from chat.models.messages import Message
from core.problems import Conflict

TITLE_LENGTH = 120
WORDS_OF_TITLE = SearchVector("title", config="simple")


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def for_user(self, user: User) -> Self:
        return self.filter(user=user)

    def begun(self) -> Self:
        """Narrow to those with a message: a crash may have come before the first one was stored."""
        return self.filter(Exists(Message.objects.filter(conversation=OuterRef("pk"))))

    def search(self, text: str) -> Self:
        """Narrow to those with `text` in their title or in a message."""
        said = Message.objects.filter(conversation=OuterRef("pk"), text__icontains=text)
        return self.filter(Q(title__icontains=text) | Exists(said))


class Conversation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    status = models.JSONField(default=dict, blank=True, help_text="ChatKit's thread status; empty: active.")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["user", "-updated_at", "-id"], name="conversation_recent"),
            models.Index(fields=["-updated_at", "-id"], name="conversation_latest"),  # everybody's, for staff
            GinIndex(WORDS_OF_TITLE, name="conversation_words"),
        ]

    def __str__(self) -> str:
        return self.title or self.public_id

    @property
    def public_id(self) -> str:
        return ids.show("conv", self.pk)

    @classmethod
    def of_user(cls, user: User, public_id: str) -> "Conversation":
        """Return the user's conversation of that id. Raises `Missing`."""
        conversation = cls.objects.for_user(user).filter(pk=ids.read("conv", public_id)).first()
        if conversation is None:
            raise ids.Missing("There is no such conversation.")
        return conversation

    @classmethod
    def locked(cls) -> models.QuerySet["Conversation"]:
        """Return conversations to lock: always before their turns, or two who need both wait for each other.

        Messages can be added to one that is locked.
        """
        return cls.objects.select_for_update(no_key=True)

    @classmethod
    def locked_of_user(cls, user: User, public_id: str) -> "Conversation":
        """Return the user's conversation of that id, locked. Raises `Missing`."""
        conversation = cls.locked().filter(user=user, pk=ids.read("conv", public_id)).first()
        if conversation is None:
            raise ids.Missing("There is no such conversation.")
        return conversation

    @classmethod
    def touch(cls, id: UUID) -> None:
        """Note that something was said now. This also locks the conversation."""
        cls.objects.filter(pk=id).update(updated_at=timezone.now())

    def check_open(self) -> None:
        """Raise `Conflict` if staff have locked or closed it: then it can be read, and takes no message."""
        if (kind := self.status.get("type", "active")) != "active":
            reason = f" ({self.status['reason']})" if self.status.get("reason") else ""
            raise Conflict(f"This conversation is {kind}{reason}. Begin a new one.")


def title_from(text: str) -> str:
    """Return a text as a title: on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1] + "…"
