"""One conversation in several tabs and on several devices: what is said in one is seen in all, while it is said."""

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewPage
from tests.browser.test_loop import answer, say, sign_up
from tests.browser.test_streaming import WORDS, ended
from tests.faults.provider import Provider, Reply
from tests.server import Server


def signed_in(new_page: NewPage, server: Server, email: str) -> Page:
    """Open the page on another device, as the same person."""
    page = new_page()
    page.goto(server.url)
    page.get_by_test_id("email").fill(email)
    page.get_by_test_id("password").fill("correct horse battery")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("composer")).to_be_visible()
    return page


def open_first(page: Page) -> None:
    page.get_by_test_id("history-toggle").click()
    page.get_by_test_id("history-item").first.click()


def test_an_answer_that_another_device_asked_for_is_seen_as_it_comes(
    new_page: NewPage, provider: tuple[Provider, str], scripted: Server
) -> None:
    page = new_page()
    email = sign_up(page, scripted)
    other = signed_in(new_page, scripted, email)
    provider[0].queue.append(Reply(WORDS, piece_seconds=0.3))
    say(page, "tell me")
    expect(answer(page)).to_contain_text("word1")
    asked = len(provider[0].asked)
    open_first(other)
    expect(other.get_by_test_id("stop")).to_be_visible()
    expect(answer(other)).to_contain_text("word3")
    other.reload()
    expect(other.get_by_test_id("stop")).to_be_visible()
    ended(other)
    ended(page)
    assert len(provider[0].asked) == asked


def test_it_can_be_stopped_there(new_page: NewPage, provider: tuple[Provider, str], scripted: Server) -> None:
    page = new_page()
    email = sign_up(page, scripted)
    other = signed_in(new_page, scripted, email)
    provider[0].queue.append(Reply(WORDS, piece_seconds=0.5))
    say(page, "tell me")
    expect(answer(page)).to_contain_text("word1")
    open_first(other)
    expect(answer(other)).to_contain_text("word1")
    other.get_by_test_id("stop").click()
    expect(other.get_by_test_id("stopped")).to_be_visible()
    expect(page.get_by_test_id("stop")).to_be_hidden()
    expect(answer(page)).not_to_contain_text("word29")


def test_a_second_tab_follows_without_a_reload(
    new_page: NewPage, provider: tuple[Provider, str], scripted: Server
) -> None:
    page = new_page()
    sign_up(page, scripted)
    say(page, "hello")
    expect(answer(page)).to_contain_text("fault lab")
    expect(page.get_by_test_id("stop")).to_be_hidden()
    other = page.context.new_page()
    other.goto(scripted.url)
    expect(answer(other)).to_contain_text("fault lab")
    provider[0].queue.append(Reply(WORDS, piece_seconds=0.1))
    say(page, "and now?")
    expect(other.locator('[data-role="user"]').last).to_contain_text("and now?")
    expect(other.get_by_test_id("stop")).to_be_visible()
    for tab in (page, other):
        expect(answer(tab)).to_contain_text("word30")
        expect(tab.get_by_test_id("stop")).to_be_hidden()
        expect(tab.locator('[data-role="assistant"]')).to_have_count(2)


def only_messages(route: Route) -> None:
    if "add_user_message" in str(route.request.post_data):
        route.continue_()
    else:
        route.abort()


def test_who_speaks_while_another_device_is_answered_keeps_the_words(
    new_page: NewPage, provider: tuple[Provider, str], scripted: Server
) -> None:
    page = new_page()
    email = sign_up(page, scripted)
    say(page, "hello")
    expect(answer(page)).to_contain_text("fault lab")
    other = signed_in(new_page, scripted, email)
    open_first(other)
    expect(answer(other)).to_contain_text("fault lab")
    other.route("**/chatkit", only_messages)  # it does not hear of what comes
    provider[0].queue.append(Reply(WORDS, piece_seconds=0.3))
    say(page, "and now?")
    expect(answer(page)).to_contain_text("word1")
    say(other, "wait a moment")
    expect(other.get_by_test_id("notice")).to_contain_text("still being written")
    expect(other.get_by_test_id("composer")).to_have_value("wait a moment")
    expect(other.get_by_test_id("message").filter(has_text="wait a moment")).to_have_count(0)


def test_the_title_that_the_model_gives_is_shown(
    new_page: NewPage, provider: tuple[Provider, str], tmp_path: Path
) -> None:
    environment = {"MODEL_PROVIDER": "custom", "MODEL_BASE_URL": provider[1], "MODEL_NAME": "hello"}
    with Server(tmp_path, **environment, MODEL_TITLES="true") as server:
        page = new_page()
        sign_up(page, server)
        provider[0].queue.append(Reply(["Well."]))
        provider[0].queue.append(Reply(["Holiday plans"], first_seconds=4))  # later than anybody would ask again
        say(page, "where shall we go?")
        expect(answer(page)).to_contain_text("Well.")
        other = page.context.new_page()
        other.goto(server.url)
        expect(other.get_by_test_id("thread-title")).to_have_text("where shall we go?")
        for tab in (page, other):
            expect(tab.get_by_test_id("thread-title")).to_have_text("Holiday plans")
