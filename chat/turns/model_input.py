"""The model input: a summary of older turns, the newest whole turns that fit, and this one's journal."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from chat.items import attachments, questions
from chat.llm.failures import sendable
from chat.models import Message, Step, Summary, Turn
from core.sections import in_pages

type Item = dict[str, Any]

TURNS_BUDGET = 24
CHARACTERS_PER_TOKEN = 4  # an estimate that needs no vocabulary; tokenisers differ between models anyway


@dataclass(frozen=True)
class ModelInput:
    """`summary` may be empty; `items` are in the Responses format; `fill` is how much of the budget they would take.

    That is the larger of its shares in `HISTORY_TOKEN_BUDGET` and `TURNS_BUDGET`. Only the first is a limit.
    """

    summary: str
    items: list[Item]
    fill: float
    start: UUID  # the first of the turns that are given whole


def load(turn: Turn, steps: list[Step]) -> ModelInput:
    """Return the input of the next model call of `turn`, which has these steps.

    Earlier turns are taken whole, the newest first, until the budget is used up: never a tool call without its result.
    """
    items = turn_items(turn, steps)
    if turn.parent_id is None:
        return ModelInput("", items, 0, turn.pk)
    summary = summary_before(turn)
    budget, used, turns = settings.HISTORY_TOKEN_BUDGET * CHARACTERS_PER_TOKEN, 0, 0
    start = turn.pk
    for each in earlier_turns(turn, summary):
        older = turn_items(each)
        used += size(older)
        turns += 1
        if used > budget:
            break
        items, start = older + items, each.pk
    fill = max(used / budget, turns / TURNS_BUDGET)
    return ModelInput(summary.text if summary else "", items, fill, start)


def whole_turns(turn: Turn) -> QuerySet[Turn]:
    active = Turn.objects.filter(conversation=turn.conversation_id, is_active=True)
    return active.select_related("question").prefetch_related("steps")


def summary_before(turn: Turn) -> Summary | None:
    """Return the newest summary of the branch that `turn` continues."""
    found = Summary.objects.filter(turn__conversation=turn.conversation_id, turn__is_active=True, turn__lt=turn.pk)
    return found.order_by("-turn").first()


def earlier_turns(turn: Turn, summary: Summary | None) -> Iterator[Turn]:
    """Give the turns between a summary and `turn`, the newest first."""
    found = whole_turns(turn).filter(pk__lt=turn.pk)
    if summary:
        found = found.filter(pk__gt=summary.pk)
    return in_pages(found.order_by("-id"), 20)


def size(items: list[Item]) -> int:
    """Return how many characters items have, as a model is given them."""
    return len(json.dumps(items, ensure_ascii=False))


def turn_items(turn: Turn, steps: Iterable[Step] | None = None) -> list[Item]:
    """Return a turn as input items: what the person said, then what its steps recorded, valid for every provider.

    Its steps are looked up if they are not given.

    A turn that has ended has no call without a result, and ends with words of the assistant: templates of some models
    refuse two messages of a person in a row.
    """
    items: list[Item] = [{"role": "user", "content": asked(turn.question) if turn.question else ""}]
    for response, results in rounds(turn.steps.all() if steps is None else steps):
        answered = {step.call_id for step in results}
        said = [item for item in map(as_input, response.items) if item]
        calls = [item for item in said if item.get("type") == "function_call"]
        items += [item for item in said if item not in calls]
        items += [call for call in calls if turn.is_running or call["call_id"] in answered]
        items += [item for step in results for item in map(as_input, step.items) if item]
    if items[-1].get("role") == "assistant":
        return items
    if turn.status in {Turn.Status.FAILED, Turn.Status.STOPPED}:
        items.append({"role": "assistant", "content": f"[No answer was given. {turn.error or 'Stopped.'}]"})
    elif turn.status == Turn.Status.COMPLETED:
        items.append({"role": "assistant", "content": questions.ASKED})
    return items


def asked(question: Message) -> str | list[Item]:
    """Return what the person said, after the text that they had selected, with what they attached."""
    quoted, said = question.item.get("quoted_text"), with_tags(question)
    text = f"<quoted>\n{quoted}\n</quoted>\n\n{said}" if quoted else said
    return attachments.asked(question.item, text)


def with_tags(question: Message) -> str:
    """Return the text of a message with its tags as links to what they mean: [Buy milk](task:12).

    Some clients write the sign that begins a tag, others leave it out.
    """
    parts = question.item.get("content", [])
    if not any(part["type"] == "input_tag" for part in parts):
        return question.text
    return "".join(link(part["text"], part["id"]) if part["type"] == "input_tag" else part["text"] for part in parts)


def link(text: str, id: str) -> str:
    return f"[{text.removeprefix('@').replace('[', '(').replace(']', ')')}]({re.sub(r'[()\s]', '', id)})"


def rounds(steps: Iterable[Step]) -> list[tuple[Step, list[Step]]]:
    """Return each response with the results of its own calls: some providers count call ids anew in each response.

    A response that broke off counts only at the end of a turn; if it was tried again, it does not count.
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
    return [call for call in calls_of(response) if call["call_id"] not in answered]


def last_results(steps: Iterable[Step]) -> list[Item]:
    """Return the items of the last calls' results, even if the model has spoken since."""
    called = [results for response, results in rounds(steps) if calls_of(response)]
    return [item for step in called[-1] for item in step.items] if called else []


def shown_in_words(turn: Any, steps: Iterable[Any]) -> list[str]:
    """Return in words what a turn (or a recorded one) shows below its answer: for REST, for replays and for judges."""
    if turn.status != Turn.Status.COMPLETED:
        return []
    return [item["copy_text"] for item in last_results(steps) if item.get("copy_text")]


def calls_of(response: Step) -> list[Item]:
    return [item for item in response.items if item.get("type") == "function_call"]


def is_answered(steps: Iterable[Step]) -> bool:
    """Tell whether the last response was complete and called nothing: then the model has no more to say."""
    found = rounds(steps)
    return bool(found) and not is_partial(found[-1][0]) and not has_calls(found[-1][0])


def has_calls(response: Step) -> bool:
    return any(item.get("type") == "function_call" for item in response.items)


def output_item(call_id: str, text: str) -> Item:
    """Return the result of a call, in the Responses format."""
    return {"type": "function_call_output", "call_id": call_id, "output": text}


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
