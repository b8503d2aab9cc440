"""What a person chooses in the composer besides the message: the model, and a tool to be used."""

from typing import Any

from chatkit.types import InferenceOptions, UserMessageInput, UserMessageTagContent
from django.conf import settings

from chat.llm import providers
from chat.models import Turn
from core.problems import Unprocessable

TAGS_COUNT = 50
TAG_LENGTH = 500
TAG_DATA_LENGTH = 2_000


def models() -> list[dict[str, Any]]:
    """Return the models to choose from, as ChatKit's composer takes them; the default is the one of the settings."""
    default = providers.model_name()
    return [each.model_dump(exclude_none=True) | {"default": each.id == default} for each in settings.MODEL_CHOICES]


def tools() -> list[dict[str, Any]]:
    return [each.model_dump(exclude_none=True) for each in settings.COMPOSER_TOOLS]


def check(message: UserMessageInput) -> None:
    """Raise `Unprocessable` for a choice that is not offered, and for tags that are too many or too large."""
    chosen = message.inference_options
    if chosen.model and chosen.model not in {each.id for each in settings.MODEL_CHOICES}:
        raise Unprocessable(f"The model “{chosen.model[:80]}” is not offered here.")
    if chosen.tool_choice and chosen.tool_choice.id not in {each.id for each in settings.COMPOSER_TOOLS}:
        raise Unprocessable(f"The tool “{chosen.tool_choice.id[:80]}” cannot be chosen here.")
    tags = [part for part in message.content if isinstance(part, UserMessageTagContent)]
    if len(tags) > TAGS_COUNT:
        raise Unprocessable(f"A message has at most {TAGS_COUNT} tags.")
    if any(len(tag.id + tag.text) > TAG_LENGTH or len(str(tag.data)) > TAG_DATA_LENGTH for tag in tags):
        raise Unprocessable("A tag of this message is too long.")


def of_turn(turn: Turn) -> InferenceOptions:
    """Return what was chosen for a turn: its message holds it, also when it is answered again."""
    given = (turn.question.item if turn.question else {}).get("inference_options", {})
    return InferenceOptions.model_validate(given)
