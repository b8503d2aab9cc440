"""From blocks to one text and the passages that it is searched by."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from knowledge.models import BELOW, chunk_digest
from knowledge.reading.blocks import Block

CHUNK_LENGTH = 900  # characters: about 200 tokens, without a tokeniser whose vocabulary is fetched over the network
HEADING_LENGTH = 500
BETWEEN = {("item", "item"): "\n", ("row", "row"): "\n"}  # everything else stands apart by an empty line


@dataclass(frozen=True)
class Placed:
    """A block with its place in the text."""

    block: Block
    start: int
    end: int

    def as_json(self) -> list[object]:
        return [self.start, self.end, self.block.kind, self.block.level, self.block.page]


@dataclass(frozen=True)
class Passage:
    """A passage with the headings above it, and its exact place: `text` is `whole[start:end]`."""

    heading: str
    text: str
    start: int
    end: int
    page: int | None = None

    @property
    def digest(self) -> str:
        return chunk_digest(self.heading, self.text)


def lay_out(blocks: list[Block]) -> tuple[str, list[Placed]]:
    """Return the blocks as one text, and the place of each in it."""
    pieces: list[str] = []
    placed: list[Placed] = []
    length = 0
    for before, block in pairwise([None, *blocks]):
        assert block is not None
        if before:
            pieces.append(BETWEEN.get((before.kind, block.kind), "\n\n"))
            length += len(pieces[-1])
        placed.append(Placed(block, length, length + len(block.text)))
        pieces.append(block.text)
        length += len(block.text)
    return "".join(pieces), placed


def sections(placed: list[Placed]) -> Iterator[tuple[list[str], list[Placed]]]:
    """Give what stands below each heading, page by page, with the headings above it.

    A heading with nothing below it stands for itself.
    """
    path: list[tuple[int, str]] = []
    section: list[Placed] = []
    for place in placed:
        if place.block.kind != "heading":
            if section and section[0].block.kind == "heading":
                section = []
            if section and section[0].block.page != place.block.page:  # a citation names the page
                yield [text for _, text in path], section
                section = []
            section.append(place)
            continue
        level = place.block.level
        if section and (section[0].block.kind != "heading" or section[0].block.level >= level):
            yield [text for _, text in path], section
        path = [*((above, text) for above, text in path if above < level), (level, one_line(place.block.text))]
        section = [place]
    if section:
        yield [text for _, text in path], section


def split(whole: str, placed: list[Placed], title: str) -> list[Passage]:
    """Return the passages of a text, each below one heading and at most `CHUNK_LENGTH` characters long."""
    from semantic_text_splitter import TextSplitter

    splitter = TextSplitter(CHUNK_LENGTH)
    passages = []
    for path, section in sections(placed):
        heading = above(title, path)
        first, last = section[0].start, section[-1].end
        for offset, text in splitter.chunk_indices(whole[first:last]):
            start = first + offset
            page = next((place.block.page for place in section if place.end > start), None)
            passages.append(Passage(heading, text, start, start + len(text), page))
    return passages


def above(title: str, path: list[str]) -> str:
    """Return title and headings as one line; a first heading that is the title stands once."""
    parts = path if path and path[0] == one_line(title) else [one_line(title), *path]
    return BELOW.join(part for part in parts if part)[:HEADING_LENGTH]


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
