"""Dates as people say them, in English, read strictly: what cannot be read is refused, never guessed.

The result is wall time where the person is. Weeks run from Monday to Sunday. The rules:

- **Weekdays.** "friday" is the coming one: on a Friday it is the one in seven days. "this friday" counts today. "next
  friday" is the Friday of next week, so from Saturday on it equals "friday". "last friday" is the latest before today.
  "friday in two weeks" is the Friday of the week two weeks ahead, "friday next month" the first of that month. A
  weekday beside a date must agree with it.
- **Numbered days.** "the 15th", "dec 3", "3.12." and "12/3" are the coming ones, today included; "the 31st" waits for a
  month that has one, "29 feb" for a leap year. 12/3 is month/day, unless the first number is over 12.
- **Periods.** "next week/month/year" is its first day, "this week/month/year" and "end of …" its last, a weekend its
  Saturday (today, if it is Sunday). "eod" is the day itself. "in 2 months" keeps the day or takes the month's last.
- **Times.** Morning 09:00, noon 12:00, afternoon 15:00, evening 18:00, night 20:00, midnight 23:59 of that day. A bare
  hour from 1 to 6 is in the afternoon, 7 to 12 as written, unless a time of day is named. A time alone is the next
  such time: today if still ahead, else tomorrow.
- **Elapsed time.** "in N hours/minutes" is counted in real time, across a change of the clocks. Everything else is
  wall time, kept as said even in an hour that the clocks skip.

In a sentence (`find`) words that are no dates on their own need a cue beside them: "may", "march", "sat", "sun", "mon",
bare numbers, fractions, holidays. Where a sentence names several days, the first after "on", "by", "due", "until" or
"before" counts, else the one at its end, else the first.
"""

import datetime as dt
from dataclasses import dataclass, replace

from tasks.when.calendar import NotADate, UnreadableDate
from tasks.when.grammar import Grammar
from tasks.when.reader import DUE, LEADING, Cue, Part
from tasks.when.words import MONTH_NUMBER, MONTHS, WEEKDAY_NUMBER, WEEKDAYS

__all__ = ["NotADate", "Span", "UnreadableDate", "When", "find", "parse", "say", "without"]

PHRASE_LIMIT, SENTENCE_LIMIT = 120, 1000  # characters that are looked at

type Span = tuple[int, int]


@dataclass(frozen=True)
class When:
    """A day, or a time on a day, local to the person."""

    date: dt.date
    time: dt.time | None = None

    def iso(self) -> str:
        """2026-11-27, or 2026-11-27T17:00."""
        return f"{self.date}T{self.time:%H:%M}" if self.time else f"{self.date}"


@dataclass(frozen=True)
class Run:
    """Parts side by side in a sentence, the tokens they take and whether they say when something is due."""

    parts: list[Part]
    start: int
    end: int
    is_due: bool
    is_for: bool  # "food for friday" names the day of something else, if another day is said

    @property
    def has_date(self) -> bool:
        return any(part.date for part in self.parts)


def parse(text: str, now: dt.datetime) -> When:
    """The date that the whole text says; `now` is aware, in the person's zone. Raises NotADate."""
    if now.tzinfo is None:
        raise ValueError("now must be aware, in the person's zone")
    grammar = Grammar(text[: PHRASE_LIMIT + 1], now, whole=True)
    start = 0
    while grammar.text(start) in LEADING and not grammar.run(start)[0]:
        start += 1
    parts, end = grammar.run(start)
    rest = grammar.tokens[end:]
    bare = len(parts) == 1 and parts[0].bare_hour and grammar.kind(start) == "number" and end == start + 1
    if (
        not parts
        or (bare and start == 0)
        or len(text) > PHRASE_LIMIT
        or any(token.text not in {".", "!", "?", ","} for token in rest)
    ):
        raise UnreadableDate(
            f'"{text[:60]}" is not a date I can read. Write 2026-11-27, 2026-11-27T17:00, or a phrase such as '
            '"tomorrow at 5pm", "next friday", "in 2 weeks", "3 dec".'
        )
    return settle(parts, now)


def find(text: str, now: dt.datetime) -> tuple[When, tuple[Span, ...]] | None:
    """The date said somewhere in a sentence, and the spans of characters that say it, prepositions included.

    Date and time may stand apart ("at 5pm call mum tomorrow"): then there are two spans. None if no date is said;
    NotADate if an impossible one is.
    """
    grammar = Grammar(text[:SENTENCE_LIMIT], now, whole=False)
    runs = list(sentence_runs(grammar))
    dated, timed = [run for run in runs if run.has_date], [run for run in runs if not run.has_date]
    chosen = ([most_likely(dated, len(grammar.tokens))] if dated else []) or timed[:1]
    if not chosen:
        return None
    if timed and chosen[0].has_date and not any(part.time or part.daypart for part in chosen[0].parts):
        chosen.append(timed[0])
    when = settle([part for run in chosen for part in run.parts], now)
    spans = sorted((grammar.tokens[run.start].start, grammar.tokens[run.end - 1].end) for run in chosen)
    return when, tuple(spans)


def without(text: str, spans: tuple[Span, ...]) -> str:
    """The text without these spans, and without the gaps they leave."""
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start].rstrip(' ,;-')} {text[end:].lstrip(' ,;-')}"
    return text.strip(" ,;:-").replace(" .", ".")


def say(when: When, today: dt.date) -> str:
    """As people say it: "today 17:00", "tomorrow", "Friday", "Fri 27 Nov, 09:00"; the year only if it is another."""
    ahead = (when.date - today).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"} | {
        n: WEEKDAYS[when.date.weekday()].title() for n in range(2, 7)
    }
    if ahead in near:
        return f"{near[ahead]} {when.time:%H:%M}" if when.time else near[ahead]
    day = f"{WEEKDAYS[when.date.weekday()][:3].title()} {when.date.day} {MONTHS[when.date.month - 1][:3].title()}"
    if when.date.year != today.year:
        day += f" {when.date.year}"
    return f"{day}, {when.time:%H:%M}" if when.time else day


def settle(parts: list[Part], now: dt.datetime) -> When:
    """What the parts say together; a time without a day is the next such time."""
    day = next((part.date for part in parts if part.date), None)
    daypart = next((part.daypart for part in parts if part.daypart), "")
    timed = next((part for part in parts if part.time), Part())
    time = replace(timed, daypart=timed.daypart or daypart).settled()
    if day is None:
        day = now.date() + dt.timedelta(days=int(time is not None and time <= now.time()))
    return When(day, time)


def sentence_runs(grammar: Grammar) -> list[Run]:
    runs: list[Run] = []
    i = 0
    while i < len(grammar.tokens):
        try:
            run = run_at(grammar, i)
        except NotADate:
            if is_meant(grammar, i):
                raise
            run = None
        if run:
            runs.append(run)
        i = run.end if run else i + 1
    return runs


def run_at(grammar: Grammar, i: int) -> Run | None:
    """The run of parts at this token, if the sentence gives it the cues it needs."""
    parts, end = grammar.run(i)
    if not parts or grammar.text(i - 1) in {"every", "each"}:
        return None
    start = i
    while grammar.text(start - 1) in LEADING | {"the"} and i - start < 3:
        start -= 1
    before = {grammar.text(n) for n in range(start, i + 1)} | {grammar.text(i - 1)}
    cued = bool(before & parts[0].prepositions)
    edge = parts[0].cue == Cue.EDGE and grammar.clause_ends(end)
    enough = parts[0].cue == Cue.NONE or cued or edge or (len(parts) > 1 and parts[0].cue < Cue.PREPOSITION)
    if not enough:
        return None
    while start < i and grammar.text(start) not in parts[0].prepositions | {"for"}:
        start += 1
    return Run(parts, start, end, bool(before & DUE), "for" in before)


def is_meant(grammar: Grammar, i: int) -> bool:
    """Whether an impossible date at this token was surely meant as one."""
    near = {grammar.text(i), grammar.text(i + 1)}
    named = any(word in MONTH_NUMBER or word in WEEKDAY_NUMBER for word in near)
    return named or grammar.kind(i) == "iso" or bool({grammar.text(i - 1), grammar.text(i)} & LEADING)


def most_likely(runs: list[Run], length: int) -> Run:
    due = [run for run in runs if run.is_due]
    last = [run for run in runs if run.end >= length - 1 and not run.is_for]
    return (due or last or runs)[0]
