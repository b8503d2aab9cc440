"""The client of the model's provider reads what other servers send, however far it is from OpenAI's types."""

import json
from typing import Any

import httpx2
from django.test import SimpleTestCase
from openai.types.chat import ChatCompletionChunk

from chat.llm import failures
from chat.llm.chat_completions import Client

FITTING = {
    "id": "1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}],
    "of_their_own": {"a": 1},
}
ODD = {"choices": [{"index": "first", "delta": {"content": "Hello"}, "finish_reason": "eos"}]}
ENDING = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


class ClientTests(SimpleTestCase):
    async def read(self, *chunks: dict[str, Any]) -> list[ChatCompletionChunk]:
        """Return what the client makes of a stream of chunks, read to its end."""
        body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        answer = httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, content=body.encode())
        transport = httpx2.MockTransport(lambda request: answer)
        http = httpx2.AsyncClient(transport=transport)
        client = Client(api_key="none", base_url="http://127.0.0.1", http_client=http, max_retries=0)
        stream = await client.chat.completions.create(model="m", messages=[], stream=True)
        return [chunk async for chunk in stream]

    async def test_what_fits_is_read(self) -> None:
        chunk, _ = await self.read(FITTING, ENDING)
        self.assertEqual((chunk.choices[0].delta.content, chunk.model_extra), ("Hello", {"of_their_own": {"a": 1}}))

    async def test_what_does_not_fit_is_read_too(self) -> None:
        [chunk] = await self.read(ODD)
        self.assertEqual((chunk.choices[0].delta.content, chunk.choices[0].finish_reason), ("Hello", "eos"))

    async def test_a_stream_that_does_not_say_why_it_ends_was_broken_off(self) -> None:
        with self.assertRaises(failures.BrokenOff):
            await self.read(FITTING)

    async def test_a_stream_that_was_cut_off_says_so(self) -> None:
        with self.assertRaises(failures.CutShort):
            await self.read({"choices": [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": "length"}]})
