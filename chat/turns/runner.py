"""Running turns in this process: beginning, taking over from a process that died, handing over at its own end."""

import asyncio
import copy
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import openai
import structlog
from agents import AgentsException
from chatkit.types import ThreadItemAddedEvent, ThreadItemRemovedEvent, ThreadStreamEvent
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import User
from chat.items import attachments
from chat.llm import failures
from chat.models import LostLease, Turn
from chat.turns import agent, journal, lease, summaries
from chat.turns.approvals import ApprovalNeeded, WaitingCall
from chat.turns.engine import TurnRun
from chat.turns.lease import LeasedTurn
from chat.turns.running import RunningTurn, running
from core import metrics, traces
from core.sections import section

MAX_ATTEMPTS = 5
SWEPT_AT_ONCE = 10

is_ending = False  # this process hands its turns over

log = structlog.get_logger("errand.chat")


def start(turn: Turn, user: User) -> RunningTurn:
    """Run a turn that this process has just begun, in a task of its own; return what it says."""
    return launch(turn, user, RunningTurn())


async def resume(turn: Turn) -> bool:
    """Take over a turn whose process is silent and go on from its journal. False if it goes on elsewhere."""
    taken = None if is_ending else await section(take_over, turn)
    if taken is None:
        return False
    told, number, news = taken
    metrics.taken_over.inc()
    log.warning("turn.taken_over", turn_id=turn.public_id, attempt=turn.attempts)
    launch(turn, turn.user, RunningTurn(told + news, is_stoppable=False), len(told), number)
    return True


def take_over(turn: Turn) -> tuple[list[ThreadStreamEvent], int, list[ThreadStreamEvent]] | None:
    """Return what the earlier run told, in how many broadcasts, and the events that take back a part of it.

    Or None if the turn is not ours now.

    What it began to say and did not store, the new run says again. The run itself repeats what was stored.
    """
    if not turn.take_over():
        return None
    if turn.attempts > MAX_ATTEMPTS:
        journal.end(turn, Turn.Status.FAILED, "The server stopped several times before the answer was complete.", [])
        return None
    told, number = lease.told_so_far(turn)
    begun = [event.item.id for event in told if isinstance(event, ThreadItemAddedEvent)]
    stored = {item.id for item in journal.answer_items(turn.pk)}
    return told, number, [ThreadItemRemovedEvent(item_id=id) for id in begun if id not in stored]


def launch(turn: Turn, user: User, live: RunningTurn, told: int = 0, number: int = 0) -> RunningTurn:
    """Run a turn in a task of its own. Of its events `told` are written down, in `number` broadcasts."""
    turn = copy.copy(turn)  # a copy for the run: another holder of this object may take the turn over one day
    running[turn.pk] = live
    live.task = asyncio.create_task(
        run_turn(turn, user, live, LeasedTurn(turn, live, told, number)), name=turn.public_id
    )
    live.task.add_done_callback(log_crash)
    return live


_background: set[asyncio.Task[None]] = set()  # the event loop itself keeps only weak references


def in_background(work: Coroutine[Any, Any, None]) -> None:
    """Do something that the present request, which is about to end, cannot wait for."""
    task = asyncio.create_task(work)
    _background.add(task)
    task.add_done_callback(_background.discard)
    task.add_done_callback(log_crash)


def log_crash(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("turn.crashed", turn_id=task.get_name(), exc_info=error)


async def run_turn(turn: Turn, user: User, live: RunningTurn, kept: LeasedTurn) -> None:
    """Run a turn, traced; every line that is logged meanwhile names it."""
    named = {"turn_id": turn.public_id, "conversation_id": turn.conversation.public_id}
    in_background(lease.tell_pages(user.pk, **named))
    with (
        metrics.running_turns.track_inprogress(),
        metrics.turn_seconds.time(),
        structlog.contextvars.bound_contextvars(**named),
        traces.span("turn", model=turn.model, **named) as span,
    ):
        await run_to_its_end(turn, user, live, kept)
        span.set(status=turn.status, attempts=turn.attempts, first_text_ms=turn.first_text_ms)
    metrics.turns.labels(turn.status).inc()
    metrics.queue_seconds.observe((turn.queue_ms or 0) / 1000)
    if turn.first_text_ms is not None:
        metrics.first_text_seconds.observe(turn.first_text_ms / 1000)


async def run_to_its_end(turn: Turn, user: User, live: RunningTurn, kept: LeasedTurn) -> None:
    run, keeper = TurnRun(turn, user, live), lease.keeper()
    keeper.add(kept)
    try:
        if calls := await run_agent_to_end(run):
            await run.pause(calls)
        else:
            await run.end(Turn.Status.COMPLETED)
    except asyncio.CancelledError:
        if live.stop_requested:
            with suppress(LostLease):  # it ended, or paused, just before it was stopped
                await run.end(Turn.Status.STOPPED)
        elif not live.is_lost:  # the process ends: whoever asks next continues from the journal, at once
            await section(turn.release)
            raise
    except (LostLease, DatabaseError) as error:  # whoever finds the lease expired continues from the journal
        log.warning("turn.left", turn_id=turn.public_id, error=str(error))
    except (openai.OpenAIError, AgentsException, TimeoutError) as error:
        metrics.failures.labels(type(error).__name__).inc()
        log.warning("turn.failed", turn_id=turn.public_id, error=failures.describe(error))
        await run.end(Turn.Status.FAILED, failures.explain(error))
    except Exception as error:
        metrics.failures.labels(type(error).__name__).inc()
        await run.end(Turn.Status.FAILED, "Something went wrong on the server; it was logged.")
        raise
    finally:
        keeper.kept.discard(kept)
        live.end()
        if running.get(turn.pk) is live:  # not where this process has taken the turn over from itself
            del running[turn.pk]
    if turn.status == Turn.Status.COMPLETED:
        await summaries.after(turn, run.history_fill)


async def run_agent_to_end(run: TurnRun) -> list[WaitingCall]:
    """Run the agent to its end, or to calls that the person must approve; return those."""
    try:
        async with asyncio.timeout(settings.TURN_SECONDS_LIMIT):
            await agent.answer(run)
    except ApprovalNeeded as needed:
        return needed.calls
    return []


async def drain(seconds: float) -> None:
    """Before the process ends: let short turns finish, hand the others over."""
    global is_ending
    is_ending = True
    lives = {live.task: live for live in running.values() if live.task}
    if not lives:
        return
    _, late = await asyncio.wait(lives, timeout=seconds)
    for task in late:
        lives[task].cancel()
    await asyncio.gather(*late, return_exceptions=True)


async def sweep() -> int:
    """Take over turns whose processes died and that nobody asked for; return how many."""
    return sum([await resume(turn) for turn in await section(dead_turns)])


def dead_turns() -> list[Turn]:
    dead = Turn.objects.filter(status=Turn.Status.RUNNING, lease_expires_at__lt=timezone.now())
    return list(dead.select_related("conversation", "user")[:SWEPT_AT_ONCE])


async def sweep_forever() -> None:
    """Sweep at once, then again after each lease. Runs as long as the server does."""
    while True:
        await sweep_once()
        await asyncio.sleep(settings.TURN_LEASE_SECONDS)


async def sweep_once() -> None:
    try:
        await sweep()
        await section(attachments.forget_unsent)
    except DatabaseError as error:  # the database is away for a moment; the next sweep will find them
        log.warning("sweep.failed", error=str(error))
