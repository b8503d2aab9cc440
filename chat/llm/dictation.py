"""Speech to text, by any OpenAI-compatible transcription endpoint (TRANSCRIPTION_BASE_URL)."""

import openai
import structlog
from chatkit.types import AudioInput
from django.conf import settings

from core.problems import Unprocessable

SECONDS_LIMIT = 60
ENDINGS = {
    "audio/webm": "webm",
    "audio/mp4": "mp4",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
}

log = structlog.get_logger("errand.chat")


class NotHeard(Unprocessable):
    """The recording could not be turned into text. Its status is not 5xx, after which ChatKit's clients repeat."""


async def transcribe(audio: AudioInput) -> str:
    """Return what is said in a recording. Raises `NotHeard`."""
    if audio.media_type not in ENDINGS:
        raise NotHeard(f"Recordings of this kind ({audio.media_type[:80]}) cannot be read.")
    file = (f"speech.{ENDINGS[audio.media_type]}", audio.data, audio.media_type)
    key, url = settings.TRANSCRIPTION_API_KEY or "none", settings.TRANSCRIPTION_BASE_URL
    try:
        async with openai.AsyncOpenAI(api_key=key, base_url=url, timeout=SECONDS_LIMIT, max_retries=1) as client:
            heard = await client.audio.transcriptions.create(model=settings.TRANSCRIPTION_MODEL, file=file)
    except openai.OpenAIError as error:
        log.warning("dictation.failed", error=type(error).__name__)
        raise NotHeard("Dictation does not work at the moment. Type it instead, or try again.") from error
    return heard.text.strip()
