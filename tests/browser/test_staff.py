"""The admin in the browser: what the person saw is drawn as they saw it, and nothing runs into anything."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.staff_pictures import LIST, sign_in
from tests.server import Server

SAID = "add <b>bold</b> and **strong**"


@pytest.fixture(scope="module")
def conversation(server: Server) -> str:
    server.client("staffed@example.org").chat(SAID)
    return SAID


def is_wider_than_the_window(page: Page) -> bool:
    page.wait_for_load_state()  # without its style sheets any page is wider
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (600, "light")])
def test_staff_read_a_conversation(
    server: Server, new_page: NewPage, conversation: str, width: int, scheme: str
) -> None:
    page = new_page(width, 900, scheme)
    sign_in(page, server)
    page.get_by_role("link", name="add <b>bold").first.click()
    expect(page.locator(".said.person")).to_have_text(conversation)
    expect(page.locator(".said.drawn .markdown")).to_contain_text("<b>bold</b>")
    page.locator(".steps > summary").click()
    page.locator(".steps li summary").first.click()
    page.get_by_role("link", name="The whole request").first.click()
    expect(page.get_by_role("heading", name="Instructions")).to_be_visible()
    assert not is_wider_than_the_window(page)


def test_the_dashboard_draws_its_pictures(server: Server, new_page: NewPage, conversation: str) -> None:
    page = new_page()
    sign_in(page, server)
    page.goto(f"{server.url}{LIST}dashboard/?days=7")
    expect(page.locator("svg.chart")).to_have_count(5)
    colour = page.locator("svg.chart rect.c1").first.evaluate("node => getComputedStyle(node).fill")
    assert colour != "rgb(0, 0, 0)"
    assert not is_wider_than_the_window(page)
