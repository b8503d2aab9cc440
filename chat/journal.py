"""The journal of a turn: database sections that record each step before the next one is taken."""

from decimal import Decimal
from typing import Any

from chatkit.types import ThreadItem
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from chat import history, limits
from chat.models import Conversation, Message, Step, Turn


def record(turn: Turn, step: Step, items: list[ThreadItem]) -> None:
    """Store a step together with what the person sees of it, and count its tokens."""
    step.turn = turn
    step.items, step.arguments, step.result = storable(step.items), storable(step.arguments), storable(step.result)
    with transaction.atomic():
        turn.hold()
        step.save(force_insert=True)
        for item in items:
            Message.put(turn.conversation_id, item, turn)
        if step.input_tokens or step.output_tokens:
            count_tokens(turn, step)


def count_tokens(turn: Turn, step: Step) -> None:
    """Add a step's tokens, and what they cost, to its turn."""
    step.cost = limits.cost(turn.model, step.input_tokens, step.output_tokens)
    step.save(update_fields=["cost"])
    sums: dict[str, Any] = {name: F(name) + getattr(step, name) for name in ("input_tokens", "output_tokens")}
    if step.cost is not None:
        sums["cost"] = Coalesce(F("cost"), Decimal(0)) + step.cost
    Turn.objects.filter(pk=turn.pk).update(**sums)


def storable(value: Any) -> Any:
    """Return a JSON value without what PostgreSQL cannot hold: NUL characters and halves of surrogate pairs."""
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "replace").decode()
        case list():
            return [storable(each) for each in value]
        case dict():
            return {storable(key): storable(each) for key, each in value.items()}
    return value


def end(turn: Turn, status: str, error: str, items: list[ThreadItem], partial: Step | None = None) -> None:
    """Close a turn and store what was still open on the screen, and the step that was not completed."""
    with transaction.atomic():
        turn.hold()
        if partial:
            partial.turn = turn
            partial.save(force_insert=True)
        for item in items:
            Message.put(turn.conversation_id, item, turn)
        turn.end(status, error)
        turn.broadcasts.all().delete()
        Conversation.objects.filter(pk=turn.conversation_id).update(updated_at=turn.ended_at)


def answer_items(turn_id: Any) -> list[ThreadItem]:
    """Return what a turn answered: its items without the person's message."""
    messages = Message.objects.filter(turn=turn_id).visible().exclude(kind="user_message")
    return [message.as_item() for message in messages.order_by("id")]


def carry_over(failed: Turn, turn: Turn) -> None:
    """Let `turn`, which answers the same message, go on where another one failed: nothing that was done is done again.

    The steps are copied, without their tokens: those were the other turn's. What it shows of them moves.
    """
    done = [step for response, results in history.rounds(failed.steps.all()) for step in (response, *results)]
    for number, step in enumerate((step for step in done if not history.is_partial(step)), 1):
        step.pk, step.turn, step.number, step.input_tokens, step.output_tokens = None, turn, number, 0, 0
        step.save(force_insert=True)
    failed.messages.exclude(kind="user_message").update(turn=turn)


def answer(turn_id: Any) -> dict[str, Any]:
    """Return a turn as the API answers with it."""
    turn = Turn.objects.select_related("conversation").get(pk=turn_id)
    steps = list(turn.steps.all())
    question = turn.messages.filter(kind="user_message").values_list("item_id", flat=True).first()
    texts = turn.messages.filter(kind="assistant_message").order_by("id").values_list("text", flat=True)
    return {
        "conversation_id": turn.conversation.public_id,
        "turn_id": turn.public_id,
        "message_id": question,
        "status": turn.status,
        "response": "\n\n".join(texts),
        "tool_calls": [step.as_tool_call() for step in steps if step.kind == Step.Kind.TOOL],
        "usage": {"input_tokens": turn.input_tokens, "output_tokens": turn.output_tokens},
        "cost": turn.cost,
        "approval": None,
        "error": turn.error or None,
    }
