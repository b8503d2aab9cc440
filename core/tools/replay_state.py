"""What tool servers keep for a user, as a replay needs it: read as it was at a moment, restored, compared.

`settings.MCP_STATES` names such objects by dotted paths, beside `settings.MCP_SERVERS`. Chat knows nothing else of
them: a record is JSON that only the object that made it reads.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string
from pydantic import BaseModel, ConfigDict

from core.tools.previews import PlannedChange

type Plain = dict[str, dict[str, Any]]
type Record = dict[str, Any]


class Event(BaseModel):
    """One thing that was done, by the person or by an agent. `key` is the idempotency key it was done under."""

    model_config = ConfigDict(extra="allow")

    at: datetime
    key: str
    turn_id: UUID | None = None


class Effect(BaseModel):
    """What one operation did, for people who look at it."""

    id: str
    turn_id: UUID
    tool: str
    summary: str
    changes: list[PlannedChange]
    is_undone: bool = False


class State[Person](Protocol):
    """The state of one tool server. A `Person` is whatever the server knows its users by."""

    name: str
    words: Collection[str]  # words that mean something to the tools: they stay when texts are made anonymous
    fixed: Collection[str]  # names of members of a record that never hold what a person wrote

    def record(self, user: Person, since: datetime, until: datetime) -> Record:
        """Return what the user had at `since` and everything done until `until`. Called within one snapshot."""

    def events(self, record: Record) -> list[Event]:
        """Return what was done between the two moments, in order."""

    def plain(self, record: Record, moment: datetime) -> Plain:
        """Return what there was at a moment, by name, without what differs in every run."""

    def restore(self, user: Person, record: Record, moment: datetime) -> None:
        """Give a user who has nothing what there was at a moment."""

    def apply(self, user: Person, event: Event) -> None:
        """Do again to the user's things what an event did to them."""

    def present(self, user: Person) -> Plain:
        """Return what the user has now, as `plain` does."""

    def translate(self, user: Person, record: Record, arguments: str) -> str:
        """Return a recorded call's arguments (JSON) with the ids that the recorded operations have here."""

    def effects(self, user: Person, turn_ids: list[UUID]) -> list[Effect]:
        """Return what was done in answer to some of the user's turns, in order."""

    def starting(self, items: list[dict[str, Any]], moment: datetime) -> Record:
        """Return a record of what a case describes in its own words (`chat.replay.cases`). Raises `ValueError`."""

    def items(self, record: Record, moment: datetime) -> list[dict[str, Any]]:
        """Return what there was at a moment in the words of a case."""


def states() -> list[State[Any]]:
    return [import_string(path) for path in settings.MCP_STATES]
