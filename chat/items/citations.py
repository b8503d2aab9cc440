"""Citations: from the markers in a model's text to annotations of what the person reads.

A tool that finds things gives its sources in `_meta["chatkit/sources"]`: plain data, each with the key that its passage
was marked with, such as `doc-k7f3qda`. The model writes the key in brackets after what it takes from there. People see
no markers: known ones become annotations, unknown ones are dropped, and code stays as it is.

A key may also be a number such as `#4`, by which people know a thing. It stays in the text, and is annotated where a
message names it first.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from chatkit.types import Annotation, EntitySource, URLSource
from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from chat.models import Step, Turn

SOURCES_META = "chatkit/sources"
ITEM_TYPE = "errand.sources"  # among a step's items; no model is given it
REMEMBERED_STEPS = 50

KEY = re.compile(r"doc-[0-9a-z]{4,16}")
# One or more keys in brackets (some models have brackets of their own), with the space before them.
MARKER = re.compile(rf"[ \t]*[\[【]\s?{KEY.pattern}(?:\s*[,;]?\s*{KEY.pattern})*\s?[\]】]")
NUMBER = re.compile(r"(?<![\w#&/])#[1-9]\d{0,9}(?!\w)")
# The beginning of a marker at the end of a text that still grows.
BEGUN = re.compile(r"(?:#\d{0,10}|[ \t]*(?:[\[【]\s?(?:d(?:o(?:c(?:-[0-9a-z,;\s-]{0,200})?)?)?)?)?)\Z")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


class Source(BaseModel):
    """A source as a tool gives it. `url` is what opens it, at the passage; an `entity` (its id and data) has none."""

    model_config = ConfigDict(extra="ignore")

    key: str
    title: str
    url: str = ""
    description: str | None = None
    entity: dict[str, Any] | None = None

    def at(self, text: str) -> Annotation:
        """Return an annotation at the end of `text`. Its index counts as browsers do: in UTF-16 units."""
        return Annotation(source=self.shown, index=len(text.encode("utf-16-le")) // 2)

    @property
    def shown(self) -> URLSource | EntitySource:
        about: dict[str, Any] = {"title": self.title, "description": self.description}
        if not self.entity:
            return URLSource(**about, url=self.url)
        entity = {"id": self.entity["id"], "data": self.entity.get("data", {})}
        return EntitySource(**about, **entity, inline_label=self.key, icon="check-circle", interactive=True)


sources_given: TypeAdapter[list[Source]] = TypeAdapter(list[Source])


def sources_of(result: CallToolResult) -> list[Source]:
    """Return the sources that a tool's result names; none where they cannot be read."""
    try:
        return sources_given.validate_python((result.meta or {}).get(SOURCES_META, []))
    except ValidationError:
        return []


def as_items(sources: Iterable[Source]) -> list[dict[str, Any]]:
    """Return sources as an item of a step, from which `remembered` reads them in later turns."""
    given = [source.model_dump() for source in sources]
    return [{"type": ITEM_TYPE, "sources": given}] if given else []


def remembered(turn: Turn) -> list[Source]:
    """Return the sources that tools gave in a turn's conversation until now: the model may still cite them."""
    steps = Step.objects.filter(turn__conversation=turn.conversation_id, items__contains=[{"type": ITEM_TYPE}])
    found = steps.order_by("-id").values_list("items", flat=True)[:REMEMBERED_STEPS]
    given = [item["sources"] for items in found for item in items if item.get("type") == ITEM_TYPE]
    return [source for sources in given for source in sources_given.validate_python(sources)]


class Citations:
    """The text of one content part on its way to the screen. What may be the beginning of a marker is held back."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self.held = ""

    def learn(self, sources: Iterable[Source]) -> None:
        self.sources |= {source.key: source for source in sources}

    def feed(self, shown: str, delta: str) -> Iterator[str | Source]:
        """Yield what can be shown after `shown`: pieces of text, and the sources that are cited between them."""
        text = self.held + delta
        begun = BEGUN.search(text)
        place = begun.start() if begun else len(text)
        self.held = text[place:]
        yield from self.resolve(shown, text[:place])

    def flush(self, shown: str) -> Iterator[str | Source]:
        """Yield what was held back, at the end of the text."""
        text, self.held = self.held, ""
        yield from self.resolve(shown, text)

    def resolve(self, shown: str, text: str) -> Iterator[str | Source]:
        place = 0
        for marker in MARKER.finditer(text):
            if is_code(shown + text[: marker.start()]):
                continue
            yield from self.with_numbers(shown + text[:place], text[place : marker.start()])
            yield from (self.sources[key] for key in KEY.findall(marker.group()) if key in self.sources)
            place = marker.end()
        yield from self.with_numbers(shown + text[:place], text[place:])

    def with_numbers(self, before: str, text: str) -> Iterator[str | Source]:
        """Yield a text that follows `before`, and after each number that it names first what the number stands for."""
        place = 0
        for number in NUMBER.finditer(text):
            said = before + text[: number.start()]
            is_first = number.group() not in NUMBER.findall(said)
            if number.group() in self.sources and is_first and not is_code(said):
                yield text[place : number.end()]
                yield self.sources[number.group()]
                place = number.end()
        yield text[place:]


def is_code(before: str) -> bool:
    """Tell whether the text that follows is inside a block or span of code."""
    fence = ""
    for line in FENCE.finditer(before):
        mark = line.group(1)
        if not fence:
            fence = mark
        elif mark.startswith(fence):
            fence = ""
    return bool(fence) or before.rpartition("\n")[2].count("`") % 2 == 1
