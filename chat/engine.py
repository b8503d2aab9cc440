"""The turn engine: runs the agent for one turn, journals every step, and tells those who watch.

A turn runs in a task of its own; requests only watch it. What it has done so far is in its steps, so that the same
function begins a turn and goes on with one that another process began: calls that were answered are not made again.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import openai
from agents import (
    Agent,
    MaxTurnsExceeded,
    Model,
    ModelResponse,
    RunConfig,
    Runner,
    ToolExecutionConfig,
)
from agents.items import TResponseStreamEvent
from chatkit.types import ErrorEvent
from django.conf import settings
from mcp.types import CallToolResult

from accounts.caller import Caller, calling
from accounts.models import User
from accounts.sections import section
from chat import history, journal, prompts, providers
from chat.live import Live
from chat.models import Step, Turn
from chat.tools import Stopwatch, ToolCall, ToolServer, text_of
from chat.transcript import SUMMARY_META, Transcript


class JournaledModel(Model):
    """A model whose responses are shown as they come and journaled before any of their tool calls runs."""

    def __init__(self, model: Model, run: "TurnRun") -> None:
        self.model = model
        self.run = run

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        raise TypeError("Turns are streamed.")

    async def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[TResponseStreamEvent]:
        watch = Stopwatch()
        async for event in self.model.stream_response(*args, **kwargs):
            match event.type:
                case "response.output_text.delta" | "response.refusal.delta":
                    self.run.say(event.delta, (event.output_index, event.content_index))
                case "response.completed" | "response.incomplete":
                    await self.run.journal_response(event.response, watch.ms)
            yield event


class TurnRun:
    """One turn under way in this process."""

    def __init__(self, turn: Turn, user: User, live: Live) -> None:
        self.turn = turn
        self.user = user
        self.transcript = Transcript(turn.conversation.public_id, live.emit)
        self.watch = Stopwatch()
        self.next_step = 1
        self.response_number = 0

    async def answer(self) -> None:
        """Run the agent to its end. Raises what the SDK, the provider's client and `asyncio.timeout` raise."""
        items, steps = await section(self.load)
        self.next_step = len(steps) + 1
        self.response_number = sum(step.kind == Step.Kind.RESPONSE for step in steps)
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(connected(path, self)) for path in settings.MCP_SERVERS]
            items += await self.run_missing_calls(steps, servers)
            agent = Agent(
                name="Errand",
                instructions=prompts.render(self.user).text,
                model=JournaledModel(providers.configured_model(), self),
                mcp_servers=list(servers),
            )
            config = RunConfig(
                tracing_disabled=True,
                tool_execution=ToolExecutionConfig(max_function_tool_concurrency=1),  # in the order they were asked for
            )
            result = Runner.run_streamed(agent, items, max_turns=settings.MODEL_CALLS_LIMIT, run_config=config)
            async for _ in result.stream_events():
                pass  # the model and the tools tell the transcript themselves, in their own order

    def load(self) -> tuple[list[Any], list[Step]]:
        return history.load(self.turn), list(self.turn.steps.all())

    async def run_missing_calls(self, steps: list[Step], servers: list[ToolServer]) -> list[Any]:
        """Make the calls that a journaled response asked for and that a crash left unanswered; return their outputs."""
        answered = {step.call_id for step in steps if step.kind == Step.Kind.TOOL}
        asked = [item for step in steps for item in step.items if item.get("type") == "function_call"]
        outputs = []
        for item in asked:
            if item["call_id"] in answered:
                continue
            server = next(server for server in servers if item["name"] in server.tools)
            arguments = json.loads(item["arguments"] or "{}")
            result = await server.call_tool(item["name"], arguments, {"call_id": item["call_id"]})
            outputs.append(output_item(item["call_id"], text_of(result)))
        return outputs

    def say(self, delta: str, part: object) -> None:
        if self.turn.first_text_ms is None:
            self.turn.first_text_ms = self.watch.ms
        self.transcript.text(delta, part)

    async def journal_response(self, response: Any, duration_ms: int) -> None:
        usage = response.usage
        step = Step(
            number=self.next_step,
            kind=Step.Kind.RESPONSE,
            items=[item.model_dump(mode="json", exclude_none=True) for item in response.output],
            input_tokens=usage.input_tokens if usage else 0,
            output_tokens=usage.output_tokens if usage else 0,
            duration_ms=duration_ms,
        )
        await section(journal.record, self.turn, step, self.transcript.open_items())
        self.next_step += 1
        self.response_number += 1
        self.transcript.close_message()

    async def call_tool(self, call: ToolCall, make: Callable[[], Awaitable[CallToolResult]]) -> CallToolResult:
        """Make a call in the user's name, under a key that stays the same if a crash makes us repeat it."""
        watch = Stopwatch()
        place = self.transcript.tool_started(call.title, call.arguments)
        # Some providers count call ids anew in each response, so the response's number is part of the key.
        key = f"turn:{self.turn.pk.hex}:{self.response_number}:{call.id}"
        with calling(Caller(self.user, "chat", key, self.turn.pk)):
            result = await make()
        text = text_of(result)
        summary = (result.meta or {}).get(SUMMARY_META) or (f"{call.title} failed" if result.is_error else call.title)
        shown = text if result.is_error else result.structured_content or text
        self.transcript.tool_finished(place, summary, call.is_read, shown, watch.ms)
        step = Step(
            number=self.next_step,
            kind=Step.Kind.TOOL,
            items=[output_item(call.id, text)],
            call_id=call.id,
            name=call.name,
            arguments=call.arguments,
            result=shown,
            is_error=result.is_error,
            duration_ms=watch.ms,
        )
        self.next_step += 1
        await section(journal.record, self.turn, step, self.transcript.open_items())
        return result

    async def end(self, status: str, error: str = "") -> None:
        await section(journal.end, self.turn, status, error, self.transcript.open_items())
        self.transcript.close()
        if error:
            self.transcript.emit(ErrorEvent(code="custom", message=error, allow_retry=True))


def output_item(call_id: str, text: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": text}


@asynccontextmanager
async def connected(path: str, run: TurnRun) -> AsyncIterator[ToolServer]:
    server = ToolServer(path, run.call_tool)
    await server.connect()
    try:
        yield server
    finally:
        await server.cleanup()


def explain(error: Exception) -> str:
    """Return what a failed model call means to the person who waits for the answer."""
    match error:
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return "The model's provider refused our key. Ask whoever runs this server to check MODEL_API_KEY."
        case openai.NotFoundError():
            return f"The provider does not know the model “{providers.model_name()}”. Check MODEL_NAME."
        case openai.RateLimitError():
            return "The model is busy: its provider limits our requests. Try again in a moment."
        case openai.APITimeoutError() | TimeoutError():
            return "The model took too long to answer. Try again."
        case openai.APIConnectionError():
            return "The model cannot be reached. Check MODEL_BASE_URL and the network, then try again."
        case openai.APIStatusError():
            return f"The model's provider answered with an error ({error.status_code}). Try again."
        case MaxTurnsExceeded():
            return f"Stopped after {settings.MODEL_CALLS_LIMIT} steps without an end. Try to ask in smaller pieces."
    return "The model's answer could not be used. Try again."
