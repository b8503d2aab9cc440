"""The tools behind widgets: they draw them again, and do what a click says.

Their server is in `settings.MCP_WIDGET_SERVERS`: neither the model nor other assistants are told of these tools.
"""

import datetime
from typing import Annotated, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, TextContent
from pydantic import BeforeValidator, Field

from accounts.caller import current_caller
from accounts.models import User
from core.tools.result_meta import widget_meta
from tasks.models import Task
from tasks.queries import history
from tasks.rules import operations
from tasks.schemas import TaskOut, TaskResult
from tasks.surfaces import widgets
from tasks.surfaces.mcp import CHANGE, READ, TaskId, change, run

View = Literal["list", "card", "history"]


def shown(user: User, numbers: list[int], view: View, total: int) -> tuple[widgets.Node, str]:
    """Return tasks as the widget that `view` names, in the order of `numbers`, and in words.

    Deleted tasks are left out.
    """
    found = {
        task.number: task for task in Task.objects.for_user(user).filter(number__in=numbers).select_related("parent")
    }
    tasks = [TaskOut.of(found[number]).model_dump(mode="json") for number in numbers if number in found]
    if not tasks:
        return widgets.gone(), ""
    if view == "list":
        total = max(total - (len(numbers) - len(tasks)), len(tasks))
        return widgets.task_list(tasks, total, user.now()) or widgets.gone(), widgets.in_words(tasks, user.now())
    past = history.of_task(user, numbers[0]).model_dump(mode="json")["items"] if view == "history" else []
    return widgets.task_card(tasks[0], user.now(), past), widgets.in_words(tasks, user.now())


async def show_tasks(
    task_ids: Annotated[list[TaskId], Field(min_length=1, max_length=widgets.SHOWN_TASKS)], view: View, total: int = 0
) -> CallToolResult:
    """Show tasks as they are now. `total`: how many there were in all when they were listed."""
    widget, text = await run(shown, current_caller().user, task_ids, view, total)
    meta = widget_meta(widget, text, "show_tasks", task_ids=task_ids, view=view, total=total)
    return CallToolResult(content=[TextContent(text="")], _meta=meta)


async def check_task(task_id: TaskId, done: bool) -> CallToolResult:
    """Complete a task, or open it again."""
    if done:
        return await change(TaskResult, operations.complete_task, current_caller(), task_id)
    return await change(TaskResult, operations.reopen_task, current_caller(), task_id)


def day(value: object) -> object:
    """Return the day of what a date picker says: a date, a moment, or nothing."""
    return value[:10] or None if isinstance(value, str) else value


async def move_task(
    task_id: TaskId, due_date: Annotated[datetime.date | None, BeforeValidator(day)] = None
) -> CallToolResult:
    """Move a task to another day, at the same time of day; without a date it has none any more."""
    values = {"due_date": due_date.isoformat() if due_date else None}
    return await change(TaskResult, operations.update_task, current_caller(), task_id, values)


server = MCPServer(
    "errand-task-widgets",
    title="Widgets of tasks",
    tools=[
        Tool.from_function(show_tasks, title="Show tasks", annotations=READ),
        Tool.from_function(check_task, title="Check a task", annotations=CHANGE),
        Tool.from_function(move_task, title="Move a task", annotations=CHANGE),
    ],
)
