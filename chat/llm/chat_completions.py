"""Chat Completions, told why each answer ended: the Agents SDK takes one that was cut off for a complete one."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from agents import FunctionTool, ModelSettings, OpenAIChatCompletionsModel, Tool
from openai import AsyncOpenAI, AsyncStream, NotGiven, Omit
from openai.resources.chat import AsyncChat, AsyncCompletions
from openai.types.chat import ChatCompletionChunk
from pydantic import ValidationError

from chat.llm import failures


class ChatCompletionsModel(OpenAIChatCompletionsModel):
    """The SDK's model, which sends tools as they stand: the SDK goes through the schema of each with every call."""

    def stream_response(
        self,
        system_instructions: str | None,
        input: str | list[Any],
        model_settings: ModelSettings,
        tools: list[Tool],
        *args: Any,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        told = [as_sent(tool) for tool in tools if isinstance(tool, FunctionTool)]
        given = replace(model_settings, extra_body={"tools": told}) if told else model_settings
        return super().stream_response(system_instructions, input, given, [], *args, **kwargs)


def as_sent(tool: FunctionTool) -> dict[str, Any]:
    """Return a tool as Chat Completions takes it (https://platform.openai.com/docs/api-reference/chat/create)."""
    schema, is_strict = tool.params_json_schema, tool.strict_json_schema
    function = {"name": tool.name, "description": tool.description, "parameters": schema, "strict": is_strict}
    return {"type": "function", "function": function}


class Client(AsyncOpenAI):
    """OpenAI's client, whose streamed chat completions fail at their end unless the model stopped by itself."""

    @cached_property
    def chat(self) -> "Chat":
        return Chat(self)


class Chat(AsyncChat):
    def __init__(self, client: AsyncOpenAI) -> None:
        super().__init__(client)
        self.client = client

    @cached_property
    def completions(self) -> "Completions":
        return Completions(self.client)


class Completions(AsyncCompletions):
    def __init__(self, client: AsyncOpenAI) -> None:
        super().__init__(client)
        self.client = client

    async def create(  # type: ignore[override]  # one signature for all of theirs
        self,
        *,
        extra_headers: Mapping[str, str] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        **asked: Any,
    ) -> Any:
        """Send what is given, as it is, and return the stream of its chunks (`stream=True` is asked for).

        The client's own `create` looks in every part of every message and tool for something to translate, and there is
        nothing: a history of 80 messages takes it 9 ms. `post` is documented for requests of one's own.
        """
        body = {name: value for name, value in asked.items() if not isinstance(value, NotGiven | Omit)}
        options: Any = {"headers": extra_headers or {}, "params": extra_query or {}}
        stream = await self.client.post(
            "/chat/completions",
            cast_to=object,
            body=body | dict(extra_body or {}),
            options=options,
            stream=True,
            stream_cls=AsyncStream[object],
        )
        return FinishedStream(stream)


class FinishedStream:
    """A stream of chunks that fails at its end unless the model stopped by itself.

    Its `finish_reason` says so (https://platform.openai.com/docs/api-reference/chat-streaming/streaming).
    """

    def __init__(self, stream: AsyncStream[object]) -> None:
        self.stream = stream
        self.response = stream.response
        self.reason: str | None = None

    def __aiter__(self) -> "FinishedStream":
        return self

    async def __anext__(self) -> ChatCompletionChunk:
        try:
            chunk = as_chunk(await anext(self.stream))
        except StopAsyncIteration:
            if self.reason in {None, "length", "content_filter"}:
                raise failures.of_incomplete(self.reason) from None
            raise
        for choice in chunk.choices or ():
            self.reason = choice.finish_reason or self.reason
        return chunk

    async def aclose(self) -> None:
        await self.stream.close()


def as_chunk(data: object) -> ChatCompletionChunk:
    """Return an event's value as a chunk. What does not fit the type, as other servers send it, is taken as it is.

    Pydantic reads what fits in an eighth of the time that the client takes to read everything without complaint.
    """
    if not isinstance(data, dict):
        raise failures.BrokenOff("An event is not a JSON object.")
    try:
        return ChatCompletionChunk.model_validate(data)
    except ValidationError:
        return ChatCompletionChunk.model_construct(**data)
