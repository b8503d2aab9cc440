"""What was done to tasks: operations, each with its changes. Undo, history and idempotency build on them."""

import functools
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from uuid_utils.compat import uuid7

from accounts.caller import SOURCES
from core import ids
from core.prepared_sql import Prepared
from core.tools.previews import Plan

A_USER, A_KEY = -1, "<key>"  # stand for values in prepared queries


class OperationQuerySet(models.QuerySet["Operation"]):
    def effective(self) -> Self:
        """Narrow to those that changed a task."""
        return self.filter(changes_count__gt=0)

    def latest_first(self) -> Self:
        # Not by id, though the order is the same: PostgreSQL might follow the primary key through those of everybody.
        return self.order_by("-created_at", "-id")

    def before(self, operation: "Operation") -> Self:
        """Narrow to what comes after an operation in `latest_first`."""
        return self.filter(TupleLessThan(Tuple("created_at", "id"), [operation.created_at, operation.pk]))


class Operation(models.Model):
    """One change that somebody asked for, with its result: committed with it, never done twice under one key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="operations", db_index=False)
    source = models.CharField(max_length=5, choices=[(name, name) for name in SOURCES])
    key = models.CharField(max_length=255)
    tool = models.CharField(max_length=50)
    arguments = models.JSONField()
    result = models.JSONField()
    turn_id = models.UUIDField(null=True, blank=True)
    summary = models.CharField(max_length=200, help_text="What it did, in one line.")
    changes_count = models.PositiveIntegerField(help_text="How many changes it made.")
    undone_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="undoes")
    created_at = models.DateTimeField(auto_now_add=True)

    plan: Plan | None = None  # of a preview, which is not stored

    objects = OperationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="operation_key_per_user"),
            models.CheckConstraint(condition=Q(source__in=SOURCES), name="operation_source"),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="operation_recent"),
            models.Index(fields=["user", "turn_id"], condition=Q(turn_id__isnull=False), name="operation_turn"),
        ]

    def __str__(self) -> str:
        return self.summary

    @property
    def public_id(self) -> str:
        return ids.show("op", self.pk)

    def take_back(self, undone: list[Self]) -> None:
        """Note that this operation undid others. If one of them was an undo, what it undid is in effect again."""
        ids = [each.pk for each in undone]
        Operation.objects.filter(undone_by__in=ids).update(undone_by=None)
        Operation.objects.filter(pk__in=ids).update(undone_by=self)


@functools.cache
def by_key() -> Prepared[Operation]:
    return Prepared(Operation.objects.filter(user=A_USER, key=A_KEY), [A_USER, A_KEY])


class Change(models.Model):
    """What an operation did to one task: its columns before (null: it was added) and after (null: deleted)."""

    operation = models.ForeignKey(Operation, models.CASCADE, related_name="changes")
    # The operation's user, so that the history of a task that is gone is found by its number.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    task_id = models.UUIDField()
    number = models.PositiveIntegerField()
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    item: int | None = None  # which item of a batch made it, while that is under way

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(before__isnull=False) | Q(after__isnull=False), name="change_not_empty"),
        ]
        indexes = [models.Index(fields=["user", "number", "-id"], name="change_of_task")]

    def __str__(self) -> str:
        return f"#{self.number}: {self.operation.tool}"
