"""Calendar arithmetic on local dates, and the fault that a date does not exist."""

import datetime as dt
from calendar import monthrange

from tasks.when.words import MONTHS


class NotADate(ValueError):
    """The text is not a date; the message tells a person or a model what to write instead."""


class UnreadableDate(NotADate):
    """The text is not a date phrase at all; a plain NotADate names a day or a time that does not exist."""


def day_of(year: int, month: int, day: int) -> dt.date:
    """That day; NotADate where the calendar has none."""
    if not 1 <= month <= 12:
        raise NotADate(f"There is no month {month}.")
    if not 1 <= year <= 9999:
        raise NotADate(f"There is no year {year} in this calendar.")
    last = monthrange(year, month)[1]
    if not 1 <= day <= last:
        raise NotADate(f"{MONTHS[month - 1].capitalize()} {year} has {last} days, there is no {day}.")
    return dt.date(year, month, day)


def coming(month: int, day: int, today: dt.date) -> dt.date:
    """The next such day, today included; 29 February waits for a leap year."""
    longest = monthrange(2024, month)[1] if 1 <= month <= 12 else 31
    if 1 <= month <= 12 and not 1 <= day <= longest:
        raise NotADate(f"{MONTHS[month - 1].capitalize()} has at most {longest} days, there is no {day}.")
    for year in range(today.year, today.year + 9):
        if month == 2 and day == 29 and monthrange(year, 2)[1] < 29:
            continue
        found = day_of(year, month, day)
        if found >= today:
            return found
    raise NotADate(f"There is no coming {day}.{month}.")


def coming_day(day: int, today: dt.date) -> dt.date:
    """The next day of that number in a month that has one, today included."""
    if not 1 <= day <= 31:
        raise NotADate(f"No month has a day {day}.")
    month = today.replace(day=1)
    while day > monthrange(month.year, month.month)[1] or month.replace(day=day) < today:
        month = add_months(month, 1)
    return month.replace(day=day)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of another month, or that month's last one."""
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    if not 1 <= year <= 9999:
        raise NotADate("That is too far away for a calendar.")
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_days(day: dt.date, days: int) -> dt.date:
    try:
        return day + dt.timedelta(days=days)
    except OverflowError as fault:
        raise NotADate("That is too far away for a calendar.") from fault


def week_start(day: dt.date, weeks: int = 0) -> dt.date:
    """The Monday of the week that is `weeks` weeks away from that day's."""
    return add_days(day, 7 * weeks - day.weekday())


def month_end(day: dt.date) -> dt.date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def clock(hour: int, minute: int = 0) -> dt.time:
    if (hour, minute) == (24, 0):
        return dt.time(23, 59)
    if hour > 23 or minute > 59:
        raise NotADate(f"There is no time {hour}:{minute:02}.")
    return dt.time(hour, minute)
