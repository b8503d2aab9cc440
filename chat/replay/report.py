"""A replay for people to read: both versions of each turn side by side, then the end, then all replays in a table."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from chat.replay import comparison
from chat.replay.comparison import CallDifference, Difference
from chat.replay.replaying import Replayed, ReplayedTurn, Side

COLUMN = 56
SIGNS = {"same": "=", "changed": "~", "missing": "-", "added": "+", "not_here": "?"}


def text(replayed: Replayed) -> str:
    lines = [f"{replayed.id}  {replayed.title}"]
    for turn in replayed.turns:
        lines += ["", *turn_lines(turn)]
    differences = comparison.ends(replayed.old, replayed.new)
    lines += ["", "In the end: the same" if not differences else f"In the end: {counted(len(differences))}"]
    return "\n".join([*lines, *(f"  {difference(each)}" for each in differences)])


def reasons(replays: list[Replayed]) -> list[str]:
    """Return a line for each reason why something cannot be compared."""
    missing = sorted({name for each in replays for turn in each.turns for name in turn.not_here})
    lines = [f"? no tool server here has {', '.join(missing)}: name it with --mcp-server"] if missing else []
    return lines + [
        f"? {each.id} holds no change by {', '.join(each.forgotten)}: its history was removed, or it did nothing then"
        for each in replays
        if each.forgotten
    ]


def turn_lines(turn: ReplayedTurn) -> Iterator[str]:
    yield f"Turn {turn.number}  “{shortened(turn.message, 100)}”"
    yield f"  {'recorded':{COLUMN}}  replayed"
    for each in comparison.turn_calls(turn):
        yield from beside(call(each, each.old), call(each, each.new), SIGNS[each.kind])
    yield from beside(turn.old.answer, turn.new.answer, "=" if turn.old.answer == turn.new.answer else "~")
    yield from beside(figures(turn.old), figures(turn.new), " ")


def call(each: CallDifference, arguments: Any) -> str:
    return "" if arguments is None else f"{each.name} {json.dumps(arguments, ensure_ascii=False)}"


def figures(side: Side) -> str:
    first = f", first text {side.first_text_ms} ms" if side.first_text_ms is not None else ""
    cost = f", cost {side.cost:.6f}" if side.cost is not None else ""
    return f"{side.status}, {side.input_tokens}+{side.output_tokens} tokens{cost}, {side.duration_ms} ms{first}"


def beside(old: str, new: str, sign: str) -> Iterator[str]:
    """Give two texts as two columns."""
    left, right = wrapped(old), wrapped(new)
    for number in range(max(len(left), len(right), 1)):
        one = left[number] if number < len(left) else ""
        other = right[number] if number < len(right) else ""
        yield f"{sign if number == 0 else ' '} {one:{COLUMN}}  {other}".rstrip()


def wrapped(value: str) -> list[str]:
    return [part for line in value.splitlines() for part in textwrap.wrap(line, COLUMN)]


def difference(each: Difference) -> str:
    if each.field:
        return f"~ {each.thing} {each.field}: {shown(each.old)} → {shown(each.new)}"
    sign, value = ("-", each.old) if each.new is None else ("+", each.new)
    return f"{sign} {each.thing} {shown(value)}"


def shown(value: Any) -> str:
    if isinstance(value, dict):
        value = {name: each for name, each in value.items() if each}
    return shortened(json.dumps(value, ensure_ascii=False), 160)


def shortened(value: str, length: int) -> str:
    line = " ".join(value.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def counted(number: int) -> str:
    return f"{number} difference{'' if number == 1 else 's'}"


def table(replays: list[Replayed], failures: dict[str, str]) -> str:
    """Return a line for each replay and one for all."""
    lines = [f"{'conversation':38} {'turns':>5} {'same calls':>10} {'end':>8} {'tokens':>17} {'seconds':>13}"]
    for replayed in replays:
        lines.append(f"{replayed.id:38} {figures_of([replayed])}")
    for id, reason in failures.items():
        lines.append(f"{id:38} failed: {shortened(reason, 100)}")
    same = sum(replayed.old == replayed.new for replayed in replays)
    lines.append(f"{f'{same} of {len(replays) + len(failures)} end alike':38} {figures_of(replays)}")
    return "\n".join([*lines, *reasons(replays)])


def figures_of(replays: list[Replayed]) -> str:
    turns = [turn for replayed in replays for turn in replayed.turns]
    kinds = [each.kind for turn in turns for each in comparison.turn_calls(turn) if each.kind != "not_here"]
    same = f"{kinds.count('same')}/{len(kinds)}"
    differing = sum(len(comparison.ends(each.old, each.new)) for each in replays)
    tokens = [sum(side.input_tokens + side.output_tokens for side in sides) for sides in both(turns)]
    seconds = [sum(side.duration_ms for side in sides) / 1000 for sides in both(turns)]
    end = "same" if not differing else f"{differing} diff"
    return (
        f"{len(turns):>5} {same:>10} {end:>8} {tokens[0]:>7,} → {tokens[1]:>7,} {seconds[0]:>5.1f} → {seconds[1]:>5.1f}"
    )


def both(turns: list[ReplayedTurn]) -> tuple[list[Side], list[Side]]:
    return [turn.old for turn in turns], [turn.new for turn in turns]
