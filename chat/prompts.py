"""The system prompt: a template with the user's name, date and time zone."""

import functools
import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.template import Context, Engine

from accounts.models import User

SYSTEM = "prompts/system.md"


@dataclass(frozen=True)
class Prompt:
    """A rendered prompt, and the SHA-256 of the template it was made from."""

    text: str
    template_hash: str


@functools.cache
def template_source() -> str:
    return (settings.BASE_DIR / "templates" / SYSTEM).read_text(encoding="utf-8")


def render(user: User) -> Prompt:
    """Return the system prompt for a user, as of now on their clock."""
    now = user.now()
    source = template_source()
    values = {
        "name": user.name or "a person",
        "now": now.isoformat(timespec="minutes"),
        "weekday": now.strftime("%A"),
        "timezone": user.timezone,
    }
    text = Engine(autoescape=False).from_string(source).render(Context(values, autoescape=False))
    return Prompt(text, hashlib.sha256(source.encode()).hexdigest())
