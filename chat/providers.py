"""The model that answers: the offline one, or any OpenAI-compatible endpoint, chosen by settings alone."""

import asyncio
from dataclasses import dataclass
from typing import cast
from weakref import WeakKeyDictionary

import httpx2
from agents import Model, OpenAIResponsesModel, set_tracing_disabled
from django.conf import settings
from django.utils.module_loading import import_string
from openai import AsyncOpenAI

from chat.model_calls import ChatCompletionsModel

# The SDK would send traces of every run to OpenAI.
set_tracing_disabled(True)

CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Preset:
    base_url: str
    api: str
    model: str = ""


PRESETS = {
    "openai": Preset("https://api.openai.com/v1", "responses", "gpt-5-mini"),
    "openrouter": Preset("https://openrouter.ai/api/v1", "chat", "openrouter/auto"),
    "gemini": Preset("https://generativelanguage.googleapis.com/v1beta/openai/", "chat", "gemini-flash-latest"),
    "ollama": Preset("http://127.0.0.1:11434/v1", "chat"),
    "custom": Preset("", "chat"),
}

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncOpenAI] = WeakKeyDictionary()


def model_name() -> str:
    """Return the name of the configured model, as turns record it: `offline`, `gpt-5-mini` …"""
    if settings.MODEL_PROVIDER == "offline":
        return "offline"
    return settings.MODEL_NAME or PRESETS[settings.MODEL_PROVIDER].model


def configured_model() -> Model:
    """Return the model that settings name. Must be called in the event loop that will use it."""
    if settings.MODEL_PROVIDER == "offline":
        return cast(Model, import_string(settings.OFFLINE_MODEL)())
    preset = PRESETS[settings.MODEL_PROVIDER]
    kind = OpenAIResponsesModel if (settings.MODEL_API or preset.api) == "responses" else ChatCompletionsModel
    return kind(model=model_name(), openai_client=client(settings.MODEL_BASE_URL or preset.base_url))


def client(base_url: str) -> AsyncOpenAI:
    """Return the client for this event loop: one that is shared keeps connections, but only within its loop."""
    loop = asyncio.get_running_loop()
    if loop not in _clients or str(_clients[loop].base_url).rstrip("/") != base_url.rstrip("/"):
        # How long to wait and what to try again is decided in one place, chat.failures and chat.model_calls.
        timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        # Ollama and most local servers take any key, but the client refuses to have none.
        key = settings.MODEL_API_KEY or "none"
        _clients[loop] = AsyncOpenAI(api_key=key, base_url=base_url, timeout=timeout, max_retries=0)
    return _clients[loop]
