"""The dashboard's figures: turns, their speed, failures and cost, by day, model and tool."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.safestring import SafeString

from chat.staff.pictures import Line, columns, curves, number

DAYS = (7, 30, 90)

BY_DAY = """
SELECT date_trunc('day', created_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS turns,
    count(*) FILTER (WHERE status = 'failed') AS failed, count(DISTINCT user_id) AS people,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY first_text_ms) AS p50,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY first_text_ms) AS p95,
    count(*) FILTER (WHERE feedback = 'positive') AS good, count(*) FILTER (WHERE feedback = 'negative') AS bad,
    sum(input_tokens) AS input, sum(output_tokens) AS output, sum(cost) AS cost
FROM chat_turn WHERE created_at >= %(since)s GROUP BY 1 ORDER BY 1
"""
BY_MODEL = """
SELECT model, count(*) AS turns, count(*) FILTER (WHERE status = 'failed') AS failed,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY first_text_ms) AS p50,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY first_text_ms) AS p95,
    sum(input_tokens) AS input, sum(output_tokens) AS output, sum(cost) AS cost
FROM chat_turn WHERE created_at >= %(since)s GROUP BY 1 ORDER BY 2 DESC LIMIT 20
"""
BY_TOOL = """
SELECT name AS tool, count(*) AS calls, count(*) FILTER (WHERE is_error) AS failed,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95
FROM chat_step WHERE kind = 'tool' AND created_at >= %(since)s GROUP BY 1 ORDER BY 2 DESC LIMIT 30
"""

type Row = dict[str, Any]


@dataclass(frozen=True)
class Picture:
    title: str
    svg: SafeString
    names: list[tuple[str, str]]  # what the colours mean: class and name


@dataclass(frozen=True)
class Dashboard:
    days: int
    by_day: list[Row]
    by_model: list[Row]
    by_tool: list[Row]
    pictures: list[Picture]

    @property
    def turns(self) -> int:
        return sum(row["turns"] for row in self.by_day)

    @property
    def failed(self) -> int:
        return sum(row["failed"] for row in self.by_day)

    @property
    def failed_share(self) -> str:
        return f"{100 * self.failed / self.turns:.1f} %" if self.turns else "—"

    @property
    def feedback(self) -> str:
        good, bad = (sum(row[name] for row in self.by_day) for name in ("good", "bad"))
        return f"{good} : {bad}" if good or bad else "—"

    @property
    def tokens(self) -> str:
        return number(float(sum((row["input"] or 0) + (row["output"] or 0) for row in self.by_day)))

    @property
    def cost(self) -> str:
        costs = [row["cost"] for row in self.by_day if row["cost"] is not None]
        return f"{sum(costs):.2f}" if costs else "—"


def rows(query: str, values: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        names = [column.name for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def dashboard(days: int) -> Dashboard:
    """Return the figures of the last `days` days, the present one with them."""
    zone = timezone.get_current_timezone_name()
    today = timezone.localdate()
    first = today - datetime.timedelta(days=days - 1)
    since = timezone.make_aware(datetime.datetime.combine(first, datetime.time()))
    values = {"zone": zone, "since": since}
    found = {row["day"]: row for row in rows(BY_DAY, values)}
    dates = [first + datetime.timedelta(days=number) for number in range(days)]
    empty = {
        "turns": 0,
        "failed": 0,
        "people": 0,
        "good": 0,
        "bad": 0,
        "p50": None,
        "p95": None,
        "input": 0,
        "output": 0,
        "cost": None,
    }
    by_day = [found.get(date) or empty | {"day": date} for date in dates]
    return Dashboard(days, by_day, rows(BY_MODEL, values), rows(BY_TOOL, values), pictures(by_day))


def pictures(by_day: list[Row]) -> list[Picture]:
    labels = [f"{row['day']:%-d %b}" for row in by_day]
    well = [row["turns"] - row["failed"] for row in by_day]
    turns = [Line("answered", "c1", well), Line("failed", "c-bad", column(by_day, "failed"))]
    first = [Line("median", "c1", column(by_day, "p50")), Line("95th percentile", "c2", column(by_day, "p95"))]
    tokens = [Line("read", "c1", column(by_day, "input")), Line("written", "c2", column(by_day, "output"))]
    said = [Line("positive", "c1", column(by_day, "good")), Line("negative", "c-bad", column(by_day, "bad"))]
    cost = [Line("cost", "c1", [float(row["cost"]) if row["cost"] is not None else None for row in by_day])]
    return [
        Picture("Turns a day", columns(turns, labels), meanings(turns)),
        Picture("Time to the first text", curves(first, labels, " ms"), meanings(first)),
        Picture("Tokens a day", columns(tokens, labels), meanings(tokens)),
        Picture("Cost a day", columns(cost, labels), meanings(cost)),
        Picture("Feedback a day", columns(said, labels), meanings(said)),
    ]


def column(by_day: list[Row], name: str) -> list[float | None]:
    return [None if row[name] is None else float(row[name]) for row in by_day]


def meanings(lines: list[Line]) -> list[tuple[str, str]]:
    return [(line.css, line.name) for line in lines]
