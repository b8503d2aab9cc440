"""The MCP server for tasks: the tools that the chat's agent uses, and other assistants with it.

Docstrings and field descriptions below are prompt text: they are what a model reads.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from accounts.caller import current_caller
from accounts.problems import Problem
from accounts.sections import section
from tasks import finding, operations
from tasks.finding import Filters
from tasks.models import Operation
from tasks.schemas import Due, Labels, Notes, Priority, TaskListResult, TaskResult, Title

server = MCPServer(
    "errand-tasks",
    title="Tasks",
    instructions="The user's task list. A task's id is its number on the list. Dates are local to the user.",
)

TaskId = Annotated[int, Field(ge=1, description="The task's number, from list_tasks or an earlier result.")]
Prio = Annotated[Priority | None, Field(description="p1 is the most urgent, p4 the ordinary.")]

READ = ToolAnnotations(read_only_hint=True, open_world_hint=False)
ADD = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
CHANGE = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
DESTROY = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)

# What a result says of itself in one line, for whoever shows tool calls to people.
SUMMARY_META = "errand/summary"


async def change[**P](verb: str, work: Callable[P, Operation], *args: P.args, **kwargs: P.kwargs) -> CallToolResult:
    """Run an operation and answer with its result, summed up as "Added “Buy milk”". Raises `ToolError`."""
    try:
        operation = await section(work, *args, **kwargs)
    except Problem as problem:
        raise ToolError(str(problem)) from problem
    result = TaskResult.model_validate(operation.result)
    return answer(result, f"{verb} “{result.task.title}”")


def answer(result: TaskResult | TaskListResult, summary: str) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(text=result.model_dump_json())],
        structured_content=result.model_dump(mode="json"),
        _meta={SUMMARY_META: summary},
    )


def given(**values: object) -> dict[str, object]:
    """Return the arguments that the model gave; null is taken as left out."""
    return {name: value for name, value in values.items() if value is not None}


@server.tool(title="Add a task", annotations=ADD)
async def add_task(
    title: Annotated[Title, Field(description="What is to be done, short, without the date.")],
    due: Due | None = None,
    priority: Prio = None,
    labels: Labels | None = None,
    notes: Notes | None = None,
) -> Annotated[CallToolResult, TaskResult]:
    """Add one task to the user's list. Put the date into `due`, not into the title."""
    values = given(title=title, due=due, priority=priority, labels=labels, notes=notes)
    return await change("Added", operations.add_task, current_caller(), values)


@server.tool(title="List tasks", annotations=READ)
async def list_tasks(
    status: Annotated[Literal["open", "done", "all"], Field(description="Which tasks.")] = "open",
    due: Annotated[
        str | None,
        Field(max_length=100, description="overdue, today, tomorrow, next 7 days, no date, or a date: only these."),
    ] = None,
    search: Annotated[
        str | None, Field(max_length=200, description="Words that title, notes or labels must contain.")
    ] = None,
    label: Annotated[str | None, Field(max_length=50, description="Only tasks with this label.")] = None,
    priority: Prio = None,
    limit: Annotated[int, Field(ge=1, le=finding.LIMIT)] = 50,
    cursor: Annotated[str | None, Field(max_length=100, description="`next_cursor` of the page before.")] = None,
) -> Annotated[CallToolResult, TaskListResult]:
    """Find tasks: the earliest due first, then by priority. Use it before you change a task that you have no id of."""
    filters = Filters(status, due, search, label, priority)
    try:
        found = await section(finding.find, current_caller().user, filters, limit, cursor)
    except Problem as problem:
        raise ToolError(str(problem)) from problem
    result = TaskListResult(tasks=found.tasks, total=found.total, next_cursor=found.next_cursor)
    return answer(result, f"Looked up {found.total} task{'' if found.total == 1 else 's'}")


@server.tool(title="Change a task", annotations=CHANGE)
async def update_task(
    task_id: TaskId,
    title: Title | None = None,
    due: Due | None = None,
    priority: Prio = None,
    labels: Annotated[Labels | None, Field(description="All labels the task shall have.")] = None,
    notes: Notes | None = None,
) -> Annotated[CallToolResult, TaskResult]:
    """Change fields of one task: rename, move to another date, set priority, labels or notes. Others stay."""
    values = given(title=title, due=due, priority=priority, labels=labels, notes=notes)
    if not values:
        raise ToolError("Nothing to change: give at least one of title, due, priority, labels, notes.")
    return await change("Changed", operations.update_task, current_caller(), task_id, values)


@server.tool(title="Complete a task", annotations=CHANGE)
async def complete_task(task_id: TaskId) -> Annotated[CallToolResult, TaskResult]:
    """Mark one task as done. To take a task off the list that was not done, use delete_task."""
    return await change("Completed", operations.complete_task, current_caller(), task_id)


@server.tool(title="Delete a task", annotations=DESTROY)
async def delete_task(task_id: TaskId) -> Annotated[CallToolResult, TaskResult]:
    """Delete one task for good, because it is no longer wanted. For finished work, use complete_task."""
    return await change("Deleted", operations.delete_task, current_caller(), task_id)
