"""The rules for times of day."""

import datetime as dt
import re
from dataclasses import replace

from tasks.when import words
from tasks.when.calendar import NotADate, clock
from tasks.when.dates import Dates
from tasks.when.reader import AT, Cue, Part, Read


class Times(Dates):
    def clock_time(self, i: int) -> Read[Part]:
        """ "17:30", "5pm", "5.30 p.m.", "1730h"."""
        text = self.text(i)
        if self.kind(i) != "clock":
            return None
        half, digits = text[-2:] if text[-1] == "m" else "", text.rstrip("apmh").replace("h", ":")
        hour, _, rest = digits.partition(":") if ":" in digits else (digits[:-2], "", digits[-2:])
        if half and ":" not in digits:
            hour, rest = digits, ""
        time = self.twelve(int(hour), int(rest[:2] or 0), half)
        return Part(time=time, clocked=not half and time.hour <= 12, prepositions=AT), i + 1

    def time_range(self, i: int) -> Read[Part]:
        """ "5-6pm" starts at five in the afternoon."""
        until = self.clock_time(i + 2) if self.text(i + 1) in {"-", "\u2013"} else None
        if not until or self.kind(i) not in {"number", "clock"}:
            return None
        hour, half = self.whole_number(i), self.text(i + 2)[-2:]
        start = self.twelve(hour[0], 0, half) if hour and half in {"am", "pm"} else None
        begun = Part(time=start, prepositions=AT) if start else (self.clock_time(i) or until)[0]
        return begun, until[1]

    def twelve(self, hour: int, minute: int, half: str) -> dt.time:
        if half and not 1 <= hour <= 12:
            raise NotADate(f"There is no {hour}{half}: write {hour}:{minute:02} or a number up to 12 before {half}.")
        return clock(hour % 12 + 12 * (half == "pm") if half else hour, minute)

    def spoken_time(self, i: int) -> Read[Part]:
        """ "half past six", "quarter to 9", "twenty past five", "six o'clock", "five thirty pm"."""
        minutes = {"half": 30, "quarter": 15}.get(self.text(self.skip(i, "a")))
        start = (minutes, self.skip(i, "a") + 1) if minutes else self.whole_number(i)
        if not start:
            return None
        j = self.skip(start[1], "minutes", "min")
        past = self.text(j) in {"past", "after"}
        if past or (self.text(j) in {"to", "till", "before"} and minutes != 30):
            if self.kind(j + 1) == "clock" and start[0] < 60 and (said := self.clock_time(j + 1)):
                return replace(said[0], shift=start[0] if past else -start[0]), said[1]
            hour = self.whole_number(j + 1)
            return self.shifted_hour(hour, start[0] if past else -start[0]) if hour and start[0] < 60 else None
        return self.worded(start)

    def shifted_hour(self, hour: tuple[int, int], minutes: int) -> Read[Part]:
        if not 0 <= hour[0] <= 24:
            return None
        if half := self.half(hour[1]):
            return Part(time=self.twelve(hour[0], 0, half[0]), shift=minutes, prepositions=AT), half[1]
        after = self.skip(hour[1], "o'clock")
        return Part(time=clock(hour[0] % 24), bare_hour=hour[0] <= 12, shift=minutes, prepositions=AT), after

    def half(self, i: int) -> Read[str]:
        if self.text(i) in {"am", "pm"}:
            return self.text(i), i + 1
        if self.text(i) in {"a", "p"} and self.follows(i + 1, ".", "m"):
            return self.text(i) + "m", self.skip(i + 3, ".")
        return None

    def worded(self, hour: tuple[int, int]) -> Read[Part]:
        """An hour in words or digits before "o'clock" or "pm", with minutes in words or not."""
        minute = self.whole_number(hour[1])
        for number, j in ((minute, minute[1]) if minute else None, (None, hour[1])) if minute else ((None, hour[1]),):
            half = self.half(j)
            if half:
                return Part(time=self.twelve(hour[0], number[0] if number else 0, half[0]), prepositions=AT), half[1]
        if self.text(hour[1]) == "o'clock":
            half = self.half(hour[1] + 1)
            if half:
                return Part(time=self.twelve(hour[0], 0, half[0]), prepositions=AT), half[1]
            return Part(time=clock(hour[0]), bare_hour=True, prepositions=AT), hour[1] + 1
        return None

    def bare_time(self, i: int) -> Read[Part]:
        """An hour alone, "1730" or "17.30" after "at"; a number counts as one only where nothing is counted."""
        text, found = self.text(i), self.whole_number(i)
        introduced = self.text(i - 1) in {"at", "@", "around", "about", "by", "before", "until", "till"}
        if introduced and re.fullmatch(r"([01]\d|2[0-3])\.?[0-5]\d", text):  # "at 1730", "at 17.30"
            return Part(time=clock(int(text[:2]), int(text[-2:])), prepositions=AT), i + 1
        if not found or found[0] > 24:
            return None
        starts = i == 1 and introduced and self.kind(i) == "number"  # "at 5 call mum"
        dated = self.date(found[1])
        if not (self.clause_ends(found[1]) or starts or (dated and (introduced or dated[0].cue == Cue.NONE))):
            return None
        return Part(time=clock(found[0]), bare_hour=found[0] <= 12, cue=Cue.NEAR, prepositions=AT), found[1]

    def daypart(self, i: int) -> Read[Part]:
        word = self.text(i)
        if word == "midnight":
            return Part(time=dt.time(23, 59), cue=Cue.EDGE, prepositions=AT), i + 1
        if (
            self.text(i) == "in"
            and self.text(i + 1) == "the"
            and self.text(i + 2) in {"morning", "afternoon", "evening"}
        ):
            return Part(daypart=self.text(i + 2)), i + 3
        cue = Cue.EDGE if word in {"noon", "midday"} else Cue.NEAR
        return (Part(daypart=word, cue=cue, prepositions=AT), i + 1) if word in words.DAYPARTS else None

    def time(self, i: int) -> Read[Part]:
        rules = (self.clock_time, self.time_range, self.spoken_time, self.daypart, self.bare_time)
        return max((read for rule in rules if (read := rule(i))), key=lambda read: read[1], default=None)
