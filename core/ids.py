"""Ids as people and programs see them: a prefix that says what it is, and the digits of a UUIDv7."""

from uuid import UUID

from core.problems import NotFound


def show(prefix: str, id: UUID) -> str:
    """Return for example `turn_0197…`."""
    return f"{prefix}_{id.hex}"


def read(prefix: str, text: str) -> UUID:
    """Return the UUID of an id such as `turn_0197…`. Raises `NotFound` for any other text: nothing has such an id."""
    start, _, digits = text.partition("_")
    try:
        if start == prefix and len(digits) == 32:
            return UUID(hex=digits)
    except ValueError:
        pass
    raise NotFound(f"There is nothing with the id “{text[:80]}”.")
