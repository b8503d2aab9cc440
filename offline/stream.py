"""A finished response as the events of the Responses API, in the order in which OpenAI sends them."""

from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import uuid4

from agents.items import TResponseStreamEvent
from openai.types import responses as r
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails

type Item = r.ResponseOutputMessage | r.ResponseFunctionToolCall


def events(
    output: list[Item], input_tokens: int, output_tokens: int, *, created_at: float
) -> Iterator[TResponseStreamEvent]:
    response = r.Response(
        id=f"resp_{uuid4().hex}",
        created_at=created_at,
        model="offline",
        object="response",
        output=[],
        tool_choice="auto",
        tools=[],
        parallel_tool_calls=True,
        status="in_progress",
    )
    numbers = count()
    for event in in_order(output, response):
        yield event.model_copy(update={"sequence_number": next(numbers)})
    usage = r.ResponseUsage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        total_tokens=input_tokens + output_tokens,
        input_tokens_details=InputTokensDetails(cached_tokens=0, cache_write_tokens=0),
        output_tokens_details=OutputTokensDetails(reasoning_tokens=0),
    )
    finished = response.model_copy(update={"output": list(output), "status": "completed", "usage": usage})
    yield r.ResponseCompletedEvent(type="response.completed", response=finished, sequence_number=next(numbers))


def in_order(output: list[Item], response: r.Response) -> Iterator[Any]:
    yield r.ResponseCreatedEvent(type="response.created", response=response, sequence_number=0)
    for index, item in enumerate(output):
        empty: dict[str, Any] = {"content": []} if isinstance(item, r.ResponseOutputMessage) else {"arguments": ""}
        begun = item.model_copy(update={"status": "in_progress", **empty})
        yield r.ResponseOutputItemAddedEvent(
            type="response.output_item.added", item=begun, output_index=index, sequence_number=0
        )
        yield from message(item, index) if isinstance(item, r.ResponseOutputMessage) else call(item, index)
        yield r.ResponseOutputItemDoneEvent(
            type="response.output_item.done", item=item, output_index=index, sequence_number=0
        )


def message(item: r.ResponseOutputMessage, index: int) -> Iterator[Any]:
    for part_index, part in enumerate(item.content):
        if not isinstance(part, r.ResponseOutputText):
            continue
        at: dict[str, Any] = {
            "item_id": item.id,
            "output_index": index,
            "content_index": part_index,
            "sequence_number": 0,
        }
        empty = part.model_copy(update={"text": ""})
        yield r.ResponseContentPartAddedEvent(type="response.content_part.added", part=empty, **at)
        for word in part.text.replace(" ", " \0").split("\0"):
            yield r.ResponseTextDeltaEvent(type="response.output_text.delta", delta=word, logprobs=[], **at)
        yield r.ResponseTextDoneEvent(type="response.output_text.done", text=part.text, logprobs=[], **at)
        yield r.ResponseContentPartDoneEvent(type="response.content_part.done", part=part, **at)


def call(item: r.ResponseFunctionToolCall, index: int) -> Iterator[Any]:
    at: dict[str, Any] = {"item_id": item.id, "output_index": index, "sequence_number": 0}
    yield r.ResponseFunctionCallArgumentsDeltaEvent(
        type="response.function_call_arguments.delta", delta=item.arguments, **at
    )
    yield r.ResponseFunctionCallArgumentsDoneEvent(
        type="response.function_call_arguments.done", arguments=item.arguments, name=item.name, **at
    )
