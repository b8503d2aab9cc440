"""What models write: CommonMark by its own 652 examples, what GFM adds, and text that means no good."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests import node
from tests.browser.conftest import NewPage
from tests.server import ROOT, Server

EXAMPLE = re.compile(r"^`{32} example\n(.*?)^\.\n(.*?)^`{32}$", re.MULTILINE | re.DOTALL)
COMPARE = Path(__file__).with_name("markdown.js").read_text()
SECONDS = 5
# Where we differ: HTML is text here; an address is a link also without brackets (GFM); and what models do not write.
IS_HTML = {21, 31, *range(148, 168), *range(169, 192), 308, 309, 344, 476, 477, 602, 609, 610, *range(613, 617)}
IS_HTML |= {*range(619, 623), 624, *range(627, 633), 642, 643}
IS_ADDRESS = {608, 611, 612}
IS_RARE = {6, 7, 24, 34, 93, 193, 195, 196, 198, 201, 208, 217, 315, 493, 494, 496, 507, 540, 541, 606}
GFM = {
    "snake_case_name, 2 * 3 * 4, $5": "<p>snake_case_name, 2 * 3 * 4, $5</p>",
    "~~gone~~ and ~this~, not ~~~this~~~": "<p><del>gone</del> and <del>this</del>, not ~~~this~~~</p>",
    "- [x] done\n- [ ] open": "<ul><li>[x]done</li><li>[ ]open</li></ul>",
    "1. one\n   - in it\n2. two": "<ol><li>one<ul><li>in it</li></ul></li><li>two</li></ol>",
    "a | b\n:-|-:\n1 | `x \\| y`\n2": '<table><tr><td align="left">a</td><td align="right">b</td></tr>'
    '<tr><td align="left">1</td><td align="right"><code>x | y</code></td></tr>'
    '<tr><td align="left">2</td><td align="right"></td></tr></table>',
    "text\n| a |\n|---|": "<p>text</p><table><tr><td>a</td></tr></table>",
    "| no | table |": "<p>| no | table |</p>",
    "(see www.example.org/a_(b)_c).": '<p>(see <a href="http://www.example.org/a_(b)_c">www.example.org/a_(b)_c</a>).</p>',
    "**https://example.org/a_b**": '<p><strong><a href="https://example.org/a_b">https://example.org/a_b</a></strong></p>',
    "write to ann@example.org.": '<p>write to <a href="mailto:ann@example.org">ann@example.org</a>.</p>',
    "first\nsecond": "<p>first\nsecond</p>",
    "**done.**\ue0001\ue001 ok": "<p><strong>done.</strong>\ue0001\ue001 ok</p>",  # the mark of a citation
    "**begun": "<p>**begun</p>",
    "```py\nif a:": '<pre><code class="language-py">if a:\n</code></pre>',
}
# Openings that never close, ten thousand of them: what goes back to look for a partner each time takes minutes.
HOSTILE = [
    "**a",
    "*a ",
    "a_",
    "[",
    "[a](",
    "![",
    "<a ",
    "<!--",
    "`a``b",
    "> ",
    "- ",
    "~~",
    "|-",
    "a.a@",
    "http://a)",
    "#",
]


@pytest.fixture
def page(new_page: NewPage, server: Server) -> Page:
    page = new_page()
    page.goto(f"{server.url}/sign-in")
    return page


def compare(page: Page, *pairs: tuple[str, str | None]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(COMPARE, pairs)
    return found


def test_commonmark_by_its_own_examples(page: Page) -> None:
    spec = (node.modules(ROOT) / "commonmark-spec" / "spec.txt").read_text()
    examples = [(text.replace("→", "\t"), html.replace("→", "\t")) for text, html in EXAMPLE.findall(spec)]
    differing = {number for number, each in enumerate(compare(page, *examples), 1) if not each["same"]}
    assert len(examples) == 652
    assert differing == IS_HTML | IS_ADDRESS | IS_RARE


def test_what_github_adds_and_what_models_write(page: Page) -> None:
    found = compare(page, *GFM.items())
    assert [each["drawn"] for each in found] == list(GFM.values())


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_makes_it_hang(page: Page, piece: str) -> None:
    (found,) = compare(page, (piece * 10_000, None))
    assert found["ms"] < SECONDS * 1000
