"""What to do next: from the conversation so far to tool calls, or to an answer."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from offline import answers, documents, references
from offline.conversation import History, Result
from offline.intents import Draft, Intent, WantedChange
from offline.list_questions import Query, query
from offline.messages import understand
from offline.references import Target, Task
from tasks import in_words, when

COUNTED = 1_000  # as many as list_tasks counts
PAGE = 200  # tasks asked for, unless the tool allows fewer


@dataclass(frozen=True)
class Call:
    name: str
    arguments: Mapping[str, Any]


type Action = str | list[Call]

TOOL = {"complete": "complete_task", "reopen": "reopen_task", "delete": "delete_task", "update": "update_task"}
STATUS = {"reopen": "done", "delete": "all", "did": "all", "history": "all"}
MOST_HISTORIES = 5


@dataclass(frozen=True)
class Reaction:
    """One decision: everything it may look at."""

    history: History
    now: dt.datetime
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of the available tools, by name
    among: tuple[int, ...] = ()  # the tasks a question offered, when the message answers it

    def decide(self) -> Action:
        """Tool calls, or the answer. A call to a tool that is not there becomes an answer that says so."""
        action = self.from_documents() or self.answer_to_question() or self.asked_for()
        if isinstance(action, str):
            return action
        missing = [call.name for call in action if call.name not in self.schemas]
        if missing:
            return f"I cannot {answers.DOES[missing[0]]} here: the tool `{missing[0]}` is missing."
        return [Call(call.name, self.fitted(call)) for call in action]

    def fitted(self, call: Call) -> dict[str, Any]:
        """The arguments that say something, and null for those that the tool requires."""
        required = self.schemas[call.name].get("required", ())
        return {name: value for name, value in call.arguments.items() if value is not None or name in required}

    def asked_for(self) -> Action:
        intent = understand(self.history.text, self.now)
        if intent.kind == "unknown" and self.history.has_files:
            return answers.SMALL_TALK["files"]
        if intent.kind == "unknown" and documents.TOOL in self.schemas and documents.may_be_question(self.history.text):
            return [Call(documents.TOOL, documents.query(self.history.text))]
        return self.act(intent)

    def from_documents(self) -> Action | None:
        """The search of the documents, or the answer from what it found; None if the message does not ask them."""
        if documents.TOOL not in self.schemas or self.history.last_answer().startswith(answers.QUESTIONS):
            return None
        if told := documents.answer(self.history):
            return told
        asked = self.history.text
        return [Call(documents.TOOL, documents.query(asked))] if documents.is_question(asked) else None

    # Questions that were asked back

    def answer_to_question(self) -> Action | None:
        asked = self.history.last_answer()
        if asked.startswith((answers.WHICH, answers.SURE)):
            return self.chosen()
        return None

    def chosen(self) -> Action | None:
        """The answer to "which one?", together with what was wanted before."""
        said, offered = self.history.text, self.history.shown()
        kind = understand(said, self.now).kind
        wanted = understand(self.pending(), self.now)
        if kind == "no" or wanted.kind not in {*TOOL, "did", "history"}:
            return answers.SMALL_TALK["no"] if kind == "no" else None
        ids = offered if kind == "yes" and len(offered) == 1 else self.picked(said, offered)
        if ids:
            return replace(self, among=tuple(ids)).act(wanted)
        return None if kind != "unknown" else self.history.last_answer()

    def picked(self, said: str, offered: list[int]) -> list[int]:
        meant = references.target(said, self.history)
        if meant.ids:
            number = said.strip(" .!")
            if number.isdecimal() and int(number) <= len(offered):  # "2" is the place in the numbered list
                return [offered[int(number) - 1]]
            return [n for n in meant.ids if n in offered]
        match = references.by_words(said, self.offered_tasks(offered)) if meant.words else references.Match()
        return [match.tasks[0]["id"]] if len(match.tasks) == 1 and match.sure else []

    def offered_tasks(self, offered: list[int]) -> list[Task]:
        """The tasks of the question, by what it said of them."""
        lines = [line for line in self.history.last_answer().splitlines() if line.endswith(")") and ". **" in line]
        return [
            {"id": n, "title": line.partition("**")[2].rpartition("**")[0]}
            for n, line in zip(offered, lines, strict=False)
        ]

    def pending(self) -> str:
        """The message that led to the question: the last request before it, without answers given since."""
        said = self.history.said
        n = len(said) - 1
        while n >= 0 and (said[n][0] == "user" or said[n][1].startswith((answers.WHICH, answers.SURE))):
            n -= 1
        asked = [text for role, text in said[n + 1 :] if role == "user"]
        return next((text for text in reversed(asked) if self.is_request(text)), "")

    def is_request(self, text: str) -> bool:
        return understand(text, self.now).kind in {*TOOL, "did", "history"}

    # Intents

    def act(self, intent: Intent) -> Action:
        if intent.kind in {"undo", "overview"} and intent.kind in self.schemas:
            return self.done() or [Call(intent.kind, {})]
        if intent.kind == "overview":
            return self.listed(Query(mode="count"))
        if intent.kind in answers.SMALL_TALK:
            return answers.SMALL_TALK[intent.kind]
        if intent.kind == "problem":
            return intent.problem
        if not self.can_repeat(intent):
            return answers.NO_REPEAT
        if intent.kind == "add":
            return self.done() or [Call("add_task", added(draft)) for draft in intent.drafts]
        if intent.kind == "list":
            return self.listed(intent.query)
        if intent.kind == "several":
            return self.done() or self.in_a_row(intent.several)
        return self.done() or self.on_tasks(intent)

    def can_repeat(self, intent: Intent) -> bool:
        """Whether the tool takes the repetition that is asked for, if any is."""
        asked = any(draft.recurrence for draft in intent.drafts) or intent.change.recurrence is not None
        tool = self.schemas.get("add_task" if intent.kind == "add" else "update_task", {})
        return not asked or not tool or "recurrence" in tool.get("properties", {})

    def in_a_row(self, intents: Sequence[Intent]) -> Action:
        """The calls of all requests at once, in their order; nothing where one of them needs a question first."""
        for intent in intents:  # the lists that two groups need would be taken for one
            if references.target(intent.reference, self.history).group:
                return answers.unclear(intent.said, "It is about several tasks.")
        actions = [self.act(intent) for intent in intents]
        for intent, action in zip(intents, actions, strict=True):
            if isinstance(action, str):
                return answers.unclear(intent.said, action)
        calls = [call for action in actions if not isinstance(action, str) for call in action]
        lists = [call for n, call in enumerate(calls) if call.name == "list_tasks" and call not in calls[:n]]
        return lists or calls

    def done(self) -> str | None:
        """The answer, once the calls that change something have run."""
        written = [result for result in self.history.results if result.name != "list_tasks"]
        return answers.outcomes(written, self.now) if written else None

    def listing(self, **filters: Any) -> Call:
        allowed = self.schemas.get("list_tasks", {}).get("properties", {}).get("limit", {})
        return Call("list_tasks", {**filters, "limit": min(PAGE, allowed.get("maximum", PAGE))})

    def read(self) -> list[Task] | Result | None:
        """The tasks read in this turn, the result that failed, or None if none were asked for."""
        found: dict[int, Task] = {}
        lists = [result for result in self.history.results if result.name == "list_tasks"]
        for result in lists:
            tasks = result.tasks()
            if tasks is None:
                return result
            found |= {task["id"]: task for task in tasks}
        return list(found.values()) if lists else None

    # Showing

    def asked(self, query: Query) -> list[Call]:
        if query.either:
            return [self.listing(status="open", label=query.either), self.listing(status="open", search=query.either)]
        if query.priority == "high":
            return [self.listing(status="open", priority=priority) for priority in ("p1", "p2")]
        named = {"due": query.due, "search": query.search, "label": query.label, "priority": query.priority}
        return [self.listing(status=query.status, **named, show=self.can_show(query) or None)]

    def can_show(self, query: Query) -> bool:
        """Whether the tool can show the list itself, where it is exactly what it finds."""
        shows = "show" in self.schemas.get("list_tasks", {}).get("properties", {})
        return shows and query.span is None and query.mode != "next"

    def listed(self, query: Query) -> Action:
        tasks = self.read()
        if tasks is None:
            return self.asked(query)
        if isinstance(tasks, Result):
            return answers.failed(tasks)
        tasks = [task for task in tasks if self.falls_in(task, query)]
        about = f" {query.about}" if query.about else ""
        if not tasks:
            return f"Nothing is done{about}." if query.status == "done" and query.span else self.nothing(query)
        if query.mode == "next":
            tasks = [min(tasks, key=urgency)]
        heading = "Next" if query.mode == "next" else f"{self.count(tasks, query)}{about}"
        if any(result.arguments.get("show") for result in self.history.results):
            return f"{heading}:"
        return f"{heading}:\n\n{in_words.numbered(tasks, self.now)}"

    def nothing(self, query: Query) -> str:
        about = f" {query.about}" if query.about else ""
        return f"There is nothing{about}." if about else "Your list is empty."

    def count(self, tasks: Sequence[Task], query: Query) -> str:
        """ "3 tasks", or "50 of 80 tasks" where the tool gave one page only."""
        totals = [result.data().get("total") for result in self.history.results]
        total = totals[0] if len(totals) == 1 and isinstance(totals[0], int) and not query.span else len(tasks)
        counted = "1,000 or more" if total >= COUNTED else total
        shown = f"{len(tasks)} of {counted}" if total > len(tasks) else f"{len(tasks)}"
        done = " done" if query.status == "done" and query.span else ""
        return f"{shown} task{'s' * (total != 1)}{done}"

    def falls_in(self, task: Task, query: Query) -> bool:
        if query.span is None:
            return True
        if query.status == "done":
            try:
                moment = dt.datetime.fromisoformat(task.get("completed_at") or "")
            except ValueError:
                return False
            return query.span[0] <= moment.astimezone(self.now.tzinfo).date() <= query.span[1]
        due = in_words.due_of(task)
        return due is not None and query.span[0] <= due.date <= query.span[1]

    # Changing

    def on_tasks(self, intent: Intent) -> Action:
        meant = Target(ids=self.among) if self.among else references.target(intent.reference, self.history)
        if meant.lost and not meant.options and not self.history.shown() and not meant.ids:
            return f"I do not know which task you mean. Name it, or say its number.\n\n{answers.EXAMPLES}"
        needs_list = intent.kind == "did" or needs_task(intent.change) or len(meant.ids) != 1
        if meant.ids and not needs_list:
            return self.calls(intent, [{"id": meant.ids[0]}])
        tasks = self.read()
        if tasks is None:
            return self.lookup(intent, meant)
        if isinstance(tasks, Result):
            return answers.failed(tasks)
        return self.with_tasks(intent, meant, tasks)

    def lookup(self, intent: Intent, meant: Target) -> Action:
        status = "all" if meant.ids or meant.options else STATUS.get(intent.kind, "open")
        if meant.group:
            group = self.group(meant.group, intent.kind)
            return self.unshown(group) if group else answers.NO_GROUP
        return [self.listing(status=status)]

    def unshown(self, query: Query) -> list[Call]:
        """The calls that find a group of tasks, only to do something with them."""
        return [Call(call.name, {**call.arguments, "show": None}) for call in self.asked(query)]

    def group(self, words: str, kind: str) -> Query | None:
        """ "all done tasks", "everything about the trip": the question that shows them; None if it is not clear."""
        if references.EVERYTHING.fullmatch(words):
            return Query(status=STATUS.get(kind, "open"))
        found = query(f"show {words}", self.now)
        return None if references.EXCEPT.search(words) or found in (None, Query()) else found

    def with_tasks(self, intent: Intent, meant: Target, tasks: list[Task]) -> Action:
        if meant.group:
            group = self.group(meant.group, intent.kind) or Query()
            chosen = [task for task in tasks if self.falls_in(task, group)]
            return self.calls(intent, chosen) if chosen else "There is no such task."
        if meant.ids:
            known = {task["id"]: task for task in tasks}
            missing = [n for n in meant.ids if n not in known]
            return f"There is no task {missing[0]}." if missing else self.calls(intent, [known[n] for n in meant.ids])
        if meant.lost or meant.options:
            offered = [task for task in tasks if not meant.options or task["id"] in meant.options]
            return answers.question(offered, self.now) if offered else "There is no such task."
        return self.by_words(intent, meant.words, tasks)

    def by_words(self, intent: Intent, words: str, tasks: list[Task]) -> Action:
        if intent.kind in {"did", "history"}:
            match = references.by_words(words, tasks)
        else:
            match = references.by_words_in_state(words, tasks, done=intent.kind == "reopen")
        if not match.tasks:
            return answers.not_found(words, STATUS.get(intent.kind, "open"))
        if intent.kind == "did" and match.sure:
            return "\n".join(answers.finished(task, self.now) for task in match.tasks)
        if not match.sure or (len(match.tasks) > 1 and not match.several):
            return answers.question(match.tasks, self.now, sure=match.sure)
        return self.calls(intent, list(match.tasks))

    def calls(self, intent: Intent, tasks: list[Task]) -> Action:
        if intent.kind == "did":
            return "\n".join(answers.finished(task, self.now) for task in tasks)
        if intent.kind == "history":
            if len(tasks) > MOST_HISTORIES:
                return f"Name at most {MOST_HISTORIES} tasks."
            return [Call("task_history", {"task_id": task["id"]}) for task in tasks]
        try:
            extra = [changed(task, intent.change, self.now) if intent.kind == "update" else {} for task in tasks]
        except when.NotADate as fault:
            return f"{fault} Nothing was changed."
        return [Call(TOOL[intent.kind], {"task_id": t["id"], **more}) for t, more in zip(tasks, extra, strict=True)]


def added(draft: Draft) -> dict[str, Any]:
    labels = list(draft.labels) or None
    given = {"title": draft.title, "due": draft.due, "priority": draft.priority, "labels": labels, "notes": None}
    return {**given, "recurrence": draft.recurrence}


def needs_task(change: WantedChange) -> bool:
    """Whether the change builds on what the task is now."""
    return bool(change.shift or change.due or change.add_labels or change.remove_label or change.note)


def changed(task: Task, change: WantedChange, now: dt.datetime) -> dict[str, Any]:
    """The arguments of update_task. A time alone keeps the task's day, a day alone its time; a shift counts from it."""
    arguments: dict[str, Any] = {"due": change.due, "priority": change.priority, "title": change.title}
    arguments["recurrence"] = change.recurrence
    due = in_words.due_of(task)
    if change.shift:
        arguments["due"] = shifted(due, change.shift).iso()
    elif change.due:
        arguments["due"] = moved(due, change.due, now).iso()
    labels = [*(task.get("labels") or []), *change.add_labels]
    if change.add_labels or change.remove_label:
        arguments["labels"] = [label for label in dict.fromkeys(labels) if label != change.remove_label]
    if change.note:
        arguments["notes"] = f"{task.get('notes') or ''}\n{change.note}".strip()
    return {name: value for name, value in arguments.items() if value is not None}


def moved(due: when.When | None, said: str, now: dt.datetime) -> when.When:
    if due and is_time_only(said, now):
        return when.When(due.date, when.parse(said, now).time)
    new = when.parse(said, now)
    return when.When(new.date, new.time or due.time) if due else new


def is_time_only(said: str, now: dt.datetime) -> bool:
    """A phrase that still fits behind a date names none itself."""
    try:
        when.parse(f"2001-01-01 {said}", now)
    except when.NotADate:
        return False
    return True


def shifted(due: when.When | None, amount: str) -> when.When:
    """The due date moved by "in two days" or "an hour ago", counted in wall time."""
    if due is None:
        raise when.NotADate("The task has no date yet. Give it one first.")
    new = when.parse(amount, dt.datetime.combine(due.date, due.time or dt.time(), dt.UTC))
    if new.time and not due.time:
        raise when.NotADate("The task has no time yet. Give it one first.")
    return when.When(new.date, new.time or due.time)


def urgency(task: Task) -> tuple[str, str, str]:
    return task.get("due_date") or "9999", task.get("due_time") or "99", task.get("priority") or "p4"
