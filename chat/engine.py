"""The turn engine: runs the agent for one turn, journals every step, and tells those who watch.

A turn runs in a task of its own; requests only watch it. What it has done so far is in its steps, so that the same
function begins a turn and goes on with one that another process began: calls that were answered are not made again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from agents import (
    Agent,
    ModelSettings,
    RunConfig,
    RunContextWrapper,
    Runner,
    ToolErrorFormatterArgs,
    ToolExecutionConfig,
)
from agents.tool_context import ToolContext
from chatkit.types import ProgressUpdateEvent, ThreadItem, ThreadItemDoneEvent
from django.conf import settings
from django.db import DatabaseError
from mcp.types import CallToolResult

from accounts.caller import Caller, calling
from accounts.models import User
from accounts.sections import section
from chat import failures, history, journal, prompts, providers
from chat.live import Live
from chat.model_calls import JournaledModel
from chat.models import LostLease, Step, Turn
from chat.tools import Stopwatch, ToolCall, ToolServer, text_of
from chat.transcript import SUMMARY_META, Transcript


class TurnRun:
    """One turn under way in this process."""

    def __init__(self, turn: Turn, user: User, live: Live) -> None:
        self.turn = turn
        self.user = user
        self.transcript = Transcript(turn.conversation.public_id, live.emit)
        self.watch = Stopwatch()
        self.next_step = 1
        self.response_number = 0
        self.tools: set[str] = set()
        self.asked: dict[str, dict[str, Any]] = {}  # the calls of the last response by their ids
        self.refused_in_a_row = 0

    async def answer(self) -> None:
        """Run the agent to its end. Raises what the SDK, the provider's client and `asyncio.timeout` raise."""
        items, steps, shown = await section(self.load)
        for item in shown:  # what was done before this process took over, for those who watch from here on
            self.transcript.emit(ThreadItemDoneEvent(item=item))
        self.next_step = len(steps) + 1
        self.response_number = sum(step.kind == Step.Kind.RESPONSE for step in steps)
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(connected(path, self)) for path in settings.MCP_SERVERS]
            self.tools = {name for server in servers for name in server.tools}
            items += await self.run_missing_calls(steps, servers)
            agent = Agent(
                name="Errand",
                instructions=prompts.render(self.user).text,
                model=JournaledModel(providers.configured_model(), self),
                model_settings=ModelSettings(retry=failures.retrying(self.tell)),
                mcp_servers=list(servers),
                mcp_config={"failure_error_function": self.refuse_failed},
            )
            config = RunConfig(
                tracing_disabled=True,
                tool_not_found_behavior="return_error_to_model",
                tool_error_formatter=self.refuse_unknown,
                tool_execution=ToolExecutionConfig(max_function_tool_concurrency=1),  # in the order they were asked for
            )
            result = Runner.run_streamed(agent, items, max_turns=settings.MODEL_CALLS_LIMIT, run_config=config)
            try:
                async for _ in result.stream_events():
                    pass  # the model and the tools tell the transcript themselves, in their own order
            finally:
                result.cancel()  # the SDK's own task would go on where this one is stopped

    def load(self) -> tuple[list[Any], list[Step], list[ThreadItem]]:
        steps = list(self.turn.steps.all())
        messages = self.turn.messages.visible().exclude(kind="user_message").order_by("id") if steps else []
        return history.load(self.turn), steps, [message.as_item() for message in messages]

    async def run_missing_calls(self, steps: list[Step], servers: list[ToolServer]) -> list[Any]:
        """Make the calls that a journaled response asked for and that a crash left unanswered; return their outputs."""
        outputs = []
        for item in history.unanswered(steps):
            self.asked[item["call_id"]] = item
            server = next((server for server in servers if item["name"] in server.tools), None)
            try:
                arguments = failures.read_arguments(item["arguments"])
            except ValueError:
                server = None
            if server:
                text = text_of(await server.call_tool(item["name"], arguments, {"call_id": item["call_id"]}))
            else:
                text = await self.refuse_call(item)
            outputs.append(output_item(item["call_id"], text))
        return outputs

    def say(self, delta: str, part: object) -> bool:
        """Show a piece of text, and tell whether that showed anything: blank beginnings are not shown."""
        delta = journal.storable(delta)
        if self.transcript.message is None and not delta.strip():
            return False
        if self.turn.first_text_ms is None:
            self.turn.first_text_ms = self.watch.ms
        self.transcript.text(delta, part)
        return True

    def tell(self, progress: str) -> None:
        self.transcript.emit(ProgressUpdateEvent(text=progress))

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
        self.asked = {item["call_id"]: item for item in step.items if item["type"] == "function_call"}
        self.transcript.close_message()

    async def call_tool(self, call: ToolCall, make: Callable[[], Awaitable[CallToolResult]]) -> CallToolResult:
        """Make a call. One that was begun is finished and journaled, also when the turn is stopped meanwhile."""
        begun = asyncio.ensure_future(self.make_call(call, make))
        try:
            return await asyncio.shield(begun)
        except asyncio.CancelledError:
            await begun
            raise

    async def make_call(self, call: ToolCall, make: Callable[[], Awaitable[CallToolResult]]) -> CallToolResult:
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
        self.refused_in_a_row = 0
        await self.journal_result(call.id, call.name, call.arguments, text, shown, result.is_error, watch.ms)
        return result

    async def journal_result(
        self, call_id: str, name: str, arguments: Any, text: str, shown: Any, is_error: bool, duration_ms: int = 0
    ) -> None:
        step = Step(
            number=self.next_step,
            kind=Step.Kind.TOOL,
            items=[output_item(call_id, text)],
            call_id=call_id,
            name=name[:100],
            arguments=arguments,
            result=shown,
            is_error=is_error,
            duration_ms=duration_ms,
        )
        self.next_step += 1
        await section(journal.record, self.turn, step, self.transcript.open_items())

    async def refuse_unknown(self, args: ToolErrorFormatterArgs[Any]) -> str | None:
        return await self.refuse_call(self.asked[args.call_id]) if args.kind == "tool_not_found" else None

    async def refuse_failed(self, context: RunContextWrapper[Any], error: Exception) -> str:
        if isinstance(fault := error.__cause__ or error, DatabaseError | LostLease):
            raise fault  # the call may have been made: whoever goes on with the turn finds its result
        assert isinstance(context, ToolContext)
        return await self.refuse_call(self.asked[context.tool_call_id])

    async def refuse_call(self, item: dict[str, Any]) -> str:
        """Journal a call that could not be handed to a tool, and return what the model is told of it."""
        text = failures.refusal(item, self.tools)
        place = self.transcript.tool_started(item["name"][:100], item["arguments"])
        self.transcript.tool_finished(place, f"A call of {item['name'][:100]} failed", True, text, 0)
        self.refused_in_a_row += 1
        await self.journal_result(item["call_id"], item["name"], item["arguments"], text, text, is_error=True)
        return text

    def check_calls(self) -> None:
        """Raise `UnusableCalls` for a model that does not mend its calls however often it is told."""
        if self.refused_in_a_row >= failures.UNUSABLE_CALLS_LIMIT:
            raise failures.UnusableCalls

    async def end(self, status: str, error: str = "") -> None:
        if error:
            self.transcript.notice = failures.notice(self.transcript.thread_id, error)
        await section(journal.end, self.turn, status, error, self.transcript.open_items(), self.partial_step())
        self.transcript.close()
        if error:
            self.transcript.emit(failures.event())

    def partial_step(self) -> Step | None:
        """Return what was shown of a response that broke off: the person has read it, so the model has to know it."""
        if not (text := self.transcript.text_under_way):
            return None
        return Step(number=self.next_step, kind=Step.Kind.RESPONSE, items=history.partial_items(text))


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
