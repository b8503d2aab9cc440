"""What a file is read into: blocks of plain text."""

from dataclasses import dataclass


class UnreadableFile(Exception):
    """The file cannot be read. The text says why, in one line for the person who gave it."""


@dataclass(frozen=True)
class Block:
    """A piece of text that belongs together. `level`: 1 to 6 of a heading, depth of a list item."""

    text: str
    kind: str = "text"  # or heading, item, code, row
    level: int = 0
    page: int | None = None
