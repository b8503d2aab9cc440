"""What a call of a tool would change: what a person is shown before they approve it, and what an approval is bound to.

A tool that can tell says so by `PREVIEW_META` in its `_meta`. Called by a caller with `is_preview` it changes nothing,
and gives its `Plan` in its result's `_meta`, under `PLAN_META`. Called with `expects` it carries out that plan or does
nothing.
"""

import hashlib
from typing import Any, Literal

from pydantic import BaseModel

from core.problems import Conflict

PREVIEW_META = "errand/preview"
PLAN_META = "errand/plan"
# Marks the tool that takes back everything that some turns did; its argument `turn_ids` names them.
UNDO_META = "errand/undo"


class PlannedField(BaseModel):
    name: str
    before: Any = None
    after: Any = None


class PlannedChange(BaseModel):
    """What would happen to one thing. `fingerprint` stands for its present state and the state it would get.

    `item` is the position, in the call's one list argument, of the entry that causes the change: a person can leave out
    a part of a batch.
    """

    action: Literal["add", "change", "delete"]
    title: str
    fields: list[PlannedField]
    fingerprint: str
    item: int | None = None


class Plan(BaseModel):
    changes: list[PlannedChange]

    @property
    def fingerprint(self) -> str:
        return fingerprint_of([change.fingerprint for change in self.changes])


def fingerprint_of(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class PlanChanged(Conflict):
    def __init__(self) -> None:
        super().__init__("What this would do has changed since it was approved. Nothing was done.")
