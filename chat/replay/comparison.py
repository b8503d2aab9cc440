"""How a replay differs from the recording: calls, answers, and the state in the end."""

import json
from dataclasses import asdict, dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal

from chat.replay.replaying import Replayed, ReplayedTurn
from core.tools.replay_state import Plain

type Call = dict[str, Any]


@dataclass(frozen=True)
class CallDifference:
    """Two calls, or one without a counterpart. `not_here`: no tool server of the replay has such a tool."""

    kind: Literal["same", "changed", "missing", "added", "not_here"]
    name: str
    old: Any = None
    new: Any = None


@dataclass(frozen=True)
class Difference:
    """One field of one thing; `field` is empty where the whole thing is missing on one side."""

    thing: str
    field: str
    old: Any
    new: Any


def turn_calls(turn: ReplayedTurn) -> list[CallDifference]:
    """Return the recorded and the new calls of a turn beside each other, in order."""
    found = calls(turn.old.calls, turn.new.calls)
    return [replace(each, kind="not_here") if each.name in turn.not_here else each for each in found]


def calls(old: list[Call], new: list[Call]) -> list[CallDifference]:
    """Return the calls of two runs of a turn beside each other, in order."""
    found = []
    matcher = SequenceMatcher(None, [key(call) for call in old], [key(call) for call in new], autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            found += [
                CallDifference("same", call["name"], call["arguments"], call["arguments"]) for call in old[start:end]
            ]
        else:
            found += unequal(old[start:end], new[new_start:new_end])
    return found


def key(call: Call) -> str:
    return f"{call['name']} {json.dumps(call['arguments'], sort_keys=True)}"


def unequal(old: list[Call], new: list[Call]) -> list[CallDifference]:
    """Return calls that differ: of the same tool, in order, they count as changed."""
    found, rest = [], list(new)
    for call in old:
        other = next((each for each in rest if each["name"] == call["name"]), None)
        if other is None:
            found.append(CallDifference("missing", call["name"], old=call["arguments"]))
        else:
            rest.remove(other)
            found.append(CallDifference("changed", call["name"], call["arguments"], other["arguments"]))
    return found + [CallDifference("added", call["name"], new=call["arguments"]) for call in rest]


def ends(old: dict[str, Plain], new: dict[str, Plain]) -> list[Difference]:
    """Return what differs between two ends, field by field."""
    found = []
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, {}), new.get(name, {})
        for thing in sorted(before.keys() | after.keys(), key=natural):
            found += things(f"{name} {thing}", before.get(thing), after.get(thing))
    return found


def natural(text: str) -> tuple[int, str]:
    digits = "".join(filter(str.isdigit, text))
    return int(digits or 0), text


def things(name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[Difference]:
    if old is None or new is None:
        return [Difference(name, "", old, new)]
    return [
        Difference(name, each, old.get(each), new.get(each))
        for each in {**old, **new}
        if old.get(each) != new.get(each)
    ]


def as_json(replayed: Replayed) -> dict[str, Any]:
    """Return a replay as JSON: per turn both sides and the calls beside each other, then the ends."""
    return {
        "id": replayed.id,
        "title": replayed.title,
        "same_end": replayed.old == replayed.new,
        "forgotten": replayed.forgotten,
        "turns": [turn_json(turn) for turn in replayed.turns],
        "end": {"old": replayed.old, "new": replayed.new},
        "differences": [asdict(each) for each in ends(replayed.old, replayed.new)],
    }


def turn_json(turn: ReplayedTurn) -> dict[str, Any]:
    compared = [asdict(each) for each in turn_calls(turn)]
    same = all(each["kind"] == "same" for each in compared) and turn.old.answer == turn.new.answer
    return asdict(turn) | {"calls": compared, "is_same": same}
