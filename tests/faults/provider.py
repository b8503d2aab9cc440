"""The fault lab's model provider: an OpenAI-compatible server, both APIs, streaming, that says what a script tells it.

It is the test double on the wire, and everybody's way to see what Errand does when a provider fails (docs/failures.md):

    uv run python -m tests.faults.provider --port 9000
    MODEL_PROVIDER=custom MODEL_BASE_URL=http://127.0.0.1:9000/v1 MODEL_NAME=broken uv run manage.py quickstart

The model's name picks a scenario of `SCENARIOS` (`--list` prints them); MODEL_API=responses takes the other API.
Replies for the next requests can be queued while it runs, whatever the model's name; then the scenario goes on:

    curl -X POST 127.0.0.1:9000/script -d '[{"status": 500}, {"status": 429, "headers": {"Retry-After": "2"}}]'
    curl -X POST 127.0.0.1:9000/script -d '[{"text": ["Half of"], "ends": "cut", "piece_seconds": 0.5}]'
    curl -X DELETE 127.0.0.1:9000/script
    curl 127.0.0.1:9000/asked

A queued reply has the fields of `Reply`; `GET /asked` gives the bodies of all requests so far.
"""

import argparse
import asyncio
import json
import socket
import threading
import time
import zlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, Self

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

NEVER = 3600.0

_ids = count(1)


@dataclass(frozen=True)
class Call:
    """A function call that the model makes. Arguments given as text are sent as they are, valid or not."""

    name: str
    arguments: dict[str, Any] | str
    id: str = field(default_factory=lambda: f"call_{next(_ids)}")

    @property
    def sent(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True)
class Reply:
    """One model response: pieces of text, then function calls; with delays before the first and between pieces.

    `ends`: "well"; "cut": the connection breaks after the text and half of the last call's arguments; "closed": the
    same, but the stream ends politely, as behind a proxy. `finish`: why the model stopped, "stop" standing for the
    usual reason. A `status` other than 200 is answered with an error of that `code`, and with the `headers`; one that
    is told inside the stream has `fails_inside`. `page` is sent instead of an answer, as from a wrong address.
    """

    text: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    first_seconds: float = 0
    piece_seconds: float = 0
    status: int = 200
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    ends: Literal["well", "cut", "closed"] = "well"
    finish: Literal["stop", "length", "content_filter"] = "stop"
    fails_inside: bool = False
    page: str = ""

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        """Return the reply that a script describes in JSON."""
        return cls(**fields | {"calls": [Call(**call) for call in fields.get("calls", [])]})


@dataclass(frozen=True)
class Asked:
    """One request as the script sees it, alike for both APIs. `tries`: how often the same was asked, this included."""

    api: str
    body: dict[str, Any]
    tries: int = 1

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
    def results(self) -> list[str]:
        """What tools have answered, ever."""
        return [
            text_of(item["content" if self.api == "chat" else "output"])
            for item in self.items
            if item.get("role") == "tool" or item.get("type") == "function_call_output"
        ]

    @property
    def said(self) -> str:
        """What the person said last."""
        return text_of(next(item for item in reversed(self.items) if item.get("role") == "user")["content"])


def text_of(content: str | list[dict[str, Any]]) -> str:
    """Return what an item says: its text as it is, or in parts."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


type Scenario = Callable[[Asked], Reply]

HELLO = Reply(["Hello", " from", " the", " fault", " lab."])


def say_hello(asked: Asked) -> Reply:
    """Say hello."""
    return HELLO


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


def cite_what_is_found(asked: Asked) -> Reply:
    """Look what is said up in the documents, then cite the best passage, in twenty tokens of 5 ms after 50 ms."""
    if not asked.has_results:
        return Reply(calls=[Call("search_knowledge", {"query": asked.said})], first_seconds=0.05)
    marker = asked.results[-1].partition("[")[2].partition("]")[0]
    return Reply([*(["word "] * 20), f"[{marker}]"], first_seconds=0.05, piece_seconds=0.005)


def once(fault: Reply, then: Scenario = say_hello) -> Scenario:
    """Fail at the first try, work at the second."""
    return lambda asked: fault if asked.tries == 1 else then(asked)


def after_a_task(fault: Reply) -> Scenario:
    """Add a task, then fail instead of saying so."""
    return lambda asked: fault if asked.has_results else add_what_is_said(asked)


def mended(bad: Call) -> Scenario:
    """Make a call that cannot be made; once the tool has said so, make the right one."""

    def scenario(asked: Asked) -> Reply:
        match len(asked.results):
            case 0:
                return Reply(calls=[bad])
            case 1:
                return Reply(calls=[Call("add_task", {"title": asked.said[:100]})])
        return Reply(["Added", " it."])

    return scenario


def loop_forever(asked: Asked) -> Reply:
    """Look the list up, again and again."""
    return Reply(calls=[Call("list_tasks", {})])


BUSY = Reply(status=429, code="rate_limit_exceeded", headers={"Retry-After": "1"})
HALF = ["Half", " of", " an"]
HALF_CALL = Call("add_task", {"title": "never to be added"})
BAD_JSON = '{"title": "milk",, "due": }'

SCENARIOS: dict[str, Scenario] = {
    "hello": say_hello,
    "task": add_what_is_said,
    "forty": forty_tokens,
    "documents": cite_what_is_found,
    "slow": lambda asked: Reply(["slow "] * 40, piece_seconds=0.25),
    # what never works
    "refused": lambda asked: Reply(status=401, code="invalid_api_key"),
    "unknown-model": lambda asked: Reply(status=404, code="model_not_found"),
    "broken": lambda asked: Reply(status=500),
    "busy": lambda asked: BUSY,
    "busy-for-long": lambda asked: Reply(status=429, headers={"Retry-After": "600"}),
    "no-credit": lambda asked: Reply(status=429, code="insufficient_quota"),
    "too-long": lambda asked: Reply(status=400, code="context_length_exceeded"),
    "silent": lambda asked: Reply(first_seconds=NEVER),
    "stalls": lambda asked: Reply(["And", " then…", ""], piece_seconds=NEVER),
    "fails-inside": lambda asked: Reply(fails_inside=True),
    "cut-text": lambda asked: Reply(HALF, ends="cut"),
    "closed-text": lambda asked: Reply(HALF, ends="closed"),
    "cut-call": lambda asked: Reply(calls=[HALF_CALL], ends="cut"),
    "closed-call": lambda asked: Reply(calls=[HALF_CALL], ends="closed"),
    "cut-after-task": after_a_task(Reply(HALF, ends="cut")),
    "empty": lambda asked: Reply(),
    "blank": lambda asked: Reply([" ", "\n"]),
    "filtered": lambda asked: Reply(finish="content_filter"),
    "filtered-late": lambda asked: Reply(HALF, finish="content_filter"),
    "filtered-request": lambda asked: Reply(status=400, code="content_filter"),
    "length": lambda asked: Reply(HALF, finish="length"),
    "bad-json": lambda asked: Reply(calls=[Call("add_task", BAD_JSON)]),
    "no-such-tool": lambda asked: Reply(calls=[Call("order_pizza", {"size": "large"})]),
    "loop": loop_forever,
    "odd-text": lambda asked: Reply(["odd\0 ", "\ud83d", " text"]),
    "page": lambda asked: Reply(page="<h1>It works!</h1>"),
    # what works at the second try
    "broken-once": once(Reply(status=500)),
    "busy-once": once(BUSY),
    "silent-once": once(Reply(first_seconds=NEVER)),
    "fails-inside-once": once(Reply(fails_inside=True)),
    "cut-once": once(Reply(ends="cut")),
    "cut-call-once": once(Reply(calls=[HALF_CALL], ends="cut"), add_what_is_said),
    "closed-call-once": once(Reply(calls=[HALF_CALL], ends="closed"), add_what_is_said),
    "empty-once": once(Reply()),
    "bad-json-mended": mended(Call("add_task", BAD_JSON)),
    "list-json-mended": mended(Call("add_task", '["milk"]')),
    "no-such-tool-mended": mended(Call("order_pizza", {"size": "large"})),
}


class Provider:
    """The server: keeps what it was asked, answers what was queued, else what the scenario says."""

    def __init__(self, keep_alive: bool = True) -> None:
        """Without `keep_alive` no connection outlives its response: a test's event loop leaves none behind."""
        self.keep_alive = keep_alive
        self.asked: list[Asked] = []
        self.embedded: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self.tries = Counter[str]()
        self.queue = deque[Reply]()
        self.scenarios = dict(SCENARIOS)
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
                Route("/v1/responses", self.responses, methods=["POST"]),
                Route("/v1/embeddings", self.embeddings, methods=["POST"]),
                Route("/v1/audio/transcriptions", self.transcriptions, methods=["POST"]),
                Route("/script", self.script, methods=["POST", "DELETE"]),
                Route("/asked", self.bodies, methods=["GET"]),
            ]
        )

    async def chat(self, request: Request) -> Response:
        return await self.answer(request, "chat", chat_chunks)

    async def responses(self, request: Request) -> Response:
        return await self.answer(request, "responses", responses_events)

    async def embeddings(self, request: Request) -> Response:
        """Embed texts by their words: texts with words in common are near each other (and with SYNONYMS)."""
        body = await request.json()
        self.embedded.append(body)
        reply = self.queue.popleft() if self.queue else EMBEDDERS[body["model"]]
        if reply.status != 200:
            return JSONResponse({"error": {"message": "as the script says"}}, status_code=reply.status)
        await asyncio.sleep(reply.first_seconds)
        if reply.page:
            return HTMLResponse(reply.page)
        texts = body["input"][: len(body["input"]) // 2] if reply.ends == "cut" else body["input"]
        data = [
            {"index": number, "embedding": vector(text, body.get("dimensions", 64))}
            for number, text in enumerate(texts)
        ]
        return JSONResponse({"object": "list", "model": body["model"], "data": data[::-1]})

    async def transcriptions(self, request: Request) -> Response:
        """Hear what is queued, or else what the recording says: its bytes, which tests make of text, read as UTF-8."""
        async with request.form() as form:
            file = form["file"]
            assert isinstance(file, UploadFile)
            self.heard.append({"model": form["model"], "name": file.filename, "type": file.content_type})
            spoken = await file.read()
        reply = self.queue.popleft() if self.queue else Reply()
        if reply.status != 200:
            return JSONResponse({"error": {"message": "as the script says"}}, status_code=reply.status)
        return JSONResponse({"text": "".join(reply.text) or spoken.decode()})

    async def script(self, request: Request) -> Response:
        """Queue replies for the next requests, or forget those that are queued."""
        if request.method == "DELETE":
            self.queue.clear()
        else:
            self.queue.extend(Reply.of(fields) for fields in await request.json())
        return JSONResponse({"queued": len(self.queue)})

    async def bodies(self, request: Request) -> Response:
        return JSONResponse([asked.body for asked in self.asked])

    async def answer(self, request: Request, api: str, encode: "Encoder") -> Response:
        body = await request.json()
        self.tries[same := json.dumps(body)] += 1
        asked = Asked(api, body, self.tries[same])
        self.asked.append(asked)
        reply = self.queue.popleft() if self.queue else self.scenarios[body["model"]](asked)
        headers = reply.headers if self.keep_alive else {**reply.headers, "Connection": "close"}
        if reply.status != 200:
            error = {"message": "as the script says", "code": reply.code}
            return JSONResponse({"error": error}, status_code=reply.status, headers=headers)
        if reply.page:
            return HTMLResponse(reply.page, headers=headers)
        return StreamingResponse(encode(reply, body["model"]), media_type="text/event-stream", headers=headers)

    @contextmanager
    def serving(self, port: int = 0) -> "Any":
        """Serve from a thread of this process; gives the base URL."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            # It breaks off on purpose, which uvicorn would report as errors.
            server = uvicorn.Server(uvicorn.Config(self.app, log_level="critical", lifespan="off"))
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


EMBEDDERS = {
    "embed": Reply(),
    "embed-again": Reply(),
    "embed-broken": Reply(status=500),
    "embed-refused": Reply(status=401),
    "embed-slow": Reply(first_seconds=1),
    "embed-half": Reply(ends="cut"),
    "embed-page": Reply(page="<h1>It works!</h1>"),
}
SYNONYMS = {"vacation": "leave", "holiday": "leave", "car": "vehicle", "urlaub": "leave"}


def vector(text: str, dimensions: int) -> list[float]:
    """Return a direction that the words of a text point to, the same in every run."""
    numbers = [0.01] * dimensions
    for word in text.lower().split():
        stem = word.strip(".,?!:;()")
        numbers[zlib.crc32(SYNONYMS.get(stem, stem).encode()) % dimensions] += 1
    return numbers


type Encoder = Callable[[Reply, str], AsyncIterator[str]]


class CutError(Exception):
    """Makes the server break the connection in the middle of a response."""


def break_off(reply: Reply) -> None:
    if reply.ends == "cut":
        raise CutError


def arguments_sent(reply: Reply, call: Call) -> str:
    is_half = reply.ends != "well" and call is reply.calls[-1]
    return call.sent[: len(call.sent) // 2] if is_half else call.sent


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
    if reply.fails_inside:
        yield f"data: {json.dumps({'error': {'message': 'as the script says', 'code': 502}})}\n\n"
        return
    async for piece in pieces(reply):
        yield chunk({"content": piece})
    for index, call in enumerate(reply.calls):
        head = {"name": call.name, "arguments": ""}
        yield chunk({"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": head}]})
        yield chunk({"tool_calls": [{"index": index, "function": {"arguments": arguments_sent(reply, call)}}]})
    if reply.ends != "well":
        break_off(reply)
        return
    yield chunk({}, "tool_calls" if reply.calls and reply.finish == "stop" else reply.finish)
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
    if reply.fails_inside:
        error = {"code": "server_error", "message": "as the script says"}
        yield event("response.failed", response={**response, "status": "failed", "error": error})
        return
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
        if reply.ends != "well" and not reply.calls:
            break_off(reply)
            return
        part = {**part, "text": "".join(reply.text)}
        yield event("response.output_text.done", **place, text=part["text"], logprobs=[])
        yield event("response.content_part.done", **place, part=part)
        output.append({**item, "status": "completed", "content": [part]})
        yield event("response.output_item.done", output_index=0, item=output[0])
    else:
        await asyncio.sleep(reply.first_seconds)
    for index, call in enumerate(reply.calls, len(output)):
        arguments = arguments_sent(reply, call)
        item = {"id": f"fc_{call.id}", "type": "function_call", "call_id": call.id, "name": call.name, "arguments": ""}
        yield event("response.output_item.added", output_index=index, item={**item, "status": "in_progress"})
        place = {"item_id": item["id"], "output_index": index}
        yield event("response.function_call_arguments.delta", **place, delta=arguments)
        if reply.ends != "well" and call is reply.calls[-1]:
            break_off(reply)
            return
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
    response = {**response, "output": output, "usage": usage}
    if reply.ends != "well":
        break_off(reply)
    elif reply.finish == "stop":
        yield event("response.completed", response={**response, "status": "completed"})
    else:
        reason = "content_filter" if reply.finish == "content_filter" else "max_output_tokens"
        yield event(
            "response.incomplete",
            response={**response, "status": "incomplete", "incomplete_details": {"reason": reason}},
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--list", action="store_true", help="print the names of the scenarios")
    options = parser.parse_args()
    if options.list:
        print("\n".join(SCENARIOS))  # noqa: T201
    else:
        uvicorn.run(Provider().app, host="127.0.0.1", port=options.port)
