"""Widgets and citations of tasks on the page, with the real server: clicked, kept fresh everywhere, opened."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import NewPage
from tests.browser.test_approvals import say
from tests.browser.test_loop import answer, sign_up, task
from tests.browser.test_panel import api
from tests.server import Server


def widget(page: Page) -> Locator:
    return page.get_by_test_id("widget").last


def with_list(new_page: NewPage, server: Server, *tasks: str) -> Page:
    """Open a page of somebody new with tasks, and the list of them in the chat."""
    page = new_page()
    sign_up(page, server)
    for each in tasks:
        page.get_by_test_id("add-task").fill(each)
        page.get_by_test_id("add-task").press("Enter")
        expect(page.get_by_test_id("add-task")).to_have_value("")
    expect(page.get_by_test_id("task")).to_have_count(len(tasks))
    say(page, "what's on my list?")
    expect(widget(page)).to_be_visible()
    expect(page.get_by_test_id("stop")).to_be_hidden()
    return page


def test_a_click_in_a_list_changes_it_the_panel_and_a_second_tab(new_page: NewPage, server: Server) -> None:
    page = with_list(new_page, server, "buy milk", "buy bread")
    other = page.context.new_page()
    other.goto(server.url)
    expect(widget(other).get_by_label("buy milk")).not_to_be_checked()
    widget(page).get_by_label("buy milk").check()
    expect(task(page, "buy milk")).to_have_count(0)
    expect(task(other, "buy milk")).to_have_count(0)
    expect(widget(other).get_by_label("buy milk")).to_be_checked()
    expect(widget(page)).to_contain_text("1 done")
    page.reload()
    expect(widget(page).get_by_label("buy milk")).to_be_checked()


def test_a_change_in_the_panel_shows_in_the_list(new_page: NewPage, server: Server) -> None:
    page = with_list(new_page, server, "buy milk", "buy bread")
    task(page, "buy bread").get_by_test_id("task-check").click()
    expect(widget(page).get_by_label("buy bread")).to_be_checked()
    expect(widget(page).get_by_label("buy milk")).not_to_be_checked()


def test_a_card_moves_its_task_and_makes_it_urgent(new_page: NewPage, server: Server) -> None:
    page = with_list(new_page, server, "buy milk")
    widget(page).get_by_label("due date").fill("2030-01-02")
    expect(task(page, "buy milk").get_by_test_id("task-due")).to_contain_text("2030")
    widget(page).get_by_label("priority").select_option("p1")
    expect(task(page, "buy milk")).to_contain_text("P1")
    page.reload()
    expect(widget(page).get_by_label("due date")).to_have_value("2030-01-02")
    expect(widget(page).get_by_label("priority")).to_have_value("p1")


def test_a_click_that_deletes_shows_what_it_would_do_first(new_page: NewPage, server: Server) -> None:
    page = with_list(new_page, server, "buy milk")
    widget(page).get_by_role("button", name="Delete").click()
    expect(widget(page)).to_contain_text("Do this?")
    expect(task(page, "buy milk")).to_be_visible()
    widget(page).get_by_test_id("widget-cancel").click()
    expect(widget(page).get_by_label("due date")).to_be_visible()
    widget(page).get_by_role("button", name="Delete").click()
    widget(page).get_by_test_id("widget-confirm").click()
    expect(widget(page)).to_contain_text("has been deleted")
    expect(page.get_by_test_id("task")).to_have_count(0)


def change_by_rest(page: Page, server: Server, method: str, path: str, body: dict[str, Any]) -> None:
    """Change a task as a program of the person would, and wait until the chat has heard and shown what came of it."""
    with page.expect_response(lambda response: "items.list" in str(response.request.post_data)) as heard:
        assert api(page, server, method, path, body)
    heard.value.finished()
    page.evaluate("() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")


def test_news_leaves_a_question_where_it_is(new_page: NewPage, server: Server) -> None:
    page = with_list(new_page, server, "buy milk")
    widget(page).get_by_role("button", name="Delete").click()
    expect(widget(page)).to_contain_text("Do this?")
    change_by_rest(page, server, "PATCH", "tasks/1", {"due_date": "2030-01-02"})
    expect(widget(page)).to_contain_text("Do this?")
    widget(page).get_by_test_id("widget-cancel").click()
    expect(widget(page).get_by_label("due date")).to_have_value("2030-01-02")
    widget(page).get_by_role("button", name="Delete").click()
    expect(widget(page)).to_contain_text("Do this?")
    change_by_rest(page, server, "POST", "tasks", {"title": "Buy bread"})
    widget(page).get_by_test_id("widget-confirm").click()
    expect(widget(page)).to_contain_text("has been deleted")
    expect(page.get_by_test_id("task")).to_have_count(1)


def test_after_a_question_the_card_hears_of_news_again(new_page: NewPage, server: Server) -> None:
    page = with_list(new_page, server, "buy milk")
    widget(page).get_by_role("button", name="Delete").click()
    widget(page).get_by_test_id("widget-cancel").click()
    expect(widget(page).get_by_label("due date")).to_be_visible()
    change_by_rest(page, server, "PATCH", "tasks/1", {"due_date": "2030-01-02"})
    expect(widget(page).get_by_label("due date")).to_have_value("2030-01-02")


def only_clicks(route: Route) -> None:
    if "_action" in str(route.request.post_data):
        route.continue_()
    else:
        route.abort()


def test_a_click_on_what_is_gone_says_so(new_page: NewPage, server: Server) -> None:
    page = with_list(new_page, server, "buy milk", "buy bread")
    # The network is bad: the chat does not hear what happens to the task.
    page.route(
        "**/chatkit", lambda route: route.continue_() if "action" in str(route.request.post_data) else route.abort()
    )
    task(page, "buy milk").get_by_test_id("task-title").click()
    page.get_by_test_id("delete-task").click()
    expect(page.get_by_test_id("task")).to_have_count(1)
    widget(page).get_by_label("buy milk").click()
    expect(page.get_by_test_id("notice")).to_contain_text("no task")
    expect(widget(page).get_by_label("buy milk")).not_to_be_checked()


def test_the_overview_is_a_chart(new_page: NewPage, server: Server) -> None:
    page = with_list(new_page, server, "buy milk tomorrow", "buy bread today")
    say(page, "give me an overview")
    expect(widget(page).locator(".c-bar")).to_have_count(2)
    expect(widget(page)).to_contain_text("overdue")


def test_a_number_in_an_answer_opens_its_task(new_page: NewPage, server: Server) -> None:
    page = with_list(new_page, server, "buy milk", "buy bread")
    say(page, "complete buy milk")
    expect(answer(page)).to_contain_text("#1")
    expect(page.get_by_test_id("stop")).to_be_hidden()
    for _ in range(2):
        link = answer(page).get_by_test_id("citation")
        expect(link).to_have_text("#1")
        expect(answer(page).get_by_test_id("source")).to_have_count(0)
        page.get_by_test_id("show-documents").click()
        link.click()
        expect(page.get_by_test_id("task-editor")).to_be_visible()
        expect(answer(page)).to_contain_text(re.compile(r"Buy milk.*#1"))
        page.reload()


def test_an_approval_shows_before_and_after(new_page: NewPage, server: Server) -> None:
    page = with_list(new_page, server, "buy milk")
    page.get_by_test_id("account").click()
    with page.expect_response(lambda response: response.request.method == "PATCH"):
        page.get_by_test_id("approval-policy").select_option("always")
    page.keyboard.press("Escape")
    say(page, "move buy milk to friday 9am")
    expect(widget(page)).to_contain_text("Buy milk (#1)")
    expect(widget(page).get_by_text("Before")).to_be_visible()
    expect(widget(page)).to_contain_text("due timenone09:00")
    expect(task(page, "buy milk").get_by_test_id("task-due")).to_have_count(0)
    widget(page).get_by_test_id("widget-confirm").click()
    expect(task(page, "buy milk").get_by_test_id("task-due")).to_contain_text("09:00")
