"""The one door: every change to a task is an operation, whoever asks for it and through whichever way in.

An operation is committed together with its result and with what each task was before and after. The same key gives
the recorded result and does nothing again; another request under the same key is refused.
"""

from collections.abc import Callable

from django.db import transaction
from uuid_utils.compat import uuid7

from accounts.caller import Caller
from core import prepared_sql
from core.problems import KeyReused, Problem
from core.tools.previews import PlanChanged
from tasks.models import Operation, Task, TaskList, by_number, by_parent
from tasks.models.operations import by_key
from tasks.queries import counts
from tasks.rules import announcing, previews, quick_add
from tasks.rules.task_rules import Ledger, Values
from tasks.schemas import BatchResult, ItemResult, TaskOut, TaskResult

SUMMARY_LENGTH = 200
WITH_SUBTASKS = {"complete_task", "delete_task"}  # these do to the subtasks what they do to their task


def perform(caller: Caller, tool: str, arguments: Values, work: Callable[[Ledger], tuple[Values, str]]) -> Operation:
    """Do `work` once under the caller's key, in one transaction, and return the operation with its result.

    The key stands for `arguments` (JSON values). `work` returns the result (JSON values) and one line that says what it
    did. Raises `KeyReused` if the key stands for something else, `PlanChanged` if the caller expects another plan, and
    what `work` raises; then nothing was done. A preview changes nothing either: its operation has a plan and is not
    stored.
    """
    with transaction.atomic():
        ledger, done = begin(caller, tool, arguments.get("task_id"))
        if done:
            if (done.tool, done.arguments) != (tool, arguments):
                raise KeyReused
            return done
        with ledger.writes.before_questions():
            result, summary = work(ledger)
            operation = Operation(tool=tool, arguments=arguments, result=result, summary=shortened(summary))
            if caller.is_preview:
                operation.plan = previews.of(ledger.changes)
                transaction.set_rollback(True)
            else:
                if caller.expects and previews.of(ledger.changes).fingerprint != caller.expects:
                    raise PlanChanged
                record(operation, ledger)
    return operation


def begin(caller: Caller, tool: str, number: int | None) -> tuple[Ledger, Operation | None]:
    """Lock the caller's list. Return its ledger, with the task of that number, and the operation that has the key.

    It takes one round trip: PostgreSQL looks for the other rows once it has the lock.
    """
    parent = number if tool in WITH_SUBTASKS else None
    looks = (by_key(), caller.key), (by_number(), number), (by_parent(), parent)
    task_list, [done, tasks, subtasks] = TaskList.lock(caller.user, *looks)
    ledger = Ledger(caller, task_list, map(Task.of_row, tasks))
    if parent:
        ledger.read_subtasks[parent] = [*map(Task.of_row, subtasks)]
    return ledger, done[0][0] if done else None


def record(operation: Operation, ledger: Ledger) -> None:
    """Store an operation with its changes, and tell the user's open pages once it is committed."""
    caller = ledger.caller
    operation.user, operation.source, operation.key = caller.user, caller.source, caller.key or str(uuid7())
    operation.turn_id, operation.changes_count = caller.turn_id, len(ledger.changes)
    for change in ledger.changes:
        change.operation = operation
    counted = counts.additions(caller.user, ledger.changes)
    ledger.writes.add(*prepared_sql.insertions([operation]), *prepared_sql.insertions(ledger.changes), *counted)
    ledger.writes.send()
    if ledger.undone:
        operation.take_back(ledger.undone)
    transaction.on_commit(lambda: announcing.announce(operation, ledger.changes, ledger.tasks))


def one(caller: Caller, tool: str, arguments: Values, verb: str, work: Callable[[Ledger], Task]) -> Operation:
    """Perform an operation that changes one task; its result is that task (`TaskResult`)."""

    def run(ledger: Ledger) -> tuple[Values, str]:
        task = work(ledger)
        moved_on = tool == "complete_task" and not task.completed_at
        summary = f"{verb} “{task.title}”" + (f", next {task.due_date:%a %-d %b}" if moved_on else "")
        return TaskResult(task=TaskOut.of(task)).model_dump(mode="json"), summary

    return perform(caller, tool, arguments, run)


def add_task(caller: Caller, values: Values) -> Operation:
    """Add a task. `values` are those of `TaskIn` as JSON."""
    return one(caller, "add_task", values, "Added", lambda ledger: ledger.add(values))


def add_from_text(caller: Caller, text: str) -> Operation:
    """Add a task from one line that may say date, repetition, labels and priority too."""
    work = lambda ledger: ledger.add(quick_add.read(caller.user, text))  # noqa: E731
    return one(caller, "add_task", {"text": text}, "Added", work)


def update_task(caller: Caller, number: int, values: Values) -> Operation:
    """Change the given fields of a task. `values` are some of those of `TaskPatch` as JSON."""
    arguments = {"task_id": number, **values}
    return one(caller, "update_task", arguments, "Changed", lambda ledger: ledger.update(number, values))


def complete_task(caller: Caller, number: int, version: int | None = None) -> Operation:
    """Complete a task; one that repeats moves on to its next day."""
    arguments = {"task_id": number} | ({} if version is None else {"version": version})
    return one(caller, "complete_task", arguments, "Completed", lambda ledger: ledger.complete(number, version))


def reopen_task(caller: Caller, number: int) -> Operation:
    """Open a completed task again."""
    return one(caller, "reopen_task", {"task_id": number}, "Reopened", lambda ledger: ledger.reopen(number))


def delete_task(caller: Caller, number: int, version: int | None = None) -> Operation:
    """Delete a task with its subtasks. The answer shows it as it was."""
    arguments = {"task_id": number} | ({} if version is None else {"version": version})
    return one(caller, "delete_task", arguments, "Deleted", lambda ledger: ledger.delete(number, version))


def order_tasks(caller: Caller, numbers: list[int]) -> Operation:
    """Order tasks of a day by hand, as `numbers` stand."""

    def work(ledger: Ledger) -> tuple[Values, str]:
        tasks = [TaskOut.of(task).model_dump(mode="json") for task in ledger.order(numbers)]
        return {"tasks": tasks}, f"Ordered {len(tasks)} tasks"

    return perform(caller, "order_tasks", {"task_ids": numbers}, work)


# The actions of a batch's items: what does each, and its verb in a summary.
ACTIONS: dict[str, tuple[Callable[[Ledger, Values], Task], str]] = {
    "add": (lambda ledger, item: ledger.add(item), "Added"),
    "update": (lambda ledger, item: ledger.update(item.pop("task_id"), item), "Changed"),
    "complete": (lambda ledger, item: ledger.complete(item["task_id"], item.get("version")), "Completed"),
    "reopen": (lambda ledger, item: ledger.reopen(item["task_id"], item.get("version")), "Reopened"),
    "delete": (lambda ledger, item: ledger.delete(item["task_id"], item.get("version")), "Deleted"),
}


def batch(caller: Caller, tool: str, items: list[Values]) -> Operation:
    """Do many things in one operation. Each item is `{"action": …, …}`; good items take effect, bad ones
    are explained."""

    def work(ledger: Ledger) -> tuple[Values, str]:
        results = [attempt(ledger, index, dict(item)) for index, item in enumerate(items)]
        done = [item["action"] for item, result in zip(items, results, strict=True) if result.ok]
        return BatchResult(results=results).model_dump(mode="json"), count(done, len(items) - len(done))

    return perform(caller, tool, {"items": items}, work)


def attempt(ledger: Ledger, index: int, item: Values) -> ItemResult:
    """Do one item of a batch, or nothing of it."""
    do, _ = ACTIONS[item.pop("action")]
    noted = len(ledger.changes)
    try:
        with transaction.atomic():
            result = ItemResult(index=index, ok=True, task=TaskOut.of(do(ledger, item)))
        for change in ledger.changes[noted:]:
            change.item = index
        return result
    except Problem as problem:
        for change in ledger.changes[noted:]:
            del ledger.tasks[change.task_id]
        del ledger.changes[noted:]
        ledger.task_list.refresh_from_db()
        return ItemResult(index=index, ok=False, error=str(problem))


def count(actions: list[str], failed: int) -> str:
    """Return "Added 2 tasks, deleted 1 task; 1 failed"."""
    parts = []
    for action, (_, verb) in ACTIONS.items():
        if number := actions.count(action):
            parts.append(f"{verb} {number} task{'' if number == 1 else 's'}")
    line = ", ".join([*parts[:1], *(part[0].lower() + part[1:] for part in parts[1:])]) or "Did nothing"
    return f"{line}; {failed} failed" if failed else line


def shortened(text: str) -> str:
    return text if len(text) <= SUMMARY_LENGTH else text[: SUMMARY_LENGTH - 1] + "…"
