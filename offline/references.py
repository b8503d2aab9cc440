"""Which task is meant: by number, by its place in the list last shown, by a pronoun, or by words of its title."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from offline.conversation import History
from offline.language import alike, content_words
from tasks.when.words import ONES, ORDINALS

type Task = dict[str, Any]

_NUMBER = rf"(?:#?\d{{1,9}}|{'|'.join(ONES)})"
_AND = r"(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)"
_BY_NUMBER = re.compile(
    rf"(?:(?:the )?(?:tasks?|numbers?|nr\.?|no\.?|items?|todos?)\s+|#)(?P<n>{_NUMBER}(?:{_AND}(?:task )?{_NUMBER})*)"
)
_BARE = re.compile(rf"#?\d{{1,9}}(?:{_AND}#?\d{{1,9}})*")
_ORDINAL = rf"(?:\d{{1,3}}(?:st|nd|rd|th)|{'|'.join(ORDINALS)}|last)"
_POSITIONS = re.compile(
    rf"(?:the |my )?(?P<p>{_ORDINAL}(?:{_AND}(?:the )?{_ORDINAL})*)"
    r"(?: (?:ones?|tasks?|items?|on the list|in the list|on my list)){0,2}"
)
_RUN = re.compile(rf"(?:the |my )?(?P<end>first|last) (?P<n>\d{{1,3}}|{'|'.join(ONES)})(?: (?:ones|tasks|items))?")
_IT = re.compile(r"(?:it|that|this|the task|(?:that|this|the) (?:task|one|item))")
_SHOWN = re.compile(
    r"(?:both|them|these|those|(?:all|both) of (?:them|these|those)|(?:these|those|them) all|"
    r"all (?:the )?(?:two|three|four|five)(?: of them)?)(?: (?:ones|tasks))?"
)
_GROUP = re.compile(
    r"(?:all|every|everything|each|(?:the|my) (?:whole|entire)|"
    r"(?:my |the )?(?:done|completed|finished|overdue) (?:tasks|ones|items|stuff|things))\b.*|(?:my |the )?list"
)


EVERYTHING = re.compile(
    r"(?:(?:all|every|everything|each)(?: of)?(?: (?:the|my|our))?(?: (?:open|remaining))?"
    r"(?: (?:tasks?|to-?dos?|items?|things?|one|list))?|(?:(?:the|my) (?:whole|entire) |my |the )?list)"
    r"(?: (?:on|from|in|off) (?:my|the) list)?"
)
EXCEPT = re.compile(r"\b(?:except|but|besides|apart|excluding|other|others|rest|not)\b")


@dataclass(frozen=True)
class Target:
    """What a reference says before the tasks are known."""

    ids: tuple[int, ...] = ()
    options: tuple[int, ...] = ()  # "it", where the last answer named several
    group: str = ""
    words: str = ""
    lost: bool = False  # "the second one", but no list was shown


def target(text: str, history: History) -> Target:
    said = re.sub(r"\s+", " ", text.lower()).strip(" .!?,")
    said = re.sub(r"^(?:off|out|with|up)\s+(?=task|#|the |it\b|that\b|all\b)", "", said)
    if match := _BY_NUMBER.fullmatch(said):
        return Target(ids=tuple(number(word) for word in re.findall(_NUMBER, match["n"])))
    if _BARE.fullmatch(said):
        return Target(ids=tuple(int(n) for n in re.findall(r"\d+", said)))
    if _IT.fullmatch(said):
        return pronoun(history)
    if (places := positions(said, len(history.shown()))) is not None:
        shown = history.shown()
        return Target(ids=tuple(shown[n] for n in places), lost=not places)
    if said.startswith("both") and _SHOWN.fullmatch(said):
        pair = history.pair()
        return Target(ids=tuple(pair)) if pair else Target(options=tuple(history.named()), lost=True)
    if _SHOWN.fullmatch(said):
        return Target(ids=tuple(history.shown() or history.named()), lost=not history.named())
    return Target(group=said) if _GROUP.fullmatch(said) else Target(words=text)


_PLAIN = re.compile(r"(?:the|my) (?:[\w'-]+ ){1,4}(?:tasks?|todo|item)")


def is_plain(text: str) -> bool:
    """Whether the words can hardly be anything but a reference: "task 3", "#3", "the second one", "the milk task"."""
    said = text.lower().strip(" .!?,")
    return any(pattern.fullmatch(said) for pattern in (_BY_NUMBER, _BARE, _POSITIONS, _RUN, _PLAIN))


def number(word: str) -> int:
    return ONES[word] if word in ONES else int(word.lstrip("#"))


def pronoun(history: History) -> Target:
    named = history.named()
    return Target(ids=tuple(named)) if len(named) == 1 else Target(options=tuple(named), lost=not named)


def positions(said: str, length: int) -> list[int] | None:
    """Places in a list of that length, from 0; empty if it is too short, None if the text says no place."""
    if match := _RUN.fullmatch(said):
        count = number(match["n"])
        places = list(range(count)) if match["end"] == "first" else list(range(length - count, length))
    elif match := _POSITIONS.fullmatch(said):
        places = [length - 1 if word == "last" else place(word) - 1 for word in re.findall(_ORDINAL, match["p"])]
    else:
        return None
    return places if all(0 <= n < length for n in places) else []


def place(word: str) -> int:
    return ORDINALS[word] if word in ORDINALS else int(word[:-2])


@dataclass(frozen=True)
class Match:
    """The tasks that fit best; sure if most of the words said are in the title."""

    tasks: tuple[Task, ...] = ()
    sure: bool = False
    full: bool = False  # all of the words are
    several: bool = False  # each task was named
    exact: bool = False  # the words are the title


def by_words(text: str, tasks: Sequence[Task]) -> Match:
    """The tasks that the words name; "the milk and the dentist" may be one task or two."""
    whole = best_fit(text, tasks)
    pieces = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", text)
    if len(pieces) == 1 or whole.full:
        return whole
    each = [best_fit(piece, tasks) for piece in pieces]
    if all(match.sure and len(match.tasks) == 1 for match in each):
        return Match(tuple({match.tasks[0]["id"]: match.tasks[0] for match in each}.values()), sure=True, several=True)
    return Match(whole.tasks)


def by_words_in_state(text: str, tasks: Sequence[Task], *, done: bool) -> Match:
    """As `by_words`, but tasks in that state go before the others; only an exact title of the others is as good."""
    match = by_words(text, tasks)
    fitting = tuple(task for task in match.tasks if bool(task.get("completed")) == done)
    if fitting and not match.several:
        return replace(match, tasks=fitting)
    first = by_words(text, [task for task in tasks if bool(task.get("completed")) == done])
    if not first.full or match.several:
        return match
    return replace(match, tasks=first.tasks + match.tasks) if match.exact and not first.exact else first


def best_fit(text: str, tasks: Sequence[Task]) -> Match:
    words = content_words(text)
    plain = " ".join(text.lower().split())
    exact = [task for task in tasks if " ".join(task["title"].lower().split()) == plain]
    if exact:
        return Match(tuple(exact), sure=True, full=True, exact=True)
    if not words:
        return Match()
    scored = [(score(words, task), task) for task in tasks]
    best = max((points for points, _ in scored), default=0)
    if best == 0:
        return Match()
    fitting = tuple(task for points, task in scored if points == best)
    return Match(fitting, sure=int(best) * 2 > len(words), full=int(best) == len(words))


def score(words: list[str], task: Task) -> float:
    """How many of the words the task has; between equals, a task whose whole title was said wins."""
    title = content_words(task["title"])
    labels = [str(label).lower() for label in task.get("labels") or []]
    hits = sum(any(alike(word, other) for other in title) for word in words)
    hits = hits or sum(any(word == label for label in labels) for word in words)
    return hits + (0.5 if title and hits == len(title) else 0)
