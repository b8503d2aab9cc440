"""Versions of the system prompt side by side: how their texts differ, and their results."""

import difflib
from typing import Any

from django.db import connection

from chat.models import PromptTemplate

LATEST = 20_000  # turns of a version that are looked at

RESULTS = """
SELECT count(*) AS turns, count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'stopped') AS stopped,
    count(*) FILTER (WHERE NOT is_active) AS replaced,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY first_text_ms) AS p50,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY first_text_ms) AS p95,
    avg(input_tokens) AS input, avg(output_tokens) AS output, avg(cost) AS cost,
    (SELECT avg(calls) FROM (SELECT count(*) FILTER (WHERE kind = 'tool') AS calls FROM chat_step
        WHERE turn_id IN (SELECT id FROM latest LIMIT 2000) GROUP BY turn_id) AS counted) AS calls,
    (SELECT avg(is_error::int) FROM chat_step
        WHERE kind = 'tool' AND turn_id IN (SELECT id FROM latest LIMIT 2000)) AS call_errors
FROM latest
"""
LATEST_TURNS = "WITH latest AS (SELECT * FROM chat_turn WHERE prompt_hash = %s ORDER BY id DESC LIMIT %s)"

# What a row is called, where it comes from, and how it is written.
NAMES = [
    ("turns looked at", "turns", "{:,.0f}"),
    ("failed", "failed", "{:,.0f}"),
    ("stopped by the person", "stopped", "{:,.0f}"),
    ("asked again or edited", "replaced", "{:,.0f}"),
    ("tool calls a turn", "calls", "{:.2f}"),
    ("tool calls that failed", "call_errors", "{:.1%}"),
    ("first text, median", "p50", "{:,.0f} ms"),
    ("first text, 95th percentile", "p95", "{:,.0f} ms"),
    ("tokens read a turn", "input", "{:,.0f}"),
    ("tokens written a turn", "output", "{:,.0f}"),
    ("cost a turn", "cost", "{:.6f}"),
]


def results(template: PromptTemplate) -> dict[str, Any]:
    """Return the results of the latest turns under a version."""
    with connection.cursor() as cursor:
        cursor.execute(f"{LATEST_TURNS} {RESULTS}", [template.hash, LATEST])
        (row,) = cursor.fetchall()
        return dict(zip([column.name for column in cursor.description or []], row, strict=True))


def table(templates: list[PromptTemplate]) -> list[tuple[str, list[str]]]:
    """Return a row for each figure, with a cell for each version."""
    found = [results(template) for template in templates]
    return [(name, [written(row[key], form) for row in found]) for name, key, form in NAMES]


def written(value: Any, form: str) -> str:
    return "—" if value is None else form.format(float(value))


def difference(old: PromptTemplate, new: PromptTemplate) -> list[tuple[str, str]]:
    """Return the lines of two versions, each with its sign: "+", "-" or " "."""
    lines = difflib.ndiff(old.text.splitlines(), new.text.splitlines())
    return [(line[0], line[2:]) for line in lines if line[0] != "?"]
