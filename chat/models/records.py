"""Records beside conversations: files, prompts and tools as turns used them, states of imports, who looked."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from core import ids


def attachment_path(attachment: "Attachment", name: str) -> str:
    """Return where a file is kept. Its name comes from outside, so nothing of it is used."""
    return f"attachments/{attachment.pk.hex}/{uuid7().hex}"


class Attachment(models.Model):
    """A file that comes with a message, or is about to; without `file` it is only announced."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="attachments")
    conversation = models.ForeignKey(
        "chat.Conversation", models.CASCADE, null=True, blank=True, related_name="attachments", help_text="Once sent."
    )
    name = models.CharField(max_length=200)
    mime_type = models.CharField(max_length=100)
    bytes = models.PositiveIntegerField()
    file = models.FileField(upload_to=attachment_path, max_length=200, blank=True)
    text = models.TextField(blank=True, help_text="What a document says, as a model is given it.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], condition=models.Q(conversation=None), name="attachment_unsent"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return ids.show("atc", self.pk)

    @property
    def is_picture(self) -> bool:
        return self.mime_type.startswith("image/")


class PromptTemplate(models.Model):
    """A prompt's template as turns used it; `Turn.prompt_hash` names it."""

    hash = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of the text.")
    name = models.CharField(max_length=200)
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name} {self.hash[:8]}"


class Toolset(models.Model):
    """The tools as a model was told of them; `Turn.tools_hash` names it."""

    hash = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of the tools as JSON.")
    tools = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{len(self.tools)} tools, {self.hash[:8]}"


class ImportedState(models.Model):
    """The things that an imported conversation is about, as it came with them: this installation never had them."""

    conversation = models.OneToOneField(
        "chat.Conversation", models.CASCADE, primary_key=True, related_name="imported_state"
    )
    records = models.JSONField(help_text="A record for each of MCP_STATES, by name.")
    person = models.JSONField(
        default=dict, db_default={}, help_text="Who talked: by their time zone and policy it is replayed."
    )
    imported_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.conversation_id)


class Look(models.Model):
    """A member of staff has read a conversation. The record outlives the conversation."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="looks")
    conversation_id = models.UUIDField(db_index=True)
    what = models.CharField(max_length=20, default="timeline")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = "reading by staff"
        verbose_name_plural = "readings by staff"

    def __str__(self) -> str:
        return f"{self.staff}: {self.what}"
