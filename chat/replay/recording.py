"""A conversation as one self-contained document: what was said and done, and what it was about, before and after.

The same document is exported, imported, made anonymous, replayed, and kept as a case. Its JSON schema is
docs/conversation.schema.json.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from pydantic import BaseModel, ConfigDict

from accounts.models import User
from chat import ids
from chat.models import Approval, Conversation, Message, PromptTemplate, Step, Summary, Toolset, Turn
from chat.turns import model_input
from core.tools.replay_state import states


class Part(BaseModel):
    """Made from a model's row, or from JSON; unknown members are refused."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class RecordedStep(Part):
    """One model response or one tool call, its items in the Responses format."""

    number: int
    kind: Literal["response", "tool"]
    items: list[dict[str, Any]]
    call_id: str = ""
    name: str = ""
    arguments: Any = None
    result: Any = None
    is_error: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None
    first_text_ms: int | None = None
    duration_ms: int = 0
    created_at: datetime


class RecordedApproval(Part):
    id: UUID
    response_number: int
    calls: list[dict[str, Any]]
    status: str
    decision: dict[str, Any] | None = None
    item_id: str
    created_at: datetime
    decided_at: datetime | None = None


class RecordedTurn(Part):
    """`question` is the `item_id` of the message that it answers."""

    id: UUID
    parent_id: UUID | None = None
    question: str | None = None
    is_active: bool = True
    abandoned: list[str] = []
    status: str
    model: str = ""
    prompt_hash: str = ""
    prompt_values: dict[str, str] = {}
    tools_hash: str = ""
    history_start: UUID | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None
    queue_ms: int | None = None
    history_ms: int | None = None
    first_text_ms: int | None = None
    error: str = ""
    created_at: datetime
    ended_at: datetime | None = None
    steps: list[RecordedStep] = []
    approvals: list[RecordedApproval] = []
    summary: str = ""

    @property
    def began_at(self) -> datetime:
        """Return when it began, including the steps that it took over from a failed turn."""
        return min([self.created_at, *(step.created_at for step in self.steps)])

    @property
    def closed_at(self) -> datetime:
        return max([self.ended_at or self.created_at, *(step.created_at for step in self.steps)])

    @property
    def calls(self) -> list[RecordedStep]:
        return [step for step in self.steps if step.kind == "tool"]

    @property
    def duration_ms(self) -> int:
        return round((self.closed_at - self.created_at).total_seconds() * 1000)


class RecordedMessage(Part):
    """One ChatKit thread item, as the person saw it."""

    item_id: str
    turn_id: UUID | None = None
    kind: str
    text: str = ""
    item: dict[str, Any]
    created_at: datetime


class RecordedUser(Part):
    """Who talks. Neither e-mail address nor subject: a replay needs no account."""

    name: str = ""
    timezone: str = "UTC"
    approval_policy: str = "destructive"


class RecordedConversation(Part):
    id: UUID
    title: str = ""
    created_at: datetime
    updated_at: datetime


class RecordedPrompt(Part):
    hash: str
    name: str
    text: str


class RecordedToolset(Part):
    hash: str
    tools: list[dict[str, Any]]


class Recording(BaseModel):
    """A conversation with everything that a replay of it needs. `states` has a record for each of MCP_STATES."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["errand-conversation"] = "errand-conversation"
    version: Literal[1] = 1
    exported_at: datetime
    is_anonymous: bool = False
    user: RecordedUser
    conversation: RecordedConversation
    turns: list[RecordedTurn]
    messages: list[RecordedMessage]
    prompts: list[RecordedPrompt] = []
    toolsets: list[RecordedToolset] = []
    states: dict[str, dict[str, Any]] = {}

    @property
    def public_id(self) -> str:
        return ids.show("conv", self.conversation.id)

    @property
    def path(self) -> list[RecordedTurn]:
        """Return the turns that the conversation shows, of several versions the active one."""
        return [turn for turn in self.turns if turn.is_active]

    def tools(self, turn: RecordedTurn) -> set[str]:
        """Return the names of the tools that the turn's model was told of."""
        return {tool["name"] for each in self.toolsets if each.hash == turn.tools_hash for tool in each.tools}

    def question(self, turn: RecordedTurn) -> RecordedMessage | None:
        return next((message for message in self.messages if message.item_id == turn.question), None)

    def answer(self, turn: RecordedTurn) -> str:
        said = [each for each in self.messages if each.turn_id == turn.id and each.kind == "assistant_message"]
        return "\n\n".join([*(message.text for message in said), *model_input.shown_in_words(turn, turn.steps)])


@contextmanager
def one_moment() -> Iterator[None]:
    """Read several tables as of one moment, and write nothing."""
    if connection.in_atomic_block:  # a test's transaction
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def record(conversation: Conversation) -> Recording:
    """Return a conversation as a document."""
    with one_moment():
        found = Turn.objects.filter(conversation=conversation).order_by("id").select_related("question")
        turns = [recorded_turn(turn) for turn in found.prefetch_related("steps", "approvals")]
        messages = Message.objects.filter(conversation=conversation).order_by("id")
        return Recording(
            exported_at=timezone.now(),
            user=person(conversation),
            conversation=RecordedConversation.model_validate(conversation),
            turns=turns,
            messages=[RecordedMessage.model_validate(message) for message in messages],
            prompts=[RecordedPrompt.model_validate(each) for each in templates(turns)],
            toolsets=[RecordedToolset.model_validate(each) for each in toolsets(turns)],
            states=records(conversation, turns),
        )


def recorded_turn(turn: Turn) -> RecordedTurn:
    own = set(RecordedTurn.model_fields) - {"question", "steps", "approvals", "summary"}
    summary = getattr(turn, "summary", None)
    return RecordedTurn(
        **{name: getattr(turn, name) for name in own},
        question=turn.question.item_id if turn.question else None,
        steps=[RecordedStep.model_validate(step) for step in turn.steps.all()],
        approvals=[RecordedApproval.model_validate(each) for each in turn.approvals.all()],
        summary=summary.text if summary else "",
    )


def templates(turns: list[RecordedTurn]) -> Any:
    return PromptTemplate.objects.filter(hash__in={turn.prompt_hash for turn in turns})


def toolsets(turns: list[RecordedTurn]) -> Any:
    return Toolset.objects.filter(hash__in={turn.tools_hash for turn in turns})


def person(conversation: Conversation) -> RecordedUser:
    """Return who talked: for an imported conversation the recorded person, not whoever imported it."""
    imported = getattr(conversation, "imported_state", None)
    return RecordedUser.model_validate((imported and imported.person) or conversation.user)


def records(conversation: Conversation, turns: list[RecordedTurn]) -> dict[str, Any]:
    """Return the records of what the conversation was about: those imported with it, or made here."""
    if imported := getattr(conversation, "imported_state", None):
        return dict(imported.records)
    if not turns:
        return {}
    since, until = min(turn.began_at for turn in turns), max(turn.closed_at for turn in turns)
    if any(turn.status == Turn.Status.RUNNING for turn in turns):
        until = timezone.now()
    return {state.name: state.record(conversation.user, since, until) for state in states()}


# ---- back into the database


class AlreadyHere(Exception):
    """The conversation, or something in it, exists in this database."""


def restore(recording: Recording, user: User, turns: list[RecordedTurn] | None = None) -> Conversation:
    """Store a recording as a conversation of `user`; only some of its turns where `turns` says so.

    Raises `AlreadyHere`.
    """
    turns = recording.turns if turns is None else turns
    known = {turn.id for turn in turns}
    if Conversation.objects.filter(pk=recording.conversation.id).exists() or Turn.objects.filter(pk__in=known).exists():
        raise AlreadyHere(recording.public_id)
    with transaction.atomic():
        conversation = Conversation.objects.create(user=user, **recording.conversation.model_dump())
        keep_shared(recording)
        for turn in turns:
            restore_turn(turn, conversation)
        messages = [each for each in recording.messages if each.turn_id is None or each.turn_id in known]
        Message.objects.bulk_create(Message(conversation=conversation, **each.model_dump()) for each in messages)
        for turn in turns:
            question = Message.objects.filter(conversation=conversation, item_id=turn.question or "").first()
            Turn.objects.filter(pk=turn.id).update(question=question)
    return conversation


def keep_shared(recording: Recording) -> None:
    prompts = [PromptTemplate(**each.model_dump()) for each in recording.prompts]
    PromptTemplate.objects.bulk_create(prompts, ignore_conflicts=True)
    toolsets = [Toolset(**each.model_dump()) for each in recording.toolsets]
    Toolset.objects.bulk_create(toolsets, ignore_conflicts=True)


def restore_turn(recorded: RecordedTurn, conversation: Conversation) -> None:
    """Store a turn with its steps. One that was under way cannot go on here: it counts as stopped."""
    fields = recorded.model_dump(exclude={"question", "steps", "approvals", "summary"})
    if recorded.status == Turn.Status.RUNNING:
        fields |= {"status": Turn.Status.STOPPED, "ended_at": recorded.closed_at}
    turn = Turn(conversation=conversation, user=conversation.user, key=f"imported:{recorded.id}", **fields)
    turn.lease_expires_at = recorded.closed_at
    turn.save(force_insert=True)
    Step.objects.bulk_create(Step(turn=turn, **step.model_dump()) for step in recorded.steps)
    Approval.objects.bulk_create(Approval(turn=turn, **each.model_dump()) for each in recorded.approvals)
    if recorded.summary:
        Summary.objects.create(turn=turn, text=recorded.summary, model=recorded.model)
