"""Wording. Every task is named with its number at the end, "(#4)": that is also how later messages find it again."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from offline.conversation import Result
from tasks import when
from tasks.in_words import bold, due_words, escaped, named, numbered, repeats

type Task = dict[str, Any]

WHICH, SURE = "Which one do you mean?", "Do you mean this one?"
QUESTIONS = (WHICH, SURE)
EXAMPLES = '- "add buy milk tomorrow at 5pm"\n- "what do I have today?"\n- "move the dentist to friday"'
UNKNOWN = f"I did not understand that. These work, for example:\n\n{EXAMPLES}"
HELP = (
    "I keep your task list: I add, show, change, complete and delete tasks, with dates, priorities (p1 to p4) and "
    "labels. "
    f'For example:\n\n{EXAMPLES}\n- "the second one is done"'
)
IDENTITY = (
    "I am the offline model: a small set of rules built in, not an AI, so that Errand works without an account or key. "
    "A real model understands more; whoever runs this server can choose one with `MODEL_PROVIDER`."
)
SMALL_TALK = {
    "greeting": 'Hello. Tell me what to put on your list, or ask "what do I have today?".',
    "thanks": "You are welcome.",
    "help": HELP,
    "identity": IDENTITY,
    "undo": "I cannot undo by words.",
    "undo_other": 'I can only take back what was done last: say "undo that". Nothing was changed.',
    "yes": "There is no question open. What should I do?",
    "no": "All right, nothing was changed.",
    "unknown": UNKNOWN,
    "files": "I am the offline model: I cannot see pictures or read attached files. Tell me in words what to do.",
}
NO_GROUP = 'I am not sure which tasks you mean. Ask me to show them, then say "all of them" or their numbers.'
NO_REPEAT = 'I cannot set repeating tasks here. Ask me for a single one: "water the plants on friday".'
DOES = {
    "add_task": "add tasks",
    "list_tasks": "read your list",
    "update_task": "change tasks",
    "complete_task": "complete tasks",
    "reopen_task": "reopen tasks",
    "delete_task": "delete tasks",
    "task_history": "tell what happened to a task",
}
DID = {"complete_task": "Done:", "reopen_task": "Reopened", "delete_task": "Deleted"}


def added(task: Task, now: dt.datetime) -> str:
    due = due_words(task, now)
    about = f", {due}" if due.startswith("overdue") else f" for {due}" if due else ""
    extra = [repeats(task)] if task.get("recurrence") else []
    extra += [task["priority"]] if task.get("priority") not in {None, "p4"} else []
    extra += [f"labelled {', '.join(map(escaped, task['labels']))}"] if task.get("labels") else []
    return f"Added {bold(task)}{about}{''.join(f', {part}' for part in extra)} (#{task['id']})."


def updated(task: Task, arguments: Iterable[str], now: dt.datetime) -> str:
    due = due_words(task, now)
    said = {
        "due": (due if due.startswith("overdue") else f"due {due}") if due else "no date",
        "priority": f"priority {task.get('priority')}",
        "labels": f"labels {', '.join(map(escaped, task.get('labels') or []))}" if task.get("labels") else "no labels",
        "title": "renamed",
        "notes": "note added",
        "recurrence": ", ".join(filter(None, [repeats(task), due and f"next {due}"])) if repeats(task) else "once only",
    }
    return f"Changed {named(task)}: {', '.join(said[name] for name in arguments if name in said)}."


def outcome(result: Result, now: dt.datetime) -> str:
    """What one call did, in a sentence; a failure is said as one."""
    task = result.task()
    if result.name in TELLS and (told := TELLS[result.name](result, now)):
        return told
    if task is None:
        number = f" for task {result.arguments['task_id']}" if "task_id" in result.arguments else ""
        reason = escaped(result.output)[:300] or "no answer came back"
        return f"That did not work{number}: {reason}"
    if result.name == "add_task":
        return added(task, now)
    if result.name == "update_task":
        return updated(task, result.arguments, now)
    return f"{DID[result.name]} {named(task)}."


def undone(result: Result, _: dt.datetime) -> str:
    summary = result.data().get("summary")
    return escaped(summary).rstrip(".") + "." if isinstance(summary, str) and summary else ""


def counted(result: Result, now: dt.datetime) -> str:
    """What `overview` counts, in a few lines."""
    data = result.data()
    counts = [data.get(name) for name in ("open", "overdue", "today")]
    if not all(isinstance(count, int) for count in counts):
        return ""
    said = [f"You have {counts[0]} open task{'s' * (counts[0] != 1)}: {counts[1]} overdue, {counts[2]} for today."]
    days = [f"{day}: {entry['count']}" for entry in data.get("by_day") or [] if (day := day_counted(entry, now))]
    labels = [f"{escaped(str(label))}: {count}" for label, count in (data.get("by_label") or {}).items()]
    said += [f"- By day: {', '.join(days[:7])}"] if days else []
    said += [f"- By label: {', '.join(labels[:10])}"] if labels else []
    return "\n\n".join(filter(None, [said[0], "\n".join(said[1:])]))


def day_counted(entry: Any, now: dt.datetime) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get("count"), int) or not entry["count"]:
        return ""
    try:
        return when.say(when.When(dt.date.fromisoformat(str(entry.get("date")))), now.date())
    except ValueError:
        return ""


WAYS = {
    "chat": "in the chat",
    "rest": "over the API",
    "mcp": "by another assistant",
    "page": "on the page",
    "admin": "in the admin",
}
MADE = {
    "add_task": "added",
    "update_task": "changed",
    "complete_task": "done",
    "reopen_task": "reopened",
    "delete_task": "deleted",
}
TOLD = 12  # entries of a history that are said


def history(result: Result, now: dt.datetime) -> str:
    """What happened to a task, a short line each."""
    data = result.data()
    entries = data.get("history", data.get("items"))
    number = result.arguments.get("task_id")
    if not isinstance(entries, list):
        return ""
    lines = [happened(entry, now) for entry in entries if isinstance(entry, dict)]
    if not lines:
        return f"Nothing is recorded of task {number} (#{number})."
    more = f"\n- and {len(lines) - TOLD} more" if len(lines) > TOLD else ""
    return f"Task {number} (#{number}):\n\n" + "\n".join(f"- {line}" for line in lines[:TOLD]) + more


def happened(entry: dict[str, Any], now: dt.datetime) -> str:
    """ "today 10:03, in the chat: changed, title Milk → Oat milk"."""
    tool, source = str(entry.get("tool", "")), str(entry.get("source", ""))
    verb = MADE.get(tool.removesuffix("s"), tool.replace("_", " "))
    fields = [] if verb in {"added", "deleted"} else changes_said(entry)
    what = "; ".join([escaped(verb), *fields])
    return f"{moment_said(entry.get('at'), now)}, {WAYS.get(source, escaped(source))}: {what}"


def changes_said(entry: dict[str, Any]) -> list[str]:
    """Each field with what it was and what it became; given as {field: [before, after]} or as a list of them."""
    given = entry.get("changes", entry.get("fields"))
    if isinstance(given, dict):
        pairs = [(name, *pair) for name, pair in given.items() if isinstance(pair, list) and len(pair) == 2]
    else:
        fields = [one for one in given or [] if isinstance(one, dict)]
        pairs = [(one.get("field", one.get("name", "")), one.get("before"), one.get("after")) for one in fields]
    return [f"{name.replace('_', ' ')} {value_said(before)} → {value_said(after)}" for name, before, after in pairs]


def value_said(value: Any) -> str:
    if value in (None, "", []):
        return "none"
    if isinstance(value, list):
        return ", ".join(escaped(str(one)) for one in value)
    return {True: "yes", False: "no"}.get(value) or escaped(str(value))[:60] if not isinstance(value, dict) else "…"


def moment_said(iso: Any, now: dt.datetime) -> str:
    try:
        moment = dt.datetime.fromisoformat(str(iso))
    except ValueError:
        return "some time"
    local = moment.astimezone(now.tzinfo) if moment.tzinfo else moment
    return when.say(when.When(local.date(), local.time()), now.date())


TELLS = {"undo": undone, "overview": counted, "task_history": history}


def outcomes(results: Sequence[Result], now: dt.datetime) -> str:
    sentences = [outcome(result, now) for result in results]
    return sentences[0] if len(sentences) == 1 else "\n".join(f"- {sentence}" for sentence in sentences)


def question(tasks: Sequence[Task], now: dt.datetime, *, sure: bool = True) -> str:
    opening = SURE if len(tasks) == 1 and not sure else WHICH
    return f"{opening}\n\n{numbered(tasks[:20], now)}"


def not_found(words: str, status: str) -> str:
    which = "" if status == "all" else f"{status} "
    return f'I find no {which}task like "{escaped(words)[:80]}".'


def unclear(said: str, reason: str) -> str:
    """Why none of several requests was acted on."""
    return f'Nothing was changed, because "{escaped(said)[:80]}" is not clear. Say it by itself.\n\n{reason}'


def failed(result: Result) -> str:
    return f"I could not read your list: {escaped(result.output)[:300] or 'no answer came back'}"


def day_said(iso: str | None, now: dt.datetime) -> str:
    """When something was done, as people say it."""
    try:
        moment = dt.datetime.fromisoformat(iso or "")
    except ValueError:
        return ""
    local = moment.astimezone(now.tzinfo) if moment.tzinfo else moment
    said = when.say(when.When(local.date()), now.date())
    return f" {said}" if said in {"today", "yesterday"} else f" on {said}"


def finished(task: Task, now: dt.datetime) -> str:
    if task.get("completed"):
        return f"Yes, {bold(task)} was done{day_said(task.get('completed_at'), now)} (#{task['id']})."
    due = due_words(task, now)
    about = f", {due}" if due.startswith("overdue") else f", due {due}" if due else ", without a date"
    return f"{bold(task)} is still open{about} (#{task['id']})."
