"""The turn engine: runs the agent for one turn, journals every step, and tells those who watch.

A turn runs in a task of its own; requests only watch it. What it has done so far is in its steps, so that the same
function begins a turn and continues one that another process began: calls that were answered are not made again.
"""

import asyncio
import datetime
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import structlog
from agents import Model
from chatkit.types import InferenceOptions, ProgressUpdateEvent, ThreadItem, ThreadItemDoneEvent
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from mcp import MCPError
from mcp.types import CallToolResult, TextContent

from accounts.caller import Caller, calling
from accounts.models import User
from chat.items import attachments, citations, composer_choices, questions, undo_card, widgets
from chat.items.transcript import Transcript
from chat.llm import failures, prompts, providers
from chat.models import Message, Step, Turn
from chat.tool_servers import (
    Stopwatch,
    ToolCall,
    ToolServer,
    is_read,
    needs_approval,
    people_paths,
    text_of,
    tool_servers,
    with_note,
)
from chat.turns import approvals, journal, model_input
from chat.turns.approvals import ApprovalNeeded, WaitingCall
from chat.turns.running import RunningTurn
from core import metrics, traces
from core.sections import section
from core.tools.previews import PLAN_META, PREVIEW_META, Plan
from core.tools.result_meta import SUMMARY_META

LAST_CALL_SECONDS = 30

log = structlog.get_logger("errand.chat")


@dataclass(frozen=True)
class ModelRequest:
    """The first model call of a run: input items in the Responses format, and the name of the tool that must be
    called, if any."""

    items: list[Any]
    tool_choice: str | None


class TurnRun:
    """One turn under way in this process."""

    def __init__(self, turn: Turn, user: User, live: RunningTurn) -> None:
        self.turn = turn
        self.user = user
        self.live = live
        self.transcript = Transcript(turn.conversation.public_id, live.emit)
        self.watch = Stopwatch()
        self.next_step = 1
        self.response_number = 0
        self.tools: set[str] = set()
        self.servers: list[ToolServer] = []
        self.instructions = ""
        self.model: Model
        self.asked: dict[str, dict[str, Any]] = {}  # the calls of the last response by their ids
        self.verdicts: dict[str, WaitingCall] = {}  # what the person decided of them
        self.options = InferenceOptions()
        self.results: list[dict[str, Any]] = []  # what is shown of the last calls below the answer, as items of steps
        self.refused_in_a_row = 0
        self.under_way: asyncio.Future[CallToolResult] | None = None  # the call that was begun last
        self.history_fill = 0.0  # how much of its budget the history takes

    async def prepare(self) -> ModelRequest | None:
        """Finish what an earlier run began. Return the next request to the model, or None if it has no more to say.

        Raises `ApprovalNeeded`.
        """
        self.turn.queue_ms = self.turn.queue_ms or since(self.turn.created_at)
        self.servers = await tool_servers([*people_paths(), *settings.MCP_AGENT_SERVERS])
        self.tools = {name for server in self.servers for name in server.tools}
        given, steps, prompt, shown = await section(self.load)
        self.history_fill = given.fill
        for item in shown:  # what was done before this process took over, for those who watch from here on
            self.transcript.emit(ThreadItemDoneEvent(item=item))
        if model_input.is_answered(steps):  # a process died after the last response, before the turn was closed
            return None
        if self.turn.abandoned and not steps:
            await self.show_leftovers()
        self.next_step = len(steps) + 1
        self.response_number = sum(step.kind == Step.Kind.RESPONSE for step in steps)
        items = given.items + await self.run_missing_calls(steps)
        if questions.are_open(self.results):
            return None
        self.instructions = prompt.text
        return ModelRequest(items, self.tool_choice(steps))

    def tool_choice(self, steps: list[Step]) -> str | None:
        """Return the tool that the person chose for this message, before anything else was done."""
        chosen = self.options.tool_choice
        return chosen.id if chosen and chosen.id in self.tools and not steps else None

    def told_tools(self) -> list[dict[str, Any]]:
        """Return the tools as the model is told of them."""
        tools = [tool for server in self.servers for tool in server.tools.values()]
        return [{"name": tool.name, "description": tool.description, "parameters": tool.input_schema} for tool in tools]

    async def show_leftovers(self) -> None:
        if card := await undo_card.card(self.turn, self.user):
            await section(Message.put, self.turn.conversation_id, card, self.turn.pk)
            self.transcript.emit(ThreadItemDoneEvent(item=card))

    def load(self) -> tuple[model_input.ModelInput, list[Step], prompts.Prompt, list[ThreadItem]]:
        """Load what the turn continues from, and record what the model is about to be given."""
        steps = Step.of(self.turn)
        messages = self.turn.messages.visible().exclude(kind="user_message").order_by("id") if steps else []
        if steps:
            self.verdicts = approvals.decided(self.turn, sum(step.kind == Step.Kind.RESPONSE for step in steps))
        if steps or self.turn.parent_id:
            self.transcript.citations.learn(citations.remembered(self.turn))
        self.results = model_input.last_results(steps)
        self.options = composer_choices.of_turn(self.turn)
        given = model_input.load(self.turn, steps)
        items = attachments.with_pictures(self.user, given.items, sees=providers.chosen(self.options.model).sees)
        prompt = prompts.render(self.user, given.summary)
        if not model_input.is_answered(steps):
            self.turn.history_ms = self.turn.history_ms or self.watch.ms
            journal.note_request(self.turn, prompt, self.told_tools(), given.start)
        return replace(given, items=items), steps, prompt, [message.as_item() for message in messages]

    async def run_missing_calls(self, steps: list[Step]) -> list[Any]:
        """Make the calls that a journaled response asked for and that have no result yet; return their outputs.

        A crash left them unanswered, or the person was asked about them. The first may have changed something before
        the crash: a stop waits until the journal holds its result.
        """
        self.asked = {item["call_id"]: item for item in model_input.unanswered(steps)}
        outputs = []
        for call_id in list(self.asked):
            outputs.append(model_input.output_item(call_id, await self.answer_asked(call_id)))
            self.live.let_stop()
        self.live.let_stop()
        return outputs

    async def answer_asked(self, call_id: str) -> str:
        """Make a call of the last response; return what the model is told of it."""
        item = self.asked[call_id]
        if (call := self.call_of(item)) is None:
            return await self.refuse_call(item)
        try:
            return text_of(await self.call_tool(call))
        except MCPError as error:  # the server itself failed, which tools do not
            if isinstance(error.__cause__, DatabaseError):  # whoever goes on finds the call's result
                raise error.__cause__ from None
            log.error("tool.failed", tool=call.name, exc_info=error)
            return await self.refuse_call(item)

    def call_of(self, item: dict[str, Any]) -> ToolCall | None:
        """Return the call that a journaled item asks for, or None where it cannot be made."""
        server = next((server for server in self.servers if item["name"] in server.tools), None)
        try:
            arguments = failures.read_arguments(item["arguments"])
        except ValueError:
            return None
        return server.call(item["call_id"], item["name"], arguments, self.tell) if server else None

    def say(self, delta: str, part: object) -> bool:
        """Show a piece of text; tell whether that showed anything, as blank beginnings are not shown."""
        delta = journal.storable(delta)
        if self.transcript.message is None and not delta.strip():
            return False
        if self.turn.first_text_ms is None:
            self.turn.first_text_ms = self.watch.ms
        self.transcript.text(delta, part)
        return True

    def tell(self, progress: str) -> None:
        self.transcript.emit(ProgressUpdateEvent(text=progress))

    async def journal_response(self, response: Any, duration_ms: int, first_text_ms: int | None) -> None:
        usage = response.usage
        step = Step(
            number=self.next_step,
            kind=Step.Kind.RESPONSE,
            items=[item.model_dump(mode="json", exclude_none=True) for item in response.output],
            input_tokens=usage.input_tokens if usage else 0,
            output_tokens=usage.output_tokens if usage else 0,
            first_text_ms=first_text_ms,
            duration_ms=duration_ms,
        )
        await section(journal.record, self.turn, step, self.transcript.open_items())
        self.next_step += 1
        self.response_number += 1
        self.asked = {item["call_id"]: item for item in step.items if item["type"] == "function_call"}
        if self.asked:  # what was only looked up for the next calls is not shown
            self.results = []
        self.transcript.close_message()

    async def call_tool(self, call: ToolCall) -> CallToolResult:
        """Make a call. Once begun, it is finished and journaled even if the turn is stopped: `end` waits for it."""
        self.under_way = asyncio.ensure_future(self.answer_call(call))
        return await asyncio.shield(self.under_way)

    async def answer_call(self, call: ToolCall) -> CallToolResult:
        """Make a call, or return the refusal of the person, or raise `ApprovalNeeded`."""
        verdict = self.verdicts.get(call.id)
        if verdict and verdict.verdict == "reject":
            return await self.reject_call(call)
        is_approved = verdict is not None and verdict.verdict == "approve"
        standing = None
        if not is_approved and needs_approval(self.user.approval_policy, call.tool):
            standing = await self.ask(call)
        return await self.make_call(call, verdict, standing)

    async def make_call(
        self, call: ToolCall, verdict: WaitingCall | None, standing: CallToolResult | None
    ) -> CallToolResult:
        """Make a call as the user, as the person approved it. With `standing` its result is known already."""
        watch = Stopwatch()
        arguments = verdict.arguments if verdict else call.arguments
        expects = verdict.expects if verdict else None
        place = self.transcript.tool_started(call.title, arguments)
        with calling(self.caller(call.id, expects=expects)), traces.span("tool call", tool=call.name) as span:
            result = standing or await self.in_view(call, arguments)
            span.set(is_error=result.is_error)
        if result.is_error and expects and not standing:  # perhaps what was approved is not what it would do now
            self.transcript.tool_finished(place, f"{call.title}: looked again", True, text_of(result), watch.ms)
            self.verdicts.pop(call.id)
            return await self.make_call(call, None, await self.ask(call, is_stale=True))
        if verdict and verdict.is_edited:
            result = with_note(result, f"The person changed the arguments of this call to {json.dumps(arguments)}.")
        text = text_of(result)
        summary = (result.meta or {}).get(SUMMARY_META) or (f"{call.title} failed" if result.is_error else call.title)
        shown = text if result.is_error else result.structured_content or text
        self.transcript.tool_finished(place, summary, is_read(call.tool), shown, watch.ms)
        self.refused_in_a_row = 0
        metrics.tool_calls.labels(call.name, "error" if result.is_error else "ok").inc()
        metrics.tool_seconds.labels(call.name).observe(watch.ms / 1000)
        sources = citations.sources_of(result)
        self.transcript.citations.learn(sources)
        more = [*citations.as_items(sources), *widgets.as_items(result), *questions.as_items(result)]
        await self.journal_result(call.id, call.name, arguments, text, shown, result.is_error, watch.ms, more)
        return result

    async def in_view(self, call: ToolCall, arguments: dict[str, Any]) -> CallToolResult:
        """Make a call; if it takes longer than a moment, tell those who watch what is being done."""
        making = asyncio.ensure_future(call.make(arguments))
        done, _ = await asyncio.wait([making], timeout=settings.PROGRESS_SECONDS)
        if not done:
            self.tell(f"{call.title} …")
        return await making

    def caller(self, call_id: str, **more: Any) -> Caller:
        """Return who calls, under a key that stays the same if a crash makes us repeat the call."""
        # Some providers count call ids anew in each response, so the response's number is part of the key.
        key = f"turn:{self.turn.pk.hex}:{self.response_number}:{call_id}"
        return Caller(self.user, "chat", key, self.turn.pk, **more)

    async def ask(self, call: ToolCall, *, is_stale: bool = False) -> CallToolResult:
        """Raise `ApprovalNeeded` for a call, together with those after it, or return its result if it changes nothing.

        A person is not asked about a call that would fail or do nothing.
        """
        waiting = []
        for each in [call, *self.calls_after(call.id)]:
            verdict = self.verdicts.get(each.id)
            is_decided = verdict is not None and verdict.verdict != "edit"
            if is_decided or not needs_approval(self.user.approval_policy, each.tool):
                continue
            asked = approvals.waiting_call(each, verdict, is_stale=is_stale and each is call)
            standing = await self.preview(each, asked)
            if standing and each is call:
                return standing
            if not standing:
                waiting.append(asked)
        raise ApprovalNeeded(waiting)

    def calls_after(self, call_id: str) -> list[ToolCall]:
        later = list(self.asked)[list(self.asked).index(call_id) + 1 :]
        return [call for call in map(self.call_of, map(self.asked.__getitem__, later)) if call]

    async def preview(self, call: ToolCall, asked: WaitingCall) -> CallToolResult | None:
        """Note in `asked` what the call would change, or return its result if that is nothing."""
        if not (call.tool.meta or {}).get(PREVIEW_META):
            return None
        with calling(self.caller(call.id, is_preview=True)):
            result = await call.make(asked.arguments)
        plan = (result.meta or {}).get(PLAN_META)
        asked.changes = Plan.model_validate(plan).changes if plan else []
        return None if asked.changes else result

    async def reject_call(self, call: ToolCall) -> CallToolResult:
        place = self.transcript.tool_started(call.title, call.arguments)
        self.transcript.tool_finished(place, f"{call.title}: not approved", True, approvals.REJECTED, 0)
        await self.journal_result(
            call.id, call.name, call.arguments, approvals.REJECTED, approvals.REJECTED, is_error=True
        )
        return CallToolResult(content=[TextContent(text=approvals.REJECTED)], is_error=True)

    async def journal_result(
        self,
        call_id: str,
        name: str,
        arguments: Any,
        text: str,
        shown: Any,
        is_error: bool,
        duration_ms: int = 0,
        more: Iterable[dict[str, Any]] = (),
    ) -> None:
        """Journal what a call answered, with `more` items that no model is given."""
        step = Step(
            number=self.next_step,
            kind=Step.Kind.TOOL,
            items=[model_input.output_item(call_id, text), *more],
            call_id=call_id,
            name=name[:100],
            arguments=arguments,
            result=shown,
            is_error=is_error,
            duration_ms=duration_ms,
        )
        self.next_step += 1
        self.results += step.items
        await section(journal.record, self.turn, step, self.transcript.open_items())

    async def refuse_call(self, item: dict[str, Any]) -> str:
        """Journal a call that could not be handed to a tool, and return what the model is told of it."""
        text = failures.refusal(item, self.tools)
        place = self.transcript.tool_started(item["name"][:100], item["arguments"])
        self.transcript.tool_finished(place, f"A call of {item['name'][:100]} failed", True, text, 0)
        self.refused_in_a_row += 1
        await self.journal_result(item["call_id"], item["name"], item["arguments"], text, text, is_error=True)
        return text

    def check_calls(self) -> None:
        """Raise `UnusableCalls` for a model that does not correct its calls however often it is told."""
        if self.refused_in_a_row >= failures.UNUSABLE_CALLS_LIMIT:
            raise failures.UnusableCalls

    async def pause(self, calls: list[WaitingCall]) -> None:
        """Let the turn wait for the person, which needs no process: the process that gets the decision continues."""
        opened = self.transcript.open_items()
        card = await section(approvals.pause, self.turn, self.response_number, calls, opened)
        self.transcript.close()
        self.transcript.emit(ThreadItemDoneEvent(item=card))

    async def end(self, status: str, error: str = "") -> None:
        """Close the turn, after journaling the call under way, which may change something.

        A call that hangs is given up after a while: somebody pressed Stop, perhaps because of it.
        """
        if self.under_way:
            await asyncio.wait([self.under_way], timeout=LAST_CALL_SECONDS)
            self.under_way.cancel()
        if error:
            self.transcript.notice = failures.notice(self.transcript.thread_id, error)
        is_complete = status == Turn.Status.COMPLETED
        shown = [*shown_in(self.results, self.transcript.thread_id)] if is_complete else []
        opened = [*self.transcript.open_items(), *shown]
        await section(journal.end, self.turn, status, error, opened, self.partial_step())
        self.transcript.close()
        for item in shown:
            self.transcript.emit(ThreadItemDoneEvent(item=item))
        if error:
            self.transcript.emit(failures.event())

    def partial_step(self) -> Step | None:
        """Return what was shown of a response that broke off: the person has read it, so the model must know it."""
        if not (text := self.transcript.text_under_way):
            return None
        return Step(number=self.next_step, kind=Step.Kind.RESPONSE, items=model_input.partial_items(text))


def shown_in(items: list[dict[str, Any]], thread_id: str) -> Iterator[ThreadItem]:
    """Yield what is shown of calls below the answer: their widgets, then their questions."""
    yield from widgets.of_items(items, thread_id)
    yield from questions.of_items(items, thread_id)


def since(moment: datetime.datetime) -> int:
    """Return how many milliseconds ago a moment was."""
    return max(0, round((timezone.now() - moment).total_seconds() * 1000))
