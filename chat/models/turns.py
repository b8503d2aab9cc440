"""Turns: one request and its answer each, with the steps that are its journal and the approvals it waited for."""

import datetime
from typing import Any

from chatkit.types import ThreadItem
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from chat import ids
from chat.models.conversations import Conversation

REASON_LENGTH = 2_000


class LostLease(Exception):
    """Another process has taken this turn over, or it has ended."""


class Turn(models.Model):
    """One request to the agent and its answer. Its steps are the journal that it is resumed from."""

    class Status(models.TextChoices):
        RUNNING = "running"
        COMPLETED = "completed"
        AWAITING_APPROVAL = "awaiting_approval"
        FAILED = "failed"
        STOPPED = "stopped"

    class Feedback(models.TextChoices):
        POSITIVE = "positive"
        NEGATIVE = "negative"

    UNFINISHED = [Status.RUNNING, Status.AWAITING_APPROVAL]
    # What was open on the screen and is not since this turn began or went on; known where that happened, not stored.
    settled: tuple[ThreadItem, ...] = ()
    # It has just begun and has no steps: there is nothing to look for.
    is_new = False
    # The ids of the items that this run has stored.
    stored_items: frozenset[str] = frozenset()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="turns")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="turns")
    question = models.ForeignKey(
        "Message", models.SET_NULL, null=True, blank=True, related_name="answers", help_text="What it answers."
    )
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="next")
    is_active = models.BooleanField(
        default=True, db_default=True, help_text="Off: its message was edited or answered again."
    )
    abandoned = models.JSONField(default=list, blank=True, help_text="The turns that it took the place of.")
    feedback = models.CharField(max_length=8, choices=Feedback, blank=True, default="", db_default="")
    feedback_reason = models.TextField(
        blank=True, default="", db_default="", help_text="What the person says about the answer."
    )
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
    prompt_values = models.JSONField(default=dict, db_default={}, blank=True, help_text="What the template was given.")
    tools_hash = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="SHA-256 of the tools' list."
    )
    history_start = models.UUIDField(
        null=True, blank=True, help_text="The first of the turns that the model was given."
    )
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True, help_text="By MODEL_PRICES.")
    queue_ms = models.PositiveIntegerField(null=True, blank=True, help_text="From the message to the run.")
    history_ms = models.PositiveIntegerField(null=True, blank=True, help_text="Until the model was asked.")
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
            # What staff look for among everybody's turns.
            models.Index(fields=["status", "-id"], condition=~Q(status="completed"), name="turn_by_status"),
            models.Index(fields=["model", "-id"], name="turn_by_model"),
            models.Index(fields=["prompt_hash", "-id"], name="turn_by_prompt"),
            models.Index(fields=["-cost"], condition=Q(cost__isnull=False), name="turn_by_cost"),
            models.Index(fields=["created_at"], name="turn_by_day"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.show("turn", self.pk)

    @classmethod
    def of_user(cls, user: User, public_id: str) -> "Turn":
        """Return the user's turn of that id, with its conversation. Raises `Missing`."""
        found = cls.objects.select_related("conversation", "user")
        turn = found.filter(user=user, pk=ids.read("turn", public_id)).first()
        if turn is None:
            raise ids.Missing("There is no such turn.")
        return turn

    @property
    def is_running(self) -> bool:
        return self.status == self.Status.RUNNING

    @property
    def is_dead(self) -> bool:
        """Tell whether its process has stopped renewing the lease, although it counts as running."""
        return self.is_running and self.lease_expires_at < timezone.now()

    def held(self) -> models.QuerySet["Turn"]:
        """Return this turn's row as long as this run may write: it runs, and nobody has taken over."""
        return Turn.objects.filter(pk=self.pk, lease_owner=self.lease_owner, status=self.Status.RUNNING)

    def hold(self, **changes: Any) -> None:
        """Lock the row for a write, and write `changes` of it; rows that refer to it can be added meanwhile.

        Raises `LostLease`: a process that was paused must not write what another one writes now.
        """
        if changes:
            is_held = self.held().update(**changes) > 0
        else:
            is_held = len(self.held().select_for_update(no_key=True).values_list("pk")) > 0
        if not is_held:
            raise LostLease

    def write(self, *names: str) -> None:
        """Store some fields, if this run may write."""
        self.held().update(**{name: getattr(self, name) for name in names})

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
        self.is_new = False
        return True

    def go_on(self) -> None:
        """Run again, as a new run of this process, after it waited for the person. Call it while the row is locked."""
        self.status, self.lease_owner, self.lease_expires_at = self.Status.RUNNING, uuid7(), lease_end()
        self.ended_at, self.stop_requested = None, False
        self.save(update_fields=["status", "lease_owner", "lease_expires_at", "ended_at", "stop_requested"])

    def end_run(self, status: str, error: str = "") -> dict[str, Any]:
        """Close the turn, if this run may write; return the changed fields, for `keep` once they are committed.

        Raises `LostLease`.
        """
        changes = {"status": status, "error": error, "ended_at": timezone.now(), "first_text_ms": self.first_text_ms}
        self.hold(**changes)
        self.forget_events()
        return changes

    def keep(self, changes: dict[str, Any]) -> None:
        """Hold in this object what was committed."""
        for name, value in changes.items():
            setattr(self, name, value)

    def withdraw(self) -> None:
        """Close a turn that no run holds: it waited for its person, who said something else."""
        self.status, self.ended_at = self.Status.STOPPED, timezone.now()
        self.save(update_fields=["status", "ended_at"])
        self.forget_events()

    def forget_events(self) -> None:
        """Delete what was told of the turn to other processes: from now on they read its messages."""
        self.broadcasts.all().delete()


def lease_end() -> datetime.datetime:
    return timezone.now() + datetime.timedelta(seconds=settings.TURN_LEASE_SECONDS)


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
    first_text_ms = models.PositiveIntegerField(null=True, blank=True, help_text="A response's first text.")
    duration_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["turn", "number"], name="step_number_per_turn")]
        indexes = [models.Index(fields=["name", "-id"], condition=Q(kind="tool"), name="step_by_tool")]

    def __str__(self) -> str:
        return f"{self.number}. {self.kind} {self.name}"

    @classmethod
    def of(cls, turn: Turn) -> "list[Step]":
        """Return a turn's steps in their order."""
        return list(cls.objects.filter(turn=turn))

    def as_tool_call(self) -> dict[str, Any]:
        return {"name": self.name, "arguments": self.arguments, "result": self.result}


class Approval(models.Model):
    """Calls of one model response that wait for the person, or waited: what they would do, and what was decided.

    `calls` are `approvals.WaitingCall`s as JSON, `item_id` is the message that shows them.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        DECIDED = "decided"
        WITHDRAWN = "withdrawn", "withdrawn: stopped, or something else was said"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    turn = models.ForeignKey(Turn, models.CASCADE, related_name="approvals")
    response_number = models.PositiveIntegerField(help_text="Which response of the turn asked for the calls.")
    calls = models.JSONField()
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    decision = models.JSONField(null=True, blank=True, help_text="As it was sent, to know a repeat.")
    item_id = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["turn"], condition=Q(status="pending"), name="approval_one_pending_per_turn"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return ids.show("apr", self.pk)


class Summary(models.Model):
    """What the turns of a conversation up to `turn` said, for the model; the turns after it are given whole."""

    turn = models.OneToOneField(Turn, models.CASCADE, primary_key=True, related_name="summary")
    text = models.TextField()
    model = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "summaries"

    def __str__(self) -> str:
        return self.text[:80]


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
