"""Exported conversations as files."""

import json
from pathlib import Path

from pydantic import ValidationError

from chat.replay.recording import Recording


class UnreadableRecording(Exception):
    """The file cannot be read, or is not an exported conversation; the text says why in one line."""


def load(path: Path) -> Recording:
    """Return the recording in a file. Raises `UnreadableRecording`."""
    try:
        return Recording.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableRecording(f"{path}: {error.strerror}") from error
    except (ValidationError, UnicodeDecodeError) as error:
        first = error.errors(include_url=False)[0] if isinstance(error, ValidationError) else None
        where = ".".join(map(str, first["loc"])) + ": " + first["msg"] if first else "it is not text"
        raise UnreadableRecording(f"{path} is not an exported conversation ({where}).") from error


def dump(recording: Recording) -> str:
    return json.dumps(recording.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def schema() -> str:
    """Return the JSON schema of exported conversations (docs/conversation.schema.json)."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Recording.model_json_schema()}
    return json.dumps(made, indent=1) + "\n"
