"""Replay: the recorded messages go through the same engine again, in a scratch database, at the recorded time.

What a person did elsewhere in the meantime (on the page, over REST, in another conversation) is done again at its
moment; what they approved is approved again.
"""

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from agents import Model
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import User, new_subject
from chat.llm import prompts, providers
from chat.llm.providers import Choice
from chat.models import Approval, Conversation, Step, Toolset, Turn, lease_end
from chat.replay import recording
from chat.replay.recorded_model import RecordedModel
from chat.replay.recording import RecordedStep, RecordedTurn, Recording
from chat.turns import approvals, model_input, runner, starting
from chat.turns.approvals import CallDecision, Decision, WaitingCall
from core import clock
from core.clock import Clock
from core.sections import section
from core.tools.replay_state import Event, Plain, State, states


@dataclass(frozen=True)
class Options:
    """How to replay. Without a `choice` the settings' model answers; with `recorded`, the recording itself.

    `approve` decides on calls that nobody decided on when they were recorded. Turns `first` to `last` are replayed.
    """

    recorded: bool = False
    choice: Choice | None = None
    prompt: str | None = None
    approve: Literal["all", "none"] = "all"
    first: int = 1
    last: int | None = None


@dataclass(frozen=True)
class Side:
    """One turn, as it was recorded or as it went in the replay."""

    status: str
    calls: list[dict[str, Any]]
    answer: str
    input_tokens: int
    output_tokens: int
    cost: float | None
    first_text_ms: int | None
    duration_ms: int
    error: str = ""


@dataclass(frozen=True)
class ReplayedTurn:
    """`not_here` names the tools that were called when it was recorded and that no tool server has here."""

    number: int
    message: str
    old: Side
    new: Side
    not_here: list[str]


@dataclass
class Replayed:
    """A replay with what it is compared with: the turns, and what there was in the end.

    `forgotten` names tools that changed something here and of whose calls the recording holds no change.
    """

    id: str
    title: str
    turns: list[ReplayedTurn] = field(default_factory=list)
    start: dict[str, Plain] = field(default_factory=dict)
    old: dict[str, Plain] = field(default_factory=dict)
    new: dict[str, Plain] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)


async def replay(recorded: Recording, options: Options) -> Replayed:
    """Replay a recording. Call it in a scratch database, in which none of its ids is used yet."""
    return await Replay(recorded, options).run()


def quick_offline() -> Model:
    """Return the offline model without the pauses that make it readable."""
    return cast(Model, import_string(settings.OFFLINE_MODEL)(delay_seconds=0))


class Replay:
    """One recording, replayed for a user of its own."""

    def __init__(self, recorded: Recording, options: Options) -> None:
        self.recorded = recorded
        self.options = options
        self.path = recorded.path[: options.last]
        self.model: RecordedModel | None = None
        self.outside = outside_events(recorded)
        self.states = {state.name: state for state in states() if state.name in recorded.states}

    async def run(self) -> Replayed:
        replayed = Replayed(self.recorded.public_id, self.recorded.conversation.title)
        if not self.path[self.options.first - 1 :]:
            return replayed
        self.begin_at = self.path[self.options.first - 1].began_at
        self.outside = [pair for pair in self.outside if pair[1].at > self.begin_at]
        self.user, self.conversation = await section(self.prepare)
        replayed.start = await section(self.present)
        for number, turn in enumerate(self.path[self.options.first - 1 :], self.options.first):
            replayed.turns.append(await self.replay_turn(number, turn))
        ended = self.path[-1].closed_at
        await section(self.do_meanwhile, ended)
        replayed.old = {name: state.plain(self.recorded.states[name], ended) for name, state in self.states.items()}
        replayed.new = await section(self.present)
        if self.options.recorded:
            replayed.forgotten = await section(self.forgotten)
        return replayed

    def forgotten(self) -> list[str]:
        """Return the tools whose recorded calls changed something only here.

        Their history was removed before they were recorded (`RETAIN_HISTORY_DAYS`), or they did nothing then.
        """
        names = {step.call_id: step.name for turn in self.path for step in turn.calls}
        changing = set()
        for name, state in self.states.items():
            here = state.record(self.user, self.begin_at, timezone.now())
            recorded = {call_of(event.key) for event in state.events(self.recorded.states[name])}
            changing |= {call_of(event.key) for event in state.events(here)} - recorded
        return sorted({names[call] for call in changing & names.keys()})

    def prepare(self) -> tuple[User, Conversation]:
        """Make the user, what they had, and the conversation so far."""
        with transaction.atomic():
            subject = new_subject()
            fields = self.recorded.user.model_dump()
            user = User.objects.create(username=subject, subject=subject, issuer="sandbox", **fields)
            conversation = recording.restore(self.recorded, user, self.path[: self.options.first - 1])
            conversation.title = "Replay"  # one that a person gave is kept: no model is asked for another
            conversation.save(update_fields=["title"])
            for name, state in self.states.items():
                state.restore(user, self.recorded.states[name], self.begin_at)
        return user, conversation

    def present(self) -> dict[str, Plain]:
        return {name: state.present(self.user) for name, state in self.states.items()}

    def do_meanwhile(self, until: datetime) -> None:
        """Do again what somebody did outside of the conversation up to a moment."""
        while self.outside and self.outside[0][1].at <= until:
            state, event = self.outside.pop(0)
            with transaction.atomic():
                state.apply(self.user, event)

    async def reach(self, moment: datetime) -> None:
        """Move the clock of the present turn to a recorded moment, and do what others had done by then."""
        self.clock.move_to(moment)
        await section(self.do_meanwhile, moment)

    async def translate(self, arguments: str) -> str:
        for name, state in self.states.items():
            arguments = await section(state.translate, self.user, self.recorded.states[name], arguments)
        return arguments

    async def replay_turn(self, number: int, recorded: RecordedTurn) -> ReplayedTurn:
        self.clock = Clock(recorded.began_at)
        with ExitStack() as stack:
            stack.enter_context(clock.running(self.clock))
            stack.enter_context(providers.choosing(self.choice(recorded)))
            if self.options.prompt:
                stack.enter_context(prompts.instead(self.options.prompt))
            await self.reach(recorded.began_at)
            turn = await section(self.begin, recorded)
            turn = await self.run_on(turn)
            await self.decide_all(turn, recorded)
            while await section(self.goes_on, turn):
                await self.run_on(await section(starting.reloaded, turn.pk))
        message = self.recorded.question(recorded)
        old = old_side(self.recorded, recorded, await self.called_here(recorded))
        new = await section(new_side, turn)
        missing = await section(self.tools_not_here, recorded, turn)
        return ReplayedTurn(number, message.text if message else "", old, new, missing)

    async def called_here(self, recorded: RecordedTurn) -> list[dict[str, Any]]:
        """Return the recorded calls as they read here: what they name has another id in the scratch database."""
        calls = [shown_call(step) for step in recorded.calls]
        arguments = json.loads(await self.translate(json.dumps([call["arguments"] for call in calls])))
        return [call | {"arguments": each} for call, each in zip(calls, arguments, strict=True)]

    def tools_not_here(self, recorded: RecordedTurn, turn: Turn) -> list[str]:
        """Return the tools that the recorded turn had and called, and that the replayed one was not offered."""
        offered = Toolset.objects.filter(hash=turn.tools_hash).first()
        here = {tool["name"] for tool in offered.tools} if offered else self.recorded.tools(recorded)
        return sorted({step.name for step in recorded.calls} & self.recorded.tools(recorded) - here)

    def choice(self, recorded: RecordedTurn) -> Choice:
        if self.options.recorded:
            model = self.model = RecordedModel(recorded, self.made_calls(recorded), self.reach, self.translate)
            return Choice("offline", make=lambda: model)
        choice = self.options.choice or providers.chosen()
        return Choice("offline", make=quick_offline) if choice.provider == "offline" else choice

    def made_calls(self, recorded: RecordedTurn) -> dict[str, datetime]:
        """Return when calls did something, by their ids, also where a crash came before their step was journaled."""
        events = [each for name, state in self.states.items() for each in state.events(self.recorded.states[name])]
        taken = {step.call_id for step in recorded.calls}  # from a failed turn, whose id is in the key
        start = f"turn:{recorded.id.hex}:"
        own = [each for each in events if each.key.startswith(start) or call_of(each.key) in taken]
        return {call_of(each.key): each.at for each in own}

    def begin(self, recorded: RecordedTurn) -> Turn:
        """Store the message and its turn, under the recorded ids: what refers to them finds them."""
        before = Turn.objects.filter(conversation=self.conversation).order_by("id").last()
        with transaction.atomic():
            turn = Turn(
                id=recorded.id,
                conversation=self.conversation,
                user=self.user,
                parent=before,
                key=f"replay:{recorded.id}",
                lease_expires_at=lease_end(),
                model=providers.model_name(),
            )
            message = self.recorded.question(recorded)
            item = starting.asked_again(message.item) if message else starting.user_message("")
            starting.store(self.conversation, item, turn)
        return turn

    async def run_on(self, turn: Turn) -> Turn:
        """Run a turn until it ends or waits for the person."""
        live = runner.start(turn, self.user)
        assert live.task
        await live.task
        return await section(starting.reloaded, turn.pk)

    def goes_on(self, turn: Turn) -> bool:
        """Let a turn run again as it did: its process died before it could say that it was done, or it was retried."""
        turn.refresh_from_db()
        if not self.model or self.model.has_ended:
            return False
        is_retried = turn.status == Turn.Status.FAILED and self.model.was_tried_again()
        if turn.status != Turn.Status.COMPLETED and not is_retried:
            return False
        with transaction.atomic():
            turn.go_on()
        return True

    async def decide_all(self, turn: Turn, recorded: RecordedTurn) -> None:
        """Decide what the turn waits for, as often as it asks."""
        for number in range(settings.MODEL_CALLS_LIMIT * 3):
            await section(turn.refresh_from_db)
            if turn.status != Turn.Status.AWAITING_APPROVAL:
                return
            asked = recorded.approvals[number] if self.options.recorded and number < len(recorded.approvals) else None
            if asked and asked.status == Approval.Status.WITHDRAWN:
                await section(approvals.stop, turn)
                return
            if asked and asked.status == Approval.Status.PENDING:
                return
            if asked and asked.decided_at:
                await self.reach(asked.decided_at)
            said = asked and asked.decision
            decision = Decision.model_validate(said) if said else await section(self.decision, turn, recorded)
            went_on, _ = await section(approvals.decide, self.user, turn.public_id, decision)
            if asked:
                made = self.made_calls(recorded)
                for moment in [made[call["id"]] for call in asked.calls if call["id"] in made][:1]:
                    await self.reach(moment)
            await self.run_on(went_on)

    def decision(self, turn: Turn, recorded: RecordedTurn) -> Decision:
        """Decide as the person did on the same call, or on one of the same tool; else as the options say."""
        approval = approvals.pending(turn)
        assert approval
        decided = [WaitingCall.model_validate(call) for each in recorded.approvals for call in each.calls]
        decided = [call for call in decided if call.verdict]
        calls = approvals.waiting_calls(approval)
        return Decision(calls=[CallDecision(id=call.id, approve=self.approves(call, decided)) for call in calls])

    def approves(self, call: WaitingCall, decided: list[WaitingCall]) -> bool:
        alike = [each for each in decided if each.name == call.name]
        same = [each for each in alike if each.arguments == call.arguments]
        for each in same or alike:
            return each.verdict != "reject"
        return self.options.approve == "all"


def outside_events(recorded: Recording) -> list[tuple[State[Any], Event]]:
    """Return what was done meanwhile by other ways, in order."""
    by_name = {state.name: state for state in states()}
    own, asked = {turn.id.hex for turn in recorded.turns}, asked_calls(recorded)
    found = [
        (by_name[name], event)
        for name, each in recorded.states.items()
        if name in by_name
        for event in by_name[name].events(each)
        if not is_replayed(event.key, own, asked)
    ]
    return sorted(found, key=lambda pair: pair[1].at)


def is_replayed(key: str, own: set[str], asked: set[str]) -> bool:
    """Tell whether a recorded operation is one of those that the replay makes itself, by its key (`TurnRun.caller`)."""
    kind, _, rest = key.partition(":")
    turn, _, call = rest.partition(":")
    # The turn may be a failed one, whose steps another that took it over has as copies.
    return kind == "turn" and turn in own and call.partition(":")[2] in asked


def call_of(key: str) -> str:
    """Return the id of an operation's call by its key, `turn:TURN:RESPONSE:CALL`; empty where no model asked for it."""
    return "".join(key.split(":", 3)[3:]) if key.startswith("turn:") else ""


def asked_calls(recorded: Recording) -> set[str]:
    """Return the ids of all calls that the path's responses ask for."""
    items = [item for turn in recorded.path for step in turn.steps for item in step.items]
    return {item["call_id"] for item in items if item.get("type") == "function_call"}


def shown_call(step: RecordedStep | Step) -> dict[str, Any]:
    names = ("name", "arguments", "result", "is_error")
    return {name: getattr(step, name) for name in names}


def old_side(recorded: Recording, turn: RecordedTurn, calls: list[dict[str, Any]]) -> Side:
    return Side(
        status=turn.status,
        calls=calls,
        answer=recorded.answer(turn),
        input_tokens=turn.input_tokens,
        output_tokens=turn.output_tokens,
        cost=float(turn.cost) if turn.cost is not None else None,
        first_text_ms=turn.first_text_ms,
        duration_ms=turn.duration_ms,
        error=turn.error,
    )


def new_side(turn: Turn) -> Side:
    turn.refresh_from_db()
    texts = turn.messages.filter(kind="assistant_message").order_by("id").values_list("text", flat=True)
    ended = turn.ended_at or turn.created_at
    return Side(
        status=turn.status,
        calls=[shown_call(step) for step in turn.steps.all() if step.kind == Step.Kind.TOOL],
        answer="\n\n".join([*texts, *model_input.shown_in_words(turn, turn.steps.all())]),
        input_tokens=turn.input_tokens,
        output_tokens=turn.output_tokens,
        cost=float(turn.cost) if turn.cost is not None else None,
        first_text_ms=turn.first_text_ms,
        duration_ms=round((ended - turn.created_at).total_seconds() * 1000),
        error=turn.error,
    )
