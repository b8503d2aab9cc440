"""Reading request bodies: JSON that the rest of the program, and PostgreSQL, can hold."""

import json
from typing import Any

from core.problems import Problem

DEPTH = 60


class BadBody(Problem):
    pass


def parse_json(body: bytes) -> Any:
    """Return the value of a JSON text (RFC 8259). Raises `BadBody` for anything that could not be stored as it came."""
    try:
        value = json.loads(body, parse_constant=refuse_constant)
        refuse_unstorable(value)
    except UnicodeError as error:
        raise BadBody("The body is not UTF-8 text.") from error
    except ValueError as error:
        raise BadBody(f"The body is not valid JSON: {error}") from error
    except RecursionError as error:
        raise BadBody("The body is nested too deeply.") from error
    return value


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def refuse_unstorable(value: Any, depth: int = 0) -> None:
    """Raise for a value that is nested deeper than `DEPTH`, or holds a text that PostgreSQL cannot store.

    Such a text has a NUL character, or half of a surrogate pair.
    """
    if depth > DEPTH:
        raise RecursionError
    if isinstance(value, str):
        value.encode()
        if "\0" in value:
            raise ValueError("texts must not contain the NUL character")
    elif isinstance(value, dict):
        for key, member in value.items():
            refuse_unstorable(key)
            refuse_unstorable(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            refuse_unstorable(member, depth + 1)
