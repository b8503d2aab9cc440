"""Questions about the list: which tasks a person wants to see."""

import datetime as dt
import re
from dataclasses import dataclass

from offline.language import PRIORITIES, STOP_WORDS
from tasks import when


@dataclass(frozen=True)
class Query:
    status: str = "open"
    due: str | None = None  # as list_tasks takes it
    search: str | None = None
    label: str | None = None
    priority: str | None = None
    either: str | None = None  # a word that may be a label or in the text
    span: tuple[dt.date, dt.date] | None = None  # due (or, of done tasks, done) between these days
    mode: str = "all"  # or count, next
    about: str = ""  # how the answer names it: "for today", "overdue"


_DONE = re.compile(
    r"\b(?:done|completed?|finish(?:ed)?|accomplish(?:ed)?|did i do|have i done|achieve[d]?|ticked off)\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:about|regarding|concerning|related to|mentioning|containing|matching)\s+(.+)$", re.IGNORECASE
)
_SEARCH = re.compile(r"^(?:find|search(?: for)?|look for|where is|where's)\s+(.+)$", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:^|\s)#([^\W\d][\w-]*)|\b(?:labell?ed|tagged|with (?:the )?(?:label|tag))(?: as| with)?\s+#?([\w-]+)",
    re.IGNORECASE,
)
_KIND = re.compile(r"\b([^\W\d_]+)\s+(?:tasks?|to-?dos?|items?|stuff|things?|list)\b", re.IGNORECASE)
_PRIORITY = re.compile(
    r"\b(p[1-4]|urgent|important|critical|(?:high|top|low|medium|highest|lowest)(?=[ -]priority))\b", re.IGNORECASE
)
# A question about the list has one of these words, or a date, a label, a priority or a subject.
_LISTY = re.compile(
    r"\b(?:tasks?|to-?dos?|list|items|things|have (?:i|to do)|to do|do i have|i have|must i|should i|need to|left|next|"
    r"overdue|late|due|open|pending|remaining|outstanding|everything|anything|all|agenda|plans?|upcoming|"
    r"coming up|on my plate|"
    r"planned|schedule[d]?|stuff|done|finish(?:ed)?|completed?|reminders?|mine)\b",
    re.IGNORECASE,
)
_NO_KIND = (
    "show list see what whats which many open todo done completed finished overdue late due urgent important priority "
    "today tomorrow week month remaining pending outstanding other more left next new high low top medium "
    "undated every "
    "current old only full whole entire shared complete existing yesterday planned upcoming last first"
)
_PLAIN_KINDS = STOP_WORDS | frozenset(_NO_KIND.split())
_OFF_TOPIC = re.compile(
    r"\b(?:weather|joke|time is it|capital|news|president|recipe|translate|score|meaning of)\b", re.IGNORECASE
)
_NEXT = re.compile(
    r"^(?:what's|what is|whats|what|which)\b.*\b(?:next|first)\b(?!\s+(?:week|month|year|\w+day|7|seven))",
    re.IGNORECASE,
)
_WEEKISH = re.compile(
    r"\b(?:(?:next|coming|following) (?:7|seven) days|this week|(?:in|for) the (?:coming )?week|upcoming|coming up|"
    r"the week ahead)\b",
    re.IGNORECASE,
)
_UNDATED = re.compile(
    r"\b(?:no|without(?: an?| any)?) (?:due )?(?:date|deadline)s?\b|\bundated\b|\bunscheduled\b", re.IGNORECASE
)


def query(text: str, now: dt.datetime) -> Query | None:
    """Which tasks the question asks for; None if it is not about the list."""
    text = re.sub(r"\s+", " ", text).strip()
    if _OFF_TOPIC.search(text):
        return None
    if subject := _SUBJECT.search(text) or _SEARCH.match(text):
        words = re.sub(r"^(?:the|my|a|an|tasks?|all|everything)\s+", "", subject.group(1), flags=re.IGNORECASE)
        return Query(search=words, about=f"about {words}")
    if label := _LABEL.search(text):
        name = (label.group(1) or label.group(2)).lower()
        return Query(label=name, about=f"labelled {name}")
    if found := dated(text, now) or worded(text):
        return found
    named = re.match(r"(?:show|display|view|open)(?: me)?(?: the| my| a)? (.+)", text, re.IGNORECASE)
    return Query(search=named.group(1), about=f"about {named.group(1)}") if named else None


def worded(text: str) -> Query | None:
    """A question without a date."""
    if not _LISTY.search(text) and not _PRIORITY.search(text):
        return None
    if priority := _PRIORITY.search(text):
        level = PRIORITIES[priority.group(1).lower()]
        if level == "p2" and priority.group(1).lower() != "p2":
            return Query(priority="high", about="with high priority")
        return Query(priority=level, about=f"with priority {level}")
    if _DONE.search(text) and not re.search(r"\b(?:to|left|must|should|need)\b.*\b(?:do|done|finish|complete)\b", text):
        return Query(status="done", about="done")
    mode = "next" if _NEXT.search(text) else "count" if re.match(r"how many|count", text, re.IGNORECASE) else "all"
    kind = _KIND.search(text)
    if mode == "all" and kind and kind.group(1).lower() not in _PLAIN_KINDS:
        return Query(either=kind.group(1).lower(), about=f"for {kind.group(1).lower()}")
    return Query(mode=mode)


def dated(text: str, now: dt.datetime) -> Query | None:
    if re.search(r"\b(?:overdue|late|behind|missed|past due)\b", text, re.IGNORECASE):
        return Query(due="overdue", about="overdue")
    if _UNDATED.search(text):
        return Query(due="no date", about="without a date")
    done = bool(_DONE.search(text)) and not re.search(r"\b(?:to|must|should|need)\b.*\b(?:do|done)\b", text)
    mode = "count" if re.match(r"how many|count", text, re.IGNORECASE) else "all"
    if span := named_span(text, now.date()):
        return Query(status="done" if done else "open", span=span[0], mode=mode, about=span[1])
    if _WEEKISH.search(text) and not done:
        return Query(due="next 7 days", mode=mode, about="in the next 7 days")
    found = when.find(text, now)
    if not found:
        return None
    day, said = found[0].date, when.say(when.When(found[0].date), now.date())
    about = said if said in {"today", "tomorrow", "yesterday"} else f"on {said}"
    if done or (day < now.date() and re.search(r"\b(?:did|have)\b", text)):
        return Query(status="done", span=(day, day), mode=mode, about=about)
    if limit := re.search(r"\b(before|until|till|by|after|since)\b", text, re.IGNORECASE):
        return bounded(limit.group(1).lower(), day, said, mode)
    due = said if said in {"today", "tomorrow"} else str(day)
    return Query(due=due, mode=mode, about=f"for {said}" if about == said else about)


def bounded(word: str, day: dt.date, said: str, mode: str) -> Query:
    """ "before friday", "by friday", "after friday": a span of due days, open at one end."""
    one = dt.timedelta(days=1)
    spans = {"before": (dt.date.min, day - one), "after": (day + one, dt.date.max), "since": (day, dt.date.max)}
    return Query(span=spans.get(word, (dt.date.min, day)), mode=mode, about=f"due {word} {said}")


def named_span(text: str, today: dt.date) -> tuple[tuple[dt.date, dt.date], str] | None:
    """ "next week", "this month", "the weekend": the first and the last day."""
    if re.search(r"\btoday (?:and|or|&) tomorrow\b", text, re.IGNORECASE):
        return (today, today + dt.timedelta(days=1)), "for today and tomorrow"
    match = re.search(r"\b(this|next|last|the) (week|month|weekend)\b", text, re.IGNORECASE)
    if not match:
        return None
    which, unit = match.group(1).lower(), match.group(2).lower()
    if unit == "week" and which in {"this", "the"} and not _DONE.search(text):
        return None  # people mean the days ahead, across Sunday
    monday = today - dt.timedelta(days=today.weekday()) + dt.timedelta(days={"next": 7, "last": -7}.get(which, 0))
    if unit == "week":
        return (monday, monday + dt.timedelta(days=6)), f"{which} week"
    if unit == "weekend":
        return (monday + dt.timedelta(days=5), monday + dt.timedelta(days=6)), f"{which} weekend"
    moved = {"next": 32, "last": -1}.get(which, 0)
    first = (today.replace(day=1) + dt.timedelta(days=moved)).replace(day=1)
    return (first, (first + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)), f"{which} month"
