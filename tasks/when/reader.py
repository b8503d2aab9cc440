"""What the rules are made of: parts of a date, and a reader of tokens, numbers and amounts.

A rule takes the index of a token and answers with what it read and the index after it, or None.
"""

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum

from tasks.when import words


class Cue(IntEnum):
    """What a part needs beside it before a sentence is read as a date."""

    NONE = 0
    EDGE = 1  # a preposition, another part, or the end of the clause after it
    NEAR = 2  # a preposition or another part
    PREPOSITION = 3


DUE = frozenset({"on", "by", "due", "until", "till", "before"})
AT = DUE | {"at", "@", "around", "about", "for"}
IN = (DUE - {"on"}) | {"in", "this", "next"}
LEADING = AT | {"in"}


@dataclass(frozen=True)
class Part:
    """A piece of a phrase: a date, a time, or a time of day that still wants an hour."""

    date: dt.date | None = None
    time: dt.time | None = None
    bare_hour: bool = False  # "at 5": morning or afternoon is still open
    clocked: bool = False  # "9:30": as written, unless a time of day says otherwise
    shift: int = 0  # "quarter to five": minutes to add once the hour is known
    daypart: str = ""
    cue: Cue = Cue.NONE
    prepositions: frozenset[str] = DUE

    def settled(self) -> dt.time | None:
        """The time, with a bare hour moved to the sensible half of the day."""
        if self.time is None:
            hour = words.DAYPARTS.get(self.daypart)
            return None if hour is None else dt.time(hour)
        hour = self.time.hour
        if self.is_late():
            hour = hour % 12 + 12
        moment = dt.datetime.combine(dt.date(2000, 1, 2), self.time.replace(hour=hour))
        return (moment + dt.timedelta(minutes=self.shift)).time()

    def is_late(self) -> bool:
        hour = self.time.hour if self.time else 0
        if hour > 12 or not (self.bare_hour or self.clocked):
            return False
        if self.daypart == "night":
            return 5 <= hour < 12
        return self.daypart in {"afternoon", "evening"} or (self.bare_hour and not self.daypart and 1 <= hour <= 6)


type Read[T] = tuple[T, int] | None

DAYPART_WORDS = frozenset(words.DAYPARTS) | {"midnight"}


class Reader:
    def __init__(self, text: str, now: dt.datetime, *, whole: bool) -> None:
        self.tokens = words.tokenise(text)
        self.now = now
        self.today = now.date()
        self.whole = whole  # the text is nothing but a date: nothing needs a cue

    def text(self, i: int) -> str:
        return self.tokens[i].text if 0 <= i < len(self.tokens) else ""

    def kind(self, i: int) -> str:
        return self.tokens[i].kind if 0 <= i < len(self.tokens) else ""

    def skip(self, i: int, *optional: str) -> int:
        return i + 1 if self.text(i) in optional else i

    def follows(self, i: int, *phrase: str) -> bool:
        return all(self.text(i + n) == word for n, word in enumerate(phrase))

    def clause_ends(self, i: int) -> bool:
        """Whether nothing that the number before could count comes next."""
        stops = {"", ".", ",", ";", ":", "!", "?", ")", "and", "please", "then", "or", "to", "with", "if", "when"}
        return self.text(i) in stops | LEADING | DAYPART_WORDS or self.kind(i) in {"clock", "iso"}

    # Numbers

    def number(self, i: int) -> Read[float]:
        word = self.text(i)
        if self.kind(i) == "number":
            return (float(word), i + 1) if len(word) <= 6 else None
        if word in words.ONES:
            return words.ONES[word], i + 1
        if word in words.TENS:
            j = self.skip(i + 1, "-")
            ones = words.ONES.get(self.text(j), 0)
            return (words.TENS[word] + ones, j + 1) if 0 < ones < 10 else (words.TENS[word], i + 1)
        return None

    def whole_number(self, i: int) -> Read[int]:
        found = self.number(i)
        return (int(found[0]), found[1]) if found and found[0] == int(found[0]) else None

    def ordinal(self, i: int) -> Read[int]:
        word = self.text(i)
        if self.kind(i) == "ordinal":
            return int(word[:-2]), i + 1
        if word in words.ORDINALS:
            return words.ORDINALS[word], i + 1
        j = self.skip(i + 1, "-")
        if word in words.TENS and words.ORDINALS.get(self.text(j), 99) < 10:
            return words.TENS[word] + words.ORDINALS[self.text(j)], j + 1
        return None

    def year(self, i: int) -> Read[int]:
        word = self.text(i)
        plain = self.kind(i) == "number" and word.isdecimal() and len(word) == 4 and "1900" <= word <= "2999"
        return (int(word), i + 1) if plain else None

    # Spans of time

    def amount(self, i: int) -> Read[tuple[str, float]]:
        """ "a week", "half an hour", "two hours and 30 minutes": ("minutes", 30.0), ("days", 7.0) …"""
        count, j = 1.0, i
        if self.text(i) == "half":
            count, j = 0.5, self.skip(i + 1, "a", "an")
        elif self.text(i) in {"a", "an", "the"} and self.text(i + 1) in {"couple", "few"}:
            count, j = (2.0 if self.text(i + 1) == "couple" else 3.0), self.skip(i + 2, "of")
        elif self.text(i) in {"a", "an", "another"}:
            j = i + 1
            if self.text(j) == "half":
                count, j = 0.5, j + 1
        elif found := self.number(i):
            count, j = found
        unit = words.UNITS.get(self.text(j))
        if not unit:
            return None
        return self.more(j + 1, unit[0], count * unit[1], unit[1])

    def more(self, i: int, unit: str, total: float, size: int) -> tuple[tuple[str, float], int]:
        """What "and a half" or "and 30 minutes" adds to an amount."""
        if self.follows(i, "and", "a", "half"):
            return (unit, total + size / 2), i + 3
        extra = self.number(self.skip(i, "and"))
        if (
            extra
            and unit == "minutes"
            and (self.text(extra[1]) == "m" or words.UNITS.get(self.text(extra[1])) == ("minutes", 1))
        ):
            return (unit, total + extra[0]), extra[1] + 1
        return (unit, total), i
