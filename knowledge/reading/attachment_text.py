"""The text of a file that somebody attaches to a message: `settings.ATTACHMENT_READER`."""

from core.problems import Unprocessable
from knowledge.reading.blocks import UnreadableFile
from knowledge.reading.extract import extract


def text_of(content: bytes, name: str) -> str:
    """Return what a document says, block by block. Raises `Unprocessable`, with the reason for the person."""
    try:
        found = extract(content, name)
    except UnreadableFile as error:
        raise Unprocessable(str(error)) from error
    return "\n\n".join(block.text for block in found.blocks)
