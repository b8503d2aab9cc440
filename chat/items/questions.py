"""Questions that the model asks with choices: a tool puts them on the screen and ends the turn; the answers begin the
next one.

A result asks by `_meta["chatkit/structured_input"]`: a list of questions, as ChatKit's structured inputs.
"""

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

import structlog
from chatkit.types import (
    StructuredInput,
    StructuredInputAnswer,
    StructuredInputItem,
    StructuredInputMultipleChoice,
    StructuredInputSubmission,
    ThreadItem,
)
from django.utils import timezone
from mcp.server import MCPServer
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from chat import ids
from chat.models import Message
from core.problems import Conflict, Unprocessable
from core.tools.result_meta import SUMMARY_META, compact

QUESTIONS_META = "chatkit/structured_input"
ITEM_TYPE = "errand.questions"  # among a step's items; no model is given it
ANSWER_VALUES = 20
ANSWER_LENGTH = 2_000
ASKED = "[The questions are on the screen.]"

log = structlog.get_logger("errand.chat")

inputs_given: TypeAdapter[list[StructuredInput]] = TypeAdapter(list[StructuredInput])


# ---- the tool


class Question(BaseModel):
    question: Annotated[str, Field(min_length=1, max_length=300)]
    options: Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=8)] = []
    multiple: bool = False


async def ask_user(questions: Annotated[list[Question], Field(min_length=1, max_length=5)]) -> CallToolResult:
    """Ask the person with choices to tap, when you cannot go on without knowing. Ends your turn; they answer next."""
    inputs = [as_input(str(number), each) for number, each in enumerate(questions, 1)]
    summary = "Asked a question" if len(inputs) == 1 else f"Asked {len(inputs)} questions"
    text = TextContent(text="The questions are on the screen. The answers are the person's next message.")
    return CallToolResult(content=[text], _meta={SUMMARY_META: summary, QUESTIONS_META: inputs})


def as_input(id: str, question: Question) -> dict[str, Any]:
    """Return a question as ChatKit's structured input: free text where there is nothing to choose from."""
    common = {"id": id, "question": question.question}
    if not question.options:
        return common | {"type": "freeform"}
    options = [{"value": value} for value in dict.fromkeys(question.options)]
    return common | {"type": "multiple_choice", "options": options, "multiple": question.multiple}


tool = Tool.from_function(
    ask_user, title="Ask the person", annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False)
)
tool.parameters = compact(tool.parameters)
server = MCPServer("errand-questions", title="Questions", tools=[tool])


# ---- from a result to the screen


def as_items(result: CallToolResult) -> list[dict[str, Any]]:
    """Return what a result asks as an item of its step."""
    asked = (result.meta or {}).get(QUESTIONS_META)
    return [{"type": ITEM_TYPE, "inputs": asked}] if asked and not result.is_error else []


def are_open(items: Iterable[dict[str, Any]]) -> bool:
    """Tell whether the items of steps ask something: then the turn ends."""
    return any(item.get("type") == ITEM_TYPE for item in items)


def of_items(items: Iterable[dict[str, Any]], thread_id: str) -> list[ThreadItem]:
    """Return all questions among the items of steps as one item."""
    given = [each for item in items if item.get("type") == ITEM_TYPE for each in item["inputs"]]
    if not given:
        return []
    numbered = [each | {"id": str(number)} for number, each in enumerate(given, 1)]
    try:
        inputs = inputs_given.validate_python(numbered)
    except ValidationError as error:
        log.warning("questions.unusable", error=str(error.errors(include_input=False)[:3]))
        return []
    place = {"id": ids.new_id("message"), "thread_id": thread_id, "created_at": timezone.now()}
    return [StructuredInputItem(**place, inputs=inputs)]


# ---- answered


def check(submission: StructuredInputSubmission) -> None:
    """Raise `Unprocessable` for answers that are too long."""
    for answer in submission.answers.values():
        if len(answer.values) > ANSWER_VALUES or any(len(value) > ANSWER_LENGTH for value in answer.values):
            raise Unprocessable(f"An answer has at most {ANSWER_VALUES} values of {ANSWER_LENGTH:,} characters.")


def settle(message: Message, submission: StructuredInputSubmission) -> StructuredInputItem:
    """Store what was answered. The message is locked. Raises `Conflict` if it was before, and `Unprocessable`."""
    item = message.as_item()
    if not isinstance(item, StructuredInputItem):
        raise Unprocessable("This item does not ask anything.")
    if item.status != "pending":
        raise Conflict("This was answered or skipped already.")
    if unknown := submission.answers.keys() - {each.id for each in item.inputs}:
        raise Unprocessable(f"There is no question “{sorted(unknown)[0][:80]}”.")
    for question in item.inputs:
        question.answer = answer_to(question, submission)
    is_answered = submission.status == "answered" and any(each.answer and each.answer.values for each in item.inputs)
    item.status = "answered" if is_answered else "skipped"
    Message.put(message.conversation_id, item)
    return item


def answer_to(question: StructuredInput, submission: StructuredInputSubmission) -> StructuredInputAnswer:
    given = submission.answers.get(question.id)
    values = [value.strip() for value in given.values if value.strip()] if given and not given.skipped else []
    if submission.status == "skipped" or not values:
        return StructuredInputAnswer(skipped=True)
    is_one = not isinstance(question, StructuredInputMultipleChoice) or not question.multiple
    return StructuredInputAnswer(values=values[:1] if is_one else values)


def as_text(item: StructuredInputItem) -> str:
    """Return answers as the message that begins the next turn."""
    if item.status == "skipped":
        return "I would rather not answer that."
    said = [(each.question, ", ".join(each.answer.values) if each.answer else "") for each in item.inputs]
    if len(said) == 1:
        return said[0][1]
    return "\n".join(f"{question} {answer or '(no answer)'}" for question, answer in said)


def withdraw(conversation_id: UUID) -> list[ThreadItem]:
    """Close questions left open, because the person said something else instead. The conversation is locked."""
    open_ones = Message.objects.filter(
        conversation=conversation_id, kind="structured_input", item__status="pending", turn__is_active=True
    )
    return [settle(message, StructuredInputSubmission(status="skipped")) for message in open_ones]
