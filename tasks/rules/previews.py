"""What an operation would change: shown before it is approved, and checked when it is done (`core.tools.previews`)."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from core.tools.previews import Plan, PlannedChange, PlannedField
from tasks import recurrence
from tasks.models import PRIORITIES, Change
from tasks.queries.history import change_out, parents
from tasks.rules.task_rules import Values

# Columns of the future state that depend on when the operation happens, not on what it does.
LATER = {"id", "number", "version", "created_at", "updated_at", "completed_at", "last_completed_at"}


def of(changes: Sequence[Change]) -> Plan:
    """Return the plan that consists of these changes."""
    names = parents(changes)
    return Plan(changes=[planned(change, names) for change in changes])


def planned(change: Change, names: dict[str, int]) -> PlannedChange:
    shown = change_out(change, names)
    before, after = shown.before or {}, shown.after or {}
    is_change = bool(change.before and change.after)
    fields = [
        PlannedField(name=name, before=in_words(name, before.get(name)), after=in_words(name, after.get(name)))
        for name in {**before, **after}
        if is_change or is_telling(name, before.get(name) or after.get(name))
    ]
    return PlannedChange(
        action="change" if is_change else "delete" if change.before else "add",
        title=f"{shown.title} (#{shown.id})" if change.before else shown.title,
        fields=fields,
        fingerprint=fingerprint(change),
        item=change.item,
    )


def in_words(name: str, value: Any) -> Any:
    """Return a field's value as people read it, a rule of repetition in words."""
    return recurrence.say(recurrence.Rule(value)) if name == "recurrence" and value else value


def is_telling(name: str, value: object) -> bool:
    """Tell whether a field of a task that is added or deleted is worth a line: not if every task has the value."""
    return name != "title" and bool(value) and value != PRIORITIES[-1]


def fingerprint(change: Change) -> str:
    """Return a text that stands for a task's present state, including its version, and for its future state."""
    states = [change.before, to_come(change.after)]
    return hashlib.sha256(json.dumps(states, sort_keys=True).encode()).hexdigest()


def to_come(state: Values | None) -> Values | None:
    if state is None:
        return None
    fixed = {name: value for name, value in state.items() if name not in LATER}
    return fixed | {"is_completed": state["completed_at"] is not None}
