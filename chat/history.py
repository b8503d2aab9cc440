"""What the model is given: the newest whole turns that fit the token budget, and the journal of the running one."""

import json
from typing import Any

from django.conf import settings

from chat.models import Message, Step, Turn

type Item = dict[str, Any]

CHARACTERS_PER_TOKEN = 4  # an estimate that needs no vocabulary; tokenisers differ between models anyway


def load(turn: Turn) -> list[Item]:
    """Return the input of the next model call of `turn`, in the Responses format.

    Earlier turns are taken whole, the newest first, until the budget is used up: never a tool call without its result.
    """
    conversation = Message.objects.filter(conversation=turn.conversation_id, kind="user_message")
    questions = conversation.exclude(turn=None).order_by("-id").select_related("turn").prefetch_related("turn__steps")
    question = questions.filter(turn=turn).get()
    items = turn_items(question)
    budget = settings.HISTORY_TOKEN_BUDGET * CHARACTERS_PER_TOKEN
    for earlier in questions.filter(id__lt=question.id).iterator(chunk_size=20):
        older = turn_items(earlier)
        budget -= len(json.dumps(older, ensure_ascii=False))
        if budget < 0:
            break
        items = older + items
    return items


def turn_items(question: Message) -> list[Item]:
    """Return a turn as input items: what the person said, then what its steps recorded."""
    assert question.turn is not None
    items: list[Item] = [{"role": "user", "content": question.text}]
    steps = list(question.turn.steps.all())
    answered = {step.call_id for step in steps if step.kind == Step.Kind.TOOL}
    for step in steps:
        items.extend(item for item in map(as_input, step.items) if item)
    if question.turn.is_running:
        return items
    return [item for item in items if item.get("type") != "function_call" or item["call_id"] in answered]


def as_input(item: Item) -> Item | None:
    """Return a recorded item as any provider takes it as input: without ids, which mean nothing to another one."""
    match item.get("type"):
        case "message":
            text = "".join(part.get("text") or part.get("refusal") or "" for part in item["content"])
            return {"role": "assistant", "content": text} if text else None
        case "function_call":
            return {name: item[name] for name in ("type", "call_id", "name", "arguments")}
        case "function_call_output":
            return item
    return None
