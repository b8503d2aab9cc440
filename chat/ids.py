"""Ids as people and programs see them: a prefix that says what it is, and a UUIDv7 that never collides."""

from uuid import UUID

from chatkit.store import NotFoundError
from uuid_utils.compat import uuid7

from accounts.problems import NotFound

# The prefixes that openai-chatkit's store gives the kinds of things it makes.
PREFIXES = {
    "thread": "conv",
    "message": "msg",
    "tool_call": "tc",
    "task": "tsk",
    "workflow": "wf",
    "attachment": "atc",
    "sdk_hidden_context": "ctx",
}


class Missing(NotFound, NotFoundError):
    """There is no such thing for this user; understood by our endpoints and by openai-chatkit's server."""


def new_id(kind: str) -> str:
    return show(PREFIXES[kind], uuid7())


def show(prefix: str, id: UUID) -> str:
    return f"{prefix}_{id.hex}"


def read(prefix: str, text: str) -> UUID:
    """Return the UUID of an id such as `conv_0197…`. Raises `Missing`: nothing can have any other id."""
    start, _, digits = text.partition("_")
    try:
        if start == prefix and len(digits) == 32:
            return UUID(hex=digits)
    except ValueError:
        pass
    raise Missing(f"There is nothing with the id “{text[:80]}”.")
