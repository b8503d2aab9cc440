"""From a message to what the person wants: a table of phrasings, tried in order; the first that fits decides."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from offline import language
from offline.language import PRIORITIES
from offline.list_questions import Query, query
from tasks import recurrence, when


@dataclass(frozen=True)
class Draft:
    title: str
    due: str | None = None
    priority: str | None = None
    labels: tuple[str, ...] = ()
    recurrence: str | None = None  # in the words of `recurrence.say`


@dataclass(frozen=True)
class WantedChange:
    """What to change in a task."""

    title: str | None = None
    due: str | None = None  # as said; "" clears it
    shift: str | None = None  # as said from its due date: "in 2 days", "a week ago"
    priority: str | None = None
    add_labels: tuple[str, ...] = ()
    remove_label: str | None = None
    note: str | None = None
    recurrence: str | None = None  # in the words of `recurrence.say`; "" stops it

    def merged(self, other: "WantedChange") -> "WantedChange":
        said = {name: value for name, value in vars(other).items() if value not in (None, ())}
        return replace(self, **said)


@dataclass(frozen=True)
class Intent:
    kind: str  # add, list, did, complete, reopen, delete, update, history, several, problem, or one of the small talk
    drafts: tuple[Draft, ...] = ()
    reference: str = ""
    change: WantedChange = WantedChange()
    query: Query = field(default_factory=Query)
    problem: str = ""
    several: tuple["Intent", ...] = ()  # to act on in this order
    said: str = ""  # the words of one of several


_REPEATS = "to repeat repeating repeats recur recurring recurs happen come be due a as on for"
REPEATS = frozenset(_REPEATS.split())
MOST_AT_ONCE = 50  # tasks added by one message

type Build = Callable[[re.Match[str], dt.datetime], Intent | None]

_BULLET = re.compile(r"^\s*(?:[-*\u2022]|\d+[.)])\s+")


# Adding


def draft(text: str, now: dt.datetime) -> Draft | None:
    """A task in the words of a person: its title is what is left without date, priority and labels."""
    quoted = re.search(r'"([^"]{1,500})"', text)
    rest = text.replace(quoted.group(), " ") if quoted else text
    labels, rest = language.take_labels(rest)
    priority, rest = language.take_priority(rest)
    repeats = recurrence.find(rest, now)
    if repeats:
        rest = when.without(rest, repeats[1])
    found = when.find(rest, now)
    if found:
        rest = when.without(rest, found[1])
    due = found[0] if found else None
    if due and repeats and not due.time:
        due = when.When(due.date, repeats[0].time)
    rest = re.sub(
        r"^(?:(?:to|about|that|of|for|is|me|i (?:need|have|must) to)\b\s*|[:\-\u2013]\s*)+",
        "",
        rest,
        flags=re.IGNORECASE,
    )
    title = quoted.group(1).strip() if quoted else language.collapse(rest).rstrip(".!?")
    rule = recurrence.say(repeats[0]) if repeats else None
    return Draft(title, due.iso() if due else None, priority, tuple(labels), rule) if title else None


def add(match: re.Match[str], now: dt.datetime) -> Intent | None:
    place, text = listed(match)
    items = parts(text)
    if len(items) > MOST_AT_ONCE:
        return Intent("problem", problem=f"That is too much at once: give me at most {MOST_AT_ONCE} tasks at a time.")
    drafts = [draft(f"{item} #{place}" if place else item, now) for item in items]
    if not drafts or None in drafts:
        return Intent("problem", problem='What should the task be called? For example: "add buy milk tomorrow".')
    return Intent("add", drafts=tuple(d for d in drafts if d))


def listed(match: re.Match[str]) -> tuple[str | None, str]:
    """The list that is named where something is put on it, and the rest; a reminder "to put X on the list" is whole."""
    text = match["what"]
    if name := match.groupdict().get("list"):
        return language.take_list(f" to {name}")[0], text
    puts = re.match(r"(?:add|put|write|place|stick|append|create|new|enter)\b", match.string, re.IGNORECASE)
    return language.take_list(text) if puts else (None, text)


def appointment(match: re.Match[str], now: dt.datetime) -> Intent | None:
    """ "I have a meeting on tuesday" is a task; "I have a dog" is not."""
    return add(match, now) if when.find(match["what"], now) or recurrence.find(match["what"], now) else None


def repeating(match: re.Match[str], now: dt.datetime) -> Intent | None:
    """ "schedule yoga every monday" is a new task."""
    return add(match, now) if recurrence.find(match["what"], now) else None


def parts(text: str) -> list[str]:
    """One task, or several where the text clearly is a list: lines, "a; b", "these: a, b", "a and add b"."""
    these = re.match(
        r"^(?:(?:these|the following|some|two|three|\d+)\b[\w ]{0,20}|(?:tasks|items|todos)\s*):\s*",
        text,
        re.IGNORECASE,
    )
    text = text[these.end() :] if these else text
    splitter = r"\s*[\n;]\s*|,?\s+and\s+(?:also\s+)?(?:add|create|remind me to)\s+" + (
        r"|\s*,\s*(?:and\s+)?" if these else ""
    )
    return [item for piece in re.split(splitter, text) if (item := _BULLET.sub("", piece).strip(" :"))]


# Changing


def on(kind: str) -> Build:
    return lambda match, _: Intent(kind, reference=reference(match))


def completed(match: re.Match[str], now: dt.datetime) -> Intent:
    """ "I did the dentist yesterday": when it was done does not name it."""
    said = reference(match)
    found = when.find(said, now)
    if found and found[0].date <= now.date() and found[1][-1][1] == len(said):
        said = when.without(said, found[1]) or said
    return Intent("complete", reference=said)


def to_finish(match: re.Match[str], now: dt.datetime) -> Intent | None:
    """ "finish the report by friday" is yet to be done."""
    found = when.find(match["what"], now)
    ahead = found and found[0].date >= now.date() and found[1][-1][1] == len(match["what"])
    return add(match, now) if ahead else None


def reference(match: re.Match[str]) -> str:
    said = match.groupdict()
    return (said.get("ref") or said.get("ref2") or "it").strip(" ,.!:")


def only_if_past(match: re.Match[str], now: dt.datetime) -> Intent | None:
    """ "I bought milk" is done; "I like milk" is not."""
    return completed(match, now) if language.is_past(match["ref"].split()[0].lower()) else None


def has_happened(match: re.Match[str], _: dt.datetime) -> Intent | None:
    """ "the invoice is sent", "rent paid"; without "is" only verbs that are nothing but past."""
    verb = match["verb"].lower()
    if not (language.is_past(verb) if match["aux"] else language.is_irregular(verb)):
        return None
    return Intent("complete", reference=f"{match['ref']} {verb}")


def move(match: re.Match[str], now: dt.datetime) -> Intent | None:
    """ "move X to friday", "postpone X", "make it friday at 5": the longest right side that is a date."""
    words, fault = match["what"].split(), None
    for n in range(max(1, len(words) - 9), len(words)):
        left, right = words[:n], " ".join(words[n:])
        introduced = left[-1].lower() in {"to", "till", "until", "for", "on", "by", "due", "at", "is"}
        left = left[:-1] if introduced else left
        try:
            when.parse(right, now)
        except when.UnreadableDate:
            continue
        except when.NotADate as impossible:
            fault = fault or (impossible if introduced else None)
            continue
        if left:
            return Intent("update", reference=" ".join(left), change=WantedChange(due=right))
    if fault:
        raise fault
    return None


def repeat(match: re.Match[str], now: dt.datetime) -> Intent | None:
    """ "make it weekly", "repeat the rent task on the 1st of each month": the longest right side that is a rule."""
    words, fault = match["what"].split(), None
    for n in range(max(1, len(words) - 14), len(words)):
        left, right = words[:n], " ".join(words[n:])
        try:
            rule = recurrence.parse(right, now)
        except recurrence.UnreadableRule:
            continue
        except recurrence.NotARule as unkept:
            fault = fault or unkept
            continue
        while len(left) > 1 and left[-1].lower() in REPEATS:
            left = left[:-1]
        if left[-1].lower() not in REPEATS:
            return Intent("update", reference=" ".join(left), change=WantedChange(recurrence=recurrence.say(rule)))
    if fault:
        raise fault
    return None


def repeats(match: re.Match[str], now: dt.datetime) -> Intent | None:
    """ "the rent repeats monthly"."""
    try:
        rule = recurrence.parse(re.sub(r"^on (?=every|each)", "", match["rule"], flags=re.IGNORECASE), now)
    except recurrence.UnreadableRule:
        return None
    return Intent("update", reference=reference(match), change=WantedChange(recurrence=recurrence.say(rule)))


def once(match: re.Match[str], _: dt.datetime) -> Intent:
    return Intent("update", reference=reference(match), change=WantedChange(recurrence=""))


def undecided(match: re.Match[str], _: dt.datetime) -> Intent:
    return Intent("problem", problem=f'To when? For example: "move {match["what"][:60]} to friday".')


def falls_due(match: re.Match[str], now: dt.datetime) -> Intent | None:
    """ "rent is due friday" says the same as "move rent to friday"."""
    said = re.sub(r"\s(?:is|are) (?:now )?(?:due|on|for|moved to|scheduled for)\s(?:on |by )?", " to ", match["what"])
    moved = re.fullmatch("(?P<what>.+)", said)
    return move(moved, now) if moved else None


def shift(match: re.Match[str], _: dt.datetime) -> Intent | None:
    """ "push X by two days", "X a week later"; an amount alone says no direction."""
    if not re.search(r"\b(?:by|for|earlier|later|forward|back|sooner)\b", match.group(), re.IGNORECASE):
        return None
    earlier = re.search(r"forward|earlier|sooner", match.group(), re.IGNORECASE)
    amount = f"{match['amount']} ago" if earlier else f"in {match['amount']}"
    return Intent("update", reference=reference(match), change=WantedChange(shift=amount))


def prioritise(match: re.Match[str], _: dt.datetime) -> Intent:
    level = (match.groupdict().get("level") or "high").lower()
    return Intent("update", reference=reference(match), change=WantedChange(priority=PRIORITIES[level]))


def rename(match: re.Match[str], now: dt.datetime) -> Intent | None:
    new = match["new"].strip(" '\"")
    return Intent("update", reference=reference(match), change=WantedChange(title=new)) if new else None


def label(match: re.Match[str], _: dt.datetime) -> Intent:
    names = re.findall(r"[^\W\d][\w-]*", re.sub(r"\band\b", " ", match["label"].lower()))
    return Intent("update", reference=reference(match), change=WantedChange(add_labels=tuple(names)))


def unlabel(match: re.Match[str], _: dt.datetime) -> Intent:
    return Intent("update", reference=reference(match), change=WantedChange(remove_label=match["label"].lower()))


def undate(match: re.Match[str], _: dt.datetime) -> Intent:
    return Intent("update", reference=reference(match), change=WantedChange(due=""))


def note(match: re.Match[str], _: dt.datetime) -> Intent:
    return Intent("update", reference=reference(match), change=WantedChange(note=match["note"].strip()))


def ask(match: re.Match[str], now: dt.datetime) -> Intent | None:
    found = query(match.string, now)
    return Intent("list", query=found) if found else None


def small(kind: str) -> Build:
    return lambda match, _: Intent(kind)
