"""Markdown to blocks: CommonMark with tables, by markdown-it-py's tokens."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.reading.blocks import Block

FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", re.DOTALL)
TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)

parser = MarkdownIt("commonmark", {"maxNesting": 50}).enable("table")


def read_markdown(text: str) -> tuple[str, list[Block]]:
    """Return the title that the front matter names, if any, and the blocks."""
    front = FRONT_MATTER.match(text)
    named = TITLE.search(front.group(1)) if front else None
    body = text[front.end() :] if front else text
    return named.group(1) if named else "", list(blocks(parser.parse(body)))


def blocks(tokens: list[Token]) -> Iterator[Block]:
    kind, level, depth = "text", 0, 0
    cells: list[str] = []
    for token in tokens:
        match token.type:
            case "heading_open":
                kind, level = "heading", int(token.tag[1:])
            case "heading_close" | "paragraph_close":
                kind, level = "text", 0
            case "bullet_list_open" | "ordered_list_open":
                depth += 1
            case "bullet_list_close" | "ordered_list_close":
                depth -= 1
            case "list_item_open":
                kind, level = "item", depth
            case "tr_open":
                kind, cells = "row", []
            case "tr_close":
                yield Block(" | ".join(cell for cell in cells if cell), "row")
                kind = "text"
            case "fence" | "code_block":
                yield Block(token.content.rstrip("\n"), "code")
            case "html_block":
                yield from html(token.content)
            case "inline" if kind == "row":
                cells.append(said(token))
            case "inline":
                yield Block(said(token), kind, level)


def said(token: Token) -> str:
    """Return what a line says, without its marks."""
    parts = []
    for child in token.children or []:
        if child.type in {"softbreak", "hardbreak"}:
            parts.append(" " if child.type == "softbreak" else "\n")
        elif child.type == "image" or child.type in {"text", "code_inline"}:
            parts.append(child.content)
    return "".join(parts).strip()


def html(source: str) -> Iterator[Block]:
    from knowledge.reading.html_blocks import read_html

    yield from read_html(source)[1]
