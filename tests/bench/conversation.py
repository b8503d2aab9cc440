"""A turn in a conversation of 1,000 messages beside one in a conversation of 20: what it costs, how long it takes."""

import asyncio
import json
import statistics
from argparse import Namespace
from collections.abc import Callable
from time import perf_counter
from typing import Any

from asgiref.sync import sync_to_async
from django.test import AsyncClient, override_settings

from accounts import issuer
from accounts.models import User
from chat.models import Conversation, Message, Step, Turn, lease_end
from chat.turns import model_input
from chat.turns.starting import user_message
from tests.bench.filling import empty_database
from tests.bench.table import Row, Table
from tests.faults.provider import Asked, Call, Provider, Reply

LONG, SHORT = 1_000, 20
RUNS = 15
WARM_UP = 30  # turns, in which the long conversation is summed up
QUESTION, ANSWER = "What else is due this week?", "There is nothing else due this week. " * 4
CHARACTERS_PER_TOKEN = model_input.CHARACTERS_PER_TOKEN


def assistant(asked: Asked) -> Reply:
    """Look the list up and answer in a sentence or two; keep the record in some 250 words."""
    if str(asked.items[0].get("content")).startswith("You keep the record"):
        return Reply(["The person wants their errands in order. " * 35])
    if asked.has_results:
        return Reply([ANSWER])
    return Reply(calls=[Call("list_tasks", {"due": "next 7 days"})])


def measure(options: Namespace) -> Table:
    empty_database()
    provider = Provider(keep_alive=False).scripted("talk", assistant)
    with provider.serving() as url:
        model: dict[str, Any] = {
            "MODEL_PROVIDER": "custom",
            "MODEL_BASE_URL": url,
            "MODEL_NAME": "talk",
            "USER_TURNS_A_MINUTE": 0,
        }
        model |= {"ALLOWED_HOSTS": ["testserver"], "MODEL_TITLES": False}
        with override_settings(**model):
            return asyncio.run(rows(provider))


async def rows(provider: Provider) -> Table:
    user = await sync_to_async(User.objects.sign_up)(name="Ann", email="talk@example.org", password="correct horse")
    token = await sync_to_async(issuer.mint)(user)
    talks = [await sync_to_async(fill)(user, messages) for messages in (LONG, SHORT)]
    for _ in range(WARM_UP):
        await say(provider, user, token, talks[0], keep=True)
    taken: list[list[tuple[float, ...]]] = [[], []]
    for _ in range(RUNS):  # in turns, so that a noisy moment meets both
        for side, talk in zip(taken, talks, strict=True):
            side.append(await say(provider, user, token, talk, keep=talk is talks[0]))
    names = [
        ("first request to the model, with prompt and tools", "tokens (estimated)"),
        ("of it history and summary", "tokens (estimated)"),
        ("reading the history", "ms"),
        ("whole turn: two model calls, one tool", "ms"),
    ]
    medians = [[statistics.median(each) for each in zip(*side, strict=True)] for side in taken]
    found = [Row(name, here, there, unit) for (name, unit), here, there in zip(names, *medians, strict=True)]
    return Table("conversation", f"{LONG:,} messages", f"{SHORT} messages", found)


def fill(user: User, messages: int) -> Conversation:
    """Make a conversation of so many messages, with a tool call in every turn."""
    talk = Conversation.objects.create(user=user, title=f"{messages} messages")
    parent = None
    for number in range(messages // 2):
        parent = add_turn(user, talk, number, parent)
    return talk


def add_turn(user: User, talk: Conversation, number: int, parent: Turn | None) -> Turn:
    fields = {"key": f"{talk.pk}-{number}", "fingerprint": "", "lease_expires_at": lease_end(), "parent": parent}
    turn = Turn.objects.create(conversation=talk, user=user, status=Turn.Status.COMPLETED, **fields)
    item = user_message(QUESTION)
    Message.put(talk.pk, item.model_copy(update={"thread_id": talk.public_id}), turn.pk)
    turn.question = Message.objects.get(item_id=item.id)
    turn.save(update_fields=["question"])
    call = {
        "type": "function_call",
        "call_id": f"c{number}",
        "name": "list_tasks",
        "arguments": '{"due": "next 7 days"}',
    }
    result = json.dumps({"tasks": [], "total": 0, "next_cursor": None})
    said = {"type": "message", "content": [{"type": "output_text", "text": ANSWER}]}
    steps = [("response", [call]), ("tool", [model_input.output_item(f"c{number}", result)]), ("response", [said])]
    Step.objects.bulk_create(
        Step(turn=turn, number=place, kind=kind, items=items, call_id=f"c{number}" if kind == "tool" else "")
        for place, (kind, items) in enumerate(steps, 1)
    )
    return turn


async def say(provider: Provider, user: User, token: str, talk: Conversation, *, keep: bool) -> tuple[float, ...]:
    """Take one turn; return the tokens of its first request and of the history, the time to read that, and its own."""
    before = len(provider.asked)
    body = {"message": QUESTION, "conversation_id": talk.public_id}
    headers = {"Authorization": f"Bearer {token}"}
    began = perf_counter()
    path = f"/api/{user.subject}/chat"
    answer = await AsyncClient().post(path, json.dumps(body), content_type="application/json", headers=headers)
    whole = (perf_counter() - began) * 1000
    assert answer.json()["status"] == "completed", answer.content
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("turn_")))  # its upkeep
    turn = await Turn.objects.select_related("parent").alatest("id")
    given, reading = await sync_to_async(timed)(lambda: model_input.load(turn, list(turn.steps.all())))
    request = len(json.dumps(provider.asked[before].body, ensure_ascii=False))
    size = len(given.summary) + model_input.size(given.items)
    if not keep:  # the short conversation stays short
        await turn.adelete()
    return request / CHARACTERS_PER_TOKEN, size / CHARACTERS_PER_TOKEN, reading, whole


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = perf_counter()
    result = work()
    return result, (perf_counter() - began) * 1000
