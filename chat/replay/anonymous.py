"""Recordings without the words of people: names, texts and ids are replaced, each always by the same replacement.

What the tools understand stays: dates, numbers, names of tools and fields, words such as "tomorrow" or "every". So an
anonymous recording can still be replayed. The result is checked: `NotAnonymous` rather than a leak.
"""

import json
import re
import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from chat.models import TITLE_LENGTH
from chat.replay.anonymous_words import STOP_WORDS
from chat.replay.recording import Recording
from core.tools.replay_state import states

CHECKED_LENGTH = 4
# Members whose values no person wrote. In members with ids only the ids are replaced.
_FIXED = """
    format version exported_at created_at updated_at ended_at decided_at at status kind role type model prompt_hash
    tools_hash hash timezone approval_policy now weekday is_active is_anonymous status_indicator icon size weight
    mime_type color align justify variant action verdict wrap handler loadingBehavior inputType
"""
FIXED = frozenset(_FIXED.split())
_ID = """
    id item_id call_id turn_id parent_id task_id thread_id question key undoes history_start
"""
ID = frozenset(_ID.split())
FOREIGN = frozenset(["arguments", "result"])  # what models and tools wrote: its members may have any name
WORD = re.compile(r"[^\W\d_]+")
# Not the letters of 5pm, 3rd, p1 and 2026-05-01T17:00.
REPLACED = re.compile(r"(?<![^\W_])(?![^\W\d_]{1,2}\d)[^\W\d_]+|(?<=\d)[^\W\d_]{3,}")
LONG_NUMBER = re.compile(
    r"(?<!\d)(?!(?:19|20)\d{6}(?!\d))\d{7,}(?!\d)"
)  # longer than dates: numbers of phones, accounts
IDS = re.compile(
    r"\b(?:[a-z]{1,6}_)?([0-9a-f]{32})\b|\b([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b"
)
PREVIEW_URL = "https://example.org/"  # the real one names the person
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"


class NotAnonymous(Exception):
    """A word of the person is still in the result."""


def anonymized(recording: Recording) -> Recording:
    """Return a recording without the words of people. Raises `NotAnonymous`."""
    document = recording.model_dump(mode="json")
    names = Pseudonyms(vocabulary(recording), call_ids(document))
    shared = {"prompts": document.pop("prompts"), "toolsets": document.pop("toolsets")}  # ours, not the person's
    changed = names.value(document, "") | shared | {"is_anonymous": True}
    changed["conversation"]["title"] = changed["conversation"]["title"][:TITLE_LENGTH]
    made = Recording.model_validate(changed)
    check(recording, made, names.kept)
    return made


def vocabulary(recording: Recording) -> set[str]:
    """Return the words that stay, in lower case: little ones, those of the tools, and names of members."""
    tools = [tool for each in recording.toolsets for tool in each.tools]
    named = json.dumps([[tool["name"], list(tool["parameters"].get("properties", {}))] for tool in tools])
    kept = set(STOP_WORDS) | {word.lower() for word in WORD.findall(named)}
    return kept.union(*({word.lower() for word in state.words} for state in states()))


def call_ids(document: Any) -> set[str]:
    """Return all ids of calls, which providers make in forms of their own."""
    if isinstance(document, list):
        return set[str]().union(*map(call_ids, document))
    if not isinstance(document, dict):
        return set()
    own = {document["call_id"]} if document.get("call_id") else set()
    return own.union(*map(call_ids, document.values()))


class Pseudonyms:
    """The replacements. Each export has its own, so that two exports cannot be compared word by word."""

    def __init__(self, kept: set[str], calls: Iterable[str]) -> None:
        self.kept = kept
        self.fixed = FIXED.union(*(state.fixed for state in states()))
        self.words: dict[str, str] = {}
        self.used = set(kept)
        self.ids: dict[str, str] = {}
        self.calls = {id: f"call_{secrets.token_hex(12)}" for id in sorted(calls)}
        longest_first = sorted(self.calls, key=len, reverse=True)
        self.call = re.compile("|".join(map(re.escape, longest_first))) if self.calls else None

    def value(self, value: Any, member: str, is_foreign: bool = False) -> Any:
        """Return a JSON value with its texts replaced. Below `FOREIGN` members even the names are not ours."""
        match value:
            case dict():
                return {
                    self.text(name) if is_foreign else name: self.value(each, name, is_foreign or name in FOREIGN)
                    for name, each in value.items()
                }
            case list():
                return [self.value(each, member, is_foreign) for each in value]
            case str() if member == "preview_url":
                return PREVIEW_URL
            case str() if member in ID and not is_foreign and not is_said(value, member):
                return self.with_ids(value)
            case str() if is_foreign or member not in self.fixed:
                return value if self.is_name(value, member) else self.text(value)
        return value

    def is_name(self, value: str, member: str) -> bool:
        """Tell whether this is the name of a tool: those have words that stay, joined by lines."""
        return member == "name" and "_" in value and {word.lower() for word in WORD.findall(value)} <= self.kept

    def text(self, text: str) -> str:
        """Return a text, or JSON in a text, with all words replaced that do not stay."""
        if text[:1] in {"{", "["}:
            try:
                return json.dumps(self.value(json.loads(text), "", True), ensure_ascii=False)
            except ValueError:
                pass
        pieces, end = [], 0
        for match in IDS.finditer(text):
            pieces += [self.plain(text[end : match.start()]), self.with_ids(match.group())]
            end = match.end()
        return "".join([*pieces, self.plain(text[end:])])

    def plain(self, text: str) -> str:
        text = REPLACED.sub(lambda match: self.word(match.group()), text)
        return LONG_NUMBER.sub(lambda match: self.number(match.group()), text)

    def with_ids(self, text: str) -> str:
        """Return a text with its ids replaced; those of calls first, which may look like any other."""
        if self.call:
            text = self.call.sub(lambda match: self.calls[match.group()], text)
        return IDS.sub(self.id, text)

    def id(self, match: re.Match[str]) -> str:
        found = match[1] or match[2]
        if found in {new.partition("_")[2] for new in self.calls.values()}:
            return match.group()
        given = UUID(found)
        new = self.ids.setdefault(given.hex, f"{given.hex[:12]}{given.hex[12]}{secrets.token_hex(16)[:19]}")
        made = UUID(hex=f"{new[:16]}8{new[17:]}")  # its time stays: ids are in the order in which things were made
        return match.group().replace(found, made.hex if match[1] else str(made))

    def word(self, word: str) -> str:
        lower = word.lower()
        if lower in self.kept:
            return word
        if lower not in self.words:
            self.words[lower] = self.fresh(len(word))
        new = self.words[lower]
        if word.isupper() and len(word) > 1:
            return new.upper()
        return new.capitalize() if word[:1].isupper() else new

    def fresh(self, length: int) -> str:
        """Return an unused word of about the same length."""
        while True:
            letters = [secrets.choice(VOWELS if place % 2 else CONSONANTS) for place in range(max(4, min(length, 10)))]
            made = "".join(letters)
            if made not in self.used:
                self.used.add(made)
                return made
            length += 1

    def number(self, digits: str) -> str:
        return self.words.setdefault(digits, "".join(secrets.choice("3456789") for _ in digits))


def said(recording: Recording) -> set[str]:
    """Return the words of what a person wrote: messages, names, and everything the tools kept for them, lower case."""
    texts = [each.text for each in recording.messages if each.kind == "user_message"]
    texts += [recording.user.name, recording.conversation.title]
    for name, record in recording.states.items():
        texts += strings(record, FIXED | FOREIGN | fixed_of(name))
    return {word.lower() for text in texts for word in WORD.findall(IDS.sub("", text))}


def fixed_of(name: str) -> frozenset[str]:
    return frozenset().union(*(state.fixed for state in states() if state.name == name))


def is_said(value: str, member: str) -> bool:
    """Tell whether a member that elsewhere is an id has words of a person or a model: questions, tags (label:home)."""
    return (member == "question" and not IDS.fullmatch(value)) or (member == "id" and ":" in value)


def strings(value: Any, fixed: frozenset[str], member: str = "", is_foreign: bool = False) -> list[str]:
    """Return every text in a JSON value but those of fixed members; below `FOREIGN` ones all, and the names."""
    match value:
        case str():
            is_kept = member in fixed | ID and not is_foreign and not is_said(value, member)
            return [] if is_kept else [value]
        case list():
            return [text for each in value for text in strings(each, fixed, member, is_foreign)]
        case dict():
            inside = [(name, each, is_foreign or name in FOREIGN) for name, each in value.items()]
            names = list(value) if is_foreign else []
            return names + [text for name, each, foreign in inside for text in strings(each, fixed, name, foreign)]
    return []


def check(original: Recording, made: Recording, kept: set[str]) -> None:
    """Raise `NotAnonymous` if a word of the person is left that is long enough to identify somebody."""
    words = {word for word in said(original) if len(word) >= CHECKED_LENGTH} - kept
    document = made.model_dump(mode="json", exclude={"prompts", "toolsets"})
    fixed = FIXED.union(*(state.fixed for state in states()))
    left = {word.lower() for text in strings(document, fixed) for word in WORD.findall(text)}
    if found := words & left:
        raise NotAnonymous(f"Still in it: {', '.join(sorted(found)[:5])}")
