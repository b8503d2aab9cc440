"""What a phrase says about repeating, piece by piece, and the rule that the pieces make together."""

import datetime as dt
from dataclasses import dataclass, fields

from tasks.recurrence.values import EXAMPLES, NotARule, Parts
from tasks.when import NotADate
from tasks.when.calendar import add_days, add_months


@dataclass(frozen=True)
class Said:
    """What a piece says; empty where it says nothing."""

    freq: str = ""
    interval: int = 0
    days: tuple[tuple[int, int], ...] = ()
    monthdays: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    setpos: tuple[int, ...] = ()
    time: dt.time | None = None
    count: int = 0
    until: dt.date | None = None
    span: tuple[str, int] | None = None  # "for 5 weeks": until they are over
    start: dt.date | None = None
    repeats: bool = False  # says that something repeats, and not only on which days
    weak: bool = False  # in a sentence it needs cues

    def merged(self, other: "Said") -> "Said | None":
        """Both together; None if they say the same thing twice."""
        both = {field.name for field in fields(self) if getattr(self, field.name) and getattr(other, field.name)}
        said = {field.name: getattr(other, field.name) or getattr(self, field.name) for field in fields(self)}
        if both - {"repeats", "weak"} or ((self.until or self.span or self.count) and other.limits()):
            return None
        return Said(**said)

    def limits(self) -> bool:
        return bool(self.until or self.span or self.count)


def settled(said: Said, today: dt.date) -> Parts:
    """The parts of the rule that was said. Raises `NotARule` where they do not go together."""
    freq = said.freq or ("YEARLY" if said.months else "MONTHLY" if said.monthdays or nth_days(said) else "WEEKLY")
    if freq == "DAILY" and said.days and said.interval < 2 and not nth_days(said):
        freq = "WEEKLY"
    doubtful(said, freq)
    until = said.until
    if said.span:
        until = ended(said.start or today, *said.span)
    if until and until < (said.start or today):
        raise NotARule(f"It would end on {until}, before it begins. Name a later day.")
    return Parts(
        freq,
        said.interval or 1,
        said.months,
        tuple(sorted(said.monthdays, key=lambda n: (n < 0, abs(n)))),
        tuple(sorted(said.days, key=lambda day: (day[0] < 0, abs(day[0]), day[1]))),
        said.setpos,
        said.count or None,
        until,
    )


def nth_days(said: Said) -> bool:
    return bool(said.setpos) or any(nth for nth, _ in said.days)


def doubtful(said: Said, freq: str) -> None:
    plain = bool(said.days) and not nth_days(said)
    if freq == "DAILY" and (said.days or said.monthdays):
        raise NotARule(f"A repetition every N days cannot name days as well. {EXAMPLES}")
    if freq == "WEEKLY" and (said.monthdays or nth_days(said)):
        raise NotARule(f"A day of the month cannot repeat by weeks. {EXAMPLES}")
    if freq == "MONTHLY" and plain:
        raise NotARule('A month has several of these weekdays: write "the first monday of every month".')
    if freq == "YEARLY" and (plain or ((said.monthdays or said.days) and not said.months)):
        raise NotARule('Say the month and the day: "every year on 3 may", "every third thursday of november".')
    if any(not 1 <= abs(day) <= 31 for day in said.monthdays):
        raise NotARule("A month has days from 1 to 31.")


def ended(start: dt.date, unit: str, count: int) -> dt.date:
    """The last day of a period of that many days or months from that day on."""
    try:
        return add_days(add_days(start, count) if unit == "days" else add_months(start, count), -1)
    except NotADate as fault:
        raise NotARule(f"{fault} Name a nearer end.") from fault
