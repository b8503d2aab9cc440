"""What can fail between us and a model: which failures lead to another try, and what each means to people.

docs/failures.md is the table of them all; the tests of that table are tests/chat/llm/test_failures.py.
"""

import json
import random
import re
from collections.abc import Callable
from typing import Any

import openai
import structlog
from agents import AgentsException, MaxTurnsExceeded
from agents.retry import ModelRetryBackoffSettings, ModelRetrySettings, RetryDecision, RetryPolicyContext
from chatkit.types import CustomTask, ErrorEvent, TaskItem
from django.conf import settings
from django.utils import timezone

from chat import ids

# A model that has not corrected its calls after this many tries in a row never will.
UNUSABLE_CALLS_LIMIT = 4
# A provider that asks for a longer pause is not waited for; the person is told instead.
RETRY_AFTER_LIMIT_SECONDS = 20
TIMEOUT_RETRIES = 1  # each has already cost the person MODEL_FIRST_TEXT_SECONDS
EXCERPT_LENGTH = 200

log = structlog.get_logger("errand.chat")


class ModelFailure(AgentsException):
    """A model response that cannot be used."""


class Silent(ModelFailure):
    """Nothing came for longer than `MODEL_FIRST_TEXT_SECONDS` or `MODEL_BETWEEN_TEXTS_SECONDS`."""


class BrokenOff(ModelFailure):
    """The stream ended before the response did."""


class ProviderFailed(ModelFailure):
    """The provider reported a failure of its own inside the stream."""


class EmptyAnswer(ModelFailure):
    """The response says nothing and calls no tool."""


class ContentFiltered(ModelFailure):
    """The provider withheld the response, or the rest of it."""


class CutShort(ModelFailure):
    """The response reached the provider's limit of tokens."""


class UnusableCalls(ModelFailure):
    """The model goes on asking for tools that do not exist, or with arguments that cannot be read."""


def of_incomplete(reason: str | None) -> ModelFailure:
    """Return what a response's reason for being incomplete means, in the words of either API."""
    match reason:
        case "content_filter":
            return ContentFiltered("content_filter")
        case "length" | "max_output_tokens":
            return CutShort(reason)
    return BrokenOff(reason or "no end")


# ---- trying again


def retrying(tell: Callable[[str], None], retries: int) -> ModelRetrySettings:
    """Return the SDK's retry settings; `tell` gets the words for the person who waits.

    The SDK itself tries again only while it was given nothing of the response, that is, while nothing was shown.
    """

    def policy(context: RetryPolicyContext) -> RetryDecision:
        if not is_passing(context):
            return RetryDecision(retry=False)
        log.warning("model.retried", attempt=context.attempt, error=describe(context.error))
        tell("The model did not answer; trying again…")
        if context.normalized.retry_after is None:
            return RetryDecision(retry=True)  # after the back-off below
        jitter = random.uniform(1, 1.1)  # noqa: S311 - spreads requests, guards nothing
        return RetryDecision(retry=True, delay=context.normalized.retry_after * jitter)

    first = settings.MODEL_RETRY_DELAY_SECONDS
    backoff = ModelRetryBackoffSettings(initial_delay=first, multiplier=3, max_delay=10, jitter=True)
    return ModelRetrySettings(max_retries=retries, policy=policy, backoff=backoff)


def is_passing(context: RetryPolicyContext) -> bool:
    """Tell whether the same request is likely to succeed in a moment."""
    error = context.error
    if (context.normalized.retry_after or 0) > RETRY_AFTER_LIMIT_SECONDS or is_out_of_credit(error):
        return False
    if context.provider_advice and context.provider_advice.suggested is False:
        return False
    match error:
        case Silent() | openai.APITimeoutError():
            return context.attempt <= TIMEOUT_RETRIES
        case BrokenOff() | EmptyAnswer() | ProviderFailed() | openai.APIConnectionError():
            return True
        case openai.APIStatusError():
            return error.status_code in {408, 409, 429} or error.status_code >= 500
        case openai.APIError():  # told inside the stream, without a status
            return True
    return False


def is_out_of_credit(error: Exception) -> bool:
    return isinstance(error, openai.APIError) and error.code in {"insufficient_quota", "billing_hard_limit_reached"}


# ---- saying so


def describe(error: Exception) -> str:
    """Return an error for the log: its kind, and with LOG_CONTENT its text.

    Texts of providers may repeat what was sent to them.
    """
    if settings.LOG_CONTENT:
        return f"{type(error).__name__}: {error}"
    facts = [getattr(error, name, None) for name in ("status_code", "code")]
    return " ".join(map(str, [type(error).__name__, *(fact for fact in facts if fact)]))


def explain(error: Exception) -> str:
    """Return what a failed model call means to the person who waits for the answer."""
    match error:
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return "The model's provider refused our key. Ask whoever runs this server to check MODEL_API_KEY."
        case openai.NotFoundError():
            name = f"“{settings.MODEL_NAME}”" if settings.MODEL_NAME else "that is its preset"
            return f"The provider does not know the model {name}. Check MODEL_NAME and MODEL_BASE_URL."
        case openai.APIError() if is_out_of_credit(error):
            return "The credit at the model's provider is used up. Ask whoever runs this server to renew it."
        case openai.RateLimitError():
            return f"The model is busy: its provider limits our requests. Try again {pause(error)}."
        case openai.APIError(code="content_filter") | ContentFiltered():
            return "The provider's content filter withheld the answer. Put it in other words."
        case openai.APIError(code="context_length_exceeded"):
            return "This conversation has become too long for the model. Begin a new one."
        case openai.APITimeoutError() | Silent():
            return "The model took too long to answer."
        case TimeoutError():
            return f"Stopped after {settings.TURN_SECONDS_LIMIT:.0f} seconds, the longest an answer may take."
        case openai.APIConnectionError() if not is_cut(error):
            return "The model cannot be reached. Check MODEL_BASE_URL and the network."
        case BrokenOff() | openai.APIConnectionError():
            return "The connection to the model broke off in the middle of its answer."
        case openai.APIStatusError():
            return f"The model's provider answered with an error ({error.status_code})."
        case ProviderFailed() | openai.APIError():
            return "The model's provider failed in the middle of its answer."
        case EmptyAnswer():
            return "The model gave no answer."
        case CutShort():
            return "The answer was longer than the provider allows, and was cut off."
        case UnusableCalls():
            return "The model kept asking for actions that cannot be carried out."
        case MaxTurnsExceeded():
            return f"Stopped after {settings.MODEL_CALLS_LIMIT} steps without an end. Ask in smaller pieces."
    return "The model's answer could not be used."


def is_cut(error: openai.APIConnectionError) -> bool:
    """Tell whether an existing connection was lost, as opposed to one that could not be made."""
    return type(error.__cause__).__name__ in {"RemoteProtocolError", "ReadError"}


def pause(error: openai.RateLimitError) -> str:
    """Return when to try again, if the provider says it in whole seconds (RFC 9110, section 10.2.3)."""
    after = error.response.headers.get("Retry-After", "")
    if not after.isdecimal() or int(after) < 2:
        return "in a moment"
    seconds = int(after)
    return f"in {seconds} seconds" if seconds < 120 else f"in {-(-seconds // 60)} minutes"


def notice(thread_id: str, text: str) -> TaskItem:
    """Return the item that keeps saying in the conversation why an answer is missing or incomplete."""
    task = CustomTask(title=text, icon="info", status_indicator="complete")
    return TaskItem(id=ids.new_id("task"), thread_id=thread_id, created_at=timezone.now(), task=task)


def event() -> ErrorEvent:
    """Return the event that offers to try again. It does not repeat the reason, which is in the `notice`."""
    return ErrorEvent(code="custom", message="The answer could not be finished.", allow_retry=True)


# ---- calls that cannot be made


def read_arguments(text: str) -> dict[str, Any]:
    """Return a call's arguments. Raises `ValueError`, in words for the model, if they are not a JSON object."""
    try:
        arguments = json.loads(text or "{}")
    except ValueError as error:
        raise ValueError(f"The arguments are not valid JSON ({error}).") from None
    if not isinstance(arguments, dict):
        raise ValueError("The arguments must be one JSON object.")
    return arguments


def refusal(call: dict[str, Any], tools: set[str]) -> str:
    """Return what the model is told about a call that cannot be made, so that it can correct it."""
    if call["name"] not in tools:
        return f"There is no tool “{call['name'][:80]}”. The tools are: {', '.join(sorted(tools))}."
    try:
        read_arguments(call["arguments"])
    except ValueError as error:
        return (
            f"{error} They began: {call['arguments'][:EXCERPT_LENGTH]} Nothing was done. Make the call again, mended."
        )
    return "The tool failed; nothing is known of its result."


def sendable(item: Any) -> Any:
    """Return an input item as every provider accepts it: many refuse a request over one old call they cannot read."""
    if not isinstance(item, dict) or item.get("type") != "function_call":
        return item
    try:
        read_arguments(item["arguments"])
        arguments = item["arguments"] or "{}"
    except ValueError:
        arguments = "{}"  # the call's result says what was wrong with them
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", item["name"])[:64] or "unnamed"
    return item | {"name": name, "arguments": arguments}
