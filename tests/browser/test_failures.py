"""A failed answer on the page: said once, still there after a reload, and tried again without doing anything twice."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.test_loop import answer, say, sign_up
from tests.faults.provider import Call, Provider, Reply
from tests.server import Server

BROKEN = "The connection to the model broke off in the middle of its answer."


@pytest.fixture(scope="module")
def provider() -> Iterator[tuple[Provider, str]]:
    provider = Provider()
    with provider.serving() as url:
        yield provider, url


@pytest.fixture(scope="module")
def server(provider: tuple[Provider, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = {"MODEL_PROVIDER": "custom", "MODEL_BASE_URL": provider[1], "MODEL_NAME": "hello"}
    with Server(tmp_path_factory.mktemp("data"), **environment) as server:
        yield server


@pytest.fixture
def broken(new_page: NewPage, provider: tuple[Provider, str], server: Server) -> Page:
    """A page on which an answer broke off after a task had been added."""
    page = new_page()
    sign_up(page, server)
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
