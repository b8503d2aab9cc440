"""The rules for days."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from tasks.when import words
from tasks.when.calendar import NotADate, add_days, add_months, coming, coming_day, day_of, month_end, week_start
from tasks.when.reader import AT, DUE, IN, Cue, Part, Read, Reader

# "the 2nd floor" is not a day: an ordinal counts something else when one of these words follows.
_COUNTED = (
    "floor page chapter draft time place try attempt edition anniversary birthday grade street avenue row line item "
    "half quarter one part version round step section book season episode person thing task car lane century"
)
COUNTED = frozenset(_COUNTED.split())


class Dates(Reader):
    def shifted(self, start: dt.date, unit: str, count: float) -> Part:
        if unit == "minutes" or (unit == "days" and count % 1):
            return self.elapsed(count * (1 if unit == "minutes" else 24 * 60))
        if count % 1:
            raise NotADate("Count whole months.")
        return Part(add_days(start, int(count)) if unit == "days" else add_months(start, int(count)))

    def elapsed(self, minutes: float) -> Part:
        try:
            moment = self.now.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)
        except OverflowError as fault:
            raise NotADate("That is too far away for a calendar.") from fault
        local = moment.astimezone(self.now.tzinfo)
        return Part(local.date(), local.time().replace(second=0, microsecond=0))

    def relative(self, i: int) -> Read[Part]:
        """ "in 3 days", "an hour ago", "a week from friday", "the day after tomorrow"."""
        inside = self.text(i) in {"in", "within"}
        found = self.amount(i + 1 if inside else self.skip(i, "the"))
        if not found:
            return None
        (unit, count), j = found
        if inside:
            return self.shifted(self.today, unit, count), self.skip(j, "time")
        if self.text(j) in {"ago", "hence"} or (self.text(j) == "from" and self.text(j + 1) in {"now", "today"}):
            sign = -1 if self.text(j) == "ago" else 1
            return self.shifted(self.today, unit, sign * count), j + 2 - (self.text(j) != "from")
        return self.from_anchor(i, j, unit, count)

    def from_anchor(self, i: int, j: int, unit: str, count: float) -> Read[Part]:
        sign = {"from": 1, "after": 1, "before": -1}.get(self.text(j))
        if sign is None or unit == "minutes":
            return None
        anchor = self.longest(j + 1, self.ANCHORS)
        if not anchor or anchor[0].date is None:
            return None
        return replace(self.shifted(anchor[0].date, unit, sign * count), daypart=anchor[0].daypart), anchor[1]

    def near(self, i: int) -> Read[Part]:
        word = self.text(i)
        if word in words.NEAR_DAYS:
            return Part(add_days(self.today, words.NEAR_DAYS[word])), i + 1
        if word == "tonight":
            return Part(self.today, daypart="night"), i + 1
        if word == "this" and self.text(i + 1) in words.DAYPARTS:
            return Part(self.today, daypart=self.text(i + 1)), i + 2
        if word == "last" and self.text(i + 1) == "night":
            return Part(add_days(self.today, -1), daypart="night"), i + 2
        return (self.elapsed(0), i + 1) if word == "now" and self.whole else None

    def weekday(self, i: int) -> Read[Part]:
        """ "friday", "next fri", "friday next week", "friday in two weeks", "friday, 27 november"."""
        which = self.text(i) if self.text(i) in {"this", "next", "last", "coming"} else ""
        j = i + bool(which)
        number = words.WEEKDAY_NUMBER.get(self.text(j))
        if number is None:
            return None
        if not which and self.follows(j + 1, "after", "next"):
            return Part(add_days(week_start(self.today, 2), number)), j + 3
        cue = Cue.NONE
        if not which and self.text(j) in words.SHORT_WEEKDAYS:
            cue = Cue.NEAR
        if not which and (first := self.month_named(j + 1)):
            return Part(self.first_weekday(number, first[0])), first[1]
        if not which and (week := self.week(self.skip(j + 1, "of"))):
            return Part(add_days(week[0], number)), week[1]
        k = self.skip(j + 1, ",", ".")
        dated = None if which else self.longest(self.skip(k, "the") if self.kind(k + 1) != "ordinal" else k, self.NAMED)
        if dated and dated[0].date and dated[0].cue < Cue.PREPOSITION:
            return self.agreeing(number, dated[0].date), dated[1]
        if not which and self.text(j + 1) in {"week", "fortnight"}:  # British: "friday week"
            return Part(add_days(self.weekday_date("", number), words.UNITS[self.text(j + 1)][1])), j + 2
        return Part(self.weekday_date(which, number), cue=cue, prepositions=DUE), j + 1

    def month_named(self, i: int) -> Read[dt.date]:
        """The first day of the month that a weekday is said to be of: "next month", "in december", "of next month"."""
        j = self.skip(i, "of", "in", "the")
        if self.text(j) in {"this", "next"} and self.text(j + 1) == "month":
            return add_months(self.today.replace(day=1), int(self.text(j) == "next")), j + 2
        if self.text(j) in {"this", "next"} and self.text(j + 1) == "year":
            raise NotADate("A whole year has many of these weekdays: say the date.")
        return self.month_first(j, end=True) if j > i and self.text(j) in words.MONTH_NUMBER else None

    def first_weekday(self, number: int, month: dt.date) -> dt.date:
        """The first such weekday of the month; of the running one, the first that is not over."""
        day = max(month, self.today)
        found = add_days(day, (number - day.weekday()) % 7)
        if found.month != month.month:
            raise NotADate(f"No {words.WEEKDAYS[number].capitalize()} is left in that month.")
        return found

    def agreeing(self, number: int, day: dt.date) -> Part:
        if day.weekday() != number:
            raise NotADate(f"{day} is a {words.WEEKDAYS[day.weekday()].capitalize()}, not as written.")
        return Part(day)

    def weekday_date(self, which: str, number: int) -> dt.date:
        ahead = (number - self.today.weekday()) % 7
        if which == "next":
            return add_days(week_start(self.today, 1), number)
        if which == "last":
            return add_days(self.today, ahead - 7)
        return add_days(self.today, ahead if which == "this" else ahead or 7)

    def week(self, i: int) -> Read[dt.date]:
        """The Monday of "next week", "last week", "this week", "in two weeks"."""
        offset = {"this": 0, "next": 1, "last": -1}.get(self.text(i))
        if offset is not None and self.text(i + 1) == "week":
            return week_start(self.today, offset), i + 2
        if self.follows(i, "the", "week", "after", "next"):
            return week_start(self.today, 2), i + 4
        found = self.amount(i + 1) if self.text(i) == "in" else None
        if found and found[0][0] == "days" and found[0][1] % 7 == 0:
            return week_start(self.today, int(found[0][1]) // 7), self.skip(found[1], "time")
        return None

    def weekday_of_week(self, i: int) -> Read[Part]:
        """ "next week friday", "in two weeks on monday"."""
        week = self.week(i)
        j = self.skip(week[1], "on") if week else i
        number = words.WEEKDAY_NUMBER.get(self.text(j))
        return (Part(add_days(week[0], number)), j + 1) if week and number is not None else None

    def period(self, i: int) -> Read[Part]:
        """ "next week" and "next month" are their first day, "this week" its last, a weekend its Saturday."""
        if self.follows(i, "the", "week", "after", "next"):
            return Part(week_start(self.today, 2)), i + 4
        short = {"eod": "day", "eow": "week", "eom": "month", "eoy": "year"}.get(self.text(i))
        if short:
            return Part(self.period_day(self.today, short, end=True)), i + 1
        offset = {"this": 0, "the": 0, "next": 1, "last": -1, "weekend": 0}.get(self.text(i))
        unit = self.text(i) if self.text(i) == "weekend" else self.text(i + 1)
        if offset is None or unit not in {"week", "month", "year", "weekend"}:
            return None
        j = i + 1 if self.text(i) == "weekend" else i + 2
        if unit == "weekend":
            cue = Cue.EDGE if self.text(i) in {"weekend", "the"} else Cue.NONE
            return Part(self.weekend(offset), cue=cue, prepositions=AT), j
        if self.text(i) == "the":
            return None
        return Part(self.period_day(self.moved(unit, offset), unit, end=offset == 0)), j

    def weekend(self, offset: int) -> dt.date:
        saturday = add_days(week_start(self.today, offset), 5)
        return max(saturday, self.today) if offset == 0 else saturday

    def moved(self, unit: str, offset: int) -> dt.date:
        days = {"day": 1, "week": 7}.get(unit)
        return (
            add_days(self.today, days * offset)
            if days
            else add_months(self.today, offset * (12 if unit == "year" else 1))
        )

    def period_day(self, day: dt.date, unit: str, *, end: bool) -> dt.date:
        if unit == "week":
            return add_days(week_start(day), 6 if end else 0)
        if unit == "month":
            return month_end(day) if end else day.replace(day=1)
        if unit == "year":
            return day_of(day.year, 12, 31) if end else day_of(day.year, 1, 1)
        return day

    def period_edge(self, i: int) -> Read[Part]:
        """ "end of the month", "the start of next week", "end of may"."""
        i = self.skip(i, "the")
        if self.text(i) not in {"end", "start", "beginning"}:
            return None
        end, j = self.text(i) == "end", self.skip(i + 1, "of")
        offset = {"this": 0, "the": 0, "next": 1, "last": -1}.get(self.text(j))
        unit = self.text(j if offset is None else j + 1)
        if unit in {"day", "week", "month", "year"}:
            return Part(self.period_day(self.moved(unit, offset or 0), unit, end=end)), j + 1 + (offset is not None)
        if unit in words.MONTH_NUMBER and self.text(j - 1) == "of":
            first = self.month_first(j, end=end)
            return Part(month_end(first[0]) if end else first[0]), first[1]
        return None

    def month_first(self, i: int, *, end: bool = False) -> tuple[dt.date, int]:
        month = words.MONTH_NUMBER[self.text(i)]
        if year := self.year(i + 1):
            return day_of(year[0], month, 1), year[1]
        this = self.today.replace(day=1) if end else self.today
        return coming(month, 1, this), i + 1

    def day_month(self, i: int) -> Read[Part]:
        """ "3 dec", "the 3rd of may 2027"."""
        j = self.skip(i, "the")
        day = self.ordinal(j) or self.whole_number(j)
        if not day:
            return None
        k = self.skip(day[1], "of")
        if self.text(k) not in words.MONTH_NUMBER:
            return None
        counted = self.kind(j) == "number" and k == day[1] and self.text(k) in words.WORDY_MONTHS
        return self.dated(day[0], k, k + 1, wordy=counted)

    def month_day(self, i: int) -> Read[Part]:
        """ "dec 3", "june the twenty first", "May 3, 2027"; "december" alone is its first day."""
        if self.text(i) not in words.MONTH_NUMBER:
            return None
        j = self.skip(self.skip(i + 1, "."), "the")
        ordinal = self.ordinal(j)
        day = ordinal or self.whole_number(j)
        if not day or (not ordinal and day[0] > 31 and not self.clause_ends(day[1])) or self.year(j):
            first = self.month_first(i)
            return Part(first[0], cue=Cue.PREPOSITION, prepositions=IN), first[1]
        return self.dated(day[0], i, day[1], wordy=not ordinal and self.text(i) in words.WORDY_MONTHS)

    def dated(self, day: int, month_index: int, after: int, *, wordy: bool) -> Read[Part]:
        month = words.MONTH_NUMBER[self.text(month_index)]
        year = self.year(self.skip(after, ","))
        j = year[1] if year else after
        introduced = self.whole or {self.text(month_index - 1), self.text(month_index - 2)} & DUE
        if wordy and not year and not introduced and not self.clause_ends(j):
            return None
        return Part(day_of(year[0], month, day) if year else coming(month, day, self.today)), j

    def the_day(self, i: int) -> Read[Part]:
        """ "the 15th", "on the first", "by 15th"."""
        j = self.skip(i, "the")
        day = self.ordinal(j)
        if not day or (j == i and self.kind(i) != "ordinal"):
            return None
        if not self.whole and (self.text(day[1]) in COUNTED or not 1 <= day[0] <= 31):
            return None
        k = self.skip(day[1], "of")
        if k > day[1] and self.text(k) in {"this", "the", "next"} and self.text(k + 1) == "month":
            month = add_months(self.today.replace(day=1), int(self.text(k) == "next"))
            return Part(day_of(month.year, month.month, day[0])), k + 2
        cue = Cue.EDGE if j > i and self.kind(j) == "ordinal" else Cue.PREPOSITION
        return Part(coming_day(day[0], self.today), cue=cue), day[1]

    def nth_weekday(self, i: int) -> Read[Part]:
        """ "the first monday of december", "last friday of next month"."""
        i = self.skip(i, "the")
        nth = (-1, i + 1) if self.text(i) == "last" else self.ordinal(i)
        if not nth or self.text(nth[1]) not in words.WEEKDAYS or self.text(nth[1] + 1) not in {"of", "in"}:
            return None
        number, j = words.WEEKDAY_NUMBER[self.text(nth[1])], nth[1] + 2
        if self.text(j) in words.MONTH_NUMBER:
            first, j = self.month_first(j, end=True)
        elif self.text(j) in {"this", "the", "next"} and self.text(j + 1) == "month":
            first, j = add_months(self.today, int(self.text(j) == "next")).replace(day=1), j + 2
        else:
            return None
        days = [day for n in range(31) if (day := add_days(first, n)).month == first.month and day.weekday() == number]
        if not -1 <= nth[0] <= len(days) or nth[0] == 0:
            raise NotADate(f"That month has only {len(days)} of these weekdays.")
        return Part(days[nth[0] if nth[0] < 0 else nth[0] - 1]), j

    def numeric(self, i: int) -> Read[Part]:
        """ "2026-12-03", "12/3" (month first unless it cannot be), "3.12."."""
        text, read = self.text(i), {"iso": self.iso, "slashed": self.slashed, "dotted": self.dotted}.get(self.kind(i))
        return (read(text), i + 1) if read else None

    def iso(self, text: str) -> Part:
        try:
            if len(text) <= 10:
                return Part(day_of(*map(int, text.split("-"))))
            moment = dt.datetime.fromisoformat(text.upper())
            local = moment if moment.tzinfo is None else moment.astimezone(self.now.tzinfo)
        except (ValueError, OverflowError) as fault:
            raise fault if isinstance(fault, NotADate) else NotADate(f"{text} does not exist: {fault}.") from fault
        return Part(local.date(), local.time().replace(second=0, microsecond=0))

    def slashed(self, text: str) -> Part:
        first, second, *year = map(int, text.split("/"))
        month, day = (second, first) if first > 12 else (first, second)
        always = text.startswith("24/7")  # around the clock
        return replace(self.numbered(day, month, year), cue=Cue.PREPOSITION if always else Cue.EDGE)

    def dotted(self, text: str) -> Part:
        day, month, *year = (int(number) for number in text.split(".") if number)
        return replace(self.numbered(day, month, year), cue=Cue.NEAR)

    def numbered(self, day: int, month: int, year: list[int]) -> Part:
        if not year:
            return Part(coming(month, day, self.today) if 1 <= month <= 12 else day_of(2024, month, day))
        return Part(day_of(year[0] + 2000 if year[0] < 100 else year[0], month, day))

    def holiday(self, i: int) -> Read[Part]:
        for phrase, (month, day) in words.HOLIDAYS.items():
            if self.follows(i, *phrase):
                day_part = Part(coming(month, day, self.today), cue=Cue.NEAR, prepositions=DUE | {"at"})
                return day_part, i + len(phrase)
        return None

    type Rules = tuple[Callable[["Dates", int], Read[Part]], ...]
    NAMED: Rules = (day_month, month_day, the_day, numeric)
    ANCHORS: Rules = (*NAMED, near, weekday, weekday_of_week, period, period_edge, nth_weekday, holiday)

    def date(self, i: int) -> Read[Part]:
        return self.longest(i, (*Dates.ANCHORS, Dates.relative))

    def longest(self, i: int, rules: Rules) -> Read[Part]:
        found = [read for rule in rules if (read := rule(self, i))]
        return max(found, key=lambda read: read[1], default=None)
