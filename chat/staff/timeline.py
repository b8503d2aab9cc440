"""A conversation as staff read it: what was seen, and for each turn what the agent did, and how long it took."""

import json
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from accounts.models import User
from chat.models import Approval, Conversation, Look, Message, PromptTemplate, Step, Turn
from chat.staff.pictures import Segment
from core.tools.replay_state import Effect, states

PAGE = 30
LONGEST = 20_000  # characters of one value; the rest is in the export


@dataclass
class SeenMessage:
    """One item as the person saw it. `title`: for a card, the line of a tool call and the like."""

    kind: str
    text: str
    title: str = ""


@dataclass
class SeenStep:
    step: Step
    label: str
    said: str = ""
    request: str = ""
    result: str = ""


@dataclass
class SeenTurn:
    turn: Turn
    messages: list[SeenMessage]
    steps: list[SeenStep]
    approvals: list[Approval]
    effects: list[Effect]
    segments: list[Segment]
    is_active: bool
    template: PromptTemplate | None = None

    @property
    def can_undo(self) -> bool:
        return any(not effect.is_undone and effect.tool != "undo" for effect in self.effects)


@dataclass
class Timeline:
    turns: list[SeenTurn]
    looks: list[Look]
    older: UUID | None = None
    newer: bool = False
    loose: list[SeenMessage] = field(default_factory=list)


def of(conversation: Conversation, before: UUID | None = None) -> Timeline:
    """Return the latest turns of a conversation, or those before one, with all there is about them."""
    found = Turn.objects.filter(conversation=conversation)
    if before:
        found = found.filter(pk__lt=before)
    found = found.select_related("question").prefetch_related("steps", "approvals", Prefetch("messages", by_id()))
    turns = list(found.order_by("-id")[: PAGE + 1])
    older = turns[PAGE - 1].pk if len(turns) > PAGE else None
    turns = turns[:PAGE][::-1]
    templates = PromptTemplate.objects.in_bulk({turn.prompt_hash for turn in turns})
    effects = effects_of(conversation.user, [turn.pk for turn in turns])
    looks = Look.objects.filter(conversation_id=conversation.pk).select_related("staff")[:5]
    seen = [seen_turn(turn, effects.get(turn.pk, []), templates.get(turn.prompt_hash)) for turn in turns]
    return Timeline(seen, list(looks), older, newer=before is not None)


def readable(effect: Effect) -> Effect:
    """Write lists as people do."""
    for each in chain.from_iterable(change.fields for change in effect.changes):
        each.before, each.after = written(each.before), written(each.after)
    return effect


def written(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def by_id() -> Any:
    return Message.objects.order_by("id")


def effects_of(user: User, turn_ids: list[UUID]) -> dict[UUID, list[Effect]]:
    found: dict[UUID, list[Effect]] = {}
    for state in states():
        for effect in state.effects(user, turn_ids):
            found.setdefault(effect.turn_id, []).append(readable(effect))
    return found


def seen_turn(turn: Turn, effects: list[Effect], template: PromptTemplate | None) -> SeenTurn:
    steps = list(turn.steps.all())
    messages = [seen_message(message) for message in turn.messages.all()]
    if turn.question and turn.question.turn_id != turn.pk:  # an earlier version: the message belongs to a later one now
        messages.insert(0, SeenMessage("user_message", turn.question.text))
    return SeenTurn(
        turn=turn,
        messages=[message for message in messages if message.kind == "user_message" or message.text or message.title],
        steps=[seen_step(step) for step in steps],
        approvals=list(turn.approvals.all()),
        effects=effects,
        segments=split(turn, steps),
        is_active=turn.is_active,
        template=template,
    )


def seen_message(message: Message) -> SeenMessage:
    item = message.item
    match message.kind:
        case "workflow":
            return SeenMessage(message.kind, "", ((item.get("workflow") or {}).get("summary") or {}).get("title") or "")
        case "widget":
            return SeenMessage(message.kind, "", item.get("copy_text") or "A card")
        case "structured_input":
            return SeenMessage(message.kind, "", "Asks: " + " · ".join(each["question"] for each in item["inputs"]))
        case "user_message" if item.get("attachments"):
            names = ", ".join(each["name"] for each in item["attachments"])
            return SeenMessage(message.kind, f"{message.text}\n[attached: {names}]".strip())
        case "task":
            task = item.get("task") or {}
            return SeenMessage(message.kind, task.get("content") or "", task.get("title") or "")
    return SeenMessage(message.kind, message.text)


def seen_step(step: Step) -> SeenStep:
    if step.kind == Step.Kind.TOOL:
        return SeenStep(step, step.name, request=pretty(step.arguments), result=pretty(step.result))
    calls = [item for item in step.items if item.get("type") == "function_call"]
    names = ", ".join(item["name"] for item in calls)
    return SeenStep(step, f"asks for {names}" if calls else "answers", result=pretty(step.items))


def pretty(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n… (cut; the export has all)"


def split(turn: Turn, steps: list[Step]) -> list[Segment]:
    """Return where a turn's time went, in milliseconds; waiting for a person does not count."""
    responses = [step for step in steps if step.kind == Step.Kind.RESPONSE]
    tools = sum(step.duration_ms for step in steps if step.kind == Step.Kind.TOOL)
    model = sum(step.duration_ms for step in responses)
    first = min(sum(silence(step) for step in responses), model)
    queue, history = turn.queue_ms or 0, turn.history_ms or 0
    total = round((turn.ended_at - turn.created_at).total_seconds() * 1000) if turn.ended_at else 0
    waited = sum(waiting_ms(approval) for approval in turn.approvals.all())
    rest = max(0, total - waited - queue - history - model - tools)
    parts = [("queue", queue), ("history", history), ("thinking", first), ("writing", model - first), ("tools", tools)]
    return [Segment(name, ms) for name, ms in [*parts, ("rest", rest)]]


def silence(step: Step) -> int:
    """Return how long a model said nothing: to its first text, or all of a response that only calls tools."""
    return step.duration_ms if step.first_text_ms is None else step.first_text_ms


def waiting_ms(approval: Approval) -> int:
    ended = approval.decided_at or approval.created_at
    return round((ended - approval.created_at).total_seconds() * 1000)
