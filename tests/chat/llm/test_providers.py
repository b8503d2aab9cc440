"""The client of the model's provider reads what other servers send, however far it is from OpenAI's types."""

import httpx2
from django.test import SimpleTestCase
from openai.types.chat import ChatCompletionChunk

from chat.llm.providers import Client


class ClientTests(SimpleTestCase):
    def read(self, data: object) -> ChatCompletionChunk:
        client = Client(api_key="none", base_url="http://127.0.0.1")
        read = client._process_response_data(data=data, cast_to=ChatCompletionChunk, response=httpx2.Response(200))
        assert isinstance(read, ChatCompletionChunk)
        return read

    def test_what_fits_is_read(self) -> None:
        chunk = self.read(
            {
                "id": "1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": "m",
                "choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}],
                "of_their_own": {"a": 1},
            }
        )
        self.assertEqual((chunk.choices[0].delta.content, chunk.model_extra), ("Hello", {"of_their_own": {"a": 1}}))

    def test_what_does_not_fit_is_read_too(self) -> None:
        chunk = self.read({"choices": [{"index": "first", "delta": {"content": "Hello"}, "finish_reason": "eos"}]})
        self.assertEqual((chunk.choices[0].delta.content, chunk.choices[0].finish_reason), ("Hello", "eos"))
