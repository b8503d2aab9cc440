"""The system prompt: a template with the user's name, date and time zone."""

import functools
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings
from django.template import Context, Engine

from accounts.models import User

SYSTEM, TITLE, SUMMARY = "prompts/system.md", "prompts/title.md", "prompts/summary.md"


@dataclass(frozen=True)
class Prompt:
    """A rendered prompt, the template it was made from with its SHA-256, and what was filled in."""

    text: str
    template: str
    template_hash: str
    values: dict[str, str]


@functools.cache
def template_source(name: str) -> str:
    return (settings.BASE_DIR / "templates" / name).read_text(encoding="utf-8")


_instead: ContextVar[str | None] = ContextVar("system prompt", default=None)


@contextmanager
def instead(template: str) -> Iterator[None]:
    """Use another template of the system prompt for the turns that begin within this context."""
    token = _instead.set(template)
    try:
        yield
    finally:
        _instead.reset(token)


def hash_of(template: str) -> str:
    return hashlib.sha256(template.encode()).hexdigest()


def render(user: User, summary: str = "") -> Prompt:
    """Return the system prompt for a user, as of now on their clock, with the `summary` of older turns."""
    now = user.now()
    source = _instead.get() or template_source(SYSTEM)
    values = {
        "name": user.name or "a person",
        "now": now.isoformat(timespec="minutes"),
        "weekday": now.strftime("%A"),
        "timezone": user.timezone,
        "summary": summary,
    }
    return Prompt(filled_in(source, values), source, hash_of(source), values)


def filled_in(template: str, values: dict[str, str]) -> str:
    """Return the text for a model. Names and summaries are in it unchanged: it is not HTML, and not safe as HTML."""
    return Engine(autoescape=False).from_string(template).render(Context(values, autoescape=False)) + ""  # unlike str()
