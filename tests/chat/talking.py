"""Conversations as tests make them: said to the model of the settings, with the answers waited for."""

import asyncio
import json
from functools import partial
from io import StringIO
from typing import Any

from django.core.management import call_command

from chat.models import Conversation, Turn
from chat.turns import approvals, starting
from chat.turns.approvals import Decision
from core.sections import section
from tests.people import Person


async def talk_async(person: Person, *messages: str, conversation: Conversation | None = None) -> Conversation:
    """Say messages one after the other in one conversation; what needs approval is approved."""
    for message in messages:
        turn = await starting.say(
            person.user,
            conversation.public_id if conversation else None,
            starting.user_message(message),
            starting.Request.of(None, message),
        )
        turn = await ended(turn)
        while turn.status == Turn.Status.AWAITING_APPROVAL:
            approve = partial(approvals.decide, person.user, turn.public_id, Decision(approve=True))
            turn = await starting.decide(person.user, approve)
            turn = await ended(turn)
        conversation = turn.conversation
    assert conversation
    return conversation


async def ended(turn: Turn) -> Turn:
    async for _ in starting.watch(turn):
        pass
    return await section(starting.reloaded, turn.pk)


def talk(person: Person, *messages: str, conversation: Conversation | None = None) -> Conversation:
    return asyncio.run(talk_async(person, *messages, conversation=conversation))


def command(name: str, *arguments: Any) -> tuple[int, str]:
    """Run a command; return its exit status and what it printed."""
    out = StringIO()
    try:
        call_command(name, *map(str, arguments), stdout=out, stderr=StringIO())
    except SystemExit as end:
        return int(str(end.code or 0)), out.getvalue()
    return 0, out.getvalue()


def command_json(name: str, *arguments: Any) -> tuple[int, Any]:
    status, printed = command(name, *arguments, "--json")
    return status, json.loads(printed)
