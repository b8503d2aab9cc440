"""`POST /chatkit`: the ChatKit protocol.

Requests that begin or continue a turn are answered here, by the same functions of `chat.turns` as REST's. The others
(lists, titles, files, feedback, clicks) go through openai-chatkit's server class and its store (`chat.web.store`).
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from chatkit.actions import Action
from chatkit.server import DEFAULT_PAGE_SIZE, ChatKitServer, NonStreamingResult
from chatkit.types import (
    AttachmentsDeleteReq,
    AudioInput,
    ClientEffectEvent,
    FeedbackKind,
    Page,
    StreamOptions,
    StreamOptionsEvent,
    SyncCustomActionResponse,
    Thread,
    ThreadCreatedEvent,
    ThreadItemDoneEvent,
    ThreadItemReplacedEvent,
    ThreadMetadata,
    ThreadsAddStructuredInputReq,
    ThreadsAddUserMessageReq,
    ThreadsCreateReq,
    ThreadsCustomActionReq,
    ThreadsGetByIdReq,
    ThreadsRetryAfterItemReq,
    ThreadsSyncCustomActionReq,
    ThreadStreamEvent,
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
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import AuthenticationError

from accounts.bearer import let_in
from accounts.models import AccessToken, User
from chat import ids
from chat.items import attachments, undo_card, widgets
from chat.items.approval_card import EDIT, card_item, form_item
from chat.llm import dictation
from chat.models import Message, Turn
from chat.models.messages import item_text
from chat.turns import approvals, runner, starting
from chat.web.chatkit_requests import read, read_key, read_payload, read_reason, read_replaces, read_turn_id
from chat.web.sse import encode, event_stream
from chat.web.store import Context, DatabaseStore, as_thread, find_message
from core.problems import Forbidden, NotFound, Problem, TooMany, Unprocessable, problem_response
from core.sections import section


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
        raise Forbidden("This access token may not chat, because a chat can change and delete.")
    asked, body, content = read(request)
    key = read_key(request)
    asked_once = starting.Request.of(f"chatkit:{key}" if key else None, body)
    context = Context(access.user, asked_once.key, request.build_absolute_uri("/").rstrip("/"), read_reason(asked))
    if not is_streaming_req(asked):
        return HttpResponse(await answer_at_once(asked, content, context), content_type="application/json")
    try:
        turn = await section(starting.find_by_key, access.user, asked_once) if key else None
        turn = turn or await begin(asked, context, asked_once)
    except (starting.Busy, TooMany) as problem:
        if not isinstance(asked, ThreadsCreateReq | ThreadsAddUserMessageReq):
            raise
        return event_stream(refuse(problem), access)  # what was typed stays in the conversation, beside a notice
    return event_stream(stream(turn, asked), access)


# ---- requests that begin a turn, or let one go on


async def begin(asked: Any, context: Context, request: starting.Request) -> Turn:
    """Do what a streaming request asks for, and return the turn whose events answer it. Raises `Problem`."""
    user, params = context.user, asked.params
    match asked:
        case ThreadsCreateReq():
            item = await section(message_item, context, params.input, None)
            return await starting.say(user, None, item, request)
        case ThreadsAddUserMessageReq():
            item = await section(message_item, context, params.input, params.thread_id)
            return await starting.say(user, params.thread_id, item, request, read_replaces(asked))
        case ThreadsAddStructuredInputReq():
            return await starting.answer_questions(user, params.thread_id, params.item_id, params.input, request)
        case ThreadsRetryAfterItemReq():
            item = await section(asked_before, user, params.thread_id, params.item_id)
            return await starting.say(user, params.thread_id, item, request)
        case ThreadsCustomActionReq():
            if params.item_id:
                await section(clicked_widget, user, params.thread_id, params.item_id)
            decide = partial(approvals.decide_by_card, user, read_payload(params.action))
            return await starting.decide(user, decide)
    raise Unprocessable(f"This server does not offer {asked.type}.")


def message_item(context: Context, message: UserMessageInput, thread_id: str | None) -> UserMessageItem:
    """Return what a person says as an item, with what comes with it, before it belongs to a conversation."""
    attachments.check_sent(context.user, message.attachments, thread_id)
    files = [attachments.get(context.user, each) for each in message.attachments]
    return UserMessageItem(
        id=ids.new_id("message"),
        thread_id=thread_id or "",
        created_at=timezone.now(),
        content=message.content,
        attachments=[attachments.shown(each, context.origin) for each in files],
        quoted_text=message.quoted_text,
        inference_options=message.inference_options,
    )


def asked_before(user: User, thread_id: str, item_id: str) -> UserMessageItem:
    """Return a message of the person that is to be answered again. Raises `NotFound`."""
    message = find_message(user, thread_id, item_id)
    item = message.as_item()
    if not (message.turn and message.turn.is_active):
        raise NotFound("This message was edited: the conversation shows another version of it.")
    if not isinstance(item, UserMessageItem) or not item_text(item):
        raise NotFound("Only a message of the person can be answered again.")
    return item


def clicked_widget(user: User, thread_id: str, item_id: str) -> Message:
    """Return the message that a click names. Raises `Missing`, and `Unprocessable` where it is not a widget."""
    message = find_message(user, thread_id, item_id)
    if message.kind != "widget":
        raise Unprocessable("Only widgets can be clicked.")
    return message


async def stream(turn: Turn, asked: Any) -> AsyncIterator[bytes]:
    """Give the events that answer a request, also one that is repeated: what it did, then what its turn says."""
    if isinstance(asked, ThreadsCreateReq):
        thread = Thread(**as_thread(turn.conversation).model_dump(), items=Page())
        yield encode(ThreadCreatedEvent(thread=thread))
    if isinstance(asked, ThreadsCreateReq | ThreadsAddUserMessageReq) and turn.question:
        yield encode(ThreadItemDoneEvent(item=turn.question.as_item()))
    for item in turn.settled:
        yield encode(ThreadItemReplacedEvent(item=item))
    if isinstance(asked, ThreadsAddStructuredInputReq) and turn.question:
        yield encode(ThreadItemDoneEvent(item=turn.question.as_item()))
    yield encode(StreamOptionsEvent(stream_options=StreamOptions(allow_cancel=True)))
    yield encode(ClientEffectEvent(name="turn.started", data={"turn_id": turn.public_id}))  # to stop it by
    try:
        async for event in starting.watch(turn):
            yield encode(event)
    except asyncio.CancelledError:  # somebody stopped watching: the turn goes on, unless STOP_WHEN_LEFT
        if settings.STOP_WHEN_LEFT:
            runner.in_background(starting.stop(turn))
        raise


async def refuse(problem: Problem) -> AsyncIterator[bytes]:
    """Give a stream that only says why nothing was done."""
    raise problem
    yield b""


# ---- requests that are answered at once


async def answer_at_once(asked: Any, content: bytes, context: Context) -> bytes:
    """Return the JSON that answers a request which begins no turn. Raises `Problem`."""
    match asked:
        case ThreadsGetByIdReq():
            return await whole_thread(asked.params.thread_id, context)
        case ThreadsSyncCustomActionReq():
            return await act(asked, context)
        case AttachmentsDeleteReq():
            await section(attachments.get, context.user, asked.params.attachment_id)
    result = await server.process(content, context)
    assert isinstance(result, NonStreamingResult)
    return result.json


async def whole_thread(thread_id: str, context: Context) -> bytes:
    """Return a thread with its first items. Its `metadata`, which the library's own answer lacks, names a running turn:
    any client can watch that."""
    thread = await store.load_thread(thread_id, context)
    items = await store.load_thread_items(thread_id, None, DEFAULT_PAGE_SIZE, "asc", context)
    return as_json(Thread(**thread.model_dump(), items=items))


async def act(asked: ThreadsSyncCustomActionReq, context: Context) -> bytes:
    """Do what a click on a widget says, undo what an earlier answer did, or show an approval or its inputs.

    What is only shown is not stored.
    """
    user, action, thread_id, item_id = context.user, asked.params.action, asked.params.thread_id, asked.params.item_id
    sender = await section(clicked_widget, user, thread_id, item_id) if item_id else None
    if action.type == widgets.SHOW and sender:
        item = await widgets.show(user, sender)
    elif action.type == widgets.TOOL and sender:
        item = await widgets.click(user, sender, action.payload, context.key)
    elif action.type == undo_card.UNDO:
        item = await undo_card.undo(user, read_turn_id(action))
    else:
        item = await section(shown_approval, user, action, thread_id)
    return as_json(SyncCustomActionResponse(updated_item=item))


def shown_approval(user: User, action: Action[str, Any], thread_id: str) -> WidgetItem:
    show = form_item if action.type == EDIT else card_item
    return show(approvals.find(user, read_payload(action)), thread_id)


def as_json(answer: Thread | SyncCustomActionResponse) -> bytes:
    return answer.model_dump_json(by_alias=True, exclude_none=True, context={"exclude_metadata": True}).encode()


class ErrandServer(ChatKitServer[Context]):
    """openai-chatkit's server, for the requests that begin no turn."""

    def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        raise TypeError("Turns are begun by `begin`.")

    async def add_feedback(self, thread_id: str, item_ids: list[str], feedback: FeedbackKind, context: Context) -> None:
        answers = Q(messages__item_id__in=item_ids, conversation=ids.read("conv", thread_id))
        await section(starting.give_feedback, context.user, answers, feedback, context.reason)

    async def transcribe(self, audio_input: AudioInput, context: Context) -> TranscriptionResult:
        return TranscriptionResult(text=await dictation.transcribe(audio_input))


store = DatabaseStore()
server = ErrandServer(store, attachment_store=store)
