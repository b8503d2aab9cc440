"""A rule in the words that `parse` reads back."""

import datetime as dt

from tasks.recurrence.days import parts_of
from tasks.recurrence.values import WEEKDAYS as WORKDAYS
from tasks.recurrence.values import Parts, Rule
from tasks.when.words import MONTHS, WEEKDAYS

UNIT = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}


def say(rule: Rule) -> str:
    """ "every weekday", "every 2 weeks on Monday", "on the 1st of each month", "every Monday at 09:00"; a rule that
    has no plain words is said as it is."""
    parts = parts_of(rule.rrule)
    base = None if parts.wkst else {"MONTHLY": monthly, "YEARLY": yearly}.get(parts.freq, weekly)(parts)
    said = [base or str(parts)]
    if rule.time:
        said.append(f"at {rule.time:%H:%M}")
    if base and parts.count:
        said.append(f"{parts.count} time{'s' * (parts.count > 1)}")
    if base and parts.until:
        said.append(f"until {day(parts.until)}")
    if rule.start:
        said.append(f"starting {day(rule.start)}")
    return " ".join(said)


def day(date: dt.date) -> str:
    return f"{date.day} {MONTHS[date.month - 1].title()} {date.year}" if date.year > 1899 else str(date)


def every(parts: Parts) -> str:
    unit = UNIT[parts.freq]
    return f"every {unit}" if parts.interval == 1 else f"every {parts.interval} {unit}s"


def weekly(parts: Parts) -> str | None:
    """Days and weeks."""
    if parts.months or parts.monthdays or parts.setpos or (parts.freq == "DAILY" and parts.days):
        return None
    if not parts.days:
        return every(parts)
    if parts.days == WORKDAYS and parts.interval == 1:
        return "every weekday"
    names = listed([WEEKDAYS[number].title() for _, number in parts.days])
    return f"every {names}" if parts.interval == 1 else f"{every(parts)} on {names}"


def monthly(parts: Parts) -> str | None:
    if parts.months:
        return None
    if not (parts.days or parts.monthdays or parts.setpos):
        return every(parts)
    days = days_said(parts)
    if days is None:
        return None
    return f"on the {days} of each month" if parts.interval == 1 else f"{every(parts)} on the {days}"


def yearly(parts: Parts) -> str | None:
    if not (parts.months or parts.monthdays or parts.days or parts.setpos):
        return every(parts)
    months = listed([MONTHS[month - 1].title() for month in parts.months])
    if len(parts.months) == 1 and len(parts.monthdays) == 1 and parts.monthdays[0] > 0 and not parts.days:
        return f"{every(parts)} on {parts.monthdays[0]} {months}"
    days = days_said(parts)
    return f"{every(parts)} on the {days} of {months}" if days and months else None


def days_said(parts: Parts) -> str | None:
    """ "1st and 15th", "last day", "first and third Monday", "last weekday"; None where words do not suffice."""
    if parts.setpos:
        plain = parts.days == WORKDAYS and not parts.monthdays and set(parts.setpos) <= NTH.keys()
        return f"{listed([NTH[n] for n in parts.setpos])} weekday" if plain else None
    if parts.monthdays:
        if parts.days or any(n < -1 for n in parts.monthdays):
            return None
        return listed([ordinal(n) for n in parts.monthdays]) + " day" * (-1 in parts.monthdays)
    nths, names = (list(dict.fromkeys(values)) for values in zip(*parts.days, strict=True))
    if 0 in nths or not set(nths) <= NTH.keys() or len(nths) * len(names) != len(parts.days):
        return None
    return f"{listed([NTH[n] for n in nths])} {listed([WEEKDAYS[number].title() for number in names])}"


def ordinal(n: int) -> str:
    if n == -1:
        return "last"
    return f"{n}{'th' if n in {11, 12, 13} else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""
