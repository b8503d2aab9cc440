"""A failed answer on the page: said once, still there after a reload, and tried again without doing anything twice."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.test_loop import answer, say, sign_up
from tests.faults.provider import Call, Provider, Reply
from tests.server import Server

BROKEN = "The connection to the model broke off in the middle of its answer."


@pytest.fixture
def broken(new_page: NewPage, provider: tuple[Provider, str], scripted: Server) -> Page:
    """A page on which an answer broke off after a task had been added."""
    page = new_page()
    sign_up(page, scripted)
    provider[0].queue.extend([Reply(calls=[Call("add_task", {"title": "Buy milk"})]), Reply(["It is"], ends="cut")])
    say(page, "add milk")
    expect(page.get_by_test_id("retry")).to_be_visible()
    return page


def test_what_happened_is_said_once_and_kept(broken: Page) -> None:
    for _ in range(2):
        expect(broken.get_by_test_id("task-item")).to_have_text(BROKEN)
        expect(broken.get_by_test_id("error")).to_have_count(0)
        expect(broken.get_by_test_id("retry")).to_be_visible()
        expect(answer(broken)).to_contain_text("It is")
        broken.reload()


@pytest.mark.parametrize("reloads", [False, True])
def test_trying_again_finishes_the_answer_and_adds_nothing_twice(
    broken: Page, provider: tuple[Provider, str], reloads: bool
) -> None:
    if reloads:
        broken.reload()
    provider[0].queue.append(Reply(["It is on your list."]))
    broken.get_by_test_id("retry").click()
    expect(answer(broken)).to_contain_text("It is on your list.")
    for _ in range(2):
        expect(broken.get_by_test_id("task-item")).to_have_count(0)
        expect(broken.get_by_test_id("retry")).to_have_count(0)
        expect(broken.get_by_test_id("workflow")).to_have_count(1)
        expect(broken.get_by_test_id("task")).to_have_count(1)
        broken.reload()
        expect(answer(broken)).to_contain_text("It is on your list.")


def test_a_new_message_goes_on(broken: Page, provider: tuple[Provider, str]) -> None:
    provider[0].queue.append(Reply(["Going on."]))
    say(broken, "go on")
    expect(answer(broken)).to_contain_text("Going on.")
    expect(broken.get_by_test_id("retry")).to_have_count(0)
    expect(broken.get_by_test_id("task-item")).to_have_text(BROKEN)


def test_nothing_in_an_answer_is_fetched_or_run(
    new_page: NewPage, provider: tuple[Provider, str], scripted: Server
) -> None:
    """An obedient model could carry off in an address what it has read."""
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_up(page, scripted)
    leak = "http://127.0.0.1:9/leak"
    text = f"![a]({leak}?1) <img src={leak}?2 onerror=alert(1)> <script src={leak}?3></script> [b]({leak}?4) end"
    provider[0].queue.append(Reply([text]))
    say(page, "hello")
    expect(answer(page)).to_contain_text("end")
    assert not [url for url in asked if "leak" in url]
    assert answer(page).locator("script, [onerror]").count() == 0


def test_what_cannot_be_fetched_offline_says_so(new_page: NewPage, server: Server) -> None:
    page = new_page()
    sign_up(page, server)
    page.context.set_offline(True)
    page.get_by_test_id("history-toggle").click()
    expect(page.get_by_test_id("toast")).to_contain_text("You are offline")
    page.context.set_offline(False)
    page.get_by_test_id("history-toggle").click()
    expect(page.get_by_test_id("history")).to_be_visible()
