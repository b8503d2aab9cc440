"""Documents and the passages they are searched by."""

import base64
import hashlib
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.checks import CheckMessage
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from pgvector.django import VectorField
from uuid_utils.compat import uuid7

from accounts.models import User
from core import ids

NAME_LENGTH = 255
TITLE_LENGTH = 300
KEY_PREFIX = "doc-"
KEY_LENGTH = 7
BELOW = " › "  # noqa: RUF001  # between a heading and the one below it


class RegConfigField(models.CharField[str, str]):
    """A text search configuration of PostgreSQL. A real `regconfig`: the cast of a text is not immutable, so a
    generated column could not use it."""

    def db_type(self, connection: Any) -> str:
        return "regconfig"

    def cast_db_type(self, connection: Any) -> str:
        return "regconfig"


def upload_path(document: "Document", name: str) -> str:
    """Return where a file is kept. Its name comes from outside, so only the ending of it is used."""
    ending = name.rpartition(".")[2][:10] if "." in name else "bin"
    return f"documents/{document.pk.hex}/{uuid7().hex}.{ending}"


class DocumentQuerySet(models.QuerySet["Document"]):
    def visible_to(self, user: User) -> Self:
        """Narrow to a user's own and those shared with a group they are in."""
        groups = User.groups.through.objects.filter(user=user).values("group")
        return self.filter(Q(owner=user) | Q(group__in=groups))

    def light(self) -> Self:
        """Leave the texts, which can be megabytes, in the database."""
        return self.defer("text", "blocks")

    def stranded(self) -> Self:
        """Narrow to those whose reading was interrupted because their process ended."""
        waits = [Document.State.WAITING, Document.State.READING]
        return self.filter(state__in=waits, lease_expires_at__lt=timezone.now())

    def not_embedded_by(self, model: str) -> Self:
        """Narrow to those whose embeddings are missing or another model's, and that nobody works on now."""
        ready = self.filter(state=Document.State.READY, lease_expires_at__lt=timezone.now())
        return ready.exclude(embedded_by__startswith=f"{model}:")


class Document(models.Model):
    """A text that answers may come from: somebody's own, shared with a group, or both."""

    class State(models.TextChoices):
        WAITING = "waiting"
        READING = "reading"
        READY = "ready"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="documents")
    group = models.ForeignKey(
        Group,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="documents",
        help_text="Its members see the document.",
    )
    name = models.CharField(
        max_length=NAME_LENGTH, help_text="The file's name, or its path below the folder it is from."
    )
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    file = models.FileField(upload_to=upload_path, max_length=300)
    bytes = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    kind = models.CharField(max_length=10, blank=True, help_text="pdf, docx, html, markdown or text, by its content.")
    language = RegConfigField(max_length=63, blank=True, default="simple")
    language_given = models.CharField(max_length=63, blank=True, help_text="Empty: found out from the text.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    problem = models.CharField(max_length=300, blank=True, help_text="Why it could not be read, in one line.")
    progress = models.PositiveSmallIntegerField(default=0, help_text="Per cent of the reading.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often reading was begun.")
    lease_expires_at = models.DateTimeField(default=timezone.now, help_text="Then somebody else begins anew.")
    read_digest = models.CharField(max_length=80, blank=True, help_text="What was read last, and by which reader.")
    text = models.TextField(blank=True)
    blocks = models.JSONField(default=list, help_text="[start, end, kind, level, page] of each block of the text.")
    length = models.PositiveIntegerField(default=0, help_text="Characters of the text.")
    pages = models.PositiveIntegerField(null=True, blank=True)
    passages = models.PositiveIntegerField(default=0)
    embedded_by = models.CharField(max_length=200, blank=True, help_text="Model and dimension of its embeddings.")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=False) | Q(group__isnull=False), name="document_of_somebody"
            ),
            models.UniqueConstraint(
                fields=["owner", "name"], condition=Q(owner__isnull=False), name="document_name_per_owner"
            ),
            models.UniqueConstraint(
                fields=["group", "name"], condition=Q(owner__isnull=True), name="document_name_per_group"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="document_of_owner"),
            models.Index(fields=["group", "-id"], name="document_of_group", condition=Q(group__isnull=False)),
            models.Index(
                fields=["lease_expires_at"], name="document_unread", condition=Q(state__in=["waiting", "reading"])
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.name

    @property
    def public_id(self) -> str:
        return ids.show("doc", self.pk)

    @property
    def url(self) -> str:
        """The path of the page that shows it."""
        return f"/documents/{self.public_id}"

    def passage_url(self, start: int, end: int, key: str) -> str:
        """Return the path that opens it at the characters from `start` to `end` of its text.

        The passage's key is in it too: where the document has changed since, the passage is found elsewhere, or missed.
        """
        return f"{self.url}#{start}-{end}~{key.removeprefix(KEY_PREFIX)}"


class Chunk(models.Model):
    """A passage of a document: what a search finds and an answer cites."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField(help_text="Its place in the document.")
    heading = models.TextField(blank=True, help_text="The document's title and the headings above, outermost first.")
    text = models.TextField()
    start = models.PositiveIntegerField(help_text="Where it begins in the document's text.")
    end = models.PositiveIntegerField()
    page = models.PositiveIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of heading and text.")
    language = RegConfigField(max_length=63, default="simple")
    # A title or heading counts more than the text below it.
    search = models.GeneratedField(
        expression=SearchVector("heading", weight="A", config=F("language"))
        + SearchVector("text", weight="B", config=F("language")),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    embedding = VectorField(null=True, blank=True)
    embedded_by = models.CharField(max_length=200, blank=True, help_text="Model and dimension of the embedding.")

    class Meta:
        indexes = [
            models.Index(fields=["document", "number"], name="chunk_order"),
            GinIndex(fields=["search"], name="chunk_search"),
        ]

    def __str__(self) -> str:
        return f"{self.heading}: {self.text[:60]}"

    @classmethod
    def check(cls, **kwargs: Any) -> list[CheckMessage]:
        """Check the model without a database: a generated column would connect to it before any command runs."""
        return super().check(**kwargs | {"databases": []})


def chunk_digest(heading: str, text: str) -> str:
    return hashlib.sha256(f"{heading}\0{text}".encode()).hexdigest()


def source_key(document_id: Any, digest: str) -> str:
    """Return the marker that a passage is cited by, for example `doc-k7f3qda`.

    It reveals nothing about other documents, and stays the same in every call and turn while the passage does not
    change. It has 35 bits, enough to tell the few hundred passages of a conversation apart.
    """
    found = hashlib.sha256(f"{document_id.hex}:{digest}".encode()).digest()
    return KEY_PREFIX + base64.b32encode(found)[:KEY_LENGTH].decode().lower()
