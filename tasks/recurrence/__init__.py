"""Repeating tasks: rules as people say them, in English, and as RFC 5545 writes them (section 3.3.10).

A rule is an RRULE value without DTSTART, with FREQ (daily at most), INTERVAL, BYMONTH, BYMONTHDAY, BYDAY, BYSETPOS,
COUNT, UNTIL (a day, inclusive) and WKST. A task keeps beside it the day from which the rule counts (`start`), and its
due date and time; see `days` for why none of this is ever UTC.

Phrases with two meanings are read in one way: "every weekend" is its Saturday, "on weekends" both days; "biweekly" is
every two weeks; "every second tuesday" is every other one. "every third thursday" is refused without "of the month", as
is "twice a week", which names no days. "for 5 weeks" is until they are over, counted from the start said, else today.
"""

import datetime as dt
import re
from dataclasses import replace

from tasks import when
from tasks.recurrence import values
from tasks.recurrence.days import first_on_or_after, next_after, occurrences, occurs, parts_of
from tasks.recurrence.phrases import Phrases
from tasks.recurrence.said import Said, settled
from tasks.recurrence.saying import say
from tasks.recurrence.values import EXAMPLES, NotARule, Parts, Rule, UnreadableRule
from tasks.recurrence.vocabulary import ARTICLES, EACH, OBJECT
from tasks.when import Span, sentence_runs

__all__ = ["NotARule", "Rule", "UnreadableRule", "find", "first", "first_on_or_after", "next_after", "parse", "say"]

_VALUE = re.compile(r"\s*(?:RRULE\s*:|DTSTART|[A-Z]{3,12}\s*=)", re.IGNORECASE)
_AFTER_VALUE = re.compile(r"^(\S+)(?: at (\d\d:\d\d))?(?: starting (.{6,40}))?$")


def parse(text: str, now: dt.datetime) -> Rule:
    """The rule that the whole text says, in words or as an RRULE; `now` is aware, in the person's zone. `NotARule`."""
    if now.tzinfo is None:
        raise ValueError("now must be aware, in the person's zone")
    try:
        return value(text, now) if _VALUE.match(text[: values.LENGTH_LIMIT]) else phrase(text, now)
    except when.NotADate as fault:
        raise NotARule(str(fault)) from fault


def value(text: str, now: dt.datetime) -> Rule:
    """An RRULE, and what `say` puts behind one that has no words."""
    said = _AFTER_VALUE.match(re.sub(r"^\s*RRULE\s*:\s*", "", text[: values.LENGTH_LIMIT + 80], flags=re.I).strip())
    if said is None or len(said[1]) > values.LENGTH_LIMIT:
        return Rule(str(checked(values.read(text, now.tzinfo))))
    time = dt.time.fromisoformat(said[2]) if said[2] else None
    start = when.parse(said[3], now).date if said[3] else None
    return Rule(str(checked(values.read(said[1], now.tzinfo))), time, start)


def phrase(text: str, now: dt.datetime) -> Rule:
    grammar = Phrases(text[: when.PHRASE_LIMIT + 1], now, whole=True)
    found = grammar.phrase(0) if len(text) <= when.PHRASE_LIMIT else None
    if not found or any(token.text not in {".", "!", "?", ","} for token in grammar.tokens[found[1] :]):
        raise UnreadableRule(f'"{text[:60]}" is not a repetition I can read. {EXAMPLES}')
    return rule_of(found[0], now)


def rule_of(said: Said, now: dt.datetime) -> Rule:
    return Rule(str(checked(values.tidy(settled(said, now.date())))), said.time, said.start)


def checked(parts: Parts) -> Parts:
    if len(str(parts)) > values.LENGTH_LIMIT:
        raise NotARule(f"A rule has at most {values.LENGTH_LIMIT} characters. {EXAMPLES}")
    if not occurs(parts):
        raise NotARule(f"{parts} never occurs: there is no such day. {EXAMPLES}")
    return parts


def first(rule: Rule, now: dt.datetime) -> dt.date | None:
    """The day to begin with, where nobody said one: the next that the rule names, today only if its time is ahead.

    Count from it too: "every 2 weeks on monday", said on a Friday, begins on Monday. From that Friday on it would begin
    a week later, since the Monday of the running week is over.
    """
    day = now.date() + dt.timedelta(days=int(rule.time is not None and rule.time <= now.time()))
    begin = max(rule.start or day, day)
    parts = replace(parts_of(rule.rrule), interval=1, count=None)
    return next(occurrences(parts, begin, begin), None)


def find(text: str, now: dt.datetime) -> tuple[Rule, tuple[Span, ...]] | None:
    """The rule said somewhere in a sentence, and the spans of characters that say it, prepositions included.

    A time of day apart from it ("at 9 water the plants every monday") is a second span, unless the sentence names a day
    too. None if no rule is said; `NotARule` for one that cannot be kept, such as "every hour".
    """
    grammar = Phrases(text[: when.SENTENCE_LIMIT], now, whole=False)
    for i in range(len(grammar.tokens)):
        try:
            found = grammar.phrase(i)
        except when.NotADate as fault:
            if grammar.text(i) in EACH:
                raise NotARule(str(fault)) from fault
            continue
        if found and is_meant(grammar, i, found):
            return with_time(grammar, i, found, now)
    return None


def is_meant(grammar: Phrases, i: int, found: tuple[Said, int]) -> bool:
    """Whether words that can be a rule are one where they stand."""
    said, end = found
    before, after = grammar.text(i - 1), grammar.text(end)
    if before in OBJECT or after in {"is", "was", "are", "were", "has", "counts", "matters", "-", "'"}:
        return False
    if not said.weak:
        return True
    if i == 0:
        return after in {":", ","}
    if len(said.days) == 1:  # "book TGI fridays"; "on fridays" is not weak
        return False
    return before not in ARTICLES and grammar.clause_ends(end)


def with_time(grammar: Phrases, i: int, found: tuple[Said, int], now: dt.datetime) -> tuple[Rule, tuple[Span, ...]]:
    said, end = found
    spans = [(grammar.tokens[i].start, grammar.tokens[end - 1].end)]
    rule = rule_of(said, now)
    runs = [run for run in sentence_runs(grammar) if run.end <= i or run.start >= end] if rule.time is None else []
    clocks = [(run, time) for run in runs if not run.has_date and (time := when.settle(run.parts, now).time)]
    if clocks and not any(run.has_date for run in runs):
        run, time = clocks[0]
        rule = Rule(rule.rrule, time, rule.start)
        spans.append((grammar.tokens[run.start].start, grammar.tokens[run.end - 1].end))
    return rule, tuple(sorted(spans))
