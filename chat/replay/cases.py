"""Cases: small conversations with expected results, each a TOML file (docs/replay.md describes the format)."""

import datetime
import json
import tomllib
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from chatkit.types import UserMessageItem
from django.utils import timezone
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from uuid_utils.compat import uuid7

from chat.replay.recording import RecordedConversation, RecordedMessage, RecordedTurn, RecordedUser, Recording
from chat.turns import starting
from core.tools.replay_state import states

# A value is expected as it is (texts in either case), or by a rule: {contains}, {without}, {any}, {matches},
# {missing}.
type Expected = Any


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExpectedCall(Strict):
    """A call that must be made: of one of these tools, with at least these arguments."""

    name: str | list[str]
    arguments: dict[str, Expected] = {}

    @property
    def names(self) -> list[str]:
        return [self.name] if isinstance(self.name, str) else self.name


class CaseTurn(Strict):
    """What is said, and the expected result. `never`: tools not to be called, "*" for all that change something."""

    say: str = Field(min_length=1)
    calls: list[ExpectedCall] = []
    never: list[str] = []
    answer: Expected = None


class End(Strict):
    """The expected end, by state. `unchanged`: as at the beginning; things that are not listed must not exist."""

    unchanged: bool = False
    others: bool = False
    things: dict[str, list[dict[str, Expected]]] = {}


class Case(Strict):
    title: str
    tags: list[str] = []
    now: datetime.datetime = datetime.datetime(2026, 5, 4, 9, 0)  # noqa: DTZ001 - a Monday, on the clock of `timezone`
    timezone: str = "Europe/Berlin"
    name: str = "Ann"
    approve: Literal["all", "none"] = "all"
    approvals: Literal["always", "destructive", "never"] = "destructive"
    start: dict[str, list[dict[str, Any]]] = {}
    turns: list[CaseTurn] = Field(min_length=1)
    end: End | None = None
    file: str = ""

    @field_validator("timezone")
    @classmethod
    def zone_exists(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("not an IANA time zone")
        return value

    @property
    def began_at(self) -> datetime.datetime:
        return self.now if timezone.is_aware(self.now) else self.now.replace(tzinfo=ZoneInfo(self.timezone))

    def recording(self) -> Recording:
        """Return the case as a recording without answers, under new ids: what is replayed to try it."""
        began = self.began_at.astimezone(datetime.UTC)
        messages, asked = [], []
        for number, turn in enumerate(self.turns):
            at = began + datetime.timedelta(minutes=number)
            message = recorded_message(starting.user_message(turn.say), at)
            asked.append(RecordedTurn(id=uuid7(), question=message.item_id, status="completed", created_at=at))
            messages.append(message.model_copy(update={"turn_id": asked[-1].id}))
        records = {state.name: state.starting(self.start.get(state.name, []), began) for state in states()}
        return Recording(
            exported_at=began,
            user=RecordedUser(name=self.name, timezone=self.timezone, approval_policy=self.approvals),
            conversation=RecordedConversation(id=uuid7(), title=self.title[:100], created_at=began, updated_at=began),
            turns=asked,
            messages=messages,
            states=records,
        )


def recorded_message(item: UserMessageItem, at: datetime.datetime) -> RecordedMessage:
    text = "".join(part.text for part in item.content if part.type == "input_text")
    document = item.model_dump(mode="json", exclude_none=True)
    return RecordedMessage(item_id=item.id, kind="user_message", text=text, item=document, created_at=at)


class BadCase(Exception):
    """The file is not a case; the text says where and why, in a line."""


def load(path: Path) -> Case:
    """Return the case in a file. Raises `BadCase`."""
    try:
        return Case.model_validate(tomllib.loads(path.read_text(encoding="utf-8")) | {"file": path.stem})
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadCase(f"{path}: {error}") from error
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise BadCase(f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error


def load_all(folder: Path) -> list[Case]:
    """Return the cases of a folder, by name; of a file, the one. Raises `BadCase`."""
    paths = [folder] if folder.is_file() else sorted(folder.glob("**/*.toml"))
    if not paths:
        raise BadCase(f"{folder}: there are no cases (*.toml).")
    return [load(path) for path in paths]


# ---- making one of a recording


def from_turn(recording: Recording, number: int) -> str:
    """Return a case as TOML that expects what turn `number` of a recording did, after the messages before it."""
    path = recording.path[:number]
    said = [message.text for turn in path if (message := recording.question(turn))]
    began, ended = path[0].began_at, path[-1].closed_at
    zone = ZoneInfo(recording.user.timezone)
    lines = [
        f"title = {quoted(said[-1][:100])}",
        'tags = ["recorded"]',
        f"now = {began.astimezone(zone).replace(microsecond=0).isoformat()}",
        f"timezone = {quoted(recording.user.timezone)}",
        f"approvals = {quoted(recording.user.approval_policy)}",
    ]
    for state in states():
        if record := recording.states.get(state.name):
            for item in state.items(record, began):
                lines += ["", f"[[start.{state.name}]]", *members(item)]
    for text in said:
        lines += ["", "[[turns]]", f"say = {quoted(text)}"]
    names = [step.name for step in path[-1].calls]
    lines += [f"calls = [{', '.join(f'{{ name = {quoted(name)} }}' for name in names)}]"]
    for state in states():
        if record := recording.states.get(state.name):
            for item in state.items(record, ended):
                lines += ["", f"[[end.things.{state.name}]]", *members(item)]
    return "\n".join(lines) + "\n"


def members(item: dict[str, Any]) -> list[str]:
    return [f"{name} = {quoted(value)}" for name, value in item.items()]


def quoted(value: Any) -> str:
    """Return a value as TOML; texts, numbers, truths and lists of them are written as in JSON (DEL apart)."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
