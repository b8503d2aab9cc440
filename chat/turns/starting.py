"""Beginning turns, watching them, and stopping them."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from chatkit.types import (
    InferenceOptions,
    StructuredInputSubmission,
    ThreadItem,
    ThreadItemDoneEvent,
    ThreadStreamEvent,
    UserMessageItem,
    UserMessageTextContent,
)
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from chat import ids
from chat.items import attachments, questions
from chat.llm import failures, providers
from chat.llm.prompts import render
from chat.models import Conversation, Message, Turn, lease_end, title_from
from chat.models.messages import item_text
from chat.turns import approvals, branches, journal, limits, runner
from chat.turns.lease import Heard, told_so_far
from chat.turns.running import running
from core import prepared_sql
from core.problems import Conflict, KeyReused
from core.sections import section

POLL_SECONDS = 0.3


class Busy(Conflict):
    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        super().__init__("An answer is still being written in this conversation. Wait for it or stop it first.")


@dataclass(frozen=True)
class Request:
    """What a turn's key stands for: a second request with the same key must be the same."""

    key: str
    fingerprint: str
    may_come_again: bool = True  # the client chose the key

    @classmethod
    def of(cls, key: str | None, body: Any) -> "Request":
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        return cls(key or str(uuid7()), digest, bool(key))


def find_by_key(user: User, request: Request) -> Turn | None:
    """Return the turn that the request's key began. Raises `KeyReused` where that was another request."""
    turn = whole_turns().filter(user=user, key=request.key).first()
    if turn and turn.fingerprint != request.fingerprint:
        raise KeyReused
    return turn


def whole_turns() -> QuerySet[Turn]:
    """Return turns with all that watching and answering them takes."""
    return Turn.objects.select_related("conversation", "user", "question")


def accept(
    user: User, conversation_id: str | None, item: UserMessageItem, request: Request, replaces: str | None = None
) -> tuple[Turn, bool]:
    """Store a message and begin its turn, in one transaction; True if it is new. The same request gets its turn again.

    Without a `conversation_id` a new conversation begins.

    `replaces` is the id of an earlier message that this one takes the place of, with all that followed it; a message
    that is stored already takes its own place. Raises `Busy` while a turn runs in the conversation, and `KeyReused`.
    """
    try:
        with transaction.atomic():
            if request.may_come_again and (turn := find_by_key(user, request)):
                return turn, False
            return begin(user, conversation_id, item, request, replaces), True
    except IntegrityError:  # the same request arrived twice at once; the other one was first
        if turn := find_by_key(user, request):
            return turn, False
        raise


def begin(
    user: User, conversation_id: str | None, item: UserMessageItem, request: Request, replaces: str | None
) -> Turn:
    limits.check(user)
    place: dict[str, Any] = {}  # of a new conversation there is nothing to look at
    replaced: Turn | None = None
    settled: tuple[ThreadItem, ...] = ()
    if conversation_id is None:
        conversation = Conversation(user=user)
    else:  # one turn at a time: whoever locks the conversation second sees the turn of the first
        conversation = Conversation.locked_of_user(user, conversation_id)
        settled = make_room(conversation)
        replaced = find_replaced(conversation, replaces or item.id, is_edit=replaces is not None)
        place = branches.branch_off(conversation, replaced)
    turn = Turn(
        conversation=conversation,
        user=user,
        key=request.key,
        fingerprint=request.fingerprint,
        lease_expires_at=lease_end(),
        model=providers.model_name(item.inference_options.model),
        prompt_hash=render(user).template_hash,
        **place,
    )
    store(conversation, item, turn, replaced.question if replaced and not replaces else None)
    turn.is_new = True
    if replaced and not replaces and replaced.status == Turn.Status.FAILED:
        journal.carry_over(replaced, turn)
        turn.is_new = False
    turn.settled = settled
    return turn


def make_room(conversation: Conversation) -> tuple[ThreadItem, ...]:
    """Close what waits for the person, who says something else. Returns the items that show it. Raises `Busy`."""
    conversation.check_open()
    unfinished = Turn.objects.filter(conversation=conversation, status__in=Turn.UNFINISHED)
    settled: list[ThreadItem] = []
    for turn in unfinished.select_related("conversation", "user").order_by("-status"):  # one that runs first
        if turn.is_running:
            raise Busy(turn)
        settled += approvals.withdraw(turn)
    return (*settled, *questions.withdraw(conversation.pk))


def find_replaced(conversation: Conversation, item_id: str, *, is_edit: bool) -> Turn | None:
    """Return the turn that answers a message now. Raises `Missing` where an edited message is not there."""
    turns = Turn.objects.filter(conversation=conversation, is_active=True, question__item_id=item_id)
    turn = turns.select_related("parent", "question").first()
    if turn is None and is_edit:
        raise ids.Missing("There is no such message.")
    return turn


def store(conversation: Conversation, item: UserMessageItem, turn: Turn, asked_before: Message | None = None) -> None:
    """Store a new turn with the message that it answers, and the conversation's title.

    A message that is asked again belongs to its new turn.
    """
    names = ", ".join(each.name for each in item.attachments)
    conversation.title = conversation.title or title_from(item_text(item).strip() or names)
    conversation.updated_at = timezone.now()
    conversation.save()  # a new one is inserted; of an older one the row is locked, so nothing is overwritten
    # Message and turn refer to each other: PostgreSQL checks both references at the end of the transaction.
    place = {"thread_id": conversation.public_id}
    item = item.model_copy(update=place | {"attachments": [each.model_copy(update=place) for each in item.attachments]})
    question = asked_before or Message.of(conversation.pk, item, turn.pk)
    question.turn_id = turn.pk
    question.save()
    turn.question = question
    prepared_sql.insert(turn)
    if item.attachments:
        attachments.send(conversation, item.attachments)


def running_in(conversation_id: UUID) -> list[Turn]:
    found = Turn.objects.filter(conversation=conversation_id, status=Turn.Status.RUNNING)
    return list(found.select_related("conversation", "user"))


def user_message(text: str) -> UserMessageItem:
    """Return a message as an item, before it belongs to a conversation."""
    return UserMessageItem(
        id=ids.new_id("message"),
        thread_id="",
        created_at=timezone.now(),
        content=[UserMessageTextContent(text=text)],
        inference_options=InferenceOptions(),
    )


def asked_again(item: dict[str, Any]) -> UserMessageItem:
    """Return a recorded message as a new one with the same text and files."""
    new = {"id": ids.new_id("message"), "thread_id": "", "created_at": timezone.now()}
    return UserMessageItem.model_validate(item | new)


async def watch(turn: Turn) -> AsyncIterator[ThreadStreamEvent]:
    """Yield what a turn has said and what it says next, in whichever process, without a gap or a repetition.

    Whoever watches also notices when the turn's process is silent, and takes the turn over.
    """
    heard, number = Heard(), 0
    items = None if turn.is_running else await section(journal.answer_items, turn.pk)
    while items is None:
        if live := running.get(turn.pk):
            async for event in live.watch():
                if heard.is_news(event):
                    yield event
            if live.closed:  # here, and its answer was told whole
                turn, items = live.closed, []
                break
        else:
            events, number = await section(told_so_far, turn, number)
            for event in events:
                if heard.is_news(event):
                    yield event
            if not turn.is_dead or not await runner.resume(turn):
                await asyncio.sleep(POLL_SECONDS)
        turn, items = await section(reread, turn)
    for item in items:
        if heard.is_news(event := ThreadItemDoneEvent(item=item)):
            yield event
    if turn.error and not heard.has_error:
        yield failures.event()


def reread(turn: Turn) -> tuple[Turn, list[ThreadItem] | None]:
    """Return a turn as it is now and, once it has ended, its answer."""
    now = Turn.objects.get(pk=turn.pk)
    now.conversation, now.user = turn.conversation, turn.user
    return now, None if now.is_running else journal.answer_items(now.pk)


def reloaded(turn_id: UUID) -> Turn:
    return whole_turns().get(pk=turn_id)


async def say(
    user: User, conversation_id: str | None, item: UserMessageItem, request: Request, replaces: str | None = None
) -> Turn:
    """Store a message and start its turn here (`accept`). The same request again gets the turn it began.

    If a process that died has left an earlier turn of the conversation, that turn is finished first. Raises `Busy`
    and `KeyReused`.
    """
    return await start_accepted(user, partial(accept, user, conversation_id, item, request, replaces))


async def start_accepted(user: User, accept: Callable[[], tuple[Turn, bool]]) -> Turn:
    """Start the turn that a section accepts, after finishing any earlier one that a dead process left."""
    while True:
        try:
            turn, is_new = await section(accept)
        except Busy as busy:
            if not busy.turn.is_dead:
                raise
            async for _ in watch(busy.turn):
                pass
            continue
        if is_new:
            runner.start(turn, user)
        return turn


async def answer_questions(
    user: User, thread_id: str, item_id: str, submission: StructuredInputSubmission, request: Request
) -> Turn:
    """Store the answers to what a turn asked and start the next turn with them, together or not at all.

    The turn's `settled` items begin with the questions as they stand now.

    Raises `Missing`, `Conflict` where it was answered, `Unprocessable`, and what `say` raises.
    """

    def work() -> tuple[Turn, bool]:
        with transaction.atomic():
            conversation = Conversation.locked_of_user(user, thread_id)  # before its message, as `begin` does
            found = Message.objects.select_for_update().filter(conversation=conversation, item_id=item_id)
            if (message := found.first()) is None:
                raise ids.Missing("There is no such item.")
            item = questions.settle(message, submission)
            turn, is_new = accept(user, thread_id, user_message(questions.as_text(item)), request)
            turn.settled = (item, *turn.settled)
            return turn, is_new

    return await start_accepted(user, work)


async def retry(user: User, public_id: str, request: Request) -> Turn:
    """Answer the message of a turn again. Raises `Missing`, and what `say` raises."""

    def load() -> tuple[str, UserMessageItem]:
        turn = Turn.of_user(user, public_id)
        item = turn.question.as_item() if turn.question and turn.is_active else None
        if not isinstance(item, UserMessageItem):
            raise ids.Missing("The conversation does not show this turn; it shows another version.")
        return turn.conversation.public_id, item

    if turn := await section(find_by_key, user, request):
        return turn
    return await say(user, *await section(load), request)


async def stop(turn: Turn) -> None:
    """Stop a turn, in whichever process it runs, and wait for its end; what it has said stays."""
    if live := running.get(turn.pk):
        live.stop()
    elif turn.is_running:
        await section(Turn.objects.filter(pk=turn.pk).update, stop_requested=True)
    async for _ in watch(turn):
        pass
    await section(approvals.stop, turn)


async def decide(user: User, decide: Callable[[], tuple[Turn, bool]]) -> Turn:
    """Decide what a turn waits for, by a section that returns the turn and whether it goes on; then it goes on here."""
    turn, is_new = await section(decide)
    if is_new:
        runner.start(turn, user)
    return turn


def give_feedback(user: User, found: Q, kind: str, reason: str) -> None:
    """Record the user's feedback on the answers of `found` turns. Raises `Missing` if none of them is theirs."""
    said = {"feedback": kind, "feedback_reason": reason.strip()}
    turns = Turn.objects.filter(found, user=user).values_list("pk", flat=True)
    if not Turn.objects.filter(pk__in=list(turns)).update(**said):
        raise ids.Missing("There is no such answer.")


async def delete_conversation(user: User, public_id: str) -> None:
    """Delete a conversation with everything in it; a turn that still runs is stopped first. Raises `Missing`."""

    def find() -> tuple[Conversation, list[Turn]]:
        conversation = Conversation.of_user(user, public_id)
        running = conversation.turns.filter(status=Turn.Status.RUNNING)
        return conversation, list(running.select_related("conversation", "user"))

    conversation, turns = await section(find)
    for turn in turns:
        await stop(turn)
    await section(conversation.delete)
