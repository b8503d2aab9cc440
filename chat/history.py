"""What the model is given: the newest whole turns that fit the token budget, and the journal of the running one."""

import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from chat.failures import sendable
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
    """Return a turn as input items: what the person said, then what its steps recorded, valid for every provider.

    One that has ended holds no call without its result, and ends in words of the assistant: some models' templates
    refuse two messages of a person in a row.
    """
    turn = question.turn
    assert turn is not None
    items: list[Item] = [{"role": "user", "content": question.text}]
    for response, results in rounds(turn.steps.all()):
        answered = {step.call_id for step in results}
        said = [item for item in map(as_input, response.items) if item]
        calls = [item for item in said if item.get("type") == "function_call"]
        items += [item for item in said if item not in calls]
        items += [call for call in calls if turn.is_running or call["call_id"] in answered]
        items += [item for step in results for item in map(as_input, step.items) if item]
    if turn.status in {Turn.Status.FAILED, Turn.Status.STOPPED} and items[-1].get("role") != "assistant":
        items.append({"role": "assistant", "content": f"[No answer was given. {turn.error or 'Stopped.'}]"})
    return items


def rounds(steps: Iterable[Step]) -> list[tuple[Step, list[Step]]]:
    """Return each response with the results of its own calls: some providers count call ids anew in each response.

    What was broken off counts only as the end of a turn; where it was tried again, it said nothing.
    """
    rounds: list[tuple[Step, list[Step]]] = []
    for step in steps:
        if step.kind == Step.Kind.TOOL:
            rounds[-1][1].append(step)
            continue
        if rounds and is_partial(rounds[-1][0]):
            rounds.pop()
        rounds.append((step, []))
    return rounds


def unanswered(steps: Iterable[Step]) -> list[Item]:
    """Return the calls of the last response that have no result yet."""
    if not (found := rounds(steps)):
        return []
    response, results = found[-1]
    answered = {step.call_id for step in results}
    return [item for item in response.items if item.get("type") == "function_call" and item["call_id"] not in answered]


def partial_items(text: str) -> list[Item]:
    """Return what was shown of a response that broke off, in the Responses format."""
    content = {"type": "output_text", "text": text, "annotations": []}
    return [{"type": "message", "role": "assistant", "status": "incomplete", "content": [content]}]


def is_partial(step: Step) -> bool:
    return any(item.get("type") == "message" and item.get("status") == "incomplete" for item in step.items)


def as_input(item: Item) -> Item | None:
    """Return a recorded item as any provider takes it as input: without ids, which mean nothing to another one."""
    match item.get("type"):
        case "message":
            text = "".join(part.get("text") or part.get("refusal") or "" for part in item["content"])
            return {"role": "assistant", "content": text} if text else None
        case "function_call":
            call: Item = sendable({name: item[name] for name in ("type", "call_id", "name", "arguments")})
            return call
        case "function_call_output":
            return item
    return None
