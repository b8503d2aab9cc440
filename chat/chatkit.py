"""`POST /chatkit`: the ChatKit protocol, through openai-chatkit's server class."""

from collections.abc import AsyncIterator
from typing import Any

from chatkit.server import ChatKitServer, StreamingResult
from chatkit.types import (
    ChatKitReq,
    ClientEffectEvent,
    ThreadCreatedEvent,
    ThreadItem,
    ThreadItemDoneEvent,
    ThreadMetadata,
    ThreadsAddUserMessageReq,
    ThreadsCreateReq,
    ThreadsRetryAfterItemReq,
    ThreadStreamEvent,
    ThreadsUpdateReq,
    UserMessageInput,
    UserMessageItem,
    UserMessageTextContent,
    is_streaming_req,
)
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import AuthenticationError
from pydantic import TypeAdapter, ValidationError

from accounts.auth import let_in
from accounts.bodies import parse_json
from accounts.models import AccessToken
from accounts.problems import Conflict, Forbidden, NotFound, Problem, Unprocessable, problem_response
from accounts.sections import section
from chat import turns
from chat.models import MESSAGE_LENGTH, TITLE_LENGTH, Message, Turn, item_text
from chat.sse import encode, event_stream
from chat.store import Context, DatabaseStore, as_thread, find_message

# What this server does not offer yet is refused before openai-chatkit would fail on it half-way.
NOT_OFFERED = {
    "attachments.create",
    "attachments.delete",
    "input.transcribe",
    "threads.add_client_tool_output",
    "threads.add_structured_input",
    "threads.custom_action",
    "threads.sync_custom_action",
}
MAX_KEY_LENGTH = 200

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

    async def handle_stream_cancelled(
        self, thread: ThreadMetadata, pending_items: list[ThreadItem], context: Context
    ) -> None:
        """Do nothing: somebody stopped watching, the turn goes on and stores its items itself."""


server = ErrandServer(DatabaseStore())


async def follow(turn: Turn, context: Context) -> AsyncIterator[ThreadStreamEvent]:
    """Stream a turn, after telling the client its id: what it needs to stop it."""
    yield ClientEffectEvent(name="turn.started", data={"turn_id": turn.public_id})
    async for event in turns.watch(turn):
        yield event


async def repeat(turn: Turn, is_new_thread: bool, context: Context) -> AsyncIterator[bytes]:
    """Stream a turn again to a client that repeats the request which began it."""
    question = await section(Message.objects.filter(turn=turn, kind="user_message").first)
    if is_new_thread:
        yield encode(ThreadCreatedEvent(thread=server._to_thread_response(as_thread(turn.conversation))))
    if question:
        yield encode(ThreadItemDoneEvent(item=question.as_item()))
    async for event in follow(turn, context):
        yield encode(event)


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
    body = parse_json(request.body)
    asked = read_request(body)
    key = request.headers.get("Idempotency-Key")
    if key and len(key) > MAX_KEY_LENGTH:
        raise Unprocessable(f"An Idempotency-Key has at most {MAX_KEY_LENGTH} characters.")
    context = Context(user, turns.Request.of(f"chatkit:{key}" if key else None, body))
    if key and is_streaming_req(asked) and (turn := await section(turns.find_by_key, user, context.request)):
        return event_stream(repeat(turn, isinstance(asked, ThreadsCreateReq), context))
    await check_target(asked, context)
    result = await server.process(request.body, context)
    if isinstance(result, StreamingResult):
        return event_stream(result.json_events)
    return HttpResponse(result.json, content_type="application/json")


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
    if isinstance(asked, ThreadsUpdateReq) and not 0 < len(asked.params.title.strip()) <= TITLE_LENGTH:
        raise Unprocessable(f"A title has 1 to {TITLE_LENGTH} characters.")
    return asked


def check_message(message: UserMessageInput) -> None:
    length = sum(len(part.text) for part in message.content)
    if not any(part.text.strip() for part in message.content if isinstance(part, UserMessageTextContent)):
        raise Unprocessable("The message is empty.")
    if length > MESSAGE_LENGTH:
        raise Unprocessable(f"The message is longer than {MESSAGE_LENGTH:,} characters.")
    if message.attachments:
        raise Unprocessable("This server does not offer attachments.")


async def check_target(asked: Any, context: Context) -> None:
    """Make sure that the thread and item of a request exist and may be used, before its stream begins."""
    if not (thread_id := getattr(asked.params, "thread_id", None)):
        return
    thread = await server.store.load_thread(thread_id, context)
    if is_streaming_req(asked) and thread.status.type != "active":
        raise Conflict(f"This conversation is {thread.status.type}.")
    if isinstance(asked, ThreadsRetryAfterItemReq):
        message = await section(find_message, context.user, thread_id, asked.params.item_id)
        item, context.retried = message.as_item(), message.turn
        if not isinstance(item, UserMessageItem) or not item_text(item):
            raise NotFound("Only a message of the person can be answered again.")
        # A retry takes the items after the message away before its turn begins: not while one is writing them.
        for turn in await section(turns.running_in, message.conversation_id):
            if not turn.is_dead:
                raise turns.Busy(turn)
