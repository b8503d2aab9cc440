"""`/api/{user_id}/chat`, conversations and turns over REST."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Header, Query, Router, Status
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from accounts.bearer import UserRequest
from chat import ids
from chat.models import REASON_LENGTH, TITLE_LENGTH, Conversation, Message, Turn
from chat.models.messages import MESSAGE_LENGTH
from chat.turns import approvals, branches, journal, starting
from chat.turns.approvals import Decision
from chat.web import store
from chat.web.sse import encode, event_stream
from core.sections import section

router = Router(tags=["chat"])

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
Limit = Annotated[int, Query(ge=1, le=store.MAX_PAGE)]
Cursor = Annotated[str | None, Query(max_length=100)]


def not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


class ChatIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    message: Annotated[str, Field(min_length=1, max_length=MESSAGE_LENGTH, pattern=r"\S"), AfterValidator(not_blank)]
    conversation_id: str | None = None
    replaces: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="The id of an earlier message: this one takes its place, and what followed it is hidden."
    )

    @model_validator(mode="after")
    def replaces_in_a_conversation(self) -> Self:
        if self.replaces and not self.conversation_id:
            raise ValueError("`replaces` needs the `conversation_id` of the message")
        return self


class ToolCallOut(BaseModel):
    name: str
    arguments: Any
    result: Any


class Usage(BaseModel):
    input_tokens: int
    output_tokens: int


class PlannedFieldOut(BaseModel):
    name: str
    before: Any
    after: Any


class PlannedChangeOut(BaseModel):
    """What would happen to one thing, field by field. `item`: which item of a batch asks for it."""

    action: str
    title: str
    fields: list[PlannedFieldOut]
    item: int | None


class WaitingCallOut(BaseModel):
    """A call that waits. `changes` is null if its tool cannot say so in advance; `is_stale`: it had been approved."""

    id: str
    name: str
    title: str
    arguments: Any
    is_destructive: bool
    is_edited: bool
    is_stale: bool
    changes: list[PlannedChangeOut] | None


class ApprovalOut(BaseModel):
    id: str
    created_at: AwareDatetime
    calls: list[WaitingCallOut]


class TurnOut(BaseModel):
    """A turn and its answer. `status`: running, completed, awaiting_approval, failed (see `error`) or stopped."""

    conversation_id: str
    turn_id: str
    message_id: str | None = Field(description="The message that the turn answers; null where it was asked again.")
    status: str
    response: str
    tool_calls: list[ToolCallOut]
    usage: Usage
    cost: Decimal | None = Field(None, description="By MODEL_PRICES; null where the model has no price.")
    approval: ApprovalOut | None = Field(None, description="What the turn waits for, while it is awaiting_approval.")
    abandoned: list[str] = Field(description="Turns that it replaced; what they did can be undone.")
    error: str | None = None


class TurnEvent(BaseModel):
    """The last event of a streamed turn: its answer as the JSON form gives it."""

    type: str = "turn"
    turn: TurnOut


class ConversationOut(BaseModel):
    id: str
    title: str
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @classmethod
    def of(cls, conversation: Conversation) -> "ConversationOut":
        times = {"created_at": conversation.created_at, "updated_at": conversation.updated_at}
        return cls(id=conversation.public_id, title=conversation.title, **times)


class ConversationPage(BaseModel):
    items: list[ConversationOut]
    next_cursor: str | None = None


class FeedbackIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["positive", "negative"]
    reason: Annotated[str, Field(max_length=REASON_LENGTH)] = ""


class VersionOut(BaseModel):
    turn_id: str
    is_active: bool


class MessageVersions(BaseModel):
    message_id: str
    turns: list[VersionOut]


class VersionList(BaseModel):
    items: list[MessageVersions]


class ConversationPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH, pattern=r"\S"), AfterValidator(not_blank)]


class MessageOut(BaseModel):
    id: str
    role: str
    text: str
    created_at: AwareDatetime

    @classmethod
    def of(cls, message: Message) -> "MessageOut":
        role = "user" if message.kind == "user_message" else "assistant"
        return cls(id=message.item_id, role=role, text=message.text, created_at=message.created_at)


class MessagePage(BaseModel):
    items: list[MessageOut]
    next_cursor: str | None = None


def wants_stream(request: HttpRequest) -> bool:
    return "text/event-stream" in request.headers.get("Accept", "")


async def respond(request: UserRequest, turn: Turn) -> TurnOut | HttpResponseBase:
    """Answer with a turn once it has ended, or with its events as they come if the client asks for a stream."""
    if wants_stream(request):
        response = event_stream(stream(turn), request.access)
        response["X-Turn-Id"] = turn.public_id  # to stop it by, or to come back to it
        return response
    async for _ in starting.watch(turn):
        pass
    return await turn_out(turn)


async def stream(turn: Turn) -> AsyncIterator[bytes]:
    async for event in starting.watch(turn):
        yield encode(event)
    yield encode(TurnEvent(turn=await turn_out(turn)))


async def turn_out(turn: Turn) -> TurnOut:
    return TurnOut.model_validate(await section(journal.answer, turn.pk))


@router.post("/{user_id}/chat", response=TurnOut)
async def chat(request: UserRequest, user_id: str, body: ChatIn, key: Key = None) -> TurnOut | HttpResponseBase:
    """Say something and get the answer, streamed with `Accept: text/event-stream` (ChatKit events, then `turn`)."""
    user = request.auth
    asked = starting.Request.of(f"chat:{key}" if key else None, body.model_dump())
    message = starting.user_message(body.message)
    return await respond(request, await starting.say(user, body.conversation_id or None, message, asked, body.replaces))


@router.get("/{user_id}/turns/{turn_id}", response=TurnOut)
async def get_turn(request: UserRequest, user_id: str, turn_id: str) -> TurnOut:
    return await turn_out(await section(Turn.of_user, request.auth, turn_id))


@router.get("/{user_id}/turns/{turn_id}/events", response=None)
async def turn_events(request: UserRequest, user_id: str, turn_id: str) -> HttpResponseBase:
    """Attach to a turn: what it has said so far, then what it says next, then `turn`."""
    return event_stream(stream(await section(Turn.of_user, request.auth, turn_id)), request.access)


@router.post("/{user_id}/turns/{turn_id}/stop", response=TurnOut)
async def stop_turn(request: UserRequest, user_id: str, turn_id: str) -> TurnOut:
    """Stop a turn; what it has said stays. One that has ended is answered as it is."""
    turn = await section(Turn.of_user, request.auth, turn_id)
    await starting.stop(turn)
    return await turn_out(turn)


@router.post("/{user_id}/turns/{turn_id}/feedback", response={204: None})
async def give_feedback(request: UserRequest, user_id: str, turn_id: str, body: FeedbackIn) -> Status[None]:
    """Say whether an answer was good, and why. Staff see it; the last word counts."""
    found = Q(pk=ids.read("turn", turn_id))
    await section(starting.give_feedback, request.auth, found, body.kind, body.reason)
    return Status(204, None)


@router.post("/{user_id}/turns/{turn_id}/retry", response=TurnOut)
async def retry_turn(request: UserRequest, user_id: str, turn_id: str, key: Key = None) -> TurnOut | HttpResponseBase:
    """Answer a turn's message again. The earlier answer and what followed it are hidden, and can be shown again."""
    asked = starting.Request.of(f"retry:{key}" if key else None, {"retry": turn_id})
    return await respond(request, await starting.retry(request.auth, turn_id, asked))


@router.post("/{user_id}/turns/{turn_id}/activate", response=TurnOut)
async def activate_turn(request: UserRequest, user_id: str, turn_id: str) -> TurnOut:
    """Show a version of an answer that another one took the place of, with what followed it."""
    return await turn_out(await section(branches.activate, request.auth, turn_id))


@router.post("/{user_id}/turns/{turn_id}/approval", response=TurnOut)
async def decide(request: UserRequest, user_id: str, turn_id: str, body: Decision) -> TurnOut | HttpResponseBase:
    """Approve, reject or edit the calls that a turn waits for; it goes on, and is answered as `chat` answers.

    The same decision again changes nothing, a different one is 409. The person is asked about edited calls again.
    """
    turn = await starting.decide(request.auth, lambda: approvals.decide(request.auth, turn_id, body))
    return await respond(request, turn)


@router.get("/{user_id}/conversations", response=ConversationPage)
async def list_conversations(
    request: UserRequest,
    user_id: str,
    q: Annotated[str | None, Query(max_length=200, description="Only those that say this.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> ConversationPage:
    def work() -> ConversationPage:
        found, more = store.conversations(request.auth, limit, cursor, "desc", q)
        return ConversationPage(items=[ConversationOut.of(each) for each in found], next_cursor=more)

    return await section(work)


@router.get("/{user_id}/conversations/{conversation_id}", response=ConversationOut)
async def get_conversation(request: UserRequest, user_id: str, conversation_id: str) -> ConversationOut:
    return ConversationOut.of(await section(Conversation.of_user, request.auth, conversation_id))


@router.get("/{user_id}/conversations/{conversation_id}/versions", response=VersionList)
async def list_versions(request: UserRequest, user_id: str, conversation_id: str) -> Any:
    """List the messages that were edited or answered again, each with the turns to choose from, the oldest first."""

    def work() -> dict[str, Any]:
        return {"items": branches.versions(Conversation.of_user(request.auth, conversation_id))}

    return await section(work)


@router.patch("/{user_id}/conversations/{conversation_id}", response=ConversationOut)
async def rename_conversation(
    request: UserRequest, user_id: str, conversation_id: str, body: ConversationPatch
) -> ConversationOut:
    def work() -> ConversationOut:
        conversation = Conversation.of_user(request.auth, conversation_id)
        conversation.title = body.title
        conversation.save(update_fields=["title"])
        return ConversationOut.of(conversation)

    return await section(work)


@router.delete("/{user_id}/conversations/{conversation_id}", response={204: None})
async def delete_conversation(request: UserRequest, user_id: str, conversation_id: str) -> Status[None]:
    await starting.delete_conversation(request.auth, conversation_id)
    return Status(204, None)


@router.get("/{user_id}/conversations/{conversation_id}/messages", response=MessagePage)
async def list_messages(
    request: UserRequest, user_id: str, conversation_id: str, after: Cursor = None, limit: Limit = 50
) -> MessagePage:
    """List what was said, oldest first. `after` is the id of the last message of the page before."""

    def work() -> MessagePage:
        Conversation.of_user(request.auth, conversation_id)
        found, more = store.messages(request.auth, conversation_id, after, limit, "asc", said_only=True)
        return MessagePage(items=[MessageOut.of(each) for each in found], next_cursor=more)

    return await section(work)
