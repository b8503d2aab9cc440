"""axe-core in the page that is open: what it finds against WCAG 2.2 AA, also inside the chat element."""

from typing import Any

from playwright.sync_api import Page

from tests import node
from tests.server import ROOT

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (tags) => {
  const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => ({
    rule: id, help, target: target.flat().join(" "), why: failureSummary })));
}"""


def violations(page: Page) -> list[dict[str, Any]]:
    """Return what axe finds, one entry for each place."""
    if not page.evaluate("'axe' in window"):
        # The page's content security policy takes no script from here, the debugger's door does.
        page.evaluate((node.modules(ROOT) / "axe-core" / "axe.min.js").read_text())
    found: list[dict[str, Any]] = page.evaluate(RUN, TAGS)
    return found
