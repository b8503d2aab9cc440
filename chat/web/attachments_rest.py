"""`/api/{user_id}/attachments/{id}/content`: where ChatKit's elements upload files to, and read pictures from."""

import asyncio
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel

from accounts.bearer import UserRequest
from chat import ids
from chat.items import attachments
from chat.models import Attachment
from core.sections import section

router = Router(tags=["chat"])

RAW: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class AttachmentOut(BaseModel):
    id: str
    name: str
    mime_type: str
    bytes: int


def read_body(request: HttpRequest) -> bytes:
    """Return the raw body. Raises `TooLarge`; `request.body` itself ends at the size of other requests."""
    limit = settings.ATTACHMENT_BYTES_LIMIT
    content: bytes = request.read(limit + 1)
    if len(content) > limit:
        raise attachments.TooLarge(f"The file is larger than {limit // 1_000_000} MB.")
    return content


@router.put("/{user_id}/attachments/{attachment_id}/content", response=AttachmentOut, openapi_extra=RAW)
async def put_content(request: UserRequest, user_id: str, attachment_id: str) -> AttachmentOut:
    """Upload the file of an attachment that `attachments.create` announced: the body is the file as it is."""
    attachment = await section(attachments.get, request.auth, attachment_id)
    content = await asyncio.to_thread(read_body, request)
    text = await asyncio.to_thread(attachments.check_content, attachment, content)
    kept = await section(attachments.put_content, request.auth, attachment_id, content, text)
    return AttachmentOut(id=kept.public_id, name=kept.name, mime_type=kept.mime_type, bytes=kept.bytes)


@router.get("/{user_id}/attachments/{attachment_id}/content", response=None)
async def get_content(request: UserRequest, user_id: str, attachment_id: str) -> HttpResponse:
    """The file as it was uploaded. Browsers show pictures only; everything else is downloaded."""

    def work() -> tuple[Attachment, bytes]:
        attachment = attachments.get(request.auth, attachment_id)
        if not attachment.file:
            raise ids.Missing("This file has not been uploaded yet.")
        with attachment.file.open("rb") as file:
            return attachment, file.read()

    attachment, content = await section(work)
    kind = attachment.mime_type if attachment.is_picture else "application/octet-stream"
    place = "inline" if attachment.is_picture else "attachment"
    headers = {
        "Content-Disposition": f"{place}; filename*=UTF-8''{quote(attachment.name)}",  # RFC 8187
        "Cache-Control": "private, max-age=86400",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return HttpResponse(content, kind, headers=headers)
