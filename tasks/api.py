"""`/api/{user_id}/tasks`: tasks over REST. Writes take an `Idempotency-Key`; the same key never does anything twice."""

from typing import Annotated, Literal

from ninja import Header, Path, Query, Router, Status
from pydantic import Field

from accounts.auth import UserRequest
from accounts.caller import Caller
from accounts.sections import section
from tasks import finding, operations
from tasks.finding import Filters
from tasks.models import LARGEST_NUMBER, Operation
from tasks.operations import TaskNotFound
from tasks.schemas import Priority, TaskIn, TaskOut, TaskPage, TaskPatch, TaskResult

router = Router(tags=["tasks"])

Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="The task's number on the user's list.")]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=200)]


def caller(request: UserRequest, key: str | None) -> Caller:
    source = "page" if request.headers.get("X-Errand-Client") == "page" else "rest"
    return Caller(request.auth, source, f"{source}:{key}") if key else Caller(request.auth, source)


def task_of(operation: Operation) -> TaskOut:
    return TaskResult.model_validate(operation.result).task


@router.get("/{user_id}/tasks", response=TaskPage)
async def list_tasks(
    request: UserRequest,
    user_id: str,
    status: Literal["open", "done", "all"] = "open",
    due: Annotated[Text | None, Query(description="overdue, today, next 7 days, no date, or a date.")] = None,
    q: Text | None = None,
    label: Text | None = None,
    priority: Priority | None = None,
    limit: Annotated[int, Query(ge=1, le=finding.LIMIT)] = 50,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> TaskPage:
    filters = Filters(status, due, q, label, priority)
    found = await section(finding.find, request.auth, filters, limit, cursor)
    return TaskPage(items=found.tasks, next_cursor=found.next_cursor)


@router.post("/{user_id}/tasks", response={201: TaskOut})
async def add_task(request: UserRequest, user_id: str, body: TaskIn, key: Key = None) -> Status[TaskOut]:
    values = body.model_dump(mode="json", exclude_unset=True)
    return Status(201, task_of(await section(operations.add_task, caller(request, key), values)))


@router.get("/{user_id}/tasks/{number}", response=TaskOut)
async def get_task(request: UserRequest, user_id: str, number: Number) -> TaskOut:
    if task := await section(finding.get, request.auth, number):
        return task
    raise TaskNotFound(number)


@router.put("/{user_id}/tasks/{number}", response=TaskOut)
async def replace_task(request: UserRequest, user_id: str, number: Number, body: TaskIn, key: Key = None) -> TaskOut:
    values = body.model_dump(mode="json")
    return task_of(await section(operations.update_task, caller(request, key), number, values))


@router.patch("/{user_id}/tasks/{number}", response=TaskOut)
async def change_task(request: UserRequest, user_id: str, number: Number, body: TaskPatch, key: Key = None) -> TaskOut:
    values = body.model_dump(mode="json", exclude_unset=True)
    return task_of(await section(operations.update_task, caller(request, key), number, values))


@router.patch("/{user_id}/tasks/{number}/complete", response=TaskOut)
async def complete_task(request: UserRequest, user_id: str, number: Number, key: Key = None) -> TaskOut:
    return task_of(await section(operations.complete_task, caller(request, key), number))


@router.delete("/{user_id}/tasks/{number}", response={204: None})
async def delete_task(request: UserRequest, user_id: str, number: Number, key: Key = None) -> Status[None]:
    await section(operations.delete_task, caller(request, key), number)
    return Status(204, None)
