"""Options that the commands share: which conversations, which model, prompt and tools."""

import datetime
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from chat import ids
from chat.llm.providers import PRESETS, Choice, chosen
from chat.models import Conversation, Turn

BAR = 30


def add_selection(parser: ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="conversations: conv_…")
    parser.add_argument("--since", help="those with activity since a date or time (ISO 8601)")
    parser.add_argument("--limit", type=int, help="at most this many, the latest first")
    parser.add_argument("--feedback", choices=["negative", "positive"], help="those with this feedback")


def add_model(parser: ArgumentParser) -> None:
    parser.add_argument("--provider", choices=["offline", *PRESETS], help="another MODEL_PROVIDER")
    parser.add_argument("--model", help="another MODEL_NAME")
    parser.add_argument("--base-url", help="another MODEL_BASE_URL")
    parser.add_argument("--api", choices=["chat", "responses"], help="another MODEL_API")
    parser.add_argument("--prompt", type=Path, help="a file with another template of the system prompt")
    parser.add_argument(
        "--mcp-server", action="append", help="a tool server instead of MCP_SERVERS; repeat for several"
    )


def is_selecting(given: dict[str, Any]) -> bool:
    return bool(given["ids"] or given["since"] or given["limit"] or given["feedback"])


def selected(given: dict[str, Any]) -> list[Conversation]:
    """Return the conversations that the options name. Raises `CommandError`."""
    found = Conversation.objects.select_related("user").begun().order_by("-updated_at", "-id")
    if given["feedback"]:
        found = found.filter(Exists(Turn.objects.filter(conversation=OuterRef("pk"), feedback=given["feedback"])))
    if given["ids"]:
        found = found.filter(pk__in=map(read_id, given["ids"]))
    elif not (given["since"] or given["limit"] or given["feedback"]):
        return []
    if given["since"]:
        found = found.filter(updated_at__gte=read_moment(given["since"]))
    return list(found[: given["limit"]])


def read_id(text: str) -> Any:
    try:
        return ids.read("conv", text)
    except ids.Missing as error:
        raise CommandError(str(error), returncode=2) from error


def read_moment(text: str) -> datetime.datetime:
    try:
        moment = parse_datetime(text)
        if moment is None and (day := parse_date(text)):
            moment = datetime.datetime.combine(day, datetime.time())
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"“{text}” is not a date. Write 2026-05-01 or 2026-05-01T17:00.", returncode=2)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def choice(given: dict[str, Any]) -> Choice | None:
    """Return the model that the options name, or None: that of the settings."""
    if not any(given[name] for name in ("provider", "model", "base_url", "api")):
        return None
    present = chosen()
    provider = given["provider"] or ("custom" if given["base_url"] else present.provider)
    if provider == "offline" and given["model"] not in {None, "offline"}:
        raise CommandError("There is only one offline model. Name a --provider for another model.", returncode=2)
    same = provider == present.provider
    made = Choice(
        provider,
        given["model"] or (present.name if same else ""),
        given["base_url"] or (present.base_url if same else ""),
        present.api_key,
        given["api"] or (present.api if same else None),
    )
    if provider != "offline" and not (made.model_name and (made.base_url or PRESETS[provider].base_url)):
        raise CommandError(f"--provider {provider} needs a --model, and custom also a --base-url.", returncode=2)
    return made


def prompt(given: dict[str, Any]) -> str | None:
    if given["prompt"] is None:
        return None
    try:
        return str(given["prompt"].read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{given['prompt']}: {error.strerror}", returncode=2) from error


class Progress:
    """A bar on a terminal; nothing elsewhere."""

    def __init__(self, total: int, out: OutputWrapper) -> None:
        self.total, self.done, self.out = total, 0, out

    def step(self) -> None:
        self.done += 1
        if self.out.isatty() and self.total > 1:
            full = BAR * self.done // self.total
            end = "\n" if self.done == self.total else ""
            self.out.write(f"\r[{'█' * full}{'·' * (BAR - full)}] {self.done}/{self.total}", ending=end)
            self.out.flush()
