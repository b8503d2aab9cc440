"""The fault lab's model provider: an OpenAI-compatible server, both APIs, streaming, that says what a script tells it.

It is the test double on the wire. Try your own set-up with it:

    uv run python -m tests.faults.provider --port 9000
    MODEL_PROVIDER=custom MODEL_BASE_URL=http://127.0.0.1:9000/v1 MODEL_NAME=task uv run manage.py quickstart

The model's name picks a scenario of `SCENARIOS`; tests put their own functions there.
"""

import argparse
import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

_ids = count(1)


@dataclass(frozen=True)
class Call:
    """A function call that the model makes."""

    name: str
    arguments: dict[str, Any]
    id: str = field(default_factory=lambda: f"call_{next(_ids)}")


@dataclass(frozen=True)
class Reply:
    """One model response: pieces of text, then function calls; with delays before the first and between pieces."""

    text: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    first_seconds: float = 0
    piece_seconds: float = 0
    status: int = 200


@dataclass(frozen=True)
class Asked:
    """One request as the script sees it, alike for both APIs."""

    api: str
    body: dict[str, Any]

    @property
    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.body["messages" if self.api == "chat" else "input"]
        return items

    @property
    def has_results(self) -> bool:
        """Tell whether tools have answered since the person last spoke."""
        last = self.items[-1]
        return last.get("role") == "tool" or last.get("type") == "function_call_output"

    @property
    def said(self) -> str:
        """What the person said last."""
        content = next(item for item in reversed(self.items) if item.get("role") == "user")["content"]
        return content if isinstance(content, str) else "".join(part["text"] for part in content)


type Scenario = Callable[[Asked], Reply]


def say_hello(asked: Asked) -> Reply:
    return Reply(["Hello", " from", " the", " fault", " lab."])


def add_what_is_said(asked: Asked) -> Reply:
    """Two model calls and one tool: what is said becomes a task."""
    if asked.has_results:
        return Reply(["Added", " it."])
    return Reply(calls=[Call("add_task", {"title": asked.said[:100]})])


def forty_tokens(asked: Asked) -> Reply:
    """The turn that figures are taken with: a tool call, then 40 tokens of 5 ms after 50 ms."""
    if asked.has_results:
        return Reply(["word "] * 40, first_seconds=0.05, piece_seconds=0.005)
    return Reply(calls=[Call("list_tasks", {})], first_seconds=0.05)


SCENARIOS: dict[str, Scenario] = {
    "hello": say_hello,
    "task": add_what_is_said,
    "forty": forty_tokens,
    "slow": lambda asked: Reply(["slow "] * 40, piece_seconds=0.25),
    "refused": lambda asked: Reply(status=401),
    "broken": lambda asked: Reply(status=500),
}


class Provider:
    """The server: keeps what it was asked, answers what the scenario says."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.scenarios = dict(SCENARIOS)
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
                Route("/v1/responses", self.responses, methods=["POST"]),
            ]
        )

    async def chat(self, request: Request) -> Response:
        return await self.answer(request, "chat", chat_chunks)

    async def responses(self, request: Request) -> Response:
        return await self.answer(request, "responses", responses_events)

    async def answer(self, request: Request, api: str, encode: "Encoder") -> Response:
        asked = Asked(api, await request.json())
        self.asked.append(asked)
        reply = self.scenarios[asked.body["model"]](asked)
        if reply.status != 200:
            return JSONResponse({"error": {"message": "as the script says", "code": None}}, status_code=reply.status)
        return StreamingResponse(encode(reply, asked.body["model"]), media_type="text/event-stream")

    @contextmanager
    def serving(self, port: int = 0) -> "Any":
        """Serve from a thread of this process; gives the base URL."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            server = uvicorn.Server(uvicorn.Config(self.app, log_level="warning", lifespan="off"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
            finally:
                server.should_exit = True
                thread.join()

    def last(self) -> Asked:
        return self.asked[-1]

    def scripted(self, name: str, scenario: Scenario) -> Self:
        self.scenarios[name] = scenario
        return self


type Encoder = Callable[[Reply, str], AsyncIterator[str]]


async def pieces(reply: Reply) -> AsyncIterator[str]:
    await asyncio.sleep(reply.first_seconds)
    for piece in reply.text:
        yield piece
        await asyncio.sleep(reply.piece_seconds)


async def chat_chunks(reply: Reply, model: str) -> AsyncIterator[str]:
    """Chat completions as `chat.completion.chunk` events (https://platform.openai.com/docs/api-reference/chat)."""
    base = {
        "id": f"chatcmpl-{next(_ids)}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": model,
    }

    def chunk(delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return f"data: {json.dumps({**base, 'choices': [choice]})}\n\n"

    yield chunk({"role": "assistant", "content": ""})
    async for piece in pieces(reply):
        yield chunk({"content": piece})
    for index, call in enumerate(reply.calls):
        head = {"name": call.name, "arguments": ""}
        yield chunk({"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": head}]})
        yield chunk({"tool_calls": [{"index": index, "function": {"arguments": json.dumps(call.arguments)}}]})
    yield chunk({}, "tool_calls" if reply.calls else "stop")
    usage = {"prompt_tokens": 100, "completion_tokens": len(reply.text) + 10 * len(reply.calls), "total_tokens": 0}
    yield f"data: {json.dumps({**base, 'choices': [], 'usage': usage})}\n\n"
    yield "data: [DONE]\n\n"


async def responses_events(reply: Reply, model: str) -> AsyncIterator[str]:
    """Responses as its server-sent events (https://platform.openai.com/docs/api-reference/responses-streaming)."""
    numbers = count()

    def event(type: str, **members: Any) -> str:
        body = {"type": type, "sequence_number": next(numbers), **members}
        return f"event: {type}\ndata: {json.dumps(body)}\n\n"

    response: dict[str, Any] = {
        "id": f"resp_{next(_ids)}",
        "object": "response",
        "created_at": int(time.time()),
        "model": model,
        "status": "in_progress",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    yield event("response.created", response=response)
    output: list[dict[str, Any]] = []
    if reply.text:
        item = {
            "id": f"msg_{next(_ids)}",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
        part = {"type": "output_text", "text": "", "annotations": []}
        yield event("response.output_item.added", output_index=0, item=item)
        yield event("response.content_part.added", **place, part=part)
        async for piece in pieces(reply):
            yield event("response.output_text.delta", **place, delta=piece, logprobs=[])
        part = {**part, "text": "".join(reply.text)}
        yield event("response.output_text.done", **place, text=part["text"], logprobs=[])
        yield event("response.content_part.done", **place, part=part)
        output.append({**item, "status": "completed", "content": [part]})
        yield event("response.output_item.done", output_index=0, item=output[0])
    else:
        await asyncio.sleep(reply.first_seconds)
    for index, call in enumerate(reply.calls, len(output)):
        arguments = json.dumps(call.arguments)
        item = {"id": f"fc_{call.id}", "type": "function_call", "call_id": call.id, "name": call.name, "arguments": ""}
        yield event("response.output_item.added", output_index=index, item={**item, "status": "in_progress"})
        place = {"item_id": item["id"], "output_index": index}
        yield event("response.function_call_arguments.delta", **place, delta=arguments)
        yield event("response.function_call_arguments.done", **place, arguments=arguments, name=call.name)
        output.append({**item, "status": "completed", "arguments": arguments})
        yield event("response.output_item.done", output_index=index, item=output[-1])
    usage = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": len(reply.text) + 10 * len(reply.calls),
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 0,
    }
    yield event("response.completed", response={**response, "status": "completed", "output": output, "usage": usage})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9000)
    uvicorn.run(Provider().app, host="127.0.0.1", port=parser.parse_args().port)
