"""`POST /chatkit`: the ChatKit protocol, through openai-chatkit's server class."""

import base64
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from chatkit.actions import Action
from chatkit.server import ChatKitServer, StreamingResult
from chatkit.types import (
    AttachmentsDeleteReq,
    AudioInput,
    ChatKitReq,
    ClientEffectEvent,
    FeedbackKind,
    InputTranscribeReq,
    ItemsFeedbackReq,
    StructuredInputItem,
    SyncCustomActionResponse,
    Thread,
    ThreadCreatedEvent,
    ThreadItem,
    ThreadItemDoneEvent,
    ThreadItemReplacedEvent,
    ThreadMetadata,
    ThreadsAddStructuredInputReq,
    ThreadsAddUserMessageReq,
    ThreadsCreateReq,
    ThreadsCustomActionReq,
    ThreadsRetryAfterItemReq,
    ThreadsSyncCustomActionReq,
    ThreadStreamEvent,
    ThreadsUpdateReq,
    TranscriptionResult,
    UserMessageInput,
    UserMessageItem,
    WidgetItem,
    is_streaming_req,
)
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import AuthenticationError
from pydantic import TypeAdapter, ValidationError

from accounts.bearer import let_in
from accounts.models import AccessToken
from chat import ids
from chat.items import attachments, composer_choices, questions, undo_card, widgets
from chat.items.approval_card import DECIDE, EDIT, SHOW, card_item, form_item
from chat.llm import dictation
from chat.models import REASON_LENGTH, TITLE_LENGTH, Conversation, Message, Turn
from chat.models.messages import MESSAGE_LENGTH, item_text
from chat.turns import approvals, runner, starting
from chat.turns.approvals import CardPayload
from chat.web.sse import encode, event_stream
from chat.web.store import Context, DatabaseStore, as_thread, find_message
from core.json_input import parse_json
from core.problems import Forbidden, NotFound, Problem, Unprocessable, problem_response
from core.sections import section

# What this server does not offer yet is refused before openai-chatkit would fail on it half-way.
NOT_OFFERED = {
    "threads.add_client_tool_output",
}
MAX_KEY_LENGTH = 200
BASE64_ROOM = 10_000  # what stands around a recording
QUOTE_LENGTH = 4_000

chatkit_request: TypeAdapter[Any] = TypeAdapter(ChatKitReq)


class ErrandServer(ChatKitServer[Context]):
    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        if context.turn is None:  # a retry: the message is stored, a new turn answers it
            assert input_user_message is not None
            await self.store.add_thread_item(thread.id, input_user_message, context)
        assert context.turn is not None
        thread.title = context.turn.conversation.title  # the library tells the client what changed
        async for event in follow(context.turn, context):
            yield event

    async def action(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        assert context.turn is not None  # decided before the stream began
        async for event in follow(context.turn, context):
            yield event

    async def sync_action(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: Context
    ) -> SyncCustomActionResponse:
        """Do what a click on a widget says, undo what an earlier answer did, or show an approval or its inputs.

        What is only shown is not stored.
        """
        if action.type in {widgets.TOOL, widgets.SHOW}:
            return SyncCustomActionResponse(updated_item=await self.click(thread, action, sender, context))
        if action.type == undo_card.UNDO:
            return SyncCustomActionResponse(updated_item=await undo_card.undo(context.user, read_turn_id(action)))
        payload = read_payload(action)
        show = form_item if action.type == EDIT else card_item

        def work() -> WidgetItem:
            return show(approvals.find(context.user, payload), thread.id)

        return SyncCustomActionResponse(updated_item=await section(work))

    async def click(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: Context
    ) -> WidgetItem:
        assert sender is not None  # checked before
        message = await section(find_message, context.user, thread.id, sender.id)
        if action.type == widgets.SHOW:
            return await widgets.show(context.user, message)
        return await widgets.click(context.user, message, action.payload, context.request.key)

    async def add_feedback(self, thread_id: str, item_ids: list[str], feedback: FeedbackKind, context: Context) -> None:
        answers = Q(messages__item_id__in=item_ids, conversation=ids.read("conv", thread_id))
        await section(starting.give_feedback, context.user, answers, feedback, context.reason)

    async def transcribe(self, audio_input: AudioInput, context: Context) -> TranscriptionResult:
        return TranscriptionResult(text=await dictation.transcribe(audio_input))

    def _to_thread_response(self, thread: ThreadMetadata | Thread) -> Thread:
        """Return a thread with its metadata, which the library holds back: there is nothing but the running turn."""
        return super()._to_thread_response(thread).model_copy(update={"metadata": thread.metadata})

    async def handle_stream_cancelled(
        self, thread: ThreadMetadata, pending_items: list[ThreadItem], context: Context
    ) -> None:
        """Let the turn go on, which stores its items itself: somebody stopped watching. Or stop it (STOP_WHEN_LEFT)."""
        if settings.STOP_WHEN_LEFT and context.turn:
            runner.in_background(starting.stop(context.turn))


store = DatabaseStore()
server = ErrandServer(store, attachment_store=store)


async def follow(turn: Turn, context: Context) -> AsyncIterator[ThreadStreamEvent]:
    """Stream a turn, after telling the client its id, by which it can stop it, and what its beginning settled."""
    yield ClientEffectEvent(name="turn.started", data={"turn_id": turn.public_id})
    for item in turn.settled:
        yield ThreadItemReplacedEvent(item=item)
    async for event in starting.watch(turn):
        yield event


async def repeat(turn: Turn, is_new_thread: bool, context: Context) -> AsyncIterator[bytes]:
    """Stream a turn again to a client that repeats the request which began it."""
    question = await section(Message.objects.filter(answers=turn).first)
    if is_new_thread:
        yield encode(ThreadCreatedEvent(thread=server._to_thread_response(as_thread(turn.conversation))))
    if question:
        yield encode(ThreadItemDoneEvent(item=question.as_item()))
    async for event in follow(turn, context):
        yield encode(event)


async def answered(item: StructuredInputItem, context: Context) -> AsyncIterator[bytes]:
    """Stream the turn that answers begin, after the questions as they stand now."""
    assert context.turn is not None
    yield encode(ThreadItemReplacedEvent(item=item))
    async for event in repeat(context.turn, False, context):
        yield event


@csrf_exempt
async def chatkit(request: HttpRequest) -> HttpResponseBase:
    """Answer one ChatKit request. Whatever can be refused is refused before a stream begins."""
    if request.method != "POST":
        response = problem_response(405, "ChatKit requests are sent with POST.")
        response["Allow"] = "POST"
        return response
    try:
        return await answer(request)
    except AuthenticationError as error:
        return problem_response(401, str(error))
    except Problem as problem:
        return problem_response(problem.status, str(problem))
    except RequestDataTooBig:
        return problem_response(413, "The body is larger than 1 MB.")


async def answer(request: HttpRequest) -> HttpResponseBase:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    access = await let_in(token if scheme.casefold() == "bearer" else "")
    if access.scope != AccessToken.Scope.FULL:
        raise Forbidden("This access token may not talk: what is said can change and delete.")
    user = access.user
    content = read_body(request)
    body = parse_json(content)
    is_recording = isinstance(body, dict) and body.get("type") == "input.transcribe"
    if len(content) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and not is_recording:
        raise RequestDataTooBig
    asked = read_request(body)
    key = request.headers.get("Idempotency-Key")
    if key and len(key) > MAX_KEY_LENGTH:
        raise Unprocessable(f"An Idempotency-Key has at most {MAX_KEY_LENGTH} characters.")
    context = Context(user, starting.Request.of(f"chatkit:{key}" if key else None, body))
    context.origin = request.build_absolute_uri("/").rstrip("/")
    context.replaces = read_replaces(asked)
    context.reason = read_reason(asked)
    if key and is_streaming_req(asked) and (turn := await section(starting.find_by_key, user, context.request)):
        return event_stream(repeat(turn, isinstance(asked, ThreadsCreateReq), context), access)
    if isinstance(asked, InputTranscribeReq):
        check_audio(asked)
    await check_target(asked, context)
    if isinstance(asked, ThreadsAddStructuredInputReq):
        params = asked.params
        context.turn, item = await starting.answer_questions(
            user, params.thread_id, params.item_id, params.input, context.request
        )
        return event_stream(answered(item, context), access)
    result = await server.process(content, context)
    if isinstance(result, StreamingResult):
        return event_stream(result.json_events, access)
    return HttpResponse(result.json, content_type="application/json")


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
    if isinstance(asked, ThreadsUpdateReq) and not 0 < len(asked.params.title.strip()) <= TITLE_LENGTH:
        raise Unprocessable(f"A title has 1 to {TITLE_LENGTH} characters.")
    return asked


def check_action(asked: ThreadsCustomActionReq | ThreadsSyncCustomActionReq) -> None:
    """Raise `Unprocessable` for a click that says nothing this server knows."""
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
    """Return the id of the message that a new one takes the place of, from the request's `metadata`: an edit."""
    if not isinstance(asked, ThreadsAddUserMessageReq) or (replaced := asked.metadata.get("replaces")) is None:
        return None
    if not isinstance(replaced, str):
        raise Unprocessable("metadata.replaces is the id of a message.")
    return replaced


def read_reason(asked: Any) -> str:
    """Return why a person says what they say of an answer, from the request's `metadata`; the protocol has no place."""
    reason = asked.metadata.get("reason", "") if isinstance(asked, ItemsFeedbackReq) else ""
    if not isinstance(reason, str) or len(reason) > REASON_LENGTH:
        raise Unprocessable(f"metadata.reason is a text of at most {REASON_LENGTH:,} characters.")
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


async def check_target(asked: Any, context: Context) -> None:
    """Make sure that the thread and item of a request exist and may be used, before its stream begins."""
    thread_id = getattr(asked.params, "thread_id", None)
    if isinstance(asked, AttachmentsDeleteReq):
        await section(attachments.get, context.user, asked.params.attachment_id)
    if isinstance(asked, ThreadsCreateReq | ThreadsAddUserMessageReq) and asked.params.input.attachments:
        await section(attachments.check_sent, context.user, asked.params.input.attachments, thread_id)
    if thread_id is None:
        return
    thread = await server.store.load_thread(thread_id, context)
    if is_streaming_req(asked) and thread.status.type != "active":
        await section(lambda: Conversation.of_user(context.user, thread_id).check_open())
    if isinstance(asked, ThreadsCustomActionReq):
        payload = read_payload(asked.params.action)
        decide = partial(approvals.decide_by_card, context.user, payload)
        context.turn = await starting.decide(context.user, decide)
    if context.replaces:
        await section(find_message, context.user, thread_id, context.replaces)
    if isinstance(asked, ThreadsCustomActionReq | ThreadsSyncCustomActionReq) and asked.params.item_id:
        sender = await section(find_message, context.user, thread_id, asked.params.item_id)
        if sender.kind != "widget":
            raise Unprocessable("Only widgets can be clicked.")
    if isinstance(asked, ThreadsRetryAfterItemReq):
        message = await section(find_message, context.user, thread_id, asked.params.item_id)
        item, context.is_retry = message.as_item(), True
        if not (message.turn and message.turn.is_active):
            raise NotFound("This message was edited: the conversation shows another version of it.")
        if not isinstance(item, UserMessageItem) or not item_text(item):
            raise NotFound("Only a message of the person can be answered again.")
        # A retry takes the items after the message away before its turn begins: not while one is writing them.
        for turn in await section(starting.running_in, message.conversation_id):
            if not turn.is_dead:
                raise starting.Busy(turn)
