"""One call of the model: shown as it comes, journaled when complete, and ended where it cannot be used."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager, suppress
from contextvars import ContextVar
from typing import Any, cast

import openai
from agents import Model, ModelResponse
from agents.items import TResponseStreamEvent
from agents.retry import ModelRetryAdvice, ModelRetryAdviceRequest
from django.conf import settings
from uuid_utils.compat import uuid7

from chat.llm import failures
from chat.tool_servers import Stopwatch
from chat.turns.engine import TurnRun
from core import traces

CALL_ID_LENGTH = 64  # the longest that OpenAI takes as input

type Events = AsyncGenerator[TResponseStreamEvent]

# Events that show that a model has begun to answer: it may think for longer than it may pause.
BEGINNINGS = ("response.output_text.delta", "response.refusal.delta", "response.function_call_arguments.delta")


_current: ContextVar[TurnRun] = ContextVar("run")


def current_run() -> TurnRun:
    """Return the run that the SDK works for. Raises `LookupError` outside of `working_for`."""
    return _current.get()


@contextmanager
def working_for(run: TurnRun) -> Iterator[None]:
    """Let what the SDK does here be done for `run`: its agent and its configuration are the same for all."""
    token = _current.set(run)
    try:
        yield
    finally:
        _current.reset(token)


class JournaledModel(Model):
    """A model whose responses are shown as they come and journaled before any of their tool calls runs.

    The SDK tries a call again only while it was given nothing of it. So it is given the first text that is shown, and
    the whole: a response that fails before its first text, or inside a tool call, can be tried again.
    """

    @property
    def run(self) -> TurnRun:
        return current_run()

    @property
    def model(self) -> Model:
        return self.run.model

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        raise TypeError("Turns are streamed.")

    def get_retry_advice(self, request: ModelRetryAdviceRequest) -> ModelRetryAdvice | None:
        return self.model.get_retry_advice(request)

    async def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[TResponseStreamEvent]:
        with traces.timed("model call", model=self.run.turn.model, response=self.run.response_number + 1):
            async with aclosing(self.respond(*args, **kwargs)) as events:
                async for event in events:
                    yield event

    async def respond(
        self, system_instructions: str | None, input: Any, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[TResponseStreamEvent]:
        self.run.check_calls()
        watch, first_text_ms = Stopwatch(), None
        items = [failures.sendable(item) for item in input] if isinstance(input, list) else input
        stream = cast(Events, self.model.stream_response(system_instructions, items, *args, **kwargs))
        output: list[Any] = []
        failure: failures.ModelFailure = failures.BrokenOff("The stream ended without its last event.")
        async with aclosing(stream), aclosing(in_time(stream)) as events:
            async for event in events:
                match event.type:
                    case "response.output_text.delta" | "response.refusal.delta":
                        is_shown = self.run.say(event.delta, (event.output_index, event.content_index))
                        if is_shown and first_text_ms is None:
                            first_text_ms = watch.ms
                            yield event
                    case "response.output_item.done":
                        output.append(event.item)
                    case "response.completed":
                        event.response.output = event.response.output or output  # some servers leave it empty
                        output = event.response.output
                        name_calls(output, items)
                        if is_empty(output):
                            failure = failures.EmptyAnswer("The response says nothing and calls nothing.")
                            continue  # to its end, so that the connection can be used again
                        await self.run.journal_response(event.response, watch.ms, first_text_ms)
                        yield event
                        with suppress(openai.OpenAIError, failures.ModelFailure):
                            async for _ in events:
                                pass
                        return
                    case "response.incomplete":
                        details = event.response.incomplete_details
                        raise failures.of_incomplete(details.reason if details else None)
                    case "response.failed":
                        raise failures.ProviderFailed(str(event.response.error))
                    case "error":
                        raise failures.ProviderFailed(event.message)
        raise failure


async def in_time(stream: Events) -> Events:
    """Pass a stream's events on. Raises `Silent` if one takes too long, and `BrokenOff` for anything but an event."""
    limit = settings.MODEL_FIRST_TEXT_SECONDS
    while True:
        event = None
        try:
            async with asyncio.timeout(limit):
                event = await anext(stream)
        except StopAsyncIteration:
            return
        except json.JSONDecodeError as error:
            raise failures.BrokenOff("An event is not JSON.") from error
        except TimeoutError:
            pass  # raised below: the SDK takes an error that another one caused for an abort
        if event is None:
            raise failures.Silent(f"Nothing for {limit} seconds.")
        yield event
        if event.type in BEGINNINGS:
            limit = settings.MODEL_BETWEEN_TEXTS_SECONDS


def is_empty(output: list[Any]) -> bool:
    """Tell whether a response says nothing and calls nothing."""
    if any(item.type not in {"message", "reasoning"} for item in output):
        return False
    parts = [part for item in output if item.type == "message" for part in item.content]
    return not any((getattr(part, "text", "") or getattr(part, "refusal", "") or "").strip() for part in parts)


def name_calls(output: list[Any], items: Any) -> None:
    """Give calls an id of their own if the provider's ids are not unique.

    Some providers count anew in each response, and the SDK would drop the older of two calls with one id.
    """
    used = {item.get("call_id") for item in items if isinstance(item, dict)}
    for item in output:
        if item.type != "function_call":
            continue
        if not item.call_id or len(item.call_id) > CALL_ID_LENGTH or item.call_id in used:
            item.call_id = f"call_{uuid7().hex}"
        used.add(item.call_id)
