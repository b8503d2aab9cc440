"""`/api/{user_id}/tasks`: tasks over REST. Writes take an `Idempotency-Key`; the same key never does anything twice.

Every write answers with the id of its operation in `X-Operation-Id`, which can be undone.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import Header, Path, Query, Router, Status
from pydantic import BaseModel, ConfigDict, Field

from accounts.bearer import UserRequest
from accounts.caller import Caller
from core.sections import section
from tasks.models import LARGEST_NUMBER, Operation, TaskNotFound
from tasks.queries import finding, history
from tasks.queries.finding import Filters
from tasks.rules import operations, quick_add
from tasks.rules.task_rules import Values
from tasks.schemas import (
    BatchResult,
    HistoryPage,
    Number,
    Overview,
    Priority,
    TaskIn,
    TaskOut,
    TaskPage,
    TaskPatch,
    TaskResult,
    TaskText,
    Version,
)

router = Router(tags=["tasks"])

BATCH_LIMIT = 100
ORDER_LIMIT = 500

NumberPath = Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="The task's number on the user's list.")]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=200)]


def caller(request: UserRequest, key: str | None) -> Caller:
    source = "page" if request.headers.get("X-Errand-Client") == "page" else "rest"
    return Caller(request.auth, source, f"{source}:{key}") if key else Caller(request.auth, source)


async def perform[**P](
    response: HttpResponse, work: Callable[P, Operation], *args: P.args, **kwargs: P.kwargs
) -> Values:
    """Run an operation, name it in the response's header, and return its result."""
    operation = await section(work, *args, **kwargs)
    response["X-Operation-Id"] = operation.public_id
    return dict(operation.result)


async def change[**P](
    response: HttpResponse, work: Callable[P, Operation], *args: P.args, **kwargs: P.kwargs
) -> TaskOut:
    return TaskResult.model_validate(await perform(response, work, *args, **kwargs)).task


@router.get("/{user_id}/tasks", response=TaskPage)
async def list_tasks(
    request: UserRequest,
    user_id: str,
    status: Literal["open", "done", "all"] = "open",
    due: Annotated[Text | None, Query(description="overdue, today, next 7 days, no date, or a date.")] = None,
    q: Annotated[
        str | None,
        Query(
            max_length=finding.SEARCH_LENGTH,
            description="Words, each the beginning of one in title, notes or labels, in either case, with or without "
            "accents. All must fit.",
        ),
    ] = None,
    label: Text | None = None,
    priority: Priority | None = None,
    limit: Annotated[int, Query(ge=1, le=finding.LIMIT)] = 50,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> TaskPage:
    filters = Filters(status, due, q, label, priority)
    found = await section(finding.find, request.auth, filters, limit, cursor)
    return TaskPage(items=found.tasks, next_cursor=found.next_cursor)


@router.post("/{user_id}/tasks", response={201: TaskOut})
async def add_task(
    request: UserRequest, response: HttpResponse, user_id: str, body: TaskIn | TaskText, key: Key = None
) -> Status[TaskOut]:
    """Add a task, by its fields or by one line of text that says them."""

    def work() -> Operation:
        who = caller(request, key)
        if isinstance(body, TaskText):
            return operations.add_from_text(who, body.text)
        return operations.add_task(who, body.model_dump(mode="json", exclude_unset=True))

    return Status(201, await change(response, work))


@router.get("/{user_id}/tasks/overview", response=Overview)
async def overview(request: UserRequest, user_id: str) -> Overview:
    return await section(finding.overview, request.auth)


class Reading(BaseModel):
    """How a text would be read."""

    title: str | None = None
    due_date: str | None = None
    due_time: str | None = None
    recurrence: str | None = None
    recurrence_text: str | None = None
    labels: list[str] = []
    priority: Priority = "p4"


@router.get("/{user_id}/tasks/read", response=Reading)
async def read(
    request: UserRequest,
    user_id: str,
    text: Annotated[str | None, Query(max_length=500)] = None,
    due: Annotated[str | None, Query(max_length=100)] = None,
    recurrence: Annotated[str | None, Query(max_length=200)] = None,
) -> Reading:
    """Tell how a line of text, a date or a repetition would be read. Changes nothing."""
    return Reading.model_validate(quick_add.preview(request.auth, text, due, recurrence))


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Number], Field(min_length=1, max_length=ORDER_LIMIT)]


class Tasks(BaseModel):
    items: list[TaskOut]


@router.put("/{user_id}/tasks/order", response=Tasks)
async def order_tasks(
    request: UserRequest, response: HttpResponse, user_id: str, body: Order, key: Key = None
) -> Tasks:
    """Put tasks of one day into the order of these numbers."""
    result = await perform(response, operations.order_tasks, caller(request, key), body.ids)
    return Tasks.model_validate({"items": result["tasks"]})


class AddItem(TaskIn):
    action: Literal["add"]


class UpdateItem(TaskPatch):
    action: Literal["update"]
    task_id: Number


class NumberItem(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["complete", "reopen", "delete"]
    task_id: Number
    version: Version | None = None


class Batch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: Annotated[
        list[Annotated[AddItem | UpdateItem | NumberItem, Field(discriminator="action")]],
        Field(min_length=1, max_length=BATCH_LIMIT),
    ]


@router.post("/{user_id}/tasks/batch", response=BatchResult)
async def batch(
    request: UserRequest, response: HttpResponse, user_id: str, body: Batch, key: Key = None
) -> BatchResult:
    """Do many things in one operation: good items take effect, bad ones are explained. It is undone as a whole."""
    items = [item.model_dump(mode="json", exclude_unset=True) for item in body.items]
    result = await perform(response, operations.batch, caller(request, key), "batch", items)
    return BatchResult.model_validate(result)


@router.get("/{user_id}/tasks/{number}", response=TaskOut)
async def get_task(request: UserRequest, user_id: str, number: NumberPath) -> TaskOut:
    if task := await section(finding.get, request.auth, number):
        return task
    raise TaskNotFound(number)


@router.put("/{user_id}/tasks/{number}", response=TaskOut)
async def replace_task(
    request: UserRequest, response: HttpResponse, user_id: str, number: NumberPath, body: TaskIn, key: Key = None
) -> TaskOut:
    values = body.model_dump(mode="json")
    return await change(response, operations.update_task, caller(request, key), number, values)


@router.patch("/{user_id}/tasks/{number}", response=TaskOut)
async def change_task(
    request: UserRequest, response: HttpResponse, user_id: str, number: NumberPath, body: TaskPatch, key: Key = None
) -> TaskOut:
    """Change some fields. With `version`, a task that was changed since is refused (409) and shown as `current`."""
    values = body.model_dump(mode="json", exclude_unset=True)
    return await change(response, operations.update_task, caller(request, key), number, values)


@router.patch("/{user_id}/tasks/{number}/complete", response=TaskOut)
async def complete_task(
    request: UserRequest, response: HttpResponse, user_id: str, number: NumberPath, key: Key = None
) -> TaskOut:
    """Complete a task with its subtasks; one that repeats moves on to its next day."""
    return await change(response, operations.complete_task, caller(request, key), number)


@router.delete("/{user_id}/tasks/{number}", response={204: None})
async def delete_task(
    request: UserRequest, response: HttpResponse, user_id: str, number: NumberPath, key: Key = None
) -> Status[None]:
    """Delete a task with its subtasks."""
    await perform(response, operations.delete_task, caller(request, key), number)
    return Status(204, None)


@router.get("/{user_id}/tasks/{number}/history", response=HistoryPage)
async def task_history(request: UserRequest, user_id: str, number: NumberPath) -> HistoryPage:
    """Tell who changed which field, when, through what and in which turn, the newest first; also of a deleted task."""
    return await section(history.of_task, request.auth, number)
