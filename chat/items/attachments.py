"""Files that come with a message: pictures, for models that see, and documents, whose text is given to every model.

A client announces a file, uploads it, and names it in a message (ChatKit's two phases). Its content decides
what it is. The text of a document travels in the message itself, as the attachment's `metadata`, which clients do not
get: in this way it reaches the model, exports and replays.
"""

import base64
import datetime
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from chatkit.types import Attachment as Shown
from chatkit.types import (
    AttachmentCreateParams,
    AttachmentUploadDescriptor,
    FileAttachment,
    ImageAttachment,
    ThreadItem,
    UserMessageItem,
)
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from pydantic import AnyUrl

from accounts.models import User
from chat import ids
from chat.models import Attachment, Conversation
from core.problems import Conflict, Problem, Unprocessable

type Item = dict[str, Any]

# How each kind of picture begins. The last one names its format after its length.
PICTURES = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}
ACCEPTED = {
    "image/png": [".png"],
    "image/jpeg": [".jpg", ".jpeg"],
    "image/gif": [".gif"],
    "image/webp": [".webp"],
    "text/plain": [".txt"],
    "text/markdown": [".md", ".markdown"],
    "text/html": [".html", ".htm"],
    "application/pdf": [".pdf"],
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": [".docx"],
}
NAME_LENGTH = 200
PICTURE = "errand.picture"  # takes the place of a picture among a message's parts until a model is asked
SEEN_PICTURES = 4  # the newest of a conversation: each costs a model about as much as a page of text
SEEN_BYTES = 15_000_000  # of them all; providers refuse requests that are much larger
UNSENT_LIMIT = 50
UNSENT_LIFE = datetime.timedelta(days=1)


class TooLarge(Problem):
    status = HTTPStatus.CONTENT_TOO_LARGE


# ---- as clients know them


def address(user: User, public_id: str, origin: str = "") -> AnyUrl:
    """Return where a file is uploaded to and read from."""
    return AnyUrl(f"{origin or settings.PUBLIC_URL}/api/{user.subject}/attachments/{public_id}/content")


def shown(attachment: Attachment, origin: str = "") -> Shown:
    """Return an attachment as ChatKit knows it; with how to upload its file as long as that is not here."""
    url = address(attachment.user, attachment.public_id, origin)
    common: dict[str, Any] = {"id": attachment.public_id, "name": attachment.name, "mime_type": attachment.mime_type}
    if not attachment.file:
        common["upload_descriptor"] = AttachmentUploadDescriptor(url=url, method="PUT")
    if attachment.conversation:
        common["thread_id"] = attachment.conversation.public_id
    if attachment.is_picture:
        return ImageAttachment(**common, preview_url=url)
    return FileAttachment(**common, metadata={"text": attachment.text} if attachment.text else None)


def at_origin(items: Iterable[ThreadItem], user: User, origin: str) -> None:
    """Give pictures of messages the origin at which the client reaches this server: a page may load only from there."""
    for item in items:
        for each in item.attachments if isinstance(item, UserMessageItem) else []:
            if isinstance(each, ImageAttachment):
                each.preview_url = address(user, each.id, origin)


# ---- sections


def create(user: User, asked: AttachmentCreateParams) -> Attachment:
    """Announce a file. Raises `Unprocessable` and `Conflict` for one that will not be taken."""
    if not settings.MESSAGE_ATTACHMENTS:
        raise Unprocessable("This server takes no attachments.")
    name = "".join(char for char in asked.name if char.isprintable()).strip()[-NAME_LENGTH:]
    kind = asked.mime_type.partition(";")[0].strip().lower()
    if not name:
        raise Unprocessable("The file has no name.")
    if kind not in ACCEPTED:
        raise Unprocessable("Only pictures (PNG, JPEG, GIF, WebP), text, Markdown, HTML, PDF and DOCX can be attached.")
    if not 0 < asked.size <= settings.ATTACHMENT_BYTES_LIMIT:
        raise Unprocessable(f"A file has 1 byte to {settings.ATTACHMENT_BYTES_LIMIT // 1_000_000} MB.")
    mine = Attachment.objects.filter(user=user)
    if settings.USER_ATTACHMENTS and mine.count() >= settings.USER_ATTACHMENTS:
        raise Conflict(f"You have attached {settings.USER_ATTACHMENTS:,} files. Delete old conversations first.")
    if mine.filter(conversation=None).count() >= UNSENT_LIMIT:
        raise Conflict("Too many of your files are waiting for a message. Send some, or remove them.")
    return Attachment.objects.create(user=user, name=name, mime_type=kind, bytes=asked.size)


def get(user: User, public_id: str) -> Attachment:
    """Return the user's attachment of that id. Raises `Missing`."""
    found = Attachment.objects.select_related("user", "conversation").filter(user=user, pk=ids.read("atc", public_id))
    if (attachment := found.first()) is None:
        raise ids.Missing("There is no such attachment.")
    return attachment


def check_content(attachment: Attachment, content: bytes) -> str:
    """Return the text of a file, cut where it is long; of a picture none. Not a section: it takes documents apart.

    Raises `Unprocessable` for a file that is not what it was announced as, or cannot be read.
    """
    if not content:
        raise Unprocessable("The file is empty.")
    if attachment.is_picture:
        if not is_picture(content, attachment.mime_type):
            raise Unprocessable("This is not a picture of the kind that its name says.")
        return ""
    text: str = import_string(settings.ATTACHMENT_READER)(content, attachment.name)
    limit = settings.ATTACHMENT_CHARACTERS
    return text if len(text) <= limit else f"{text[:limit]}\n[Cut: the first {limit:,} of {len(text):,} characters.]"


def is_picture(content: bytes, kind: str) -> bool:
    return content.startswith(PICTURES[kind]) and (kind != "image/webp" or content[8:12] == b"WEBP")


def put_content(user: User, public_id: str, content: bytes, text: str) -> Attachment:
    """Keep a file. Raises `Conflict` where a message came with it already."""
    with transaction.atomic():
        attachment = get(user, public_id)
        Attachment.objects.select_for_update().get(pk=attachment.pk)
        if attachment.conversation_id:
            raise Conflict("This file was sent already; it can no longer be replaced.")
        old = attachment.file.name
        attachment.file.save(attachment.pk.hex, ContentFile(content), save=False)
        attachment.bytes, attachment.text = len(content), text
        attachment.save(update_fields=["file", "bytes", "text"])
        if old:
            transaction.on_commit(lambda: attachment.file.storage.delete(old))
    return attachment


def check_sent(user: User, public_ids: list[str], thread_id: str | None) -> None:
    """Raise for files that cannot come with a message of this conversation (None: of a new one)."""
    for public_id in public_ids:
        attachment = get(user, public_id)
        if not attachment.file:
            raise Conflict(f"“{attachment.name}” has not been uploaded yet.")
        if attachment.conversation and attachment.conversation.public_id != thread_id:
            raise Conflict(f"“{attachment.name}” was sent in another conversation. Attach it again.")


def send(conversation: Conversation, attachments: Iterable[Shown]) -> None:
    """Note that attachments belong to a conversation: they are deleted with it."""
    sent = [ids.read("atc", each.id) for each in attachments]
    if sent:
        Attachment.objects.filter(user=conversation.user_id, pk__in=sent).update(conversation=conversation)


def put(user: User, attachment: Shown) -> None:
    """Store what is known of an attachment; its file is uploaded separately, and its message sends it."""
    known = Attachment.objects.filter(pk=ids.read("atc", attachment.id))
    fields = {"name": attachment.name, "mime_type": attachment.mime_type}
    if not known.filter(user=user).update(**fields):
        Attachment.objects.create(pk=ids.read("atc", attachment.id), user=user, bytes=0, **fields)


def delete(user: User, public_id: str) -> None:
    """Delete an attachment; one that is gone stays gone. Raises `Conflict` for one that is part of a message."""
    found = Attachment.objects.filter(user=user, pk=ids.read("atc", public_id)).first()
    if found and found.conversation_id:
        raise Conflict("This file is part of a message. Delete its conversation to delete it.")
    if found:
        found.delete()


def forget_unsent() -> None:
    """Delete what nobody sent within a day."""
    for attachment in Attachment.objects.filter(conversation=None, created_at__lt=timezone.now() - UNSENT_LIFE)[:100]:
        attachment.delete()


# ---- as models are given them


def asked(item: Item, text: str) -> str | list[Item]:
    """Return what a message says together with its files: texts marked as data, pictures as `PICTURE` parts."""
    pictures = [each for each in item.get("attachments", []) if each["type"] == "image"]
    documents = [each for each in item.get("attachments", []) if each["type"] == "file"]
    text = "".join(marked(each["name"], (each.get("metadata") or {}).get("text", "")) for each in documents) + text
    if not pictures:
        return text
    places = [{"type": PICTURE, "id": each["id"], "name": each["name"]} for each in pictures]
    return [*places, {"type": "input_text", "text": text}]


def marked(name: str, text: str) -> str:
    """Return a text between marks that the text itself cannot imitate."""
    safe = text.replace("</attachment", "<\\/attachment")
    return f'<attachment name="{name.replace('"', "'")}">\n{safe}\n</attachment>\n\n'


def with_pictures(user: User, items: list[Item], *, sees: bool) -> list[Item]:
    """Return input items with the newest pictures in them, as data URLs, or with words in their place."""
    places = [part["id"] for item in items for part in parts_of(item) if part["type"] == PICTURE]
    wanted = places[-SEEN_PICTURES:] if sees else []
    found = Attachment.objects.filter(user=user, pk__in=[ids.read("atc", each) for each in wanted]).exclude(file="")
    by_id = {each.public_id: each for each in found}
    urls: dict[str, str] = {}
    room = SEEN_BYTES
    for picture in [by_id[id] for id in reversed(wanted) if id in by_id]:
        if (room := room - picture.bytes) >= 0:
            urls[picture.public_id] = data_url(picture)
    return [filled_in(item, urls) if parts_of(item) else item for item in items]


def parts_of(item: Item) -> list[Item]:
    content = item.get("content")
    return content if isinstance(content, list) and item.get("role") == "user" else []


def data_url(attachment: Attachment) -> str:
    with attachment.file.open("rb") as file:
        return f"data:{attachment.mime_type};base64,{base64.b64encode(file.read()).decode()}"


def filled_in(item: Item, urls: dict[str, str]) -> Item:
    unseen = [part["name"] for part in parts_of(item) if part["type"] == PICTURE and part["id"] not in urls]
    seen = [
        {"type": "input_image", "image_url": urls[part["id"]], "detail": "auto"}
        for part in parts_of(item)
        if part.get("id") in urls
    ]
    said = "".join(part["text"] for part in parts_of(item) if part["type"] == "input_text")
    text = "".join(marked(name, "[A picture that you cannot see. Say so if it matters.]") for name in unseen) + said
    return item | {"content": [*seen, {"type": "input_text", "text": text}] if seen else text}
