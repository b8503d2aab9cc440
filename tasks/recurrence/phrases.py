"""The grammar of repetition, on top of the grammar of dates.

A phrase is made of pieces: what repeats ("every 2 weeks", "weekly", "the 1st of each month"), on which days ("on
monday"), at what time, and how long ("until christmas", "for 5 weeks", "10 times", "starting monday"). A rule for a
piece takes the index of a token and answers with what it read and the index after it, or None.
"""

import datetime as dt
from dataclasses import replace

from tasks.recurrence.said import Said
from tasks.recurrence.values import EXAMPLES, TOO_OFTEN, WEEKDAYS, NotARule
from tasks.recurrence.vocabulary import ADVERBS, DOUBTFUL, EACH, OFTEN, PLURALS, UNITS, WEEKDAY, WEEKEND, WORKDAYS
from tasks.when import words
from tasks.when.grammar import Grammar
from tasks.when.reader import Part, Read


class Phrases(Grammar):
    def phrase(self, i: int) -> Read[Said]:
        """The pieces that stand side by side from here, if one of them says that something repeats."""
        said, end, pieces, j = Said(), i, 0, i
        while read := self.piece(j, said):
            merged = said.merged(read[0])
            if merged is None:
                break
            said, end, pieces = merged, read[1], pieces + 1
            j = self.skip(end, ",") if self.whole else end
            j = j + 1 if self.text(j) == "and" and self.whole else j
        if not said.repeats:
            return None
        self.refuse_second_time(end)
        return replace(said, weak=said.weak and pieces == 1), end

    def piece(self, i: int, before: Said) -> Read[Said]:
        rules = (
            self.every,
            self.adverb,
            self.nth,
            self.plain_days,
            self.on_date,
            self.time_said,
            self.limit,
            self.begin,
        )
        found = [read for rule in rules if (read := rule(i, before))]
        return max(found, key=lambda read: read[1], default=None)

    # What repeats

    def every(self, i: int, _: Said) -> Read[Said]:
        i = i + 1 if self.text(i) == "once" and self.text(i + 1) in EACH | {"a", "an", "per"} else i
        once = self.text(i - 1) == "once" and self.text(i) in {"a", "an", "per"}
        self.refuse_often(i)
        if not once and self.text(i) not in EACH:
            return None
        j = self.skip(i + 1, "single")
        rules = (self.every_unit,) if once else (self.every_unit, self.every_days, self.every_nth, self.every_date)
        found = [read for rule in rules if (read := rule(j))]
        read = max(found, key=lambda read: read[1], default=None)
        return (replace(read[0], repeats=True), read[1]) if read else None

    def refuse_often(self, i: int) -> None:
        """ "twice a week", "3 times a day", "every hour": a task does not repeat so."""
        found = self.whole_number(i)
        j = found[1] if found else i
        many = self.text(i) in {"twice", "thrice"} or (
            self.text(j) == "times" and (found or self.text(i - 1) in {"several", "many"})
        )
        per = i + 1 if self.text(i) in {"twice", "thrice"} else j + 1
        if many and (self.text(per) in EACH | {"a", "an", "per"} or self.text(per) in ADVERBS):
            per = per if self.text(per) in ADVERBS else per + 1
            if self.text(per) in UNITS or self.text(per) in ADVERBS:
                raise NotARule(
                    f'"{self.said(i, per + 1)}" does not say when. Name the days ("every monday and thursday"), or '
                    "make several tasks, each daily at its time."
                )
        if self.text(i) in EACH:
            j = self.skip(i + 1, "other", "single", "few", "half")
            j = counted[1] if (counted := self.number(j)) else self.skip(j, "an")
            alone = self.text(j) != "second" or (self.whole and j == len(self.tokens) - 1)
            if self.text(j) in OFTEN and alone:
                raise NotARule(f'"{self.said(i, j + 1)}" is too often. {TOO_OFTEN}')

    def refuse_second_time(self, i: int) -> None:
        """ "every morning and evening" must not become every morning."""
        if self.text(i) not in {"and", "&"}:
            return
        j = self.skip(i + 1, "every", "each", "at", "in", "the")
        if self.text(j) in words.DAYPARTS or self.kind(self.skip(i + 1, "at")) == "clock":
            raise NotARule("A task has one time of day. Make one task for each time.")

    def said(self, start: int, end: int) -> str:
        return " ".join(self.text(n) for n in range(start, end))[:60]

    def every_unit(self, j: int) -> Read[Said]:
        """ "day", "other week", "3 months", "third year", "morning"."""
        if self.text(j) == "few" and self.text(j + 1) in UNITS:
            raise NotARule(f'"every few" is not a number: write "every 3 {self.text(j + 1)}".')
        number, k = self.step(j)
        if self.text(k) in words.DAYPARTS and number < 3:
            time, after = self.clock_of(k) or (None, k + 1)
            return Said("DAILY", number, time=time), after
        unit = UNITS.get(self.text(k))
        if not unit or (self.text(k) == "week" and self.text(k + 1) == "day"):
            return None
        if k > j and self.ordinal(j) and self.of_month(k + 1):  # "every second day of the month"
            return None
        if self.text(k + 1) in {"'", "-"}:
            return None
        return Said(unit[0], number * unit[1]), k + 1

    def step(self, j: int) -> tuple[int, int]:
        """How many units lie between two times, and the index after the number."""
        if self.text(j) in {"other", "alternate"}:
            return 2, j + 1
        if found := self.whole_number(j) or self.ordinal(j):
            if found[0] < 1:
                raise NotARule(f'"every {self.text(j)}" does not exist. {EXAMPLES}')
            return found
        return 1, j

    def every_days(self, j: int) -> Read[Said]:
        """ "weekday", "weekend", "monday and friday", "other tuesday"."""
        other = self.text(j) in {"other", "alternate"} or (self.ordinal(j) or (0, 0))[0] == 2
        k = (self.ordinal(j) or (0, j + 1))[1] if other else j
        if not other and (workdays := self.workdays(j)) and not self.of_month(workdays):
            return Said("WEEKLY", days=WEEKDAYS), workdays
        if self.text(k) in {"weekend", "weekends"}:  # one task a weekend; "on weekends" is both days
            both = self.text(k) == "weekends" or self.text(k + 1) in {"day", "days"}
            return Said("WEEKLY", 2 * other, days=WEEKEND if both else ((0, 5),)), self.skip(k + 1, "day", "days")
        found = self.weekdays(k)
        if not found or (other and self.of_month(found[1])):
            return None
        time, after = self.morning(found[1])
        return Said("WEEKLY", 2 * other, days=found[0], time=time), after

    def morning(self, i: int) -> tuple[dt.time | None, int]:
        """The time of day right behind a weekday: "every monday morning", with an hour or not."""
        found = self.clock_of(i) if self.text(i) in words.DAYPARTS else None
        return found or (None, i)

    def workdays(self, i: int) -> int | None:
        """The index after "weekday", "week day", "working day"."""
        if self.text(i) in WORKDAYS:
            return i + 1
        pair = self.text(i) in {"week", "work", "working", "business"} and self.text(i + 1) in {"day", "days"}
        return i + 2 if pair else None

    def weekdays(self, i: int) -> Read[tuple[tuple[int, int], ...]]:
        """ "mon, wed and fri", "monday to friday"."""
        found, j = set[int](), i
        end = i
        while (day := WEEKDAY.get(self.text(j))) is not None:
            last = WEEKDAY.get(self.text(j + 2))
            if self.text(j + 1) in {"to", "through", "thru", "till", "-", "\u2013"} and last is not None:
                found |= {(day + n) % 7 for n in range((last - day) % 7 + 1)}
                end = j + 3
            else:
                found.add(day)
                end = j + 1
            j = self.skip(self.skip(end, ",", "/", "&"), "and", "&", "on")
            j = self.skip(j, "every", "each", "on") if self.text(j - 1) == "and" else j
        return (tuple((0, day) for day in sorted(found)), end) if found else None

    def every_nth(self, j: int) -> Read[Said]:
        """ "third thursday of the month", "1st and 15th", "last day of the month", "first monday"."""
        found = self.nth_day(j)
        if not found:
            return None
        said, k, name = *found, self.said(j, found[1])
        month = self.of_month(k)
        nths = {nth for nth, _ in said.days}
        if not month and said.days and nths == {2}:  # every other one
            return None
        if not month and said.days and not nths <= {1, -1, 5}:
            raise NotARule(f'"every {name}" may be counted in weeks or in a month. Write "every {name} of the month".')
        if not month and -1 in said.monthdays and self.text(k - 1) != "day":
            return None
        return self.in_month(said, month, k)

    def in_month(self, said: Said, month: Read[Said], after: int) -> Read[Said]:
        if not month:
            return replace(said, freq="MONTHLY"), after
        return replace(month[0], days=said.days, monthdays=said.monthdays, setpos=said.setpos), month[1]

    def nth_day(self, i: int) -> Read[Said]:
        """ "1st and 15th", "last friday", "first and third monday", "last weekday", "last day"."""
        found = self.ordinals(self.skip(i, "the"))
        if not found:
            return None
        nths, j = found
        if days := self.weekdays(j):
            return Said(days=tuple((nth, day) for nth in nths for _, day in days[0])), days[1]
        if after := self.workdays(j):
            return Said(days=WEEKDAYS, setpos=nths), after
        if self.text(j) == "day":
            return Said(monthdays=nths), j + 1
        digits = all(self.kind(n) != "word" or self.text(n) in {"and", "the", "last"} for n in range(i, j))
        return (Said(monthdays=nths), j) if digits or self.of_month(j) else None

    def ordinals(self, i: int) -> Read[tuple[int, ...]]:
        found, j, end = list[int](), i, i
        while one := (-1, j + 1) if self.text(j) == "last" else self.ordinal(j):
            found.append(one[0])
            end = one[1]
            j = self.skip(self.skip(self.skip(end, ","), "and", "&"), "the")
        return (tuple(sorted(set(found), key=lambda n: (n < 0, n))), end) if found else None

    def of_month(self, i: int) -> Read[Said]:
        """ "of the month", "of every month", "of each other month", "of may", "in june and december"."""
        if self.text(i) in {"monthly"}:
            return Said("MONTHLY", repeats=True), i + 1
        bare = self.text(i) in EACH and self.text(i + 1) == "month"  # "the 1st each month"
        if self.text(i) not in {"of", "in"} and not bare:
            return None
        j = i if bare else i + 1
        each = self.text(j) in EACH
        number, k = self.step(j + 1) if each else (1, self.skip(j, "the", "a"))
        unit = UNITS.get(self.text(k), ("", 0))
        if unit[0] == "MONTHLY":
            return Said("MONTHLY", number * unit[1], repeats=each), k + 1
        k = self.skip(j, "every", "each")
        months = list[int]()
        end = k
        while month := words.MONTH_NUMBER.get(self.text(k)):
            months.append(month)
            end = k + 1
            k = self.skip(self.skip(end, ","), "and", "&")
        return (Said("YEARLY", months=tuple(sorted(set(months))), repeats=each), end) if months else None

    def every_date(self, j: int) -> Read[Said]:
        """ "29 feb", "may 3", "december", "christmas"."""
        return self.day_of_year(j) or (self.month_alone(j) if self.text(j) in words.MONTH_NUMBER else None)

    def month_alone(self, j: int) -> Read[Said]:
        return Said("YEARLY", months=(words.MONTH_NUMBER[self.text(j)],), monthdays=(1,)), j + 1

    def day_of_year(self, j: int) -> Read[Said]:
        rules = (Phrases.day_month, Phrases.month_day, Phrases.holiday)
        found = [read for rule in rules if (read := rule(self, j)) and read[0].date]
        if not found:
            return None
        part, after = max(found, key=lambda read: read[1])
        alone = self.text(j) in words.MONTH_NUMBER and after == j + 1
        if part.date is None or alone:
            return None
        return Said("YEARLY", months=(part.date.month,), monthdays=(part.date.day,)), after

    def adverb(self, i: int, _: Said) -> Read[Said]:
        """ "daily", "bi-weekly", "monthly", "hourly" not."""
        word, after = self.text(i), i + 1
        if word in {"bi", "half"} and self.text(self.skip(i + 1, "-")) in {"weekly", "monthly", "yearly"}:
            after = self.skip(i + 1, "-") + 1
            word = {"half": "semiannually", "bi": "bi" + self.text(after - 1)}[word]
        if self.whole and word in DOUBTFUL:
            raise NotARule(f'"{word}" has two meanings: write {DOUBTFUL[word]}.')
        if self.whole and word == "hourly":
            raise NotARule(f'"hourly" is too often. {TOO_OFTEN}')
        if word not in ADVERBS:
            return None
        time = dt.time(20) if word == "nightly" else None
        return Said(*ADVERBS[word], time=time, repeats=True, weak=True), after

    # On which days

    def nth(self, i: int, before: Said) -> Read[Said]:
        """ "on the 15th", "on the last friday of each month", "on day 15"; without a month only beside one."""
        j = self.skip(i, "on", "at")
        if self.text(j) == "day" and (number := self.whole_number(j + 1)):
            found: Read[Said] = Said(monthdays=(number[0],)), number[1]
        else:
            found = self.nth_day(j)
        if not found:
            return None
        month = self.of_month(found[1])
        if month and before.repeats and before.freq == month[0].freq:
            month = replace(month[0], freq="", interval=0), month[1]
        elif (
            month
            and not month[0].repeats
            and not (self.whole or before.freq == "YEARLY" or self.repeats_after(month[1]))
        ):
            return None
        if not month and not (before.repeats or self.repeats_after(found[1])):
            return None
        if month:
            return self.in_month(replace(found[0]), self.repeating(month, before), found[1])
        return found

    def repeating(self, month: tuple[Said, int], before: Said) -> tuple[Said, int]:
        """ "the last day of the month" repeats where nothing but a rule is expected; "of may" wants "every year"."""
        said, after = month
        if said.freq == "YEARLY":
            return replace(said, freq="" if before.freq or self.repeats_after(after) else "YEARLY"), after
        return replace(said, repeats=said.repeats or self.whole), after

    def repeats_after(self, i: int) -> bool:
        return self.text(self.skip(i, ",")) in EACH or self.text(i) in ADVERBS

    def plain_days(self, i: int, before: Said) -> Read[Said]:
        """ "on mondays", "weekends", "on tuesday and friday" beside "weekly"."""
        if before.repeats and self.text(i) in {"except", "excluding", "but"}:
            return self.others(self.skip(self.skip(i + 1, "not"), "on", "for"))
        cue = self.text(i) in {"on", "at", "from", "only"}
        j = self.skip(i + cue, "the")
        if after := self.workdays(j):
            plural = self.text(after - 1).endswith("s")
            found: Read[tuple[tuple[int, int], ...]] = (WEEKDAYS, after) if plural else None
        elif self.text(j) in {"weekends", "weekend"}:
            found = (WEEKEND if self.text(j) == "weekends" else ((0, 5),), j + 1)
        else:
            found = self.weekdays(j)
        if not found:
            return None
        plural = self.text(found[1] - 1).endswith("s") and self.text(j) not in words.WEEKDAY_NUMBER
        plural = plural or self.text(j) in PLURALS or self.text(j) in {"weekends", *WORKDAYS}
        several = len(found[0]) > 1
        if self.text(i) == "from" and not several:
            return None
        time, after = self.morning(found[1])
        said = Said(days=found[0], time=time)
        if before.repeats or (self.repeats_after(found[1]) and self.whole) or (cue and self.repeats_after(found[1])):
            near = cue or self.whole or before.freq == "WEEKLY"
            return (said, after) if near else None
        if plural or (several and self.whole):
            return replace(said, freq="WEEKLY", repeats=True, weak=not cue), after
        return None

    def others(self, i: int) -> Read[Said]:
        """The days but those: "every day except sunday"."""
        found = (WEEKEND, i + 1) if self.text(i) in {"weekend", "weekends"} else self.weekdays(i)
        if not found:
            return None
        return Said(days=tuple((0, day) for day in range(7) if (0, day) not in found[0])), found[1]

    def on_date(self, i: int, before: Said) -> Read[Said]:
        """ "on may 3" beside "every year"."""
        j = self.skip(i, "on", "in", "at")
        year = before.freq == "YEARLY" and before.repeats
        found = self.day_of_year(j) if year or self.whole or j > i else None
        if found and (year or self.repeats_after(found[1])):
            return replace(found[0], freq=""), found[1]
        if year and j > i and self.text(j) in words.MONTH_NUMBER:
            return Said(months=(words.MONTH_NUMBER[self.text(j)],), monthdays=(1,)), j + 1
        return None

    # At what time

    def time_said(self, i: int, before: Said) -> Read[Said]:
        j = i
        for _ in range(2):
            j = self.skip(j, "at", "@", "around", "about", "by", ",")
        if self.text(j - 1) == "," or (j == i and not before.repeats and self.kind(i) == "number"):
            return None
        found = self.clock_of(j)
        hour = self.whole_number(j) if self.text(j - 1) in {"at", "@"} else None
        beside = hour and (before.repeats or self.repeats_after(hour[1]))
        if (
            not found and hour and beside and hour[0] < 24 and self.text(hour[1]) not in words.UNITS
        ):  # "at 9 water the plants"
            found = (Part(time=dt.time(hour[0]), bare_hour=hour[0] <= 12).settled() or dt.time(), hour[1])
        if not found or (j == i and not self.whole and not before.repeats and self.text(i) in words.DAYPARTS):
            return None
        return Said(time=found[0]), found[1]

    def clock_of(self, i: int) -> Read[dt.time]:
        """The time said here, with the time of day before or after it: "7 in the morning", "evening at 8"."""
        parts, end, j = list[Part](), i, i
        while len(parts) < 2 and (read := self.time(j)):
            if parts and (read[0].time is None) == (parts[0].time is None):
                break
            parts.append(read[0])
            end = read[1]
            j = self.skip(end, "at", "@", "around")
        daypart = next((part.daypart for part in parts if part.daypart), "")
        timed = next((part for part in parts if part.time), Part())
        settled = replace(timed, daypart=timed.daypart or daypart).settled() if parts else None
        return (settled.replace(second=0), end) if settled else None

    # How long

    def limit(self, i: int, _: Said) -> Read[Said]:
        """ "until christmas", "for 5 weeks", "10 times"."""
        if self.text(i) in {"until", "till", "through", "thru"}:
            until = self.date(self.skip(i + 1, "the") if self.text(i + 2) == "end" else i + 1)
            return (Said(until=until[0].date), until[1]) if until and until[0].date else None
        lasting = self.text(i) in {"for", "over"}
        j = self.skip(self.skip(i + lasting, "the"), "next")
        number = self.whole_number(j)
        if number and self.text(number[1]) in {"times", "time", "x", "occurrences", "repetitions"}:
            self.refuse_often(j)
            if number[0] < 1:
                raise NotARule("It cannot repeat zero times.")
            return Said(count=number[0]), number[1] + 1
        amount = self.amount(j) if lasting else None
        if not amount or amount[0][0] == "minutes" or amount[0][1] % 1 or amount[0][1] < 1:
            return None
        return Said(span=(amount[0][0], int(amount[0][1]))), amount[1]

    def begin(self, i: int, _: Said) -> Read[Said]:
        """ "starting next monday", "from december on", "as of today"."""
        if self.text(i) in {"starting", "beginning", "from", "effective", "starts"}:
            j = self.skip(i + 1, "on", "from", "in")
        elif self.follows(i, "as", "of"):
            j = i + 2
        else:
            return None
        if self.text(j) == "now":
            return Said(start=self.today), self.skip(j + 1, "on")
        found = self.date(j)
        return (Said(start=found[0].date), self.skip(found[1], "on")) if found and found[0].date else None
