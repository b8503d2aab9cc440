"""Beginning turns, watching them, and stopping them."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chatkit.types import (
    InferenceOptions,
    ThreadItemDoneEvent,
    ThreadStreamEvent,
    UserMessageItem,
    UserMessageTextContent,
)
from django.db import IntegrityError, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from accounts.problems import Conflict, KeyReused
from accounts.sections import section
from chat import failures, ids, journal, lifecycle, limits, providers
from chat.broadcast import Heard, told_so_far
from chat.live import running
from chat.models import TITLE_LENGTH, Conversation, Message, Turn, item_text, lease_end
from chat.prompts import render

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

    @classmethod
    def of(cls, key: str | None, body: Any) -> "Request":
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        return cls(key or str(uuid7()), digest)


def find_by_key(user: User, request: Request) -> Turn | None:
    """Return the turn that the request's key began. Raises `KeyReused` where that was another request."""
    turn = Turn.objects.select_related("conversation", "user").filter(user=user, key=request.key).first()
    if turn and turn.fingerprint != request.fingerprint:
        raise KeyReused
    return turn


def get(user: User, public_id: str) -> Turn:
    """Return the user's turn of that id. Raises `Missing`."""
    found = Turn.objects.select_related("conversation", "user")
    turn = found.filter(user=user, pk=ids.read("turn", public_id)).first()
    if turn is None:
        raise ids.Missing("There is no such turn.")
    return turn


def get_conversation(user: User, public_id: str) -> Conversation:
    """Return the user's conversation of that id. Raises `Missing`."""
    conversation = Conversation.objects.for_user(user).filter(pk=ids.read("conv", public_id)).first()
    if conversation is None:
        raise ids.Missing("There is no such conversation.")
    return conversation


def accept(user: User, conversation: Conversation | None, item: UserMessageItem, request: Request) -> tuple[Turn, bool]:
    """Store a message and begin its turn, in one transaction; True if it is new. The same request gets its turn again.

    Raises `Busy` while a turn runs in the conversation, and `KeyReused`.
    """
    try:
        with transaction.atomic():
            if turn := find_by_key(user, request):
                return turn, False
            return begin(user, conversation, item, request), True
    except IntegrityError:  # the same request arrived twice at once; the other one was first
        if turn := find_by_key(user, request):
            return turn, False
        raise


def begin(user: User, conversation: Conversation | None, item: UserMessageItem, request: Request) -> Turn:
    now = timezone.now()
    if conversation is None:
        conversation = Conversation.objects.create(user=user, created_at=now)
    else:  # one turn at a time: whoever locks the conversation second sees the turn of the first
        conversation = Conversation.objects.select_for_update().get(pk=conversation.pk)
    if others := running_in(conversation.pk):
        raise Busy(others[0])
    limits.check(user)
    turn = Turn.objects.create(
        conversation=conversation,
        user=user,
        key=request.key,
        fingerprint=request.fingerprint,
        lease_expires_at=lease_end(),
        model=providers.model_name(),
        prompt_hash=render(user).template_hash,
    )
    item = item.model_copy(update={"thread_id": conversation.public_id})
    before = Turn.objects.filter(
        conversation=conversation, messages__item_id=item.id, status=Turn.Status.FAILED
    ).first()
    if before:
        journal.carry_over(before, turn)
    Message.put(conversation.pk, item, turn)
    Message.objects.filter(item_id=item.id).update(turn=turn)  # a message that is asked again belongs to its new turn
    conversation.title = conversation.title or title_from(item_text(item))
    conversation.updated_at = now
    conversation.save(update_fields=["title", "updated_at"])
    return turn


def running_in(conversation_id: UUID) -> list[Turn]:
    found = Turn.objects.filter(conversation=conversation_id, status=Turn.Status.RUNNING)
    return list(found.select_related("conversation", "user"))


def title_from(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1] + "…"


def user_message(text: str) -> UserMessageItem:
    """Return a message as an item, before it belongs to a conversation."""
    return UserMessageItem(
        id=ids.new_id("message"),
        thread_id="",
        created_at=timezone.now(),
        content=[UserMessageTextContent(text=text)],
        inference_options=InferenceOptions(),
    )


async def watch(turn: Turn) -> AsyncIterator[ThreadStreamEvent]:
    """Give what a turn has said and what it says next, from whichever process, without a gap or a repetition.

    Whoever watches also notices when the turn's process is silent, and takes the turn over.
    """
    heard, number = Heard(), 0
    while turn.is_running:
        if live := running.get(turn.pk):
            async for event in live.watch():
                if heard.is_news(event):
                    yield event
        else:
            events, number = await section(told_so_far, turn, number)
            for event in events:
                if heard.is_news(event):
                    yield event
            if not turn.is_dead or not await lifecycle.resume(turn):
                await asyncio.sleep(POLL_SECONDS)
        turn = await section(reloaded, turn)
    for item in await section(journal.answer_items, turn.pk):
        if heard.is_news(event := ThreadItemDoneEvent(item=item)):
            yield event
    if turn.error and not heard.has_error:
        yield failures.event()


def reloaded(turn: Turn) -> Turn:
    return Turn.objects.select_related("conversation", "user").get(pk=turn.pk)


async def say(user: User, conversation: Conversation | None, item: UserMessageItem, request: Request) -> Turn:
    """Store a message and start its turn here. The same request again gets the turn it began.

    Where an earlier turn of the conversation was left by a process that died, that one is finished first. Raises `Busy`
    and `KeyReused`.
    """
    while True:
        try:
            turn, is_new = await section(accept, user, conversation, item, request)
        except Busy as busy:
            if not busy.turn.is_dead:
                raise
            async for _ in watch(busy.turn):
                pass
            continue
        if is_new:
            lifecycle.start(turn, user)
        return turn


async def stop(turn: Turn) -> None:
    """Stop a turn, in whichever process it runs, and wait for its end; what it has said stays."""
    if live := running.get(turn.pk):
        live.stop()
    elif turn.is_running:
        await section(Turn.objects.filter(pk=turn.pk).update, stop_requested=True)
    async for _ in watch(turn):
        pass


async def delete_conversation(user: User, public_id: str) -> None:
    """Delete a conversation with everything in it; a turn that still runs is stopped first. Raises `Missing`."""

    def find() -> tuple[Conversation, list[Turn]]:
        conversation = get_conversation(user, public_id)
        running = conversation.turns.filter(status=Turn.Status.RUNNING)
        return conversation, list(running.select_related("conversation", "user"))

    conversation, turns = await section(find)
    for turn in turns:
        await stop(turn)
    await section(conversation.delete)
