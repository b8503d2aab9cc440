"""What a conversation says: the messages, the tool results since the last one, the tasks that were shown."""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_NOW = re.compile(r"\bNow: (\S+)(?: \(\w+\))?(?:, time zone (\S+))?")
_SHOWN = re.compile(r"^\d+\. .*\(#(\d+)\)$", re.MULTILINE)
_ATTACHMENT = re.compile(r'<attachment name="[^"]*">\n.*?\n</attachment>\n\n', re.DOTALL)
_TAG = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<kind>task|label|document):(?P<id>[^)]+)\)")
_NAMED = re.compile(r"\(#(\d+)\)")


@dataclass(frozen=True)
class Result:
    """A tool call since the last message of the person, and what came back."""

    name: str
    arguments: Mapping[str, Any]
    output: str

    def data(self) -> dict[str, Any]:
        """The structured result; empty when the tool failed, whose output is then a sentence."""
        try:
            parsed = json.loads(self.output)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    def task(self) -> dict[str, Any] | None:
        task = self.data().get("task")
        return task if is_task(task) else None

    def tasks(self) -> list[dict[str, Any]] | None:
        tasks = self.data().get("tasks")
        return [task for task in tasks if is_task(task)] if isinstance(tasks, list) else None


@dataclass
class History:
    """The conversation, cut at the last message of the person."""

    said: list[tuple[str, str]] = field(default_factory=list)  # (role, text), the last user message left out
    text: str = ""
    results: list[Result] = field(default_factory=list)
    has_files: bool = False  # whether something came with the message, which is left out of `text`

    def last_answer(self) -> str:
        return self.said[-1][1] if self.said and self.said[-1][0] == "assistant" else ""

    def shown(self) -> list[int]:
        """The numbers of the last list shown, in its order."""
        answers = (text for role, text in reversed(self.said) if role == "assistant")
        return next((ids for text in answers if (ids := numbers(_SHOWN, text))), [])

    def pair(self) -> list[int]:
        """ "both": the two tasks of the last answer, or those of the last two answers that named one each."""
        answers = (text for role, text in reversed(self.said) if role == "assistant")
        found = [ids for text in answers if (ids := numbers(_NAMED, text))]
        if found and len(found[0]) == 2:
            return found[0]
        last = [ids[0] for ids in found[:2] if len(ids) == 1]
        return last[::-1] if len(set(last)) == 2 else []

    def named(self) -> list[int]:
        """The numbers in the last answer that named a task: what "it" may be."""
        answers = (text for role, text in reversed(self.said) if role == "assistant")
        return next((ids for text in answers if (ids := numbers(_NAMED, text))), [])


def is_task(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), int) and isinstance(value.get("title"), str)


def numbers(pattern: re.Pattern[str], text: str) -> list[int]:
    return list(dict.fromkeys(int(number) for number in pattern.findall(text) if len(number) < 10))


def read(items: str | Iterable[Any]) -> History:
    """The history in Responses items, as the Agents SDK gives them to a model."""
    said: list[tuple[str, str]] = []
    calls: dict[str, tuple[str, Mapping[str, Any]]] = {}
    results: list[Result] = []
    has_files = False
    given: Iterable[Any] = [{"role": "user", "content": items}] if isinstance(items, str) else items
    for item in given:
        if item.get("role") in {"user", "assistant"}:
            said.append((item["role"], text := plain(item.get("content"))))
            has_files = bool(_ATTACHMENT.match(text)) if item["role"] == "user" else has_files
            results = [] if item["role"] == "user" else results
        elif item.get("type") == "function_call":
            calls[item["call_id"]] = item["name"], arguments_of(item)
        elif item.get("type") == "function_call_output" and item["call_id"] in calls:
            results.append(result := Result(*calls[item["call_id"]], plain(item["output"])))
            if result.name == "list_tasks" and result.arguments.get("show"):  # what the person saw below the answer
                said.append(("assistant", listed(result.tasks() or [])))
    last = max((n for n, (role, _) in enumerate(said) if role == "user"), default=0)
    said = [(role, in_words(text) if role == "user" else text) for role, text in said]
    return History(said[:last], said[last][1] if said else "", results, has_files)


def listed(tasks: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(f"{n}. {' '.join(task['title'].split())} (#{task['id']})" for n, task in enumerate(tasks, 1))


def in_words(text: str) -> str:
    """A message without what came with it, and with its tags as people write them: #12, #home."""
    return _TAG.sub(
        lambda tag: f"#{tag['id']}" if tag["kind"] != "document" else tag["text"], _ATTACHMENT.sub("", text)
    )


def arguments_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        parsed = json.loads(item.get("arguments") or "{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def plain(content: object) -> str:
    """The text of a message or tool output, given as a string or as parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    if isinstance(content, dict):
        text = content.get("text")
        return text if isinstance(text, str) else json.dumps(content)
    return ""


def now_in(instructions: str | None) -> dt.datetime:
    """The time of the line "Now: 2026-11-20T10:03+01:00 (Friday), time zone Europe/Berlin", in that zone; else now."""
    match = _NOW.search(instructions or "")
    try:
        now = dt.datetime.fromisoformat(match.group(1)) if match else dt.datetime.now(dt.UTC)
        zone = ZoneInfo(match.group(2).rstrip(".,;")) if match and match.group(2) else None
    except (ValueError, ZoneInfoNotFoundError):
        return dt.datetime.now(dt.UTC)
    now = now if now.tzinfo else now.replace(tzinfo=zone or dt.UTC)
    return now.astimezone(zone) if zone else now
