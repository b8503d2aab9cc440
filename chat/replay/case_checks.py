"""Checks whether a replayed case came out as expected, and if not, how it differs."""

import re
from typing import Any

from chat.replay.cases import Case, CaseTurn, ExpectedCall
from chat.replay.replaying import Replayed, ReplayedTurn
from chat.tool_servers import is_read, people_paths, tool_servers


def faults(case: Case, replayed: Replayed, changing: set[str]) -> list[str]:
    """Return a line for each fault. `changing` are the names of tools that change something."""
    turns = zip(case.turns, replayed.turns, strict=True)
    return [fault for turn, went in turns for fault in in_turn(turn, went, changing)] + in_end(case, replayed)


def in_turn(turn: CaseTurn, went: ReplayedTurn, changing: set[str]) -> list[str]:
    at = f"turn {went.number}"
    found = [] if went.new.status == "completed" else [f"{at}: {went.new.status} {went.new.error}".rstrip()]
    made = [call for call in went.new.calls if not call["is_error"]]
    for expected in turn.calls:
        if match := next((call for call in made if is_call(expected, call)), None):
            made.remove(match)
        else:
            found.append(f"{at}: no call of {' or '.join(expected.names)} {expected.arguments or ''}".rstrip())
    never = changing if "*" in turn.never else set(turn.never)
    done = {call["name"] for call in went.new.calls if not call["is_error"]}
    found += [f"{at}: called {name}" for name in sorted(never & done)]
    if turn.answer is not None and not fits(turn.answer, went.new.answer):
        found.append(f"{at}: answered “{' '.join(went.new.answer.split())[:120]}”")
    return found


def is_call(expected: ExpectedCall, call: dict[str, Any]) -> bool:
    given = call["arguments"] if isinstance(call["arguments"], dict) else {}
    return call["name"] in expected.names and all(
        fits(rule, given.get(name)) for name, rule in expected.arguments.items()
    )


def in_end(case: Case, replayed: Replayed) -> list[str]:
    if case.end is None:
        return []
    if case.end.unchanged:
        return [] if replayed.start == replayed.new else ["end: something was changed"]
    found = []
    for name, expected in case.end.things.items():
        there = dict(replayed.new.get(name, {}))
        for rules in expected:
            match = next((id for id, thing in there.items() if is_thing(rules, thing)), None)
            if match is None:
                found.append(f"end: no {name} with {rules}")
            else:
                del there[match]
        if there and not case.end.others:
            found.append(f"end: also {name} {', '.join(str(thing.get('title', id)) for id, thing in there.items())}")
    return found


def is_thing(rules: dict[str, Any], thing: dict[str, Any]) -> bool:
    return all(fits(rule, thing.get(name)) for name, rule in rules.items())


def fits(rule: Any, value: Any) -> bool:
    """Tell whether a value is as expected: equal (texts in either case), or by a rule of `chat.replay.cases`."""
    if isinstance(rule, dict) and len(rule) == 1:
        ((kind, what),) = rule.items()
        match kind:
            case "contains":
                wanted = what if isinstance(what, list) else [what]
                return all(str(each).lower() in str(value).lower() for each in wanted)
            case "without":
                unwanted = what if isinstance(what, list) else [what]
                return not any(str(each).lower() in str(value).lower() for each in unwanted)
            case "any":
                return any(fits(each, value) for each in what)
            case "matches":
                return re.search(what, str(value), re.IGNORECASE) is not None
            case "missing":
                return (value in (None, "", [])) is what
    if isinstance(rule, str) and isinstance(value, str):
        return rule.casefold() == value.casefold()
    if isinstance(rule, list) and isinstance(value, list):
        return sorted(map(str, rule)) == sorted(map(str, value))
    return bool(rule == value)


async def changing_tools() -> set[str]:
    """Return the names of the tools that do not only read."""
    servers = await tool_servers(people_paths())
    return {tool.name for server in servers for tool in server.tools.values() if not is_read(tool)}
