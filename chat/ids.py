"""The ids of conversations, turns and what openai-chatkit stores; UUIDv7s, which never collide."""

from uuid import UUID

from chatkit.store import NotFoundError
from uuid_utils.compat import uuid7

from core import ids
from core.ids import show
from core.problems import NotFound

__all__ = ["PREFIXES", "Missing", "new_id", "read", "show"]

# The prefixes that openai-chatkit's store gives the kinds of things it makes.
PREFIXES = {
    "thread": "conv",
    "message": "msg",
    "tool_call": "tc",
    "task": "tsk",
    "widget": "wig",
    "workflow": "wf",
    "attachment": "atc",
    "sdk_hidden_context": "ctx",
}


class Missing(NotFound, NotFoundError):
    """There is no such thing for this user; understood by our endpoints and by openai-chatkit's server."""


def new_id(kind: str) -> str:
    return show(PREFIXES[kind], uuid7())


def read(prefix: str, text: str) -> UUID:
    """Return the UUID of an id such as `conv_0197…`. Raises `Missing`."""
    try:
        return ids.read(prefix, text)
    except NotFound as error:
        raise Missing(str(error)) from error
