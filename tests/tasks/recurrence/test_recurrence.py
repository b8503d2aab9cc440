import contextlib
import datetime as dt
import time
from zoneinfo import ZoneInfo

import pytest

from tasks import recurrence, when
from tasks.recurrence import NotARule, Rule, parse, say

NOW = dt.datetime(2026, 11, 20, 10, 3, tzinfo=ZoneInfo("Europe/Berlin"))  # a Friday


def table(text: str) -> list[list[str]]:
    """Lines "a | b | c" as lists."""
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


def rule_of(value: str, extra: str = "") -> Rule:
    """A rule, and what "at 09:00 from 2026-11-23" says beside it."""
    words = extra.split()
    said = dict(zip(words[::2], words[1::2], strict=True))
    clock = dt.time.fromisoformat(said["at"]) if "at" in said else None
    return Rule(f"FREQ={value}", clock, dt.date.fromisoformat(said["from"]) if "from" in said else None)


def days(rule: Rule, start: str, day: str = "", count: int = 3) -> str:
    """The next days of the rule from `day` on, counted from `start`."""
    begin = dt.date.fromisoformat(start)
    found = recurrence.first_on_or_after(rule, begin, dt.date.fromisoformat(day or start))
    said: list[str] = []
    while found and len(said) < count:
        said.append(str(found))
        found = recurrence.next_after(rule, begin, found)
    return " ".join(said)


# The phrase, its rule without FREQ=, the time and start said, and the next three days from that start or today.
PHRASES = table("""
    every day except sundays | WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA | | 2026-11-20 2026-11-21 2026-11-23
    every day but not on weekends | WEEKLY;BYDAY=MO,TU,WE,TH,FR | | 2026-11-20 2026-11-23 2026-11-24
    every 10 years | YEARLY;INTERVAL=10 | | 2026-11-20 2036-11-20 2046-11-20
    every 2 years | YEARLY;INTERVAL=2 | | 2026-11-20 2028-11-20 2030-11-20
    every second friday | WEEKLY;INTERVAL=2;BYDAY=FR | | 2026-11-20 2026-12-04 2026-12-18
    once every 2 years | YEARLY;INTERVAL=2 | | 2026-11-20 2028-11-20 2030-11-20
    yearly march 1 until 1/1/2030 | YEARLY;BYMONTH=3;BYMONTHDAY=1;UNTIL=20300101 | | 2027-03-01 2028-03-01 2029-03-01
    on the last day of february every year | YEARLY;BYMONTH=2;BYMONTHDAY=-1 | | 2027-02-28 2028-02-29 2029-02-28
    every day | DAILY | | 2026-11-20 2026-11-21 2026-11-22
    daily | DAILY | | 2026-11-20 2026-11-21 2026-11-22
    Every Day. | DAILY | | 2026-11-20 2026-11-21 2026-11-22
    everyday | DAILY | | 2026-11-20 2026-11-21 2026-11-22
    each day | DAILY | | 2026-11-20 2026-11-21 2026-11-22
    every single day | DAILY | | 2026-11-20 2026-11-21 2026-11-22
    every weekday | WEEKLY;BYDAY=MO,TU,WE,TH,FR | | 2026-11-20 2026-11-23 2026-11-24
    every workday | WEEKLY;BYDAY=MO,TU,WE,TH,FR | | 2026-11-20 2026-11-23 2026-11-24
    every working day | WEEKLY;BYDAY=MO,TU,WE,TH,FR | | 2026-11-20 2026-11-23 2026-11-24
    weekdays | WEEKLY;BYDAY=MO,TU,WE,TH,FR | | 2026-11-20 2026-11-23 2026-11-24
    on weekdays | WEEKLY;BYDAY=MO,TU,WE,TH,FR | | 2026-11-20 2026-11-23 2026-11-24
    weekends | WEEKLY;BYDAY=SA,SU | | 2026-11-21 2026-11-22 2026-11-28
    on weekends | WEEKLY;BYDAY=SA,SU | | 2026-11-21 2026-11-22 2026-11-28
    every weekend | WEEKLY;BYDAY=SA | | 2026-11-21 2026-11-28 2026-12-05
    every weekend day | WEEKLY;BYDAY=SA,SU | | 2026-11-21 2026-11-22 2026-11-28
    every monday | WEEKLY;BYDAY=MO | | 2026-11-23 2026-11-30 2026-12-07
    mondays | WEEKLY;BYDAY=MO | | 2026-11-23 2026-11-30 2026-12-07
    on mondays | WEEKLY;BYDAY=MO | | 2026-11-23 2026-11-30 2026-12-07
    Mondays and Thursdays | WEEKLY;BYDAY=MO,TH | | 2026-11-23 2026-11-26 2026-11-30
    every mon wed and fri | WEEKLY;BYDAY=MO,WE,FR | | 2026-11-20 2026-11-23 2026-11-25
    every mon, wed & fri | WEEKLY;BYDAY=MO,WE,FR | | 2026-11-20 2026-11-23 2026-11-25
    every monday, wednesday and friday | WEEKLY;BYDAY=MO,WE,FR | | 2026-11-20 2026-11-23 2026-11-25
    every monday to friday | WEEKLY;BYDAY=MO,TU,WE,TH,FR | | 2026-11-20 2026-11-23 2026-11-24
    mon-fri | WEEKLY;BYDAY=MO,TU,WE,TH,FR | | 2026-11-20 2026-11-23 2026-11-24
    monday through thursday | WEEKLY;BYDAY=MO,TU,WE,TH | | 2026-11-23 2026-11-24 2026-11-25
    every tues and thurs | WEEKLY;BYDAY=TU,TH | | 2026-11-24 2026-11-26 2026-12-01
    every other day | DAILY;INTERVAL=2 | | 2026-11-20 2026-11-22 2026-11-24
    every second day | DAILY;INTERVAL=2 | | 2026-11-20 2026-11-22 2026-11-24
    every 2 days | DAILY;INTERVAL=2 | | 2026-11-20 2026-11-22 2026-11-24
    every third day | DAILY;INTERVAL=3 | | 2026-11-20 2026-11-23 2026-11-26
    every 2 weeks | WEEKLY;INTERVAL=2 | | 2026-11-20 2026-12-04 2026-12-18
    every two weeks on monday | WEEKLY;INTERVAL=2;BYDAY=MO | | 2026-11-30 2026-12-14 2026-12-28
    every 2 weeks on monday and thursday | WEEKLY;INTERVAL=2;BYDAY=MO,TH | | 2026-11-30 2026-12-03 2026-12-14
    fortnightly | WEEKLY;INTERVAL=2 | | 2026-11-20 2026-12-04 2026-12-18
    biweekly | WEEKLY;INTERVAL=2 | | 2026-11-20 2026-12-04 2026-12-18
    bi-weekly | WEEKLY;INTERVAL=2 | | 2026-11-20 2026-12-04 2026-12-18
    every fortnight | WEEKLY;INTERVAL=2 | | 2026-11-20 2026-12-04 2026-12-18
    every other week | WEEKLY;INTERVAL=2 | | 2026-11-20 2026-12-04 2026-12-18
    every other tuesday | WEEKLY;INTERVAL=2;BYDAY=TU | | 2026-12-01 2026-12-15 2026-12-29
    every second tuesday | WEEKLY;INTERVAL=2;BYDAY=TU | | 2026-12-01 2026-12-15 2026-12-29
    every third thursday of the month | MONTHLY;BYDAY=3TH | | 2026-12-17 2027-01-21 2027-02-18
    every 3rd thursday of the month | MONTHLY;BYDAY=3TH | | 2026-12-17 2027-01-21 2027-02-18
    the third thursday of every month | MONTHLY;BYDAY=3TH | | 2026-12-17 2027-01-21 2027-02-18
    third thursday of each month | MONTHLY;BYDAY=3TH | | 2026-12-17 2027-01-21 2027-02-18
    the last friday of every month | MONTHLY;BYDAY=-1FR | | 2026-11-27 2026-12-25 2027-01-29
    last friday of the month | MONTHLY;BYDAY=-1FR | | 2026-11-27 2026-12-25 2027-01-29
    every last friday | MONTHLY;BYDAY=-1FR | | 2026-11-27 2026-12-25 2027-01-29
    every first monday | MONTHLY;BYDAY=1MO | | 2026-12-07 2027-01-04 2027-02-01
    first and third monday of every month | MONTHLY;BYDAY=1MO,3MO | | 2026-12-07 2026-12-21 2027-01-04
    every 1st and 3rd monday of the month | MONTHLY;BYDAY=1MO,3MO | | 2026-12-07 2026-12-21 2027-01-04
    on the 1st of each month | MONTHLY;BYMONTHDAY=1 | | 2026-12-01 2027-01-01 2027-02-01
    the 1st of every month | MONTHLY;BYMONTHDAY=1 | | 2026-12-01 2027-01-01 2027-02-01
    1st of the month | MONTHLY;BYMONTHDAY=1 | | 2026-12-01 2027-01-01 2027-02-01
    every 1st | MONTHLY;BYMONTHDAY=1 | | 2026-12-01 2027-01-01 2027-02-01
    every 15th | MONTHLY;BYMONTHDAY=15 | | 2026-12-15 2027-01-15 2027-02-15
    every 1st and 15th | MONTHLY;BYMONTHDAY=1,15 | | 2026-12-01 2026-12-15 2027-01-01
    on the 1st and 15th of each month | MONTHLY;BYMONTHDAY=1,15 | | 2026-12-01 2026-12-15 2027-01-01
    every month on the 1st and the 15th | MONTHLY;BYMONTHDAY=1,15 | | 2026-12-01 2026-12-15 2027-01-01
    last day of the month | MONTHLY;BYMONTHDAY=-1 | | 2026-11-30 2026-12-31 2027-01-31
    on the last day of every month | MONTHLY;BYMONTHDAY=-1 | | 2026-11-30 2026-12-31 2027-01-31
    every last day of the month | MONTHLY;BYMONTHDAY=-1 | | 2026-11-30 2026-12-31 2027-01-31
    the first day of every month | MONTHLY;BYMONTHDAY=1 | | 2026-12-01 2027-01-01 2027-02-01
    monthly | MONTHLY | | 2026-11-20 2026-12-20 2027-01-20
    every month | MONTHLY | | 2026-11-20 2026-12-20 2027-01-20
    once a month | MONTHLY | | 2026-11-20 2026-12-20 2027-01-20
    monthly on the 15th | MONTHLY;BYMONTHDAY=15 | | 2026-12-15 2027-01-15 2027-02-15
    every month on the 31st | MONTHLY;BYMONTHDAY=31 | | 2026-12-31 2027-01-31 2027-03-31
    monthly on the last friday | MONTHLY;BYDAY=-1FR | | 2026-11-27 2026-12-25 2027-01-29
    every month on the last day | MONTHLY;BYMONTHDAY=-1 | | 2026-11-30 2026-12-31 2027-01-31
    every 3 months | MONTHLY;INTERVAL=3 | | 2026-11-20 2027-02-20 2027-05-20
    quarterly | MONTHLY;INTERVAL=3 | | 2026-11-20 2027-02-20 2027-05-20
    every quarter | MONTHLY;INTERVAL=3 | | 2026-11-20 2027-02-20 2027-05-20
    every three months on the 1st | MONTHLY;INTERVAL=3;BYMONTHDAY=1 | | 2027-02-01 2027-05-01 2027-08-01
    every other month | MONTHLY;INTERVAL=2 | | 2026-11-20 2027-01-20 2027-03-20
    every 6 months | MONTHLY;INTERVAL=6 | | 2026-11-20 2027-05-20 2027-11-20
    semiannually | MONTHLY;INTERVAL=6 | | 2026-11-20 2027-05-20 2027-11-20
    half-yearly | MONTHLY;INTERVAL=6 | | 2026-11-20 2027-05-20 2027-11-20
    yearly | YEARLY | | 2026-11-20 2027-11-20 2028-11-20
    annually | YEARLY | | 2026-11-20 2027-11-20 2028-11-20
    every year | YEARLY | | 2026-11-20 2027-11-20 2028-11-20
    once a year | YEARLY | | 2026-11-20 2027-11-20 2028-11-20
    every year on may 3 | YEARLY;BYMONTH=5;BYMONTHDAY=3 | | 2027-05-03 2028-05-03 2029-05-03
    every may 3 | YEARLY;BYMONTH=5;BYMONTHDAY=3 | | 2027-05-03 2028-05-03 2029-05-03
    every 3rd of may | YEARLY;BYMONTH=5;BYMONTHDAY=3 | | 2027-05-03 2028-05-03 2029-05-03
    every year on the 3rd of may | YEARLY;BYMONTH=5;BYMONTHDAY=3 | | 2027-05-03 2028-05-03 2029-05-03
    every 29 feb | YEARLY;BYMONTH=2;BYMONTHDAY=29 | | 2028-02-29 2032-02-29 2036-02-29
    every feb 29 | YEARLY;BYMONTH=2;BYMONTHDAY=29 | | 2028-02-29 2032-02-29 2036-02-29
    yearly on december 24 | YEARLY;BYMONTH=12;BYMONTHDAY=24 | | 2026-12-24 2027-12-24 2028-12-24
    every christmas | YEARLY;BYMONTH=12;BYMONTHDAY=25 | | 2026-12-25 2027-12-25 2028-12-25
    every new year's eve | YEARLY;BYMONTH=12;BYMONTHDAY=31 | | 2026-12-31 2027-12-31 2028-12-31
    every december | YEARLY;BYMONTH=12;BYMONTHDAY=1 | | 2026-12-01 2027-12-01 2028-12-01
    every year in june | YEARLY;BYMONTH=6;BYMONTHDAY=1 | | 2027-06-01 2028-06-01 2029-06-01
    every third thursday of november | YEARLY;BYMONTH=11;BYDAY=3TH | | 2027-11-18 2028-11-16 2029-11-15
    the last monday of may every year | YEARLY;BYMONTH=5;BYDAY=-1MO | | 2027-05-31 2028-05-29 2029-05-28
    every 2 years on 3 may | YEARLY;INTERVAL=2;BYMONTH=5;BYMONTHDAY=3 | | 2028-05-03 2030-05-03 2032-05-03
    first weekday of every month | MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1 | | 2026-12-01 2027-01-01 2027-02-01
    last working day of the month | MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 | | 2026-11-30 2026-12-31 2027-01-29
    last weekday of each month | MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 | | 2026-11-30 2026-12-31 2027-01-29
    every morning | DAILY | at 09:00 | 2026-11-20 2026-11-21 2026-11-22
    every evening | DAILY | at 18:00 | 2026-11-20 2026-11-21 2026-11-22
    every night | DAILY | at 20:00 | 2026-11-20 2026-11-21 2026-11-22
    nightly | DAILY | at 20:00 | 2026-11-20 2026-11-21 2026-11-22
    every monday morning | WEEKLY;BYDAY=MO | at 09:00 | 2026-11-23 2026-11-30 2026-12-07
    every day at 7:30 | DAILY | at 07:30 | 2026-11-20 2026-11-21 2026-11-22
    every monday at 5pm | WEEKLY;BYDAY=MO | at 17:00 | 2026-11-23 2026-11-30 2026-12-07
    every monday at 9 | WEEKLY;BYDAY=MO | at 09:00 | 2026-11-23 2026-11-30 2026-12-07
    every weekday at 8 | WEEKLY;BYDAY=MO,TU,WE,TH,FR | at 08:00 | 2026-11-20 2026-11-23 2026-11-24
    at 9 every monday | WEEKLY;BYDAY=MO | at 09:00 | 2026-11-23 2026-11-30 2026-12-07
    every day at noon | DAILY | at 12:00 | 2026-11-20 2026-11-21 2026-11-22
    every day at half past six | DAILY | at 18:30 | 2026-11-20 2026-11-21 2026-11-22
    every day at 7 in the morning | DAILY | at 07:00 | 2026-11-20 2026-11-21 2026-11-22
    every evening at 8 | DAILY | at 20:00 | 2026-11-20 2026-11-21 2026-11-22
    daily at 8pm | DAILY | at 20:00 | 2026-11-20 2026-11-21 2026-11-22
    at 7am daily | DAILY | at 07:00 | 2026-11-20 2026-11-21 2026-11-22
    every 2 days until christmas | DAILY;INTERVAL=2;UNTIL=20261225 | | 2026-11-20 2026-11-22 2026-11-24
    every monday until 31 december 2026 | WEEKLY;BYDAY=MO;UNTIL=20261231 | | 2026-11-23 2026-11-30 2026-12-07
    every day until the end of the month | DAILY;UNTIL=20261130 | | 2026-11-20 2026-11-21 2026-11-22
    every monday for 5 weeks | WEEKLY;BYDAY=MO;UNTIL=20261224 | | 2026-11-23 2026-11-30 2026-12-07
    every day for 2 weeks | DAILY;UNTIL=20261203 | | 2026-11-20 2026-11-21 2026-11-22
    monthly for a year | MONTHLY;UNTIL=20271119 | | 2026-11-20 2026-12-20 2027-01-20
    every monday 10 times | WEEKLY;BYDAY=MO;COUNT=10 | | 2026-11-23 2026-11-30 2026-12-07
    every day for 10 times | DAILY;COUNT=10 | | 2026-11-20 2026-11-21 2026-11-22
    every week 3 times | WEEKLY;COUNT=3 | | 2026-11-20 2026-11-27 2026-12-04
    every monday starting next monday | WEEKLY;BYDAY=MO | from 2026-11-23 | 2026-11-23 2026-11-30 2026-12-07
    every 2 weeks starting tomorrow | WEEKLY;INTERVAL=2 | from 2026-11-21 | 2026-11-21 2026-12-05 2026-12-19
    daily from december 1 | DAILY | from 2026-12-01 | 2026-12-01 2026-12-02 2026-12-03
    every day starting today at 9 | DAILY | at 09:00 from 2026-11-20 | 2026-11-20 2026-11-21 2026-11-22
    weekly | WEEKLY | | 2026-11-20 2026-11-27 2026-12-04
    every week | WEEKLY | | 2026-11-20 2026-11-27 2026-12-04
    once a week | WEEKLY | | 2026-11-20 2026-11-27 2026-12-04
    once every 2 weeks | WEEKLY;INTERVAL=2 | | 2026-11-20 2026-12-04 2026-12-18
    every week on friday | WEEKLY;BYDAY=FR | | 2026-11-20 2026-11-27 2026-12-04
    weekly on mondays | WEEKLY;BYDAY=MO | | 2026-11-23 2026-11-30 2026-12-07
    weekly on tue and thu | WEEKLY;BYDAY=TU,TH | | 2026-11-24 2026-11-26 2026-12-01
    every year on the first monday of september | YEARLY;BYMONTH=9;BYDAY=1MO | | 2027-09-06 2028-09-04 2029-09-03
    every 2 months on the 10th | MONTHLY;INTERVAL=2;BYMONTHDAY=10 | | 2027-01-10 2027-03-10 2027-05-10
    on the 15th every 3 months | MONTHLY;INTERVAL=3;BYMONTHDAY=15 | | 2027-02-15 2027-05-15 2027-08-15
    on may 3 every year | YEARLY;BYMONTH=5;BYMONTHDAY=3 | | 2027-05-03 2028-05-03 2029-05-03
    every saturday and sunday | WEEKLY;BYDAY=SA,SU | | 2026-11-21 2026-11-22 2026-11-28
    every day except sunday | WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA | | 2026-11-20 2026-11-21 2026-11-23
    mondays at 17:00 until 1 march 2027 | WEEKLY;BYDAY=MO;UNTIL=20270301 | at 17:00 | 2026-11-23 2026-11-30 2026-12-07
    every twenty one days | DAILY;INTERVAL=21 | | 2026-11-20 2026-12-11 2027-01-01
    every 4 weeks on friday at 3pm | WEEKLY;INTERVAL=4;BYDAY=FR | at 15:00 | 2026-11-20 2026-12-18 2027-01-15
    every 31st | MONTHLY;BYMONTHDAY=31 | | 2026-12-31 2027-01-31 2027-03-31
    every month on the 30th | MONTHLY;BYMONTHDAY=30 | | 2026-11-30 2026-12-30 2027-01-30
    the 2nd and 4th tuesday of each month | MONTHLY;BYDAY=2TU,4TU | | 2026-11-24 2026-12-08 2026-12-22
    on day 15 of every month | MONTHLY;BYMONTHDAY=15 | | 2026-12-15 2027-01-15 2027-02-15
    every january 1 | YEARLY;BYMONTH=1;BYMONTHDAY=1 | | 2027-01-01 2028-01-01 2029-01-01
    every sunday evening | WEEKLY;BYDAY=SU | at 18:00 | 2026-11-22 2026-11-29 2026-12-06
    EVERY MONDAY AT 5PM | WEEKLY;BYDAY=MO | at 17:00 | 2026-11-23 2026-11-30 2026-12-07
    every wendesday | WEEKLY;BYDAY=WE | | 2026-11-25 2026-12-02 2026-12-09
    every weekday morning | WEEKLY;BYDAY=MO,TU,WE,TH,FR | at 09:00 | 2026-11-20 2026-11-23 2026-11-24
    every friday at 16:30 for 3 months | WEEKLY;BYDAY=FR;UNTIL=20270219 | at 16:30 | 2026-11-20 2026-11-27 2026-12-04
""")


@pytest.mark.parametrize(("phrase", "value", "extra", "expected"), PHRASES)
def test_phrases(phrase: str, value: str, extra: str, expected: str) -> None:
    rule = parse(phrase, NOW)
    assert rule == rule_of(value, extra)
    assert days(rule, str(rule.start or NOW.date()), str(NOW.date())) == expected


@pytest.mark.parametrize("phrase", [row[0] for row in PHRASES])
def test_what_is_said_of_a_rule_reads_back_as_it(phrase: str) -> None:
    rule = parse(phrase, NOW)
    assert parse(say(rule), NOW) == rule
    assert parse(say(rule).upper() + ".", NOW) == rule


@pytest.mark.parametrize("phrase", [row[0] for row in PHRASES])
def test_its_value_reads_back_as_it(phrase: str) -> None:
    rule = parse(phrase, NOW)
    assert parse(rule.rrule, NOW).rrule == rule.rrule
    assert parse(f"rrule:{rule.rrule.lower()}", NOW).rrule == rule.rrule


@pytest.mark.parametrize("phrase", [row[0] for row in PHRASES])
def test_every_phrase_is_found_in_a_sentence_with_a_cue_or_left_alone(phrase: str) -> None:
    found = recurrence.find(f"call anna {phrase}", NOW)
    if found:
        assert found[0] == parse(phrase, NOW)
        assert when.without(f"call anna {phrase}", found[1]).rstrip(".") == "call anna"


# What nobody says, or may be meant in two ways: the phrase, and a piece of the advice.
REFUSED = table("""
    twice a day                     | Name the days
    twice a week                    | Name the days
    3 times a week                  | Name the days
    three times daily               | Name the days
    several times a day             | not a repetition
    every hour                      | at most once a day
    hourly                          | at most once a day
    every 15 minutes                | at most once a day
    every half hour                 | at most once a day
    every second                    | at most once a day
    every morning and evening       | one time of day
    every monday at 9am and 5pm     | one time of day
    every few days                  | every 3 days
    bimonthly                       | every 2 months
    biannually                      | every 6 months
    every third thursday            | of the month
    every other weekday             | not a repetition
    every day on the 15th           | name days
    every week on the 15th          | day of the month
    every month on monday           | the first monday
    every year on monday            | Say the month
    every year on the 3rd           | Say the month
    every monday every tuesday      | not a repetition
    every day until christmas for 5 weeks | not a repetition
    every february 30               | there is no 30
    every 32nd                      | from 1 to 31
    every day at 25:00              | no time 25:00
    every 0 days                    | does not exist
    every 400 days                  | 1 to 366
    every day 2000 times            | 1 to 1000
    every day until yesterday       | before it begins
    every day for 99999 years       | too far
    every cloud                     | not a repetition
    every                           | not a repetition
    monday                          | not a repetition
    tomorrow                        | not a repetition
    .                               | not a repetition
    FREQ=SECONDLY                   | at most once a day
    FREQ=HOURLY;INTERVAL=24         | at most once a day
    FREQ=SOMETIMES                  | one of DAILY
    FREQ=                           | not a part
    INTERVAL=2                      | begins with FREQ
    FREQ=DAILY;INTERVAL=0           | from 1 to 366
    FREQ=DAILY;INTERVAL=367         | from 1 to 366
    FREQ=DAILY;INTERVAL=-1          | from 1 to 366
    FREQ=DAILY;INTERVAL=٣           | from 1 to 366
    FREQ=DAILY;COUNT=1000000000     | from 1 to 1000
    FREQ=DAILY;COUNT=0              | from 1 to 1000
    FREQ=DAILY;COUNT=5;COUNT=6      | twice
    FREQ=DAILY;COUNT=5;UNTIL=20270101 | not both
    FREQ=DAILY;UNTIL=garbage        | not a date
    FREQ=DAILY;UNTIL=20270231       | does not exist
    FREQ=DAILY;UNTIL=2027-02-01     | not a date
    FREQ=DAILY;UNTIL=00000000       | does not exist
    FREQ=DAILY;BYHOUR=9             | not supported
    FREQ=DAILY;BYSETPOS=1;BYDAY=MO  | not from a day
    FREQ=WEEKLY;BYDAY=XX            | not a weekday
    FREQ=WEEKLY;BYDAY=1MO           | use FREQ=MONTHLY
    FREQ=WEEKLY;BYMONTHDAY=1        | use FREQ=MONTHLY
    FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2 | never occurs
    FREQ=WEEKLY;WKST=XX             | one of MO
    FREQ=MONTHLY;BYDAY=MO,1TU       | not both
    FREQ=MONTHLY;BYDAY=6MO          | at most five
    FREQ=MONTHLY;BYDAY=0MO          | not a weekday
    FREQ=MONTHLY;BYMONTHDAY=32      | from -31 to 31
    FREQ=MONTHLY;BYMONTHDAY=0       | from -31 to 31
    FREQ=MONTHLY;BYSETPOS=1         | needs BYDAY
    FREQ=MONTHLY;BYMONTHDAY=20;BYDAY=1MO | never occurs
    FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31 | never occurs
    FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2 | never occurs
    FREQ=YEARLY;BYMONTH=13          | from 1 to 12
    DTSTART:20260101 RRULE:FREQ=DAILY | without DTSTART
""")


@pytest.mark.parametrize(("phrase", "piece"), REFUSED)
def test_refused(phrase: str, piece: str) -> None:
    with pytest.raises(NotARule) as caught:
        parse(phrase, NOW)
    assert piece in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("empty", ["", " ", "\n", "!?", "\x00", "🎉", "=", ";", "FREQ", "RRULE:"])
def test_nothing_is_no_rule(empty: str) -> None:
    with pytest.raises(NotARule, match="every day"):
        parse(empty, NOW)
    assert recurrence.find(empty, NOW) is None


def test_now_must_be_aware() -> None:
    with pytest.raises(ValueError, match="aware"):
        parse("every day", NOW.replace(tzinfo=None))


# The value as others write it, and in our order and plainest form.
VALUES = table("""
    RRULE:FREQ=DAILY                                    | FREQ=DAILY
    freq=weekly;byday=fr,mo                             | FREQ=WEEKLY;BYDAY=MO,FR
    FREQ=DAILY;INTERVAL=1;WKST=SU                       | FREQ=DAILY
    FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR                     | FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
    FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH,FR,SA              | FREQ=DAILY
    INTERVAL=2;WKST=SU;BYDAY=SU;FREQ=WEEKLY             | FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU
    FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=MO             | FREQ=WEEKLY;INTERVAL=2;BYDAY=SU
    FREQ=MONTHLY;BYDAY=+1MO                             | FREQ=MONTHLY;BYDAY=1MO
    FREQ=MONTHLY;BYMONTHDAY=-1,15,1                     | FREQ=MONTHLY;BYMONTHDAY=1,15,-1
    FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU,WE,TH,FR       | FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
    FREQ=DAILY;COUNT=007;                               | FREQ=DAILY;COUNT=7
    FREQ=DAILY;UNTIL=20261225T120000                    | FREQ=DAILY;UNTIL=20261225
    FREQ=DAILY;UNTIL=20261224T233000Z                   | FREQ=DAILY;UNTIL=20261225
""")


@pytest.mark.parametrize(("given", "expected"), VALUES)
def test_values_are_normalised(given: str, expected: str) -> None:
    assert parse(given, NOW).rrule == expected


@pytest.mark.parametrize(
    "value",
    [
        "FREQ=MONTHLY;BYMONTHDAY=-2",
        "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYMONTHDAY=3",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU",
        "FREQ=MONTHLY;BYDAY=1MO,-1FR;COUNT=5",
        "FREQ=DAILY;BYMONTH=1",
    ],
)
def test_a_rule_without_words_is_said_as_it_is(value: str) -> None:
    rule = Rule(value, dt.time(9), dt.date(2026, 12, 1))
    assert say(rule) == f"{value} at 09:00 starting 1 December 2026"
    assert parse(say(rule), NOW) == rule


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("every monday at 9", "every Monday at 09:00"),
        ("every 2 weeks on monday", "every 2 weeks on Monday"),
        ("monthly on the 1st", "on the 1st of each month"),
        ("mon-fri", "every weekday"),
        ("the last day of every month", "on the last day of each month"),
        ("every 1st and last day of the month", "on the 1st and last day of each month"),
        ("first weekday of every month", "on the first weekday of each month"),
        ("every day until christmas", "every day until 25 December 2026"),
        ("every 3 months 4 times", "every 3 months 4 times"),
        ("every day 1 time", "every day 1 time"),
        ("FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=3,9", "every year on the 3rd and 9th of January and July"),
    ],
)
def test_say(phrase: str, said: str) -> None:
    assert say(parse(phrase, NOW)) == said
    assert parse(said, NOW) == parse(phrase, NOW)


# In sentences: what is found, and what is left.
SENTENCES = table("""
    water the plants every monday at 9am                | WEEKLY;BYDAY=MO | at 09:00 | water the plants
    pay rent on the 1st of each month                   | MONTHLY;BYMONTHDAY=1 | | pay rent
    every monday at 9 water the plants                  | WEEKLY;BYDAY=MO | at 09:00 | water the plants
    every weekday at 8 to stretch                       | WEEKLY;BYDAY=MO,TU,WE,TH,FR | at 08:00 | to stretch
    at 9 water the plants every monday                  | WEEKLY;BYDAY=MO | at 09:00 | water the plants
    at 5pm call mum every monday                        | WEEKLY;BYDAY=MO | at 17:00 | call mum
    stretch daily                                       | DAILY | | stretch
    stretch daily at 7                                  | DAILY | at 07:00 | stretch
    stretch everyday                                    | DAILY | | stretch
    send the report weekly to bob                       | WEEKLY | | send the report to bob
    take out trash every other tuesday                  | WEEKLY;INTERVAL=2;BYDAY=TU | | take out trash
    yoga on mondays and wednesdays                      | WEEKLY;BYDAY=MO,WE | | yoga
    gym mondays at 7                                    | WEEKLY;BYDAY=MO | at 07:00 | gym
    call grandma once a week                            | WEEKLY | | call grandma
    call mum every sunday evening                       | WEEKLY;BYDAY=SU | at 18:00 | call mum
    back up on the last friday of every month at 18:00  | MONTHLY;BYDAY=-1FR | at 18:00 | back up
    file taxes every year on april 15                   | YEARLY;BYMONTH=4;BYMONTHDAY=15 | | file taxes
    change filter every 3 months starting december 1    | MONTHLY;INTERVAL=3 | from 2026-12-01 | change filter
    drink water every day for 30 minutes                | DAILY | | drink water for 30 minutes
    do yoga in the morning every day                    | DAILY | at 09:00 | do yoga
    tomorrow at 9 stretch every weekday                 | WEEKLY;BYDAY=MO,TU,WE,TH,FR | | tomorrow at 9 stretch
    weekly: clean the kitchen                           | WEEKLY | | clean the kitchen
    buy flowers every friday for anna                   | WEEKLY;BYDAY=FR | | buy flowers for anna
    every two weeks on thursday team lunch              | WEEKLY;INTERVAL=2;BYDAY=TH | | team lunch
    stretch every day at 8am and drink water            | DAILY | at 08:00 | stretch and drink water
    meds every day until christmas                      | DAILY;UNTIL=20261225 | | meds
    renew passport every 10 years                       | YEARLY;INTERVAL=10 | | renew passport
""")


@pytest.mark.parametrize(("sentence", "value", "extra", "rest"), SENTENCES)
def test_find(sentence: str, value: str, extra: str, rest: str) -> None:
    found = recurrence.find(sentence, NOW)
    assert found is not None
    assert found[0] == rule_of(value, extra)
    assert when.without(sentence, found[1]) == rest


TRAPS = """every cloud has a silver lining|everyday carry|buy everyday shoes|daily standup notes
review weekly report|email the weekly|read the new york daily|check every room|make every second count
give each kid a day off|each other|buy one of each|visit every 5 star hotel|check every first aid kit
book TGI fridays|mondays are hard|report for every month|a budget for each month|every day is a gift
pay on the 1st of the month|the last friday of the month|last friday|buy milk friday|monday blues
plan the weekend|weekly review prep|monthly budget sheet|annual report|every time|every man
list of every day off|buy 3 times more|prepare monday report|watch the office every|cancel the daily
the second one|on monday|every single person|learn the 3 times table|first monday in december|yearly planner
weekday socks|quarterly deck|fix bug in daily|meeting every|clean the gutters every spring
write daily standup notes|post it on the last day of the month"""


@pytest.mark.parametrize("sentence", TRAPS.replace("\n", "|").split("|"))
def test_find_leaves_ordinary_words_alone(sentence: str) -> None:
    assert recurrence.find(sentence, NOW) is None


@pytest.mark.parametrize(
    "sentence",
    ["drink water every hour", "stand up every 30 minutes", "brush teeth twice a day", "run 3 times a week",
     "pay rent every february 30", "call bob every month on monday", "feed the cat every morning and evening"],
)  # fmt: skip
def test_find_refuses_what_cannot_be_kept(sentence: str) -> None:
    with pytest.raises(NotARule):
        recurrence.find(sentence, NOW)


# The rule, where it counts from, the day that is asked about, and the days from there on.
EDGES = table("""
    MONTHLY                           | 2026-01-31 |            | 2026-01-31 2026-03-31 2026-05-31
    MONTHLY;BYMONTHDAY=31             | 2026-01-01 | 2026-02-01 | 2026-03-31 2026-05-31 2026-07-31
    MONTHLY;BYMONTHDAY=30             | 2027-01-30 | 2027-01-31 | 2027-03-30 2027-04-30 2027-05-30
    MONTHLY;BYMONTHDAY=-1             | 2027-01-31 |            | 2027-01-31 2027-02-28 2027-03-31
    MONTHLY;BYMONTHDAY=-1             | 2028-01-31 | 2028-02-01 | 2028-02-29 2028-03-31 2028-04-30
    MONTHLY;INTERVAL=3;BYMONTHDAY=31  | 2026-01-31 |            | 2026-01-31 2026-07-31 2026-10-31
    YEARLY                            | 2024-02-29 |            | 2024-02-29 2028-02-29 2032-02-29
    YEARLY;BYMONTH=2;BYMONTHDAY=29    | 2026-01-01 |            | 2028-02-29 2032-02-29 2036-02-29
    YEARLY;BYMONTH=2;BYMONTHDAY=29    | 2096-02-29 | 2096-03-01 | 2104-02-29 2108-02-29 2112-02-29
    YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29 | 2026-01-01 |    |
    YEARLY;INTERVAL=366               | 2026-05-01 | 2026-05-02 | 2392-05-01 2758-05-01 3124-05-01
    YEARLY;BYMONTH=2;BYDAY=5MO        | 2026-01-01 |            | 2044-02-29 2072-02-29 2112-02-29
    DAILY;INTERVAL=3                  | 2026-11-20 | 2026-11-21 | 2026-11-23 2026-11-26 2026-11-29
    DAILY;INTERVAL=3                  | 1926-11-20 | 2026-11-21 | 2026-11-23 2026-11-26 2026-11-29
    DAILY;INTERVAL=7;BYDAY=MO         | 2026-11-20 |            |
    WEEKLY;INTERVAL=2;BYDAY=MO        | 2026-11-23 | 2026-11-24 | 2026-12-07 2026-12-21 2027-01-04
    WEEKLY;INTERVAL=2;BYDAY=MO        | 2026-11-23 | 2026-12-09 | 2026-12-21 2027-01-04 2027-01-18
    WEEKLY;INTERVAL=2                 | 2026-11-20 | 2026-11-21 | 2026-12-04 2026-12-18 2027-01-01
    WEEKLY;INTERVAL=2;BYDAY=TU,SU     | 1997-08-05 |            | 1997-08-05 1997-08-10 1997-08-19
    WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU | 1997-08-05 |        | 1997-08-05 1997-08-17 1997-08-19
    WEEKLY;BYDAY=MO;COUNT=2           | 2026-11-20 |            | 2026-11-23 2026-11-30
    WEEKLY;BYDAY=MO;COUNT=2           | 2026-11-20 | 2026-11-30 | 2026-11-30
    WEEKLY;BYDAY=MO;COUNT=2           | 2026-11-20 | 2026-12-01 |
    DAILY;COUNT=1000                  | 2026-01-01 | 2028-09-25 | 2028-09-25 2028-09-26
    DAILY;UNTIL=20261121              | 2026-11-20 |            | 2026-11-20 2026-11-21
    DAILY;UNTIL=20200101              | 2026-11-20 |            |
    DAILY                             | 9999-12-30 |            | 9999-12-30 9999-12-31
    DAILY                             | 0001-01-01 | 9999-12-31 | 9999-12-31
    WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU | 0001-01-01 |           | 0001-01-14 0001-01-28 0001-02-11
    MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 | 2026-10-31 |     | 2026-11-30 2026-12-31 2027-01-29
    WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2  | 2026-11-19 |            | 2026-11-25 2026-12-02 2026-12-09
""")


@pytest.mark.parametrize(("value", "start", "day", "expected"), EDGES)
def test_edges(value: str, start: str, day: str, expected: str) -> None:
    assert days(Rule(f"FREQ={value}"), start, day) == expected


@pytest.mark.parametrize("value", ["DAILY", "WEEKLY;INTERVAL=2;BYDAY=MO,TH", "MONTHLY;BYDAY=2TU", "YEARLY;INTERVAL=3"])
def test_a_later_start_to_look_from_changes_nothing(value: str) -> None:
    rule, start = Rule(f"FREQ={value}"), dt.date(2026, 11, 19)
    one_by_one = days(rule, str(start), count=60).split()
    for day in one_by_one[1:]:
        assert days(rule, str(start), day, count=1) == day
        before = dt.date.fromisoformat(day) - dt.timedelta(days=1)
        assert str(recurrence.next_after(rule, start, before)) == day


# Across the changes of the clocks: where and when, the phrase, the rule's time, and the first days.
ZONES = table("""
    Europe/Berlin     | 2026-10-24T23:30 | every day at 9          | 09:00 | 2026-10-25 2026-10-26 2026-10-27
    Europe/Berlin     | 2026-10-25T02:30 | every day at 2:30       | 02:30 | 2026-10-26 2026-10-27 2026-10-28
    Europe/Berlin     | 2027-03-27T12:00 | every day at 02:30      | 02:30 | 2027-03-28 2027-03-29 2027-03-30
    Europe/Berlin     | 2027-03-28T01:59 | every sunday at 9       | 09:00 | 2027-03-28 2027-04-04 2027-04-11
    Europe/Berlin     | 2028-02-28T09:00 | last day of the month   |       | 2028-02-29 2028-03-31 2028-04-30
    America/New_York  | 2026-11-01T00:30 | every night             | 20:00 | 2026-11-01 2026-11-02 2026-11-03
    America/New_York  | 2027-03-13T21:00 | every day at 2:30am     | 02:30 | 2027-03-14 2027-03-15 2027-03-16
    America/New_York  | 2026-12-31T23:59 | every year on january 1 |       | 2027-01-01 2028-01-01 2029-01-01
    America/New_York  | 2026-11-20T22:00 | every weekday at 8      | 08:00 | 2026-11-23 2026-11-24 2026-11-25
    America/New_York  | 2027-01-30T12:00 | every 30th              |       | 2027-01-30 2027-03-30 2027-04-30
    Pacific/Auckland  | 2026-09-26T12:00 | every sunday at 02:30   | 02:30 | 2026-09-27 2026-10-04 2026-10-11
    Pacific/Auckland  | 2027-04-04T02:30 | every morning           | 09:00 | 2027-04-04 2027-04-05 2027-04-06
    Pacific/Auckland  | 2026-11-21T00:10 | every saturday          |       | 2026-11-21 2026-11-28 2026-12-05
    Pacific/Auckland  | 2026-11-20T23:50 | every friday at 23:55   | 23:55 | 2026-11-20 2026-11-27 2026-12-04
    Pacific/Auckland  | 2028-02-29T00:00 | every 29 feb            |       | 2028-02-29 2032-02-29 2036-02-29
""")


@pytest.mark.parametrize(("zone", "local", "phrase", "clock", "expected"), ZONES)
def test_wall_time_stays_through_changes_of_the_clocks(
    zone: str, local: str, phrase: str, clock: str, expected: str
) -> None:
    now = dt.datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    rule = parse(phrase, now)
    begin = recurrence.first(rule, now)
    assert (f"{rule.time:%H:%M}" if rule.time else "") == clock
    assert days(rule, str(begin)) == expected


@pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", 25), ("America/New_York", 24), ("Pacific/Auckland", 25)])
def test_until_in_utc_is_a_day_where_the_person_is(zone: str, day: int) -> None:
    rule = parse("FREQ=DAILY;UNTIL=20261224T233000Z", NOW.astimezone(ZoneInfo(zone)))
    assert rule.rrule == f"FREQ=DAILY;UNTIL=202612{day}"


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("every 2 weeks on monday", "2026-11-23"),
        ("every 3 months on the 1st", "2026-12-01"),
        ("every friday", "2026-11-20"),
        ("every friday at 9", "2026-11-27"),
        ("every friday at 11", "2026-11-20"),
        ("every 2 days at 9", "2026-11-21"),
        ("every monday starting december 3", "2026-12-07"),
        ("every monday until 2026-11-22", "None"),
    ],
)
def test_the_day_to_begin_with(phrase: str, expected: str) -> None:
    assert str(recurrence.first(parse(phrase, NOW), NOW)) == expected


HUGE = ["every ", "every monday and ", "1st and ", "on the ", "FREQ=", "A;", "every 2 ", "at 5 ", "monday, ", "(", "1",
        "until ", "for 5 weeks ", "last day of the ", "every day at 9 and "]  # fmt: skip


@pytest.mark.parametrize("piece", HUGE)
def test_huge_text_is_refused_in_no_time(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    started = time.process_time()
    with pytest.raises(NotARule) as caught:
        parse(text, NOW)
    with contextlib.suppress(NotARule, when.NotADate):
        recurrence.find(text, NOW)
    assert time.process_time() - started < 1
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "value",
    ["DAILY;INTERVAL=7;BYDAY=MO", "DAILY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=30", "MONTHLY;INTERVAL=12;BYMONTHDAY=31",
     "YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", "YEARLY;INTERVAL=366;BYDAY=53SU;COUNT=1000"],
)  # fmt: skip
def test_a_rule_that_never_occurs_from_its_start_ends_soon(value: str) -> None:
    started = time.process_time()
    recurrence.next_after(Rule(f"FREQ={value}"), dt.date(2026, 2, 3), dt.date(2026, 11, 20))
    assert time.process_time() - started < 2
