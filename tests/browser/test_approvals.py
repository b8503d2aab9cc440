"""Deleting is approved in the conversation; messages are edited, and what was said before stays reachable."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.test_loop import answer, sign_up, task
from tests.server import Server


def say(page: Page, text: str) -> None:
    """Say something once the answer before it has ended."""
    expect(page.get_by_test_id("stop")).to_be_hidden()
    page.get_by_test_id("composer").fill(text)
    page.get_by_test_id("composer").press("Enter")
    expect(page.get_by_test_id("composer")).to_have_value("")


def with_tasks(new_page: NewPage, server: Server, *titles: str) -> Page:
    page = new_page()
    sign_up(page, server)
    for title in titles:
        say(page, f"add {title}")
        expect(task(page, title)).to_be_visible()
    return page


def card(page: Page):  # type: ignore[no-untyped-def]
    return page.get_by_test_id("widget").last


def test_a_task_is_deleted_once_that_is_approved(new_page: NewPage, server: Server) -> None:
    page = with_tasks(new_page, server, "buy milk")
    say(page, "delete buy milk")
    expect(card(page)).to_contain_text("buy milk (#1)")
    expect(task(page, "buy milk")).to_be_visible()
    card(page).get_by_test_id("widget-confirm").click()
    expect(answer(page)).to_contain_text("Deleted")
    expect(task(page, "buy milk")).to_have_count(0)
    for _ in range(2):
        expect(card(page)).to_contain_text("Approved")
        expect(card(page).get_by_role("button")).to_have_count(0)
        page.reload()


def test_what_is_not_ticked_stays(new_page: NewPage, server: Server) -> None:
    page = with_tasks(new_page, server, "buy milk", "call bob")
    say(page, "delete everything")
    card(page).get_by_role("checkbox").first.uncheck()
    card(page).get_by_test_id("widget-confirm").click()
    expect(task(page, "call bob")).to_have_count(0)
    expect(task(page, "buy milk")).to_be_visible()


def test_a_card_is_answered_in_another_tab_after_a_reload(new_page: NewPage, server: Server) -> None:
    page = with_tasks(new_page, server, "buy milk")
    say(page, "delete buy milk")
    expect(card(page).get_by_test_id("widget-cancel")).to_be_visible()
    other = page.context.new_page()
    other.goto(server.url)
    card(other).get_by_test_id("widget-cancel").click()
    expect(card(other)).to_contain_text("Not approved")
    expect(card(page)).to_contain_text("Not approved")  # by itself: it hears that the turn goes on elsewhere
    expect(card(page).get_by_test_id("widget-confirm")).to_have_count(0)
    expect(task(page, "buy milk")).to_be_visible()


def test_whoever_wants_approves_every_change_and_edits_it_first(new_page: NewPage, server: Server) -> None:
    page = with_tasks(new_page, server)
    page.get_by_test_id("account").click()
    with page.expect_response(lambda response: response.request.method == "PATCH"):
        page.get_by_test_id("approval-policy").select_option("always")
    page.keyboard.press("Escape")
    say(page, "add buy milk")
    card(page).get_by_role("button", name="Edit").click()
    card(page).get_by_label("title").fill("buy oat milk")
    card(page).get_by_test_id("widget-confirm").click()
    expect(card(page)).to_contain_text("buy oat milk")
    expect(task(page, "milk")).to_have_count(0)
    card(page).get_by_role("button", name="Add").click()
    expect(task(page, "buy oat milk")).to_be_visible()
    page.reload()
    page.get_by_test_id("account").click()
    expect(page.get_by_test_id("approval-policy")).to_have_value("always")


def test_an_edited_message_offers_to_undo_what_it_did_and_can_be_shown_again(new_page: NewPage, server: Server) -> None:
    page = with_tasks(new_page, server, "buy milk")
    expect(page.get_by_test_id("stop")).to_be_hidden()
    page.get_by_test_id("composer").press("ArrowUp")
    expect(page.get_by_test_id("editing")).to_be_visible()
    page.get_by_test_id("composer").fill("add buy bread")
    page.get_by_test_id("composer").press("Enter")
    expect(task(page, "buy bread")).to_be_visible()
    expect(page.get_by_test_id("versions")).to_contain_text("2 / 2")
    card(page).get_by_test_id("widget-confirm").click()
    expect(task(page, "buy milk")).to_have_count(0)
    page.get_by_role("button", name="Previous version").click()
    expect(page.get_by_test_id("message").first).to_contain_text("add buy milk")
    expect(page.get_by_test_id("versions")).to_contain_text("1 / 2")


def test_an_answer_is_asked_for_again(new_page: NewPage, server: Server) -> None:
    page = with_tasks(new_page, server, "buy milk")
    expect(page.get_by_test_id("stop")).to_be_hidden()
    page.get_by_test_id("ask-again").click()
    expect(page.get_by_test_id("versions")).to_contain_text("2 / 2")
    expect(answer(page)).to_contain_text(re.compile("buy milk"))


def test_a_bad_answer_is_told_with_its_reason(new_page: NewPage, server: Server) -> None:
    page = with_tasks(new_page, server, "buy milk")
    expect(page.get_by_test_id("stop")).to_be_hidden()
    page.get_by_test_id("feedback-negative").click()
    expect(page.get_by_test_id("feedback-negative")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("feedback-reason").fill("wrong day")
    page.get_by_test_id("feedback-reason").press("Enter")
    expect(page.get_by_text("Noted, thank you.")).to_be_visible()
