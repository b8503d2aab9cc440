"""Requests of the ChatKit protocol as they come over HTTP: read, and refused where they cannot be answered."""

import base64
from typing import Any

from chatkit.actions import Action
from chatkit.types import (
    ChatKitReq,
    InputTranscribeReq,
    ItemsFeedbackReq,
    ThreadsAddStructuredInputReq,
    ThreadsAddUserMessageReq,
    ThreadsCreateReq,
    ThreadsCustomActionReq,
    ThreadsSyncCustomActionReq,
    ThreadsUpdateReq,
    UserMessageInput,
)
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from pydantic import TypeAdapter, ValidationError

from chat.items import composer_choices, questions, undo_card, widgets
from chat.items.approval_card import DECIDE, EDIT, SHOW
from chat.models import REASON_LENGTH, TITLE_LENGTH
from chat.models.messages import MESSAGE_LENGTH
from chat.turns.approvals import CardPayload
from core.json_input import parse_json
from core.problems import Unprocessable

# What this server does not offer is refused here: openai-chatkit would fail on it half-way.
NOT_OFFERED = {
    "threads.add_client_tool_output",
}
MAX_KEY_LENGTH = 200
BASE64_ROOM = 10_000  # for the JSON around a recording
QUOTE_LENGTH = 4_000

chatkit_request: TypeAdapter[Any] = TypeAdapter(ChatKitReq)


def read(request: HttpRequest) -> tuple[Any, Any, bytes]:
    """Return a request as one of the protocol's types, its JSON value, and its body.

    Raises `Unprocessable`, `BadBody` and `RequestDataTooBig`.
    """
    content = read_body(request)
    body = parse_json(content)
    is_recording = isinstance(body, dict) and body.get("type") == "input.transcribe"
    if len(content) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and not is_recording:
        raise RequestDataTooBig
    return read_request(body), body, content


def read_key(request: HttpRequest) -> str | None:
    """Return the request's `Idempotency-Key`, if it has one. Raises `Unprocessable` where that is too long."""
    key = request.headers.get("Idempotency-Key")
    if key and len(key) > MAX_KEY_LENGTH:
        raise Unprocessable(f"An Idempotency-Key has at most {MAX_KEY_LENGTH} characters.")
    return key


def read_body(request: HttpRequest) -> bytes:
    """Return the body of a request; a recording may be longer than anything else. Raises `RequestDataTooBig`."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if settings.TRANSCRIPTION_BASE_URL:
        most = max(most, settings.TRANSCRIPTION_BYTES_LIMIT * 4 // 3 + BASE64_ROOM)
    content: bytes = request.read(most + 1)
    if len(content) > most:
        raise RequestDataTooBig
    return content


def check_audio(asked: InputTranscribeReq) -> None:
    """Raise `Unprocessable` for a recording that cannot be listened to."""
    if not settings.TRANSCRIPTION_BASE_URL:
        raise Unprocessable("This server does not offer dictation.")
    try:
        audio = base64.b64decode(asked.params.audio_base64, validate=True)
    except ValueError as error:
        raise Unprocessable("The recording is not valid base64.") from error
    if not 0 < len(audio) <= settings.TRANSCRIPTION_BYTES_LIMIT:
        raise Unprocessable(f"A recording has 1 byte to {settings.TRANSCRIPTION_BYTES_LIMIT // 1_000_000} MB.")


def read_request(body: Any) -> Any:
    """Return the parsed request. Raises `Unprocessable` for what is malformed, too long or not offered."""
    try:
        asked = chatkit_request.validate_python(body)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:3]]
        raise Unprocessable("This is not a ChatKit request: " + "; ".join(faults)) from error
    if asked.type in NOT_OFFERED:
        raise Unprocessable(f"This server does not offer {asked.type}.")
    if isinstance(asked, ThreadsCreateReq | ThreadsAddUserMessageReq):
        check_message(asked.params.input)
        composer_choices.check(asked.params.input)
    if isinstance(asked, ThreadsAddStructuredInputReq):
        questions.check(asked.params.input)
    if isinstance(asked, ThreadsCustomActionReq | ThreadsSyncCustomActionReq):
        check_action(asked)
    if isinstance(asked, InputTranscribeReq):
        check_audio(asked)
    if isinstance(asked, ThreadsUpdateReq) and not 0 < len(asked.params.title.strip()) <= TITLE_LENGTH:
        raise Unprocessable(f"A title has 1 to {TITLE_LENGTH} characters.")
    return asked


def check_action(asked: ThreadsCustomActionReq | ThreadsSyncCustomActionReq) -> None:
    """Raise `Unprocessable` for a click that this server does not know."""
    action, is_streaming = asked.params.action, isinstance(asked, ThreadsCustomActionReq)
    if action.type not in ({DECIDE} if is_streaming else {EDIT, SHOW, undo_card.UNDO, widgets.TOOL, widgets.SHOW}):
        raise Unprocessable("This server knows no such action.")
    if action.type in {widgets.TOOL, widgets.SHOW} and not asked.params.item_id:
        raise Unprocessable("A click on a widget names it: item_id.")
    if action.type == widgets.TOOL:
        widgets.read_click(action.payload)
    elif action.type == undo_card.UNDO:
        read_turn_id(action)
    elif action.type != widgets.SHOW:
        read_payload(action)


def read_turn_id(action: Action[str, Any]) -> str:
    match action.payload:
        case {"turn_id": str() as turn_id}:
            return turn_id
    raise Unprocessable("The action's payload names a turn: turn_id.")


def read_replaces(asked: Any) -> str | None:
    """Return the id of the message that a new one replaces (an edit), from the request's `metadata`."""
    if not isinstance(asked, ThreadsAddUserMessageReq) or (replaced := asked.metadata.get("replaces")) is None:
        return None
    if not isinstance(replaced, str):
        raise Unprocessable("metadata.replaces must be the id of a message.")
    return replaced


def read_reason(asked: Any) -> str:
    """Return why a person says what they say of an answer, from the request's `metadata`; the protocol has no place."""
    reason = asked.metadata.get("reason", "") if isinstance(asked, ItemsFeedbackReq) else ""
    if not isinstance(reason, str) or len(reason) > REASON_LENGTH:
        raise Unprocessable(f"metadata.reason must be a text of at most {REASON_LENGTH:,} characters.")
    return reason


def read_payload(action: Action[str, Any]) -> CardPayload:
    """Return what a button of an approval's card sends. Raises `Unprocessable`."""
    try:
        return CardPayload.model_validate(action.payload)
    except ValidationError as error:
        raise Unprocessable(f"This is not what a button of an approval sends: {error.errors()[0]['msg']}") from error


def check_message(message: UserMessageInput) -> None:
    length = sum(len(part.text) for part in message.content)
    has_text = any(part.text.strip() for part in message.content)
    if not has_text and not message.attachments:
        raise Unprocessable("The message is empty.")
    if length > MESSAGE_LENGTH:
        raise Unprocessable(f"The message is longer than {MESSAGE_LENGTH:,} characters.")
    if len(message.quoted_text or "") > QUOTE_LENGTH:
        raise Unprocessable(f"The quoted text is longer than {QUOTE_LENGTH:,} characters.")
    if len(set(message.attachments)) > settings.MESSAGE_ATTACHMENTS:
        raise Unprocessable(f"A message comes with at most {settings.MESSAGE_ATTACHMENTS} files.")
    if len(set(message.attachments)) < len(message.attachments):
        raise Unprocessable("A file is attached twice.")
