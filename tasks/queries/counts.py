"""How many open tasks a user has by day and by label, kept as operations change them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from accounts.models import User
from core.prepared_sql import Statement
from tasks.models import Change

type Name = tuple[str, str]

ADD = """
INSERT INTO tasks_opencount (user_id, kind, name, count)
SELECT %s, * FROM unnest(%s::varchar[], %s::varchar[], %s::int[])
ON CONFLICT (user_id, kind, name) DO UPDATE SET count = tasks_opencount.count + excluded.count
"""


def additions(user: User, changes: Iterable[Change]) -> list[Statement]:
    """Return the statement that counts what an operation changed, if it changes a count. The user's list is locked."""
    found: Counter[Name] = Counter()
    for change in changes:
        found.update(counted(change.after))
        found.subtract(counted(change.before))
    rows = [(kind, name, number) for (kind, name), number in sorted(found.items()) if number]
    return [(ADD, [user.pk, *map(list, zip(*rows, strict=True))])] if rows else []


def counted(snapshot: dict[str, Any] | None) -> list[Name]:
    """Return where a task counts, as `Change` recorded it."""
    if snapshot is None or snapshot["completed_at"]:
        return []
    return [("day", snapshot["due_date"] or ""), *(("label", label) for label in set(snapshot["labels"]))]
