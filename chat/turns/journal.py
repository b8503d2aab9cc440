"""The journal of a turn: database sections that record each step before the next one is taken."""

import functools
import hashlib
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from agents import Usage
from chatkit.types import ThreadItem
from django.db import transaction

from chat import ids
from chat.llm import prompts
from chat.llm.prompts import Prompt
from chat.models import A_TURN, Conversation, Message, PromptTemplate, Step, Toolset, Turn
from chat.turns import approvals, history, limits
from core import metrics, prepared_sql
from core.prepared_sql import Prepared, Statement


def record(turn: Turn, step: Step, items: list[ThreadItem]) -> None:
    """Store a step together with what the person sees of it, and count its tokens."""
    step.turn = turn
    step.items, step.arguments, step.result = storable(step.items), storable(step.arguments), storable(step.result)
    if step.input_tokens or step.output_tokens:
        step.cost = limits.cost(turn.model, step.input_tokens, step.output_tokens)
    with transaction.atomic():
        turn.hold()
        prepared_sql.write(
            [
                *more_tokens(turn, step),
                *prepared_sql.insertions([step]),
                *Message.puts(items, turn.conversation_id, turn.pk),
            ]
        )


def note_request(turn: Turn, prompt: Prompt, tools: list[Any], history_start: UUID) -> None:
    """Store what a turn asks the model with, besides what was said: staff see the whole request by it."""
    tools_hash = hashlib.sha256(json.dumps(tools, sort_keys=True).encode()).hexdigest()
    template = PromptTemplate(hash=prompt.template_hash, name=prompts.SYSTEM, text=prompt.template)
    turn.prompt_hash, turn.prompt_values, turn.tools_hash = prompt.template_hash, prompt.values, tools_hash
    turn.history_start = history_start
    noted = ["prompt_hash", "prompt_values", "tools_hash", "history_start", "queue_ms", "history_ms"]
    keep([template, Toolset(hash=tools_hash, tools=tools)], turn.updating(*noted))


def keep_template(name: str, text: str) -> None:
    keep([PromptTemplate(hash=prompts.hash_of(text), name=name, text=text)])


KNOWN = "SELECT 1 FROM {table} WHERE hash = %s"


def keep(kept: Sequence[Any], *others: Statement) -> None:
    """Store what is not stored yet, which is rare: almost every turn is asked with what the last one was.

    The look whether it is goes together with `others`.
    """
    looks = [(KNOWN.format(table=each._meta.db_table), [each.hash]) for each in kept]
    found = prepared_sql.execute([*looks, *others])
    for each, rows in zip(kept, found, strict=False):
        if not rows:
            type(each)._default_manager.bulk_create([each], ignore_conflicts=True)  # perhaps two turns at once


ADD_TOKENS = """
UPDATE chat_turn SET input_tokens = input_tokens + %s, output_tokens = output_tokens + %s,
cost = coalesce(cost + %s, cost, %s) WHERE id = %s
"""


def more_tokens(turn: Turn, usage: Step | Usage) -> list[Statement]:
    """Count tokens, and return what adds them to those of a turn, and what they cost."""
    if not (usage.input_tokens or usage.output_tokens):
        return []
    metrics.tokens.labels("in").inc(usage.input_tokens)
    metrics.tokens.labels("out").inc(usage.output_tokens)
    cost = limits.cost(turn.model, usage.input_tokens, usage.output_tokens)
    return [(ADD_TOKENS, [usage.input_tokens, usage.output_tokens, cost, cost, turn.pk])]


def count_more(turn: Turn, usage: Usage) -> None:
    """Add tokens to those of a turn that has ended, and what they cost."""
    prepared_sql.execute(more_tokens(turn, usage))


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
        turn.hold(Conversation.touching(turn.conversation_id))
        if partial:
            partial.turn = turn
        steps = prepared_sql.insertions([partial] if partial else [])
        prepared_sql.write([*steps, *Message.puts(items, turn.conversation_id, turn.pk), turn.ending(status, error)])


def answer_items(turn_id: Any) -> list[ThreadItem]:
    """Return what a turn answered: its items without the person's message."""
    return [message.as_item() for message, _ in answer_messages().find(turn_id)]


@functools.cache
def answer_messages() -> Prepared[Message]:
    found = Message.objects.filter(turn=A_TURN).visible().exclude(kind="user_message").order_by("id")
    return Prepared(found, [A_TURN], ["id", "item"])


def carry_over(failed: Turn, turn: Turn) -> None:
    """Let `turn`, which answers the same message, go on where another one failed: nothing that was done is done again.

    The steps are copied, without their tokens: those were the other turn's. What it shows of them moves.
    """
    rounds = [found for found in history.rounds(failed.steps.all()) if history.has_calls(found[0])]
    done = [step for response, results in rounds for step in (response, *results)]
    for number, step in enumerate(done, 1):
        step.pk, step.turn, step.number, step.input_tokens, step.output_tokens = None, turn, number, 0, 0
        prepared_sql.insert(step)
    failed.messages.filter(kind="workflow").update(turn=turn)


def answer(turn_id: Any) -> dict[str, Any]:
    """Return a turn as the API answers with it."""
    turn, (message_id,) = turn_with_question().get(turn_id)
    steps, texts = Step.of(turn), [message.text for message, _ in answer_texts().find(turn_id)]
    return {
        "conversation_id": ids.show("conv", turn.conversation_id),
        "turn_id": turn.public_id,
        "message_id": message_id,
        "status": turn.status,
        "response": "\n\n".join([*texts, *history.shown_in_words(turn, steps)]),
        "tool_calls": [step.as_tool_call() for step in steps if step.kind == Step.Kind.TOOL],
        "usage": {"input_tokens": turn.input_tokens, "output_tokens": turn.output_tokens},
        "cost": turn.cost,
        "approval": approvals.shown(turn) if turn.status == Turn.Status.AWAITING_APPROVAL else None,
        "abandoned": turn.abandoned,
        "error": turn.error or None,
    }


@functools.cache
def turn_with_question() -> Prepared[Turn]:
    return Prepared(Turn.objects.filter(pk=A_TURN), [A_TURN], further=["question__item_id"])


@functools.cache
def answer_texts() -> Prepared[Message]:
    found = Message.objects.filter(turn=A_TURN, kind="assistant_message").order_by("id")
    return Prepared(found, [A_TURN], ["id", "text"])
