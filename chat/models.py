import datetime
from typing import Any, Self
from uuid import UUID

from chatkit.types import ThreadItem
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from pydantic import TypeAdapter
from uuid_utils.compat import uuid7

from accounts.models import User
from chat import ids

TITLE_LENGTH = 120
MESSAGE_LENGTH = 20_000

thread_item: TypeAdapter[ThreadItem] = TypeAdapter(ThreadItem)


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def for_user(self, user: User) -> Self:
        return self.filter(user=user)

    def begun(self) -> Self:
        """Narrow to those with a message: one is stored before its first message, and a crash may come between."""
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
        indexes = [models.Index(fields=["user", "-updated_at", "-id"], name="conversation_recent")]

    def __str__(self) -> str:
        return self.title or self.public_id

    @property
    def public_id(self) -> str:
        return ids.show("conv", self.pk)


class Turn(models.Model):
    """One request to the agent and its answer. Its steps are the journal that it is resumed from."""

    class Status(models.TextChoices):
        RUNNING = "running"
        COMPLETED = "completed"
        AWAITING_APPROVAL = "awaiting_approval"
        FAILED = "failed"
        STOPPED = "stopped"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="turns")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="turns")
    key = models.CharField(max_length=255, help_text="Idempotency key, unique per user.")
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the request the key stands for.")
    status = models.CharField(max_length=20, choices=Status, default=Status.RUNNING)
    lease_owner = models.UUIDField(
        default=uuid7, help_text="The run that may write. Whoever takes over gets a new one."
    )
    lease_expires_at = models.DateTimeField(
        help_text="A running turn whose process is silent longer is taken for dead."
    )
    stop_requested = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=1, help_text="How many processes have run it.")
    model = models.CharField(max_length=200, blank=True)
    prompt_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the prompt's template.")
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True, help_text="By MODEL_PRICES.")
    first_text_ms = models.PositiveIntegerField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="turn_key_per_user"),
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(status="running"), name="turn_one_running_per_conversation"
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "id"], name="turn_order"),
            models.Index(fields=["user", "-created_at"], name="turn_by_user"),
            models.Index(fields=["lease_expires_at"], condition=Q(status="running"), name="turn_running"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.show("turn", self.pk)

    @property
    def is_running(self) -> bool:
        return self.status == self.Status.RUNNING

    @property
    def is_dead(self) -> bool:
        """Tell whether it runs by name only: its process stopped renewing the lease."""
        return self.is_running and self.lease_expires_at < timezone.now()

    def held(self) -> models.QuerySet["Turn"]:
        """Return this turn's row as long as this run may write: it runs, and nobody has taken over."""
        return Turn.objects.filter(pk=self.pk, lease_owner=self.lease_owner, status=self.Status.RUNNING)

    def hold(self) -> None:
        """Lock the row for a write. Raises `LostLease`: a process that was paused must not write what another does."""
        if not self.held().select_for_update().exists():
            raise LostLease

    def release(self) -> None:
        """Let others take over at once."""
        self.held().update(lease_expires_at=timezone.now())

    def take_over(self) -> bool:
        """Become the run of a turn whose process is silent. False if somebody else did, or if it goes on."""
        owner, expires_at = uuid7(), lease_end()
        dead = Turn.objects.filter(pk=self.pk, status=self.Status.RUNNING, lease_expires_at__lt=timezone.now())
        changes = {"lease_owner": owner, "lease_expires_at": expires_at, "attempts": models.F("attempts") + 1}
        if not dead.update(**changes):
            return False
        self.lease_owner, self.lease_expires_at, self.attempts = owner, expires_at, self.attempts + 1
        return True

    def end(self, status: str, error: str = "") -> None:
        """Close the turn. Call it while the row is held."""
        self.status, self.error, self.ended_at = status, error, timezone.now()
        self.save(update_fields=["status", "error", "ended_at", "first_text_ms"])


class LostLease(Exception):
    """Another process has taken this turn over, or it has ended."""


class Broadcast(models.Model):
    """Events that a running turn has told, for those who watch it through other processes. Deleted at its end."""

    turn = models.ForeignKey(Turn, models.CASCADE, related_name="broadcasts")
    number = models.PositiveIntegerField()
    events = models.JSONField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["turn", "number"], name="broadcast_number_per_turn")]

    def __str__(self) -> str:
        return f"{self.turn_id} {self.number}"


def lease_end() -> datetime.datetime:
    return timezone.now() + datetime.timedelta(seconds=settings.TURN_LEASE_SECONDS)


class MessageQuerySet(models.QuerySet["Message"]):
    def for_user(self, user: User) -> Self:
        return self.filter(conversation__user=user)

    def visible(self) -> Self:
        return self.exclude(kind__in=["hidden_context_item", "sdk_hidden_context"])


class Message(models.Model):
    """What the person sees: one ChatKit thread item. `id` is the insert sequence that pages are ordered by."""

    item_id = models.CharField(max_length=80, unique=True)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    turn = models.ForeignKey(Turn, models.CASCADE, null=True, blank=True, related_name="messages")
    kind = models.CharField(max_length=30)
    text = models.TextField(blank=True, help_text="Plain text, for search and for reading.")
    item = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["conversation", "id"], name="message_order")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text[:60]}"

    @classmethod
    def put(cls, conversation_id: UUID, item: ThreadItem, turn: Turn | None = None) -> None:
        """Store an item, or replace what is stored under its id; its place in the order never changes."""
        fields = {"kind": item.type, "text": item_text(item), "item": item.model_dump(mode="json", exclude_none=True)}
        place = {"conversation_id": conversation_id, "turn": turn, "created_at": aware(item.created_at)}
        cls.objects.update_or_create(item_id=item.id, defaults=fields, create_defaults=fields | place)

    def as_item(self) -> ThreadItem:
        return thread_item.validate_python(self.item)


def aware(moment: datetime.datetime) -> datetime.datetime:
    """Return a moment with its zone; openai-chatkit makes naive ones by the machine's clock."""
    return moment if moment.tzinfo else moment.astimezone(datetime.UTC)


def item_text(item: ThreadItem) -> str:
    """Return what a user or assistant message says, as plain text; other items say nothing."""
    parts = getattr(item, "content", None)
    if not isinstance(parts, list):
        return ""
    return "\n\n".join(part.text for part in parts if getattr(part, "text", ""))


class Step(models.Model):
    """One model response or one tool call of a turn. Append-only: journal, history, trace and recording in one.

    `items` are in the Responses format: the output items of a response, or the one output of a tool call.
    """

    class Kind(models.TextChoices):
        RESPONSE = "response"
        TOOL = "tool"

    turn = models.ForeignKey(Turn, models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    items = models.JSONField()
    call_id = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=100, blank=True, help_text="The tool's name.")
    arguments = models.JSONField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    is_error = models.BooleanField(default=False)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["turn", "number"], name="step_number_per_turn")]

    def __str__(self) -> str:
        return f"{self.number}. {self.kind} {self.name}"

    def as_tool_call(self) -> dict[str, Any]:
        return {"name": self.name, "arguments": self.arguments, "result": self.result}
