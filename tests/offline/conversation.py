"""A conversation with the offline model through the real runner, over a list of tasks in memory."""

import asyncio
import copy
import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import agents
from agents import Agent, FunctionTool, RunConfig, Runner, TResponseInputItem
from agents.tool_context import ToolContext

from offline import OfflineModel
from tasks import recurrence

agents.set_tracing_disabled(True)

type Task = dict[str, Any]
type Operation = Callable[[dict[str, Any]], dict[str, Any]]

INSTRUCTIONS = "You keep a task list.\nNow: 2026-11-20T10:03+01:00 (Friday), time zone Europe/Berlin\nBe brief."
TODAY = dt.date(2026, 11, 20)
NOW = dt.datetime(2026, 11, 20, 10, 3, tzinfo=ZoneInfo("Europe/Berlin"))
REQUIRED = {"add_task": ["title", "due", "priority", "labels", "notes"], "list_tasks": []}
FILTERS = ("status", "due", "search", "label", "priority", "limit")
FIELDS = {
    "add_task": [*REQUIRED["add_task"], "recurrence"],
    "list_tasks": list(FILTERS),
    "update_task": ["task_id", "title", "notes", "due", "priority", "labels", "recurrence"],
    "complete_task": ["task_id"],
    "reopen_task": ["task_id"],
    "delete_task": ["task_id"],
    "undo": [],
    "overview": [],
    "task_history": ["task_id"],
}
READS = {"list_tasks", "overview", "task_history"}


class Conversation:
    """Says messages one after the other; keeps the tasks, the tool calls and the history."""

    def __init__(
        self,
        *titles: str | Task,
        missing: tuple[str, ...] = (),
        broken: dict[str, str] | None = None,
        repeating: bool = True,
    ) -> None:
        self.tasks: list[Task] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.history: list[TResponseInputItem] = []
        self.broken = broken or {}
        self.repeating = repeating
        self.before: list[list[Task]] = []  # what undo goes back to
        for title in titles:
            self.new(**(title if isinstance(title, dict) else {"title": title}))
        self.tools = [self.tool(name) for name in FIELDS if name not in missing]

    # The tools

    def tool(self, name: str) -> FunctionTool:
        async def invoke(_: ToolContext[Any], arguments: str) -> str:
            given = json.loads(arguments)
            self.calls.append((name, given))
            unknown = set(given) - set(FIELDS[name])
            if unknown or name in self.broken:
                return self.broken.get(name, f"Unknown arguments: {unknown}")
            operation: Operation = getattr(self, name)
            if name not in READS | {"undo"}:
                self.before.append(copy.deepcopy(self.tasks))
            try:
                return json.dumps(operation(given))
            except LookupError:
                return f"There is no task {given['task_id']}."

        limit = {"limit": {"type": "integer", "maximum": 100}} if name == "list_tasks" else {}
        fields = [field for field in FIELDS[name] if self.repeating or field != "recurrence"]
        properties: dict[str, Any] = {field: {} for field in fields} | limit
        schema = {"type": "object", "properties": properties, "required": REQUIRED.get(name, properties)}
        return FunctionTool(name, "", schema, invoke, strict_json_schema=False)

    def new(self, title: str, **given: Any) -> Task:
        blank: Task = {
            "notes": "",
            "priority": "p4",
            "labels": [],
            "due_date": None,
            "due_time": None,
            "recurrence": None,
            "completed": False,
        }
        task = {"id": len(self.tasks) + 1, "title": title, **blank, "completed_at": None, **given}
        self.tasks.append(task)
        return task

    def find(self, number: int) -> Task:
        return next((task for task in self.tasks if task["id"] == number), None) or self.tasks[10**9]

    def add_task(self, given: dict[str, Any]) -> dict[str, Any]:
        date, _, time = (given["due"] or "").partition("T")
        task = self.new(given["title"], notes=given["notes"] or "", labels=given["labels"] or [])
        task |= {"priority": given["priority"] or "p4", "due_date": date or None, "due_time": time or None}
        return {"task": self.repeated(task, given)}

    def repeated(self, task: Task, given: dict[str, Any]) -> Task:
        """The task as the tool makes it repeat: from its date on, or from the first day that the rule names."""
        text = given.get("recurrence")
        if not text:
            task["recurrence"] = None if text == "" else task["recurrence"]
            return task
        rule = recurrence.parse(text, NOW)
        task["recurrence"] = rule.rrule
        if not given.get("due"):
            task["due_date"] = task["due_date"] or str(recurrence.first(rule, NOW))
            task["due_time"] = f"{rule.time:%H:%M}" if rule.time else task["due_time"]
        return task

    def undo(self, given: dict[str, Any]) -> dict[str, Any]:
        if not self.before:
            return {"undone": [], "kept": [], "summary": "There is nothing to undo"}
        self.tasks = self.before.pop()
        return {"undone": [], "kept": [], "summary": "Undid the last change"}

    def overview(self, given: dict[str, Any]) -> dict[str, Any]:
        found = [task for task in self.tasks if not task["completed"]]
        days = sorted(task["due_date"] for task in found if task["due_date"])
        return {
            "open": len(found),
            "overdue": sum(day < str(TODAY) for day in days),
            "today": days.count(str(TODAY)),
            "by_day": [{"date": day, "count": days.count(day)} for day in dict.fromkeys(days) if day > str(TODAY)],
            "by_label": {"work": 1},
        }

    def task_history(self, given: dict[str, Any]) -> dict[str, Any]:
        self.find(given["task_id"])
        added = {"at": "2026-11-19T08:00:00Z", "source": "page", "tool": "add_task", "changes": {}}
        changes = {"title": ["Milk", "Buy *milk*"], "due_date": [None, "2026-11-20"], "completed": [False, True]}
        changed = {"at": "2026-11-20T08:30:00Z", "source": "chat", "tool": "update_task", "changes": changes}
        return {"history": [changed, added]}

    def update_task(self, given: dict[str, Any]) -> dict[str, Any]:
        task = self.find(given["task_id"])
        if "due" in given:
            date, _, time = given["due"].partition("T")
            task |= {"due_date": date or None, "due_time": time or None}
        task |= {name: given[name] for name in ("title", "notes", "priority", "labels") if name in given}
        return {"task": self.repeated(task, given)}

    def complete_task(self, given: dict[str, Any]) -> dict[str, Any]:
        task = self.find(given["task_id"])
        task |= {"completed": True, "completed_at": "2026-11-20T09:03:00Z"}
        return {"task": task}

    def reopen_task(self, given: dict[str, Any]) -> dict[str, Any]:
        task = self.find(given["task_id"])
        task |= {"completed": False, "completed_at": None}
        return {"task": task}

    def delete_task(self, given: dict[str, Any]) -> dict[str, Any]:
        task = self.find(given["task_id"])
        self.tasks.remove(task)
        return {"task": task}

    def list_tasks(self, given: dict[str, Any]) -> dict[str, Any]:
        found = [task for task in self.tasks if self.fits(task, **given)]
        return {"tasks": found[: given.get("limit", 50)], "total": len(found), "next_cursor": None}

    def fits(self, task: Task, status: str = "open", due: str | None = None, **filters: Any) -> bool:
        day = dt.date.fromisoformat(task["due_date"]) if task["due_date"] else None
        if status != "all" and task["completed"] != (status == "done"):
            return False
        if due and not self.fits_due(day, due):
            return False
        text, label = f"{task['title']} {task['notes']}".lower(), filters.get("label")
        return (
            (not filters.get("search") or filters["search"].lower() in text)
            and (not label or label in task["labels"])
            and filters.get("priority") in {None, task["priority"]}
        )

    def fits_due(self, day: dt.date | None, due: str) -> bool:
        if day is None or due == "no date":
            return day is None and due == "no date"
        ahead = (day - TODAY).days
        known = {"overdue": ahead < 0, "today": ahead == 0, "tomorrow": ahead == 1, "next 7 days": 0 <= ahead <= 7}
        return known[due] if due in known else str(day) == due

    # Talking

    def say(self, text: str, *, streamed: bool = True, instructions: str = INSTRUCTIONS) -> str:
        """The answer to the message; the history grows by both."""
        return asyncio.run(self.turn(text, streamed=streamed, instructions=instructions))

    async def turn(self, text: str, *, streamed: bool, instructions: str) -> str:
        agent = Agent("Errand", instructions=instructions, model=OfflineModel(delay_seconds=0), tools=list(self.tools))
        items: list[TResponseInputItem] = [*self.history, {"role": "user", "content": text}]
        config = RunConfig(tracing_disabled=True)
        if streamed:
            result = Runner.run_streamed(agent, items, run_config=config)
            async for _ in result.stream_events():
                pass
            self.history, answer = result.to_input_list(), result.final_output
        else:
            run = await Runner.run(agent, items, run_config=config)
            self.history, answer = run.to_input_list(), run.final_output
        return str(answer)

    def written(self) -> list[tuple[str, dict[str, Any]]]:
        """The calls that change something."""
        return [(name, given) for name, given in self.calls if name not in READS]
