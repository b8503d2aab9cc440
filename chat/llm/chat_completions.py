"""The SDK's model for Chat Completions, told why each answer ended."""

from dataclasses import replace
from typing import Any

from agents import OpenAIChatCompletionsModel
from openai.types.chat import ChatCompletionChunk

from chat.llm import failures


class ChatCompletionsModel(OpenAIChatCompletionsModel):
    """The SDK's model, told why each answer ended: it takes one that was cut off for a complete one.

    Tools are sent as they were made ready once (`ServerTool.as_sent`): the SDK would go through the schema of each with
    every call.
    """

    async def _fetch_response(self, *args: Any, **kwargs: Any) -> Any:
        instructions, input, model_settings, tools, *more = args
        given = replace(model_settings, extra_body={"tools": [tool.as_sent for tool in tools]} if tools else None)
        fetched: Any = await super()._fetch_response(instructions, input, given, [], *more, **kwargs)
        response, stream = fetched  # turns are streamed
        return response, FinishedStream(stream)


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
