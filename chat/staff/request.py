"""The whole request of a recorded model call, put together again from what was stored of it."""

from typing import Any

from chat.llm import prompts
from chat.models import PromptTemplate, Step, Toolset, Turn
from chat.turns import model_input


def of(step: Step) -> dict[str, Any]:
    """Return what the model was given for a response: instructions, input items, tools. Parts may be None.

    None: the turn is older than the record of it.
    """
    turn = Turn.objects.select_related("question").prefetch_related("steps").get(pk=step.turn_id)
    template = PromptTemplate.objects.filter(hash=turn.prompt_hash).first()
    toolset = Toolset.objects.filter(hash=turn.tools_hash).first()
    return {
        "model": turn.model,
        "instructions": prompts.filled_in(template.text, turn.prompt_values)
        if template and turn.prompt_values
        else None,
        "input": [item for each in given_turns(turn) for item in model_input.turn_items(each)] + before(turn, step),
        "tools": toolset.tools if toolset else None,
    }


def given_turns(turn: Turn) -> list[Turn]:
    """Return the earlier turns that the model was given, the oldest first: those it continued at that time."""
    if turn.history_start is None or turn.history_start == turn.pk:
        return []
    found = Turn.objects.filter(conversation=turn.conversation_id, pk__gte=turn.history_start, pk__lt=turn.pk)
    by_id = {each.pk: each for each in found.select_related("question").prefetch_related("steps")}
    path, parent = [], turn.parent_id
    while parent in by_id:
        path.append(by_id[parent])
        parent = by_id[parent].parent_id
    return path[::-1]


def before(turn: Turn, step: Step) -> list[Any]:
    """Return the turn's own items up to a response."""
    question = [{"role": "user", "content": model_input.asked(turn.question) if turn.question else ""}]
    earlier = [each for each in turn.steps.all() if each.number < step.number]
    return question + [item for each in earlier for item in map(model_input.as_input, each.items) if item]
