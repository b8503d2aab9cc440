"""The value of a recurrence rule (RFC 5545 section 3.3.10): read, checked, written in one order of parts."""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
LENGTH_LIMIT, INTERVAL_LIMIT, COUNT_LIMIT = 200, 366, 1000
WEEKDAYS = tuple((0, day) for day in range(5))

EXAMPLES = (
    'Write for example "every day", "every weekday at 9:00", "every 2 weeks on monday", "the last friday of every '
    'month", "every year on 3 may", or an RRULE such as FREQ=WEEKLY;BYDAY=MO.'
)
TOO_OFTEN = "A task repeats at most once a day. For more, make several tasks, each of them daily at its time."


class NotARule(ValueError):
    """The text is not a rule for a repeating task; the message tells a person or a model what to write instead."""


class UnreadableRule(NotARule):
    """The text names no repetition at all; a plain NotARule names one that a task cannot have."""


@dataclass(frozen=True)
class Rule:
    """A rule and what was said with it: the time of day, local to the person, and the day from which it counts."""

    rrule: str
    time: dt.time | None = None
    start: dt.date | None = None


@dataclass(frozen=True)
class Parts:
    """An RRULE in its parts. A day is (nth, weekday), nth being 0 for each one, weekday 0 for Monday."""

    freq: str
    interval: int = 1
    months: tuple[int, ...] = ()
    monthdays: tuple[int, ...] = ()
    days: tuple[tuple[int, int], ...] = ()
    setpos: tuple[int, ...] = ()
    count: int | None = None
    until: dt.date | None = None  # inclusive
    wkst: int = 0

    def __str__(self) -> str:
        said = {
            "FREQ": self.freq,
            "INTERVAL": self.interval if self.interval > 1 else "",
            "BYMONTH": joined(self.months),
            "BYMONTHDAY": joined(self.monthdays),
            "BYDAY": joined(f"{nth or ''}{DAYS[day]}" for nth, day in self.days),
            "BYSETPOS": joined(self.setpos),
            "COUNT": self.count or "",
            "UNTIL": self.until.strftime("%Y%m%d").rjust(8, "0") if self.until else "",
            "WKST": DAYS[self.wkst] if self.wkst else "",
        }
        return ";".join(f"{name}={value}" for name, value in said.items() if value)


def joined(values: Iterable[object]) -> str:
    return ",".join(map(str, values))


def read(text: str, zone: dt.tzinfo | None = None) -> Parts:
    """The parts of an RRULE, with or without "RRULE:" before it. An UNTIL in UTC is a day in that zone. `NotARule`."""
    if len(text) > LENGTH_LIMIT:
        raise NotARule(f"A rule has at most {LENGTH_LIMIT} characters. {EXAMPLES}")
    value = re.sub(r"^\s*RRULE\s*:", "", text.upper()).strip().rstrip(";")
    if "DTSTART" in value:
        raise NotARule("Write the rule without DTSTART: the due date of the task is where it starts.")
    given: dict[str, str] = {}
    for piece in value.split(";"):
        name, equals, content = (part.strip() for part in piece.partition("="))
        if not equals or not content or name in given:
            raise NotARule(f'"{piece[:40]}" is not a part of a rule, or appears twice. {EXAMPLES}')
        given[name] = content
    if "FREQ" not in given:
        raise NotARule(f"A rule begins with FREQ=. {EXAMPLES}")
    if given["FREQ"] in {"HOURLY", "MINUTELY", "SECONDLY"}:
        raise NotARule(f"FREQ={given['FREQ']} is too often. {TOO_OFTEN}")
    fields: dict[str, Any] = {}
    for name, content in given.items():
        if name not in READERS and name != "UNTIL":
            raise NotARule(f"{name[:20]} is not supported here: use {', '.join(READERS)} or UNTIL.")
        field, reader = READERS.get(name, ("until", lambda _, content: until(content, zone)))
        fields[field] = reader(name, content)
    return tidy(Parts(**fields))


def choice(name: str, content: str, options: tuple[str, ...]) -> str:
    if content not in options:
        raise NotARule(f"{name}={content[:20]} does not exist: {name} is one of {', '.join(options)}.")
    return content


def number(name: str, content: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,4}", content) or not least <= int(content) <= most or int(content) == 0:
        raise NotARule(f"{name}={content[:20]} is out of range: {name} is a number from {least} to {most}, not 0.")
    return int(content)


def numbers(least: int, most: int) -> Callable[[str, str], tuple[int, ...]]:
    def read_all(name: str, content: str) -> tuple[int, ...]:
        found = {number(name, one.strip(), least, most) for one in content.split(",")}
        return tuple(sorted(found, key=lambda n: (n < 0, abs(n))))

    return read_all


def days(name: str, content: str) -> tuple[tuple[int, int], ...]:
    found = set()
    for one in content.split(","):
        match = re.fullmatch(r"([+-]?[0-9]{1,2})?([A-Z]{2})", one.strip())
        if not match or match[2] not in DAYS or (match[1] and not 1 <= abs(int(match[1])) <= 53):
            raise NotARule(f"{name}={one[:20]} is not a weekday: write {', '.join(DAYS)}, or 1MO, -1FR in a month.")
        found.add((int(match[1] or 0), DAYS.index(match[2])))
    return tuple(sorted(found, key=lambda day: (day[0] < 0, abs(day[0]), day[1])))


def until(content: str, zone: dt.tzinfo | None) -> dt.date:
    """A date, or a date-time as RFC 5545 writes it; the day counts, since a rule here knows no time of day."""
    if not re.fullmatch(r"[0-9]{8}(T[0-9]{6}Z?)?", content):
        raise NotARule(f"UNTIL={content[:20]} is not a date: write UNTIL=20261231.")
    try:
        moment = dt.datetime.strptime(content[:15], "%Y%m%dT%H%M%S" if "T" in content else "%Y%m%d")  # noqa: DTZ007
        return (moment.replace(tzinfo=dt.UTC).astimezone(zone) if content.endswith("Z") and zone else moment).date()
    except (ValueError, OverflowError) as fault:
        raise NotARule(f"UNTIL={content[:20]} is a day that does not exist: write UNTIL=20261231.") from fault


READERS: dict[str, tuple[str, Callable[[str, str], object]]] = {
    "FREQ": ("freq", lambda name, content: choice(name, content, FREQUENCIES)),
    "INTERVAL": ("interval", lambda name, content: number(name, content, 1, INTERVAL_LIMIT)),
    "BYMONTH": ("months", numbers(1, 12)),
    "BYMONTHDAY": ("monthdays", numbers(-31, 31)),
    "BYDAY": ("days", days),
    "BYSETPOS": ("setpos", numbers(-366, 366)),
    "COUNT": ("count", lambda name, content: number(name, content, 1, COUNT_LIMIT)),
    "WKST": ("wkst", lambda name, content: DAYS.index(choice(name, content, DAYS))),
}


def tidy(parts: Parts) -> Parts:
    """The parts in their plainest form. Raises `NotARule` for what RFC 5545 or a limit forbids."""
    forbid(parts)
    plain = parts.interval == 1 and parts.days and not (parts.months or parts.monthdays or parts.setpos)
    if parts.freq == "DAILY" and plain:  # the same days as every week on them
        parts = replace(parts, freq="WEEKLY")
    if parts.freq == "WEEKLY" and plain and len(parts.days) == 7:
        parts = replace(parts, freq="DAILY", days=())
    # The first day of the week matters only where weeks are counted.
    counts_weeks = parts.freq == "WEEKLY" and (parts.interval > 1 or parts.setpos)
    return parts if counts_weeks else replace(parts, wkst=0)


def forbid(parts: Parts) -> None:
    ordinals = [nth for nth, _ in parts.days if nth]
    by_month = parts.freq == "MONTHLY" or parts.months
    rules = (
        (not 1 <= parts.interval <= INTERVAL_LIMIT, f"The interval is a number from 1 to {INTERVAL_LIMIT}."),
        (parts.count is not None and not 1 <= parts.count <= COUNT_LIMIT, f"A task repeats 1 to {COUNT_LIMIT} times."),
        (parts.count and parts.until, "Give COUNT or UNTIL, not both."),
        (parts.freq == "WEEKLY" and parts.monthdays, "A week has no BYMONTHDAY: use FREQ=MONTHLY."),
        (ordinals and parts.freq in {"DAILY", "WEEKLY"}, "The nth weekday is one of a month: use FREQ=MONTHLY."),
        (ordinals and len(ordinals) < len(parts.days), "BYDAY is either each weekday (MO) or the nth (1MO), not both."),
        (by_month and any(abs(nth) > 5 for nth in ordinals), "A month has at most five of each weekday."),
        (parts.setpos and not (parts.days or parts.monthdays or parts.months), "BYSETPOS needs BYDAY or BYMONTHDAY."),
        (parts.setpos and parts.freq == "DAILY", "BYSETPOS picks from a week, a month or a year, not from a day."),
    )
    for broken, text in rules:
        if broken:
            raise NotARule(f"{text} {EXAMPLES}")
