"""Who changes something, through which way in, and under which key.

Tools learn it from a context variable on the server's side, never from arguments or `_meta`: any client, and any model,
can forge those.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User

SOURCES = ["chat", "rest", "mcp", "page", "admin"]


@dataclass(frozen=True)
class Caller:
    """The user a change is made for. `key` makes it idempotent: the same key never does anything twice. A call
    without one is never repeated.

    With `is_preview` nothing is changed: the tool tells what it would do (`core.tools.previews`). With `expects`, the
    fingerprint of such a plan, the call does exactly that or nothing.
    """

    user: User
    source: str
    key: str = ""
    turn_id: UUID | None = None
    is_preview: bool = False
    expects: str | None = None


_caller: ContextVar[Caller] = ContextVar("caller")


def current_caller() -> Caller:
    """Return the caller of the tool that runs. Raises `LookupError` outside of `calling`."""
    return _caller.get()


@contextmanager
def calling(caller: Caller) -> Iterator[None]:
    """Run tools in the name of `caller`."""
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)
