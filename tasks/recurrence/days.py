"""Which days a rule names, by python-dateutil.

Only dates are counted here, never moments: a task due at 9:00 is due at 9:00 by the clock on the wall, before and after
the clocks change, and wherever its owner has moved to. UTC arithmetic would make it 8:00 or 10:00 for half the year. So
a due time is kept beside the date, and the two meet only where somebody asks whether a task is overdue.

Days count from `start`, however an occurrence was moved since: "every 2 weeks" stays in its weeks. `start` itself is an
occurrence only if the rule names it. A day that a month lacks is skipped, as RFC 5545 says; the last day (-1) is not.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from dateutil.rrule import rrule, weekday

from tasks.recurrence.values import FREQUENCIES, Parts, Rule, read

DATEUTIL: dict[str, Literal[0, 1, 2, 3]] = {"YEARLY": 0, "MONTHLY": 1, "WEEKLY": 2, "DAILY": 3}
# How far ahead a day is looked for, at least. A rule that names none must come to an end too.
REACH_YEARS = {"YEARLY": 400} | dict.fromkeys(FREQUENCIES[:-1], 60)
CYCLE_YEARS = 400  # after these the Gregorian calendar repeats, weekdays included


@lru_cache(maxsize=1024)
def parts_of(text: str) -> Parts:
    return read(text)


def first_on_or_after(rule: Rule, start: dt.date, day: dt.date) -> dt.date | None:
    """The first day of the rule from that day on, itself included. None if COUNT or UNTIL has ended it."""
    return next(occurrences(parts_of(rule.rrule), start, max(day, start)), None)


def next_after(rule: Rule, start: dt.date, day: dt.date) -> dt.date | None:
    """The first day of the rule after that day. None if COUNT or UNTIL has ended it."""
    return None if day == dt.date.max else first_on_or_after(rule, start, day + dt.timedelta(days=1))


def occurs(parts: Parts) -> bool:
    """Whether the rule names a day at all, whatever it starts from: 31 February does not exist."""
    if parts.freq == "DAILY":  # the same days, found a year at a time
        parts = replace(parts, freq="YEARLY")
    start = dt.date(2000, 1, 1)
    return next(occurrences(replace(parts, interval=1, count=None, until=None), start, start), None) is not None


def occurrences(parts: Parts, start: dt.date, day: dt.date) -> Iterator[dt.date]:
    """The days of the rule from `day` on, which is not before `start`."""
    parts = completed(parts, start)
    anchor = period_start(parts, start)
    if parts.count is None:
        anchor = ahead(parts, anchor, day)
    left = parts.count
    for found in expanded(parts, anchor):
        if found < start:
            continue
        if (parts.until and found > parts.until) or left == 0:
            return
        left = None if left is None else left - 1
        if found >= day:
            yield found


def expanded(parts: Parts, anchor: dt.date) -> Iterator[dt.date]:
    """The days from the anchor on.

    dateutil looks for a next day until the year 9999 and cannot be stopped on the way. So the search takes place in the
    same years of a later cycle of the calendar, where that end is near.
    """
    last = dt.MAXYEAR - REACH_YEARS[parts.freq]
    shift = max(0, last - anchor.year) // CYCLE_YEARS * CYCLE_YEARS
    found = rrule(
        DATEUTIL[parts.freq],
        dtstart=dt.datetime(anchor.year + shift, anchor.month, anchor.day),  # noqa: DTZ001
        interval=parts.interval,
        wkst=parts.wkst,
        bysetpos=parts.setpos or None,
        bymonth=parts.months or None,
        bymonthday=parts.monthdays or None,
        byweekday=[weekday(day, nth or None) for nth, day in parts.days] or None,
    )
    return (dt.date(moment.year - shift, moment.month, moment.day) for moment in found)


def completed(parts: Parts, start: dt.date) -> Parts:
    """The parts with what they leave to the start: its weekday, its day of the month, its month."""
    if parts.days or parts.monthdays or parts.freq == "DAILY":
        return parts
    if parts.freq == "WEEKLY":
        return replace(parts, days=((0, start.weekday()),))
    months = parts.months or ((start.month,) if parts.freq == "YEARLY" else ())
    return replace(parts, months=months, monthdays=(start.day,))


def period_start(parts: Parts, day: dt.date) -> dt.date:
    """The first day of the week, month or year that the day is in, from which whole periods are counted."""
    if parts.freq == "WEEKLY":
        return dt.date.fromordinal(max(1, day.toordinal() - (day.weekday() - parts.wkst) % 7))
    return {"DAILY": day, "MONTHLY": day.replace(day=1), "YEARLY": day.replace(month=1, day=1)}[parts.freq]


def ahead(parts: Parts, anchor: dt.date, day: dt.date) -> dt.date:
    """The start of the last period that is counted and not after the day."""
    if parts.freq in {"DAILY", "WEEKLY"}:
        step = parts.interval * (7 if parts.freq == "WEEKLY" else 1)
        return anchor + dt.timedelta(days=(day - anchor).days // step * step)
    step = parts.interval * (12 if parts.freq == "YEARLY" else 1)
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months // step * step, 12)
    return dt.date(year, month + 1, 1)
