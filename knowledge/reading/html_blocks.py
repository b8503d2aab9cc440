"""HTML to blocks: what a reader would see of a page, without navigation, scripts and forms."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledge.reading.blocks import Block

LEFT_OUT = [
    "script",
    "style",
    "noscript",
    "template",
    "nav",
    "header",
    "footer",
    "aside",
    "form",
    "iframe",
    "svg",
    "head",
]
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
DIVIDES = {
    *(
        "address",
        "article",
        "blockquote",
        "body",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
    ),
    *(
        "hr",
        "html",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ),
    *HEADINGS,
}
DEPTH_LIMIT = 200


def read_html(text: str) -> tuple[str, list[Block]]:
    """Return the title and the blocks of a page: of its main part, where it names one."""
    tree = LexborHTMLParser(text)
    found = tree.css_first("title")
    title = " ".join(found.text().split()) if found else ""
    root = tree.css_first("main") or tree.css_first("article") or tree.body
    if root is None:
        return title, []
    for node in root.css(", ".join(LEFT_OUT)):
        node.decompose()
    return title, list(blocks(root))


def blocks(node: LexborNode, level: int = 0, depth: int = 0) -> Iterator[Block]:
    """Give the blocks of an element, in order. Text that stands between them is a block of its own."""
    loose: list[str] = []
    for child in node.iter(include_text=True):
        if child.tag not in DIVIDES and not (child.is_element_node and divides_inside(child)):
            loose.append("\n" if child.tag == "br" else inline(child))
            continue
        yield from paragraph(loose)
        loose = []
        if depth < DEPTH_LIMIT:
            yield from block(child, level, depth + 1)
    yield from paragraph(loose)


def divides_inside(node: LexborNode) -> bool:
    return node.css_first(", ".join(sorted(DIVIDES))) is not None


def block(node: LexborNode, level: int, depth: int) -> Iterator[Block]:
    tag = node.tag or ""
    if tag in HEADINGS:
        yield Block(tidy(inline(node)), "heading", HEADINGS[tag])
    elif tag == "pre":
        yield Block(inline(node).strip("\n"), "code")
    elif tag == "tr":
        cells = [tidy(inline(cell)) for cell in node.css("td, th")]
        yield Block(" | ".join(cell for cell in cells if cell), "row")
    elif tag == "li":
        nested = list(blocks(node, level + 1, depth))
        if nested and nested[0].kind == "text":
            nested[0] = Block(nested[0].text, "item", level or 1)
        yield from nested
    else:
        yield from blocks(node, level, depth)


def inline(node: LexborNode) -> str:
    return node.text(deep=True) or ""


def paragraph(pieces: list[str]) -> Iterator[Block]:
    if text := tidy("".join(pieces)):
        yield Block(text)


def tidy(text: str) -> str:
    """Return text with its white space as a browser shows it; line breaks that were asked for stay."""
    return "\n".join(" ".join(line.split()) for line in re.split(r"\n", text)).strip()
