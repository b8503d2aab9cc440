"""What the model does for a conversation once an answer has ended: it names it, and sums up what grows too long.

Nobody waits for this, and nothing depends on it: if a crash or a failing provider prevents it, a later turn does it.
"""

import asyncio

import openai
import structlog
from agents import Agent, AgentsException, RunConfig, Runner
from django.conf import settings
from django.db import DatabaseError

from chat.llm import failures, prompts, providers
from chat.models import TITLE_LENGTH, Conversation, Summary, Turn, title_from
from chat.turns import journal, lease, model_input
from chat.turns.model_input import Item
from core.sections import section

SECONDS_LIMIT = 60
TURNS_LIMIT = 500
BEGINNING_LENGTH = 4_000
# A conversation is summed up when it takes this share of the budget, down to that share: long before turns fall out,
# and early enough that a long conversation costs a turn about as much as a short one (tests.bench.conversation).
FULL, RELIEVED = 0.4, 0.2

log = structlog.get_logger("errand.chat")


async def after(turn: Turn, history_fill: float) -> None:
    """Name or sum up the conversation of a completed turn, if needed. Failures are logged: a later turn tries again."""
    if providers.chosen().provider == "offline":  # it can write neither titles nor summaries
        return
    try:
        if settings.MODEL_TITLES and turn.parent_id is None:
            await name(turn)
        if history_fill > FULL:
            await sum_up(turn)
    except (openai.OpenAIError, AgentsException, TimeoutError, DatabaseError) as error:
        log.warning("upkeep.failed", turn_id=turn.public_id, error=failures.describe(error))


async def name(turn: Turn) -> None:
    """Let the model name a conversation after its first turn, unless a person named it meanwhile."""

    def beginning() -> tuple[str, str]:
        conversation = Conversation.objects.get(pk=turn.conversation_id)
        own = conversation.title == title_from(turn.question.text if turn.question else "")
        return conversation.title, as_text(model_input.turn_items(turn))[:BEGINNING_LENGTH] if own else ""

    present, text = await section(beginning)
    if text and (title := title_from((await ask(turn, prompts.TITLE, text)).strip(" \"'.*#"))):
        unchanged = Conversation.objects.filter(pk=turn.conversation_id, title=present)
        if await section(unchanged.update, title=title[:TITLE_LENGTH]):
            await lease.tell_pages(turn.user_id, turn.conversation.public_id)


async def sum_up(turn: Turn) -> None:
    """Let the model sum up the older part of a conversation that fills most of the budget."""
    summary, last, text = await section(older_part, turn)
    if last is None:
        return
    before = f"The record so far:\n{summary}\n\nSaid since:\n" if summary else ""
    said = await ask(turn, prompts.SUMMARY, before + text)
    if said.strip():
        fields = {"text": said.strip(), "model": turn.model}
        await section(Summary.objects.update_or_create, turn=last, defaults=fields)


def older_part(turn: Turn) -> tuple[str, Turn | None, str]:
    """Return the latest summary, the last turn that the next shall hold (None: there is none), and what they said."""
    summary = model_input.summary_before(turn)
    found = model_input.whole_turns(turn).filter(pk__lte=turn.pk)
    found = found.filter(pk__gt=summary.pk) if summary else found
    turns = list(found.order_by("-id")[:TURNS_LIMIT])
    budget = settings.HISTORY_TOKEN_BUDGET * model_input.CHARACTERS_PER_TOKEN
    room, kept = budget * RELIEVED, 0
    most = min(len(turns), round(model_input.TURNS_BUDGET * RELIEVED))
    while kept < most and (room > 0 or not kept):  # the turn that has just ended stays whole
        room -= model_input.size(model_input.turn_items(turns[kept]))
        kept += 1
    older = turns[kept:]
    text = "\n\n".join(as_text(model_input.turn_items(each)) for each in reversed(older))
    return summary.text if summary else "", older[0] if older else None, text[-2 * budget :]


def as_text(items: list[Item]) -> str:
    """Return a turn as a transcript."""
    lines = []
    for item in items:
        match item:
            case {"role": role, "content": content}:
                said = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
                lines.append(f"{'Person' if role == 'user' else 'Assistant'}: {said}")
            case {"type": "function_call", "name": tool, "arguments": arguments}:
                lines.append(f"(calls {tool} with {arguments})")
            case {"type": "function_call_output", "output": output}:
                lines.append(f"(result: {str(output)[:500]})")
    return "\n".join(lines)


async def ask(turn: Turn, prompt: str, text: str) -> str:
    """Return the model's answer to a text under one of our prompts; its tokens count as the turn's."""
    template = prompts.template_source(prompt)
    await section(journal.keep_template, prompt, template)
    agent = Agent(name="Errand", instructions=template, model=providers.configured_model())
    async with asyncio.timeout(SECONDS_LIMIT):
        result = Runner.run_streamed(agent, text, max_turns=1, run_config=RunConfig(tracing_disabled=True))
        async for _ in result.stream_events():
            pass
    await section(journal.add_tokens, turn, result.context_wrapper.usage)
    return str(result.final_output or "")
