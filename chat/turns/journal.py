"""The journal of a turn: database sections that record each step before the next one is taken."""

import hashlib
import json
from decimal import Decimal
from typing import Any
from uuid import UUID

from agents import Usage
from chatkit.types import ThreadItem
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from chat import ids
from chat.llm import prompts
from chat.llm.prompts import Prompt
from chat.models import Conversation, Message, PromptTemplate, Step, Toolset, Turn
from chat.turns import approvals, limits, model_input
from core import metrics, prepared_sql


def record(turn: Turn, step: Step, items: list[ThreadItem]) -> None:
    """Store a step together with what the person sees of it, and count its tokens."""
    step.turn = turn
    step.items, step.arguments, step.result = storable(step.items), storable(step.arguments), storable(step.result)
    if step.input_tokens or step.output_tokens:
        step.cost = limits.cost(turn.model, step.input_tokens, step.output_tokens)
    with transaction.atomic():
        turn.hold(**more_tokens(turn, step))
        # Made once and in one round trip: by the ORM, what a turn journals takes it a tenth more (docs/performance.md).
        stored = prepared_sql.insertions([step])
        Message.put_all(turn.conversation_id, items, turn.pk, turn.stored_items, beside=stored)
    turn.stored_items |= {item.id for item in items}


def note_request(turn: Turn, prompt: Prompt, tools: list[Any], history_start: UUID) -> None:
    """Store what the model is given besides the messages, so that staff can see the whole request."""
    tools_hash = hashlib.sha256(json.dumps(tools, sort_keys=True).encode()).hexdigest()
    template = PromptTemplate(hash=prompt.template_hash, name=prompts.SYSTEM, text=prompt.template)
    turn.prompt_hash, turn.prompt_values, turn.tools_hash = prompt.template_hash, prompt.values, tools_hash
    turn.history_start = history_start
    keep(template, Toolset(hash=tools_hash, tools=tools))
    turn.write("prompt_hash", "prompt_values", "tools_hash", "history_start", "queue_ms", "history_ms")


def keep_template(name: str, text: str) -> None:
    template = PromptTemplate(hash=prompts.hash_of(text), name=name, text=text)
    PromptTemplate.objects.bulk_create([template], ignore_conflicts=True)


def keep(template: PromptTemplate, toolset: Toolset) -> None:
    """Store what is not stored yet, which is rare: almost every turn is asked with what the last one was."""
    templates, toolsets = PromptTemplate.objects.filter(pk=template.pk), Toolset.objects.filter(pk=toolset.pk)
    known = {hash for (hash,) in templates.values_list("hash").union(toolsets.values_list("hash"))}
    if template.pk not in known:
        PromptTemplate.objects.bulk_create([template], ignore_conflicts=True)  # perhaps two turns at once
    if toolset.pk not in known:
        Toolset.objects.bulk_create([toolset], ignore_conflicts=True)


def more_tokens(turn: Turn, usage: Step | Usage) -> dict[str, Any]:
    """Count tokens, and return the changes that add them to those of a turn, and what they cost."""
    if not (usage.input_tokens or usage.output_tokens):
        return {}
    metrics.tokens.labels("in").inc(usage.input_tokens)
    metrics.tokens.labels("out").inc(usage.output_tokens)
    more: dict[str, Any] = {
        "input_tokens": F("input_tokens") + usage.input_tokens,
        "output_tokens": F("output_tokens") + usage.output_tokens,
    }
    if (cost := limits.cost(turn.model, usage.input_tokens, usage.output_tokens)) is not None:
        more["cost"] = Coalesce("cost", Decimal(0)) + cost
    return more


def add_tokens(turn: Turn, usage: Usage) -> None:
    """Add tokens to those of a turn that has ended, and what they cost."""
    if more := more_tokens(turn, usage):
        Turn.objects.filter(pk=turn.pk).update(**more)


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
        Conversation.touch(turn.conversation_id)  # before the turn, as everywhere
        changes = turn.end_run(status, error)
        if partial:
            partial.turn = turn
        stored = prepared_sql.insertions([partial] if partial else [])
        Message.put_all(turn.conversation_id, items, turn.pk, turn.stored_items, beside=stored)
    turn.keep(changes)


def answer_items(turn_id: Any) -> list[ThreadItem]:
    """Return what a turn answered: its items without the person's message."""
    found = Message.objects.filter(turn=turn_id).visible().exclude(kind="user_message")
    return [message.as_item() for message in found.order_by("id").only("item")]


def carry_over(failed: Turn, turn: Turn) -> None:
    """Let `turn`, which answers the same message, go on where another one failed: nothing that was done is done again.

    The steps are copied, without their tokens: those were the other turn's. What it shows of them moves.
    """
    rounds = [found for found in model_input.rounds(failed.steps.all()) if model_input.has_calls(found[0])]
    done = [step for response, results in rounds for step in (response, *results)]
    for number, step in enumerate(done, 1):
        step.pk, step.turn, step.number, step.input_tokens, step.output_tokens = None, turn, number, 0, 0
        step.save(force_insert=True)
    failed.messages.filter(kind="workflow").update(turn=turn)


def answer(turn_id: Any) -> dict[str, Any]:
    """Return a turn as the API answers with it."""
    turn = Turn.objects.select_related("question").get(pk=turn_id)
    said = Message.objects.filter(turn=turn_id, kind="assistant_message").order_by("id")
    steps, texts = Step.of(turn), said.values_list("text", flat=True)
    return {
        "conversation_id": ids.show("conv", turn.conversation_id),
        "turn_id": turn.public_id,
        "message_id": turn.question.item_id if turn.question else None,
        "status": turn.status,
        "response": "\n\n".join([*texts, *model_input.shown_in_words(turn, steps)]),
        "tool_calls": [step.as_tool_call() for step in steps if step.kind == Step.Kind.TOOL],
        "usage": {"input_tokens": turn.input_tokens, "output_tokens": turn.output_tokens},
        "cost": turn.cost,
        "approval": approvals.shown(turn) if turn.status == Turn.Status.AWAITING_APPROVAL else None,
        "abandoned": turn.abandoned,
        "error": turn.error or None,
    }
