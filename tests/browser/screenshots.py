"""Takes the pictures of the README anew: uv run python -m tests.browser.screenshots"""

import tempfile
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.element import Element, answered, said, widget
from tests.browser.test_element import FILES, HOME, MILK, attachments, task_list
from tests.browser.test_loop import answer, say, sign_up
from tests.server import ROOT, Server

IMAGES = ROOT / "docs" / "images"
SAID = [
    "Remind me to send the invoice tomorrow at 5pm",
    "add water the plants yesterday #home",
    "book the dentist next tuesday at 10am p1",
    "add buy oat milk #shopping",
    "what's on my list?",
    "move the second one to monday 9am",
]


def open_page(browser: Browser, width: int, height: int, scheme: Literal["light", "dark"]) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    return context.new_page()


def talk(page: Page, server: Server) -> None:
    sign_up(page, server)
    for number, text in enumerate(SAID, 1):
        say(page, text)
        expect(page.locator('[data-testid="message"][data-role="assistant"]')).to_have_count(number)
        expect(page.get_by_test_id("stop")).to_be_hidden()
    expect(answer(page)).to_contain_text("Monday")
    page.wait_for_timeout(1500)  # the glow of the last change fades


def read(page: Page, server: Server) -> None:
    """Ask a document, and open it at the passage that the answer cites."""
    sign_up(page, server)
    page.get_by_test_id("show-documents").click()
    files = sorted((ROOT / "tests" / "knowledge" / "handbook").glob("[iostl]*.md"))
    page.get_by_test_id("document-files").set_input_files(files)
    expect(page.locator('[data-testid="document"][data-state="ready"]')).to_have_count(len(files))
    say(page, "What does the handbook say about passwords?")
    expect(page.get_by_test_id("source")).to_be_visible()
    answer(page).get_by_test_id("citation").click()
    expect(page.get_by_test_id("reader").locator("mark")).to_be_in_viewport()


DAYS = [("Mon", 3, 2), ("Tue", 4, 5), ("Wed", 2, 3), ("Thu", 5, 4), ("Fri", 1, 2), ("Sat", 0, 1), ("Sun", 2, 0)]
CARD: dict[str, Any] = {
    "type": "Card",
    "children": [
        {"type": "Title", "value": "Send the invoice", "size": "sm"},
        {"type": "Row", "children": [{"type": "Badge", "label": "work"}, {"type": "Caption", "value": "Task 12"}]},
        {"type": "Label", "value": "Due", "fieldName": "due_date"},
        {"type": "DatePicker", "name": "due_date", "defaultValue": "2026-12-01"},
    ],
}
CHART: dict[str, Any] = {
    "type": "Card",
    "children": [
        {"type": "Title", "value": "This week", "size": "sm"},
        {
            "type": "Chart",
            "data": [{"day": day, "added": added, "done": done} for day, added, done in DAYS],
            "series": [
                {"type": "bar", "dataKey": "done", "label": "Done"},
                {"type": "bar", "dataKey": "added", "label": "Added"},
            ],
            "xAxis": "day",
        },
    ],
}
TOOLS: dict[str, Any] = {
    "models": [{"id": "small", "label": "Small", "default": True}, {"id": "large", "label": "Large"}],
    "tools": [{"id": "search", "label": "Search documents", "icon": "search"}],
    "dictation": {"enabled": True},
}


def widgets(page: Page, server: Server) -> None:
    shown = [widget(CARD), widget(task_list(2), "widget_2"), widget(CHART, "widget_3")]
    Element(page, server, said("Show me where I stand"), *shown).open()
    expect(page.locator(".c-bar")).to_have_count(14)


def composer(page: Page, server: Server) -> None:
    element = Element(page, server, said("Hello"), answered("What can I do?"))
    attachments(element)
    element.open({"onTagSearch": [HOME, MILK]}, composer={**FILES, **TOOLS})
    file = "[new File(['milk'], 'list.txt', { type: 'text/plain' })]"
    page.evaluate(f"document.querySelector('#chat').setComposerValue({{ selectedToolId: 'search', files: {file} }})")
    expect(page.locator('[data-testid="attachment"][data-state="ready"]')).to_be_visible()
    page.get_by_test_id("composer").press_sequentially("Where is @")
    expect(page.get_by_test_id("suggestion")).to_have_count(2)


def urdu(page: Page, server: Server) -> None:
    words = "دودھ خریدنے کا کام شامل کر دیا گیا\n\n- دودھ\n- روٹی"
    Element(page, server, said("دودھ اور روٹی خریدنی ہے"), answered(words), widget(task_list(1))).open(locale="ur")


ELEMENT = [("widgets", widgets, 720, 900), ("composer", composer, 720, 420), ("urdu", urdu, 390, 700)]


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        Server(Path(data)) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium.as_people_have_it(), args=chromium.ARGUMENTS) as browser,
    ):
        schemes: list[Literal["light", "dark"]] = ["light", "dark"]
        for scheme in schemes:
            for name, show, width, height in ELEMENT:
                page = open_page(browser, width, height, scheme)
                show(page, server)
                page.screenshot(path=IMAGES / f"{name}-{scheme}.png")
            for name, width, height in (("page", 1280, 800), ("phone", 390, 844)):
                page = open_page(browser, width, height, scheme)
                talk(page, server)
                page.screenshot(path=IMAGES / f"{name}-{scheme}.png")
                if name == "page":
                    page = open_page(browser, width, height, scheme)
                    read(page, server)
                    page.screenshot(path=IMAGES / f"documents-{scheme}.png")
                if name == "phone":
                    page.get_by_test_id("switch-tasks").click()
                    page.screenshot(path=IMAGES / f"tasks-{scheme}.png")


if __name__ == "__main__":
    main()
