"""The MCP server for tasks: the tools that the chat's agent uses, and other assistants with it.

Docstrings and field descriptions below are prompt text: they are what a model reads, so each word is paid for in every
turn (a test keeps the whole list under 2,500 tokens).
"""

import asyncio
import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

import structlog
from django.db import OperationalError
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import AfterValidator, BaseModel, Field

from accounts.caller import current_caller
from core import ids
from core.problems import Problem
from core.sections import section
from core.tools.previews import PLAN_META, PREVIEW_META, UNDO_META
from core.tools.result_meta import SOURCES_META, SUMMARY_META, compact, widget_meta
from tasks.models import LABEL_LENGTH, LABELS_COUNT, LARGEST_NUMBER, NOTES_LENGTH, TITLE_LENGTH, Operation
from tasks.queries import finding, history
from tasks.queries.finding import Filters
from tasks.rules import operations, undo
from tasks.rules.task_rules import StaleVersion, Values
from tasks.schemas import (
    BatchResult,
    HistoryPage,
    Overview,
    Priority,
    TaskListResult,
    TaskOut,
    TaskResult,
    UndoResult,
    one_line,
    tidy_labels,
)
from tasks.surfaces import widgets
from tasks.surfaces.entities import as_entity

READ = ToolAnnotations(read_only_hint=True, open_world_hint=False)
ADD = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
CHANGE = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
DESTROY = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)

BATCH_LIMIT = 50
SOURCES_LIMIT = 50
DATABASE_PAUSES = [0.2, 0.5, 1, 2]

log = structlog.get_logger("errand.tasks")

tools: list[Tool] = []


def tool[F: Callable[..., Any]](
    title: str, annotations: ToolAnnotations, name: str | None = None, meta: Values | None = None
) -> Callable[[F], F]:
    """Make a tool of a function, with a schema that spends no tokens on what a model does not need."""

    def register(function: F) -> F:
        said = None if annotations.read_only_hint else {PREVIEW_META: True} | (meta or {})
        made = Tool.from_function(function, name=name, title=title, annotations=annotations, meta=said)
        made.parameters = compact(made.parameters)
        tools.append(made)
        return function

    return register


async def run[**P, R](work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a section. Raises `ToolError` for expected failures, with the present task if the caller's is stale.

    While the database is away, for example during a restart, it tries again: an operation is never done twice.
    """
    try:
        for pause in DATABASE_PAUSES:
            try:
                return await section(work, *args, **kwargs)
            except OperationalError as error:
                log.warning("tool.repeated", error=str(error))
                await asyncio.sleep(pause)
        return await section(work, *args, **kwargs)
    except StaleVersion as stale:
        raise ToolError(f"{stale} Now: {json.dumps(stale.current)}") from stale
    except Problem as problem:
        raise ToolError(str(problem)) from problem


async def change[**P](
    result: type[BaseModel], work: Callable[P, Operation], *args: P.args, **kwargs: P.kwargs
) -> CallToolResult:
    """Run an operation and answer with its result, summed up as the operation is."""
    operation = await run(work, *args, **kwargs)
    if operation.plan:
        meta = {PLAN_META: operation.plan.model_dump(mode="json")}
    else:
        meta = batch_widget(operation) if result is BatchResult else {}
    return answer(result.model_validate(operation.result), operation.summary, meta)


def batch_widget(operation: Operation) -> Values:
    """Return the widget of the tasks that a batch added or changed; completed or deleted ones need none."""
    results = operation.result["results"] if operation.tool in {"add_tasks", "update_tasks"} else []
    tasks = [each["task"] for each in results if each["ok"]]
    return shown(tasks, len(tasks))


def shown(tasks: list[Values], total: int) -> Values:
    now = current_caller().user.now()
    widget, arguments = widgets.widget_of(tasks, total, now)
    return widget_meta(widget, widgets.in_words(tasks, now), "show_tasks", **arguments)


def answer(result: BaseModel, summary: str, meta: Values | None = None) -> CallToolResult:
    shape = result.model_dump(mode="json")
    return CallToolResult(
        content=[TextContent(text=result.model_dump_json())],
        structured_content=shape,
        _meta={SUMMARY_META: summary, SOURCES_META: sources(shape)} | (meta or {}),
    )


def sources(shape: Values) -> list[Values]:
    """Return the tasks of a result as the sources that an answer names by their numbers."""
    batch = [each["task"] for each in shape.get("results", []) if each["ok"]]
    tasks = [*([shape["task"]] if "task" in shape else []), *shape.get("tasks", []), *batch]
    return [
        {"key": f"#{task['id']}", "title": task["title"], "entity": as_entity(task["id"], task["title"])}
        for task in tasks[:SOURCES_LIMIT]
    ]


def given(**values: object) -> Values:
    """Return the arguments that the model gave; null counts as left out."""
    return {name: value for name, value in values.items() if value is not None}


def items(action: str, fields: list[Any]) -> list[Values]:
    """Return the items of a batch, as `operations.batch` takes them."""
    return [
        {"action": action, **each.model_dump(mode="json", exclude_unset=True, exclude_none=True)} for each in fields
    ]


TaskId = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
TaskIds = Annotated[list[TaskId], Field(min_length=1, max_length=BATCH_LIMIT)]
Title = Annotated[str, Field(max_length=TITLE_LENGTH), AfterValidator(one_line)]
Notes = Annotated[str | None, Field(max_length=NOTES_LENGTH)]
Labels = Annotated[
    list[Annotated[str, Field(max_length=LABEL_LENGTH)]] | None,
    Field(max_length=LABELS_COUNT),
    AfterValidator(tidy_labels),
]
Due = Annotated[
    str | None, Field(max_length=100, description='ISO or words: 2026-05-01T17:00, "next friday". "" clears it.')
]
Repeat = Annotated[
    str | None, Field(max_length=200, description='Words or RRULE: "every 2 weeks on monday". "" stops it.')
]
Prio = Annotated[Priority | None, Field(description="p1 most urgent, p4 ordinary.")]
Version = Annotated[int | None, Field(ge=1, description="The version you read; refused if it changed since.")]


@tool("Add a task", ADD)
async def add_task(
    title: Annotated[Title, Field(description="What is to be done, short, without the date.")],
    due: Due = None,
    priority: Prio = None,
    labels: Labels = None,
    notes: Notes = None,
    recurrence: Repeat = None,
    parent_id: Annotated[TaskId | None, Field(description="Makes it a subtask of that task.")] = None,
) -> Annotated[CallToolResult, TaskResult]:
    """Add one task. The date goes into `due`, a repetition into `recurrence`, not into the title."""
    values = given(
        title=title, due=due, priority=priority, labels=labels, notes=notes, recurrence=recurrence, parent_id=parent_id
    )
    return await change(TaskResult, operations.add_task, current_caller(), values)


@tool("List tasks", READ)
async def list_tasks(
    status: Literal["open", "done", "all"] = "open",
    due: Annotated[
        str | None,
        Field(max_length=100, description="Only these: overdue, today, tomorrow, next 7 days, no date, or a date."),
    ] = None,
    search: Annotated[
        str | None,
        Field(
            max_length=finding.SEARCH_LENGTH, description="Beginnings of words in title, notes, labels; all must fit."
        ),
    ] = None,
    label: Annotated[str | None, Field(max_length=LABEL_LENGTH)] = None,
    priority: Prio = None,
    limit: Annotated[int, Field(ge=1, le=finding.LIMIT)] = 50,
    cursor: Annotated[str | None, Field(max_length=300, description="`next_cursor` of the page before.")] = None,
    show: Annotated[bool, Field(description="Show them below your answer, which then need not list them.")] = False,
) -> Annotated[CallToolResult, TaskListResult]:
    """Find tasks, the earliest due first. Use it before you change a task that you have no id of.

    `total` stops counting at 1,000.
    """
    filters, user = Filters(status, due, search, label, priority), current_caller().user

    def work() -> TaskListResult:
        found = finding.find(user, filters, limit, cursor)
        total = finding.count(user, filters) if found.next_cursor or cursor else len(found.tasks)
        return TaskListResult(tasks=found.tasks, total=total, next_cursor=found.next_cursor)

    result = await run(work)
    many = "1,000 or more" if result.total >= finding.COUNTED else result.total
    meta = shown(result.model_dump(mode="json")["tasks"], result.total) if show else {}
    return answer(result, f"Looked up {many} task{'' if result.total == 1 else 's'}", meta)


@tool("Change a task", CHANGE)
async def update_task(
    task_id: TaskId,
    title: Title | None = None,
    due: Due = None,
    priority: Prio = None,
    labels: Annotated[Labels, Field(description="All labels it shall have.")] = None,
    notes: Notes = None,
    recurrence: Repeat = None,
    version: Version = None,
) -> Annotated[CallToolResult, TaskResult]:
    """Change fields of one task: rename, move, repeat, prioritise. Others stay. A new date keeps its repetition."""
    values = given(title=title, due=due, priority=priority, labels=labels, notes=notes, recurrence=recurrence)
    if not values:
        raise ToolError("Nothing to change: give at least one of title, due, priority, labels, notes, recurrence.")
    return await change(TaskResult, operations.update_task, current_caller(), task_id, values | given(version=version))


@tool("Complete a task", CHANGE)
async def complete_task(task_id: TaskId, version: Version = None) -> Annotated[CallToolResult, TaskResult]:
    """Mark one task as done, with its subtasks. A repeating one moves to its next date. Unwanted ones: delete_task."""
    return await change(TaskResult, operations.complete_task, current_caller(), task_id, version)


@tool("Reopen a task", CHANGE)
async def reopen_task(task_id: TaskId) -> Annotated[CallToolResult, TaskResult]:
    """Open a completed task again."""
    return await change(TaskResult, operations.reopen_task, current_caller(), task_id)


@tool("Delete a task", DESTROY)
async def delete_task(task_id: TaskId, version: Version = None) -> Annotated[CallToolResult, TaskResult]:
    """Delete one task and its subtasks, because they are no longer wanted. Finished work: complete_task."""
    return await change(TaskResult, operations.delete_task, current_caller(), task_id, version)


class NewTask(BaseModel):
    title: Title
    due: Due = None
    priority: Prio = None
    labels: Labels = None
    notes: Notes = None
    recurrence: Repeat = None
    parent_id: TaskId | None = None


class ChangedTask(BaseModel):
    task_id: TaskId
    title: Title | None = None
    due: Due = None
    priority: Prio = None
    labels: Labels = None
    notes: Notes = None
    recurrence: Repeat = None
    version: Version = None


async def do_each(tool_name: str, each: list[Values]) -> CallToolResult:
    return await change(BatchResult, operations.batch, current_caller(), tool_name, each)


@tool("Add tasks", ADD)
async def add_tasks(
    tasks: Annotated[list[NewTask], Field(min_length=1, max_length=BATCH_LIMIT)],
) -> Annotated[CallToolResult, BatchResult]:
    """Add several tasks at once; fields as in add_task. Answers for each; good ones are kept."""
    return await do_each("add_tasks", items("add", tasks))


@tool("Change tasks", CHANGE)
async def update_tasks(
    updates: Annotated[list[ChangedTask], Field(min_length=1, max_length=BATCH_LIMIT)],
) -> Annotated[CallToolResult, BatchResult]:
    """Change several tasks at once, each its own way; fields as in update_task. Answers for each."""
    return await do_each("update_tasks", items("update", updates))


@tool("Complete tasks", CHANGE)
async def complete_tasks(task_ids: TaskIds) -> Annotated[CallToolResult, BatchResult]:
    """Mark several tasks as done. Answers for each."""
    return await do_each("complete_tasks", [{"action": "complete", "task_id": each} for each in task_ids])


@tool("Delete tasks", DESTROY)
async def delete_tasks(task_ids: TaskIds) -> Annotated[CallToolResult, BatchResult]:
    """Delete several tasks, because they are no longer wanted. Answers for each."""
    return await do_each("delete_tasks", [{"action": "delete", "task_id": each} for each in task_ids])


@tool("History of a task", READ)
async def task_history(task_id: TaskId) -> Annotated[CallToolResult, HistoryPage]:
    """Tell who changed which field of a task, when and by which way; also of a deleted one."""
    user = current_caller().user

    def work() -> tuple[HistoryPage, TaskOut | None]:
        return history.of_task(user, task_id), finding.get(user, task_id)

    result, task = await run(work)
    past = result.model_dump(mode="json")["items"]
    tasks = [task.model_dump(mode="json")] if task else []
    widget = widgets.task_card(tasks[0], user.now(), past) if task else None
    meta = widget_meta(widget, "", "show_tasks", task_ids=[task_id], view="history")
    return answer(result, f"Looked up the history of task {task_id}", meta)


@tool("Overview", READ)
async def overview() -> Annotated[CallToolResult, Overview]:
    """Count what there is to do: open, overdue, by day, by label, and what was done this week."""
    result = await run(finding.overview, current_caller().user)
    meta = widget_meta(widgets.overview(result.model_dump(mode="json")), "", "overview")
    return answer(result, "Counted the tasks", meta)


@tool("Undo", CHANGE, name="undo", meta={UNDO_META: True})
async def undo_changes(
    operation_id: Annotated[str | None, Field(max_length=100, description="From task_history.")] = None,
    turn_ids: Annotated[
        list[Annotated[str, Field(max_length=100)]] | None,
        Field(min_length=1, max_length=1000, description="Everything that these turns did."),
    ] = None,
) -> Annotated[CallToolResult, UndoResult]:
    """Undo. Without arguments: what was last done here. Tasks that were changed since are kept and named."""
    caller = current_caller()

    def work() -> Operation:
        if operation_id:
            return undo.undo_operation(caller, ids.read("op", operation_id))
        if turn_ids:
            return undo.undo_turns(caller, [ids.read("turn", each) for each in turn_ids])
        return undo.undo_last(caller)

    return await change(UndoResult, work)


server = MCPServer(
    "errand-tasks",
    title="Tasks",
    instructions=(
        "The user's task list. A task's id is its number on the list. Dates are local to the user. Every change can be "
        "undone."
    ),
    tools=tools,
)
