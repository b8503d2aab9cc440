"""The model that answers: the offline one, or any OpenAI-compatible endpoint, chosen by settings alone."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import cast
from weakref import WeakKeyDictionary

import httpx2
from agents import Model, OpenAIResponsesModel, set_tracing_disabled
from django.conf import settings
from django.utils.module_loading import import_string
from openai import AsyncOpenAI

from chat.llm.chat_completions import ChatCompletionsModel, Client

# The SDK would send traces of every run to OpenAI.
set_tracing_disabled(True)

CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Preset:
    base_url: str
    api: str
    model: str = ""
    sees: bool = False  # whether its models take pictures


PRESETS = {
    "openai": Preset("https://api.openai.com/v1", "responses", "gpt-5-mini", sees=True),
    "openrouter": Preset("https://openrouter.ai/api/v1", "chat", "openrouter/auto", sees=True),
    "gemini": Preset(
        "https://generativelanguage.googleapis.com/v1beta/openai/", "chat", "gemini-flash-latest", sees=True
    ),
    "ollama": Preset("http://127.0.0.1:11434/v1", "chat"),
    "custom": Preset("", "chat"),
}


@dataclass(frozen=True)
class Choice:
    """Which model answers, as the settings `MODEL_…` name it; or one that `make` makes."""

    provider: str
    name: str = ""
    base_url: str = ""
    api_key: str = ""
    api: str | None = None
    make: Callable[[], Model] | None = None

    @property
    def sees(self) -> bool:
        """Tell whether the model is given pictures: as MODEL_SEES says, else as is known of the provider."""
        if self.provider == "offline":
            return False
        return PRESETS[self.provider].sees if settings.MODEL_SEES is None else bool(settings.MODEL_SEES)

    @property
    def model_name(self) -> str:
        """Return the model's name, as turns record it: `offline`, `gpt-5-mini` …"""
        return "offline" if self.provider == "offline" else self.name or PRESETS[self.provider].model


_choice: ContextVar[Choice | None] = ContextVar("model", default=None)
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[str, AsyncOpenAI]] = WeakKeyDictionary()


def chosen(wanted: str | None = None) -> Choice:
    """Return which model answers here: that of `choosing`, else a `wanted` one of MODEL_CHOICES, else MODEL_NAME."""
    if fixed := _choice.get():
        return fixed
    choice = Choice(
        settings.MODEL_PROVIDER,
        settings.MODEL_NAME,
        settings.MODEL_BASE_URL,
        settings.MODEL_API_KEY,
        settings.MODEL_API,
    )
    is_offered = wanted in {each.id for each in settings.MODEL_CHOICES}
    return replace(choice, name=wanted) if wanted and is_offered else choice


@contextmanager
def choosing(choice: Choice) -> Iterator[None]:
    """Let another model answer the turns that begin within this context."""
    token = _choice.set(choice)
    try:
        yield
    finally:
        _choice.reset(token)


def model_name(wanted: str | None = None) -> str:
    return chosen(wanted).model_name


def configured_model(wanted: str | None = None) -> Model:
    """Return the model that answers (`chosen`). Must be called in the event loop that will use it."""
    choice = chosen(wanted)
    if choice.make:
        return choice.make()
    if choice.provider == "offline":
        return cast(Model, import_string(settings.OFFLINE_MODEL)())
    preset = PRESETS[choice.provider]
    kind = OpenAIResponsesModel if (choice.api or preset.api) == "responses" else ChatCompletionsModel
    return kind(model=choice.model_name, openai_client=client(choice.base_url or preset.base_url, choice.api_key))


def client(base_url: str, api_key: str) -> AsyncOpenAI:
    """Return the client of this event loop: it keeps its connections, which work within one loop only."""
    loop = asyncio.get_running_loop()
    wanted = f"{base_url.rstrip('/')} {api_key}"
    if loop not in _clients or _clients[loop][0] != wanted:
        # How long to wait and what to try again is decided elsewhere: `failures` and `chat.turns.journaled_model`.
        timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        # Ollama and most local servers accept any key, but the client insists on one.
        made = Client(api_key=api_key or "none", base_url=base_url, timeout=timeout, max_retries=0)
        _clients[loop] = wanted, made
    return _clients[loop][1]


async def close_clients() -> None:
    """Close the connections of this event loop, which is about to end."""
    if kept := _clients.pop(asyncio.get_running_loop(), None):
        await kept[1].close()
