"""WCAG 2.2 AA as axe sees it, in every state of page and element; and what no machine finds: keys, words, zoom."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import NewPage
from tests.browser.element import Element, answered, said, widget
from tests.browser.test_documents import give
from tests.browser.test_element import FILES, HOME, MILK, attachments, file, questions, task_list
from tests.browser.test_loop import answer, say, sign_up, task
from tests.server import Server

SCHEMES = ["light", "dark"]


def check(page: Page) -> None:
    found = violations(page)
    assert not found, found


def close_dialog(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_signing_in(new_page: NewPage, server: Server, scheme: str) -> None:
    page = new_page(scheme=scheme)
    page.goto(server.url)
    expect(page.get_by_test_id("email")).to_be_visible()
    check(page)
    page.get_by_test_id("switch-mode").click()
    check(page)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_conversation_and_what_surrounds_it(new_page: NewPage, server: Server, scheme: str) -> None:
    page = new_page(scheme=scheme)
    sign_up(page, server)
    expect(page.get_by_test_id("greeting")).to_be_visible()
    check(page)
    say(page, "add buy milk tomorrow #home")
    expect(task(page, "buy milk")).to_be_visible()
    expect(answer(page)).to_contain_text("buy milk")
    expect(page.get_by_test_id("stop")).to_be_hidden()
    page.get_by_test_id("workflow").last.get_by_text("Added “buy milk”").click()
    check(page)
    page.get_by_test_id("history-toggle").click()
    expect(page.get_by_test_id("history-item")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    say(page, "delete buy milk")
    expect(page.get_by_test_id("widget-confirm")).to_be_visible()
    check(page)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_panels_and_dialogs(new_page: NewPage, server: Server, scheme: str) -> None:
    page = new_page(scheme=scheme)
    sign_up(page, server)
    page.get_by_test_id("add-task").fill("call Anna tomorrow at 9am")
    page.get_by_test_id("add-task").press("Enter")
    task(page, "call Anna").locator(".task-title").click()
    expect(page.get_by_test_id("task-editor")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_test_id("history-open").click()
    expect(page.get_by_test_id("history-view")).to_contain_text("Call Anna")
    check(page)
    page.get_by_test_id("history-close").click()
    page.get_by_test_id("account").click()
    check(page)
    page.get_by_test_id("show-account").click()
    expect(page.get_by_test_id("session")).to_be_visible()
    check(page)
    close_dialog(page)
    page.get_by_test_id("account").click()
    page.get_by_test_id("show-tokens").click()
    expect(page.get_by_test_id("tokens-dialog")).to_be_visible()
    check(page)
    close_dialog(page)
    page.locator("body").press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    check(page)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_documents_and_the_reader(new_page: NewPage, server: Server, scheme: str) -> None:
    page = new_page(scheme=scheme)
    sign_up(page, server)
    page.get_by_test_id("show-documents").click()
    expect(page.get_by_text("No documents yet")).to_be_visible()
    check(page)
    give(page)
    expect(page.locator('[data-testid="document"][data-state="ready"]')).to_be_visible()
    check(page)
    page.get_by_test_id("open-document").click()
    expect(page.get_by_test_id("reader-body").locator("p").first).to_be_visible()
    check(page)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_phone(new_page: NewPage, server: Server, scheme: str) -> None:
    page = new_page(390, 844, scheme)
    sign_up(page, server)
    say(page, "add buy milk")
    expect(answer(page)).to_contain_text("buy milk")
    check(page)
    page.get_by_test_id("switch-tasks").click()
    expect(task(page, "buy milk")).to_be_visible()
    check(page)


CHART = {"type": "Chart", "data": [{"day": "Mon", "n": 2}], "series": [{"type": "bar", "dataKey": "n"}], "xAxis": "day"}
CARD: dict[str, Any] = {
    "type": "Card",
    "status": {"text": "Task 3", "icon": "calendar"},
    "children": [
        {"type": "Title", "value": "Buy milk", "size": "md"},
        {"type": "Row", "children": [{"type": "Badge", "label": "home"}, {"type": "Caption", "value": "due tomorrow"}]},
        {"type": "DatePicker", "name": "arguments.due_date"},
        {"type": "Select", "name": "arguments.priority", "options": [{"value": "p1", "label": "High"}]},
        {"type": "RadioGroup", "name": "when", "options": [{"value": "a", "label": "Now"}]},
        {"type": "Textarea", "name": "notes", "placeholder": "Notes"},
        {"type": "Button", "label": "Delete", "color": "danger", "iconStart": "write"},
        {"type": "Markdown", "value": "| a | b |\n|---|---|\n| 1 | 2 |"},
        CHART,
    ],
    "confirm": {"label": "Save", "action": {"type": "save"}},
    "cancel": {"label": "Cancel", "action": {"type": "cancel"}},
}


@pytest.mark.parametrize("locale", ["en", "ur"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_everything_the_element_can_show(new_page: NewPage, server: Server, scheme: str, locale: str) -> None:
    items = [said("show me"), answered("# All\n\n- [x] of it\n\n```\ncode\n```"), widget(CARD), questions("pending")]
    element = Element(new_page(scheme=scheme), server, *items, widget(task_list(1), "widget_2"))
    attachments(element)
    models = [{"id": "a", "label": "Small"}, {"id": "b", "label": "Large"}]
    tools = [{"id": "t", "label": "Search", "icon": "search"}]
    asides = {"onTagSearch": [HOME, MILK]}
    page = element.open(asides, locale=locale, composer={**FILES, "models": models, "tools": tools}, theme=scheme)
    expect(page.get_by_test_id("widget")).to_have_count(2)
    page.get_by_test_id("composer-menu").click()
    page.get_by_test_id("attach-files").or_(page.get_by_test_id("suggestion")).first.wait_for()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_test_id("composer").press_sequentially("@")
    expect(page.get_by_test_id("suggestion")).to_have_count(2)
    check(page)
    page.keyboard.press("Enter")
    page.evaluate(
        "document.querySelector('#chat').setComposerValue({ selectedToolId: 't', files: [new File(['x'], 'a.exe')] })"
    )
    expect(page.get_by_test_id("attachment")).to_be_visible()
    check(page)


def test_an_answer_is_announced_once_it_is_whole(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    region = page.get_by_test_id("live-region")
    expect(region).to_have_attribute("aria-live", "polite")
    say(page, "add buy milk")
    expect(region).to_contain_text("buy milk")
    assert region.inner_text().strip() == answer(page).locator(".body").inner_text().strip()


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    say(page, "add buy milk")
    expect(answer(page)).to_contain_text("buy milk")
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate(FOCUSED))
    names = {name for name, _ in (each.split("|") for each in seen)}
    assert {"composer", "history-toggle", "new-thread", "copy", "edit", "add-task", "account"} <= names
    unseen = [each for each in seen if each.endswith("|none")]
    assert not unseen, unseen


FOCUSED = """() => {
  let node = document.activeElement;
  while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  // Text fields and titles of tasks show their focus on the frame around them.
  const framed = node.closest(".composer, .add-task, .task");
  const style = getComputedStyle(node);
  const isSeen = node === document.body || framed || style.outlineStyle !== "none" || style.boxShadow !== "none";
  return `${node.dataset.testid ?? node.id}|${isSeen ? "seen" : "none"}`;
}"""


def test_at_twice_the_size_nothing_is_lost(new_page: NewPage, server: Server) -> None:
    page = new_page(640, 400)  # 1280 by 800 at 200 %
    sign_up(page, server)
    say(page, "add buy milk")
    expect(answer(page)).to_contain_text("buy milk")
    expect(page.get_by_test_id("composer")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    page.get_by_test_id("switch-tasks").click()
    expect(page.get_by_test_id("add-task")).to_be_in_viewport()
    check(page)


def test_nothing_moves_for_those_who_do_not_want_it(new_page: NewPage, server: Server) -> None:
    page = new_page()  # with reduced motion, as all pages of these tests
    sign_up(page, server)
    say(page, "add buy milk")
    expect(answer(page)).to_contain_text("buy milk")
    assert page.evaluate("document.getAnimations().length") == 0


def test_files_can_be_removed_without_a_mouse(new_page: NewPage, server: Server) -> None:
    element = Element(new_page(), server)
    attachments(element)
    page = element.mount(composer=FILES)
    page.get_by_test_id("composer-menu").press("Enter")
    page.get_by_test_id("suggestion").first.wait_for()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files([file("a.txt", "text/plain", b"a")])
    expect(page.get_by_test_id("attachment")).to_have_attribute("data-state", "ready")
    page.get_by_test_id("remove-attachment").press("Enter")
    expect(page.get_by_test_id("attachment")).to_have_count(0)
    assert element.request("attachments.delete") == {"attachment_id": "atc_a.txt"}
