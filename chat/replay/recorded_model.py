"""The model of a recording: it repeats the recorded responses, so that everything around them can be compared."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any, cast

from agents import Model, ModelResponse
from agents.items import TResponseStreamEvent
from openai.types import responses as r
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails
from pydantic import TypeAdapter

from chat.llm.failures import ModelFailure
from chat.models import Step
from chat.replay.recording import RecordedTurn
from chat.turns.model_input import is_partial, rounds

output_items: TypeAdapter[list[Any]] = TypeAdapter(list[r.ResponseOutputItem])

type Translate = Callable[[str], Awaitable[str]]
type Reach = Callable[[datetime], Awaitable[None]]


class RecordingEnds(ModelFailure):
    """The recorded turn failed or was stopped here, so the model said nothing more."""


class RecordedModel(Model):
    """Gives the responses of a recorded turn one by one, and calls `reach` with the time at which each was complete.

    `made` says when calls did something, so that what others did earlier happens earlier: tasks are numbered in that
    order. Calls that were never made, because somebody stopped the turn first, are left out. A response that broke off
    breaks off again, after the text that was shown of it.
    """

    def __init__(self, turn: RecordedTurn, made: dict[str, datetime], reach: Reach, translate: Translate) -> None:
        steps = cast(list[Step], turn.steps)  # alike in all that is read here
        found = rounds(steps)
        self.broken_off = [part for response, _ in found if is_partial(response) for part in said(response)]
        self.rounds = [(response, results) for response, results in found if not is_partial(response)]
        waited = {call["id"] for approval in turn.approvals for call in approval.calls}
        self.made = made.keys() | waited
        self.moments = {id: at for id, at in made.items() if id not in waited}
        self.reach = reach
        self.translate = translate
        self.next = 0
        self.taken_over = sum(response.created_at < turn.created_at for response, _ in self.rounds)

    @property
    def has_ended(self) -> bool:
        return self.next >= len(self.rounds)

    def was_tried_again(self) -> bool:
        """Tell, once, whether the turn has failed here and another one, which was recorded, has taken it over."""
        is_here = 0 < self.taken_over == self.next
        self.taken_over = 0 if is_here else self.taken_over
        return is_here

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        raise TypeError("Turns are streamed.")

    async def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[TResponseStreamEvent]:
        if self.has_ended:
            for text in self.broken_off:
                yield text_event(text, 0, 0)
            raise RecordingEnds("The recording ends here.")
        response, results = self.rounds[self.next]
        self.next += 1
        await self.reach(response.created_at)
        if moments := [self.moments[item["call_id"]] for item in response.items if item.get("call_id") in self.moments]:
            await self.reach(min(moments))
        made = self.made | {step.call_id for step in results}
        items = [item for item in response.items if item["type"] != "function_call" or item["call_id"] in made]
        if self.next <= self.taken_over:  # what it said beside them, the turn said that failed
            items = [item for item in items if item["type"] == "function_call"]
        if not items:
            raise RecordingEnds("No call of this response was made.")
        calls = {item["call_id"]: item["arguments"] for item in items if item["type"] == "function_call"}
        here = {id: await self.translate(arguments) for id, arguments in calls.items()}
        items = [item | {"arguments": here[item["call_id"]]} if item.get("call_id") in here else item for item in items]
        for event in events(output_items.validate_python(items), response):
            yield event


def events(output: list[Any], step: Step) -> Iterator[TResponseStreamEvent]:
    """Give the events of a response that a turn listens to: its text, and its end with everything in it."""
    for place, item in enumerate(output):
        for part_place, part in enumerate(getattr(item, "content", None) or []):
            if text := getattr(part, "text", None) or getattr(part, "refusal", None):
                yield text_event(text, place, part_place)
    response = r.Response(
        id="recorded",
        created_at=time.time(),
        model="recorded",
        object="response",
        output=output,
        tool_choice="auto",
        tools=[],
        parallel_tool_calls=True,
        status="completed",
        usage=usage(step),
    )
    yield r.ResponseCompletedEvent(type="response.completed", response=response, sequence_number=0)


def text_event(text: str, place: int, part_place: int) -> r.ResponseTextDeltaEvent:
    return r.ResponseTextDeltaEvent(
        type="response.output_text.delta",
        item_id="recorded",
        output_index=place,
        content_index=part_place,
        sequence_number=0,
        delta=text,
        logprobs=[],
    )


def said(response: Step) -> list[str]:
    return [part["text"] for item in response.items if item["type"] == "message" for part in item["content"]]


def usage(step: Step) -> r.ResponseUsage:
    return r.ResponseUsage(
        input_tokens=step.input_tokens,
        output_tokens=step.output_tokens,
        total_tokens=step.input_tokens + step.output_tokens,
        input_tokens_details=InputTokensDetails(cached_tokens=0, cache_write_tokens=0),
        output_tokens_details=OutputTokensDetails(reasoning_tokens=0),
    )
