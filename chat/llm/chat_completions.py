"""Chat Completions, told why each answer ended: the Agents SDK takes one that was cut off for a complete one."""

from functools import cached_property
from typing import Any

from openai import AsyncOpenAI
from openai.resources.chat import AsyncChat, AsyncCompletions
from openai.types.chat import ChatCompletionChunk

from chat.llm import failures


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
    async def create(self, **asked: Any) -> Any:
        answer = await super().create(**asked)
        return FinishedStream(answer) if asked.get("stream") is True else answer


class FinishedStream:
    """A stream of chunks that fails at its end unless the model stopped by itself.

    Its `finish_reason` says so (https://platform.openai.com/docs/api-reference/chat-streaming/streaming).
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.response = stream.response
        self.reason: str | None = None

    def __aiter__(self) -> "FinishedStream":
        return self

    async def __anext__(self) -> ChatCompletionChunk:
        try:
            chunk: ChatCompletionChunk = await anext(self.stream)
        except StopAsyncIteration:
            if self.reason in {None, "length", "content_filter"}:
                raise failures.of_incomplete(self.reason) from None
            raise
        for choice in chunk.choices or ():
            self.reason = choice.finish_reason or self.reason
        return chunk

    async def aclose(self) -> None:
        await self.stream.close()
