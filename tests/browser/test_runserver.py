"""The page on the server of developers: Daphne, with DEBUG."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPage
from tests.server import DaphneServer


@pytest.fixture(scope="module")
def daphne(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaphneServer]:
    with DaphneServer(tmp_path_factory.mktemp("data"), DEBUG="true") as server:
        yield server


def test_what_is_asked_for_in_the_chat_appears_on_the_list(new_page: NewPage, daphne: DaphneServer) -> None:
    page = new_page()
    body = {"name": "Ann", "email": "ann@example.org", "password": "correct horse battery"}
    assert page.request.post(f"{daphne.url}/api/auth/sign-up/email", data=body).ok
    missing: list[str] = []
    page.on("response", lambda response: missing.append(response.url) if response.status >= 400 else None)
    page.goto(daphne.url)
    page.get_by_test_id("composer").fill("Add buy milk")
    page.get_by_test_id("composer").press("Enter")
    expect(page.get_by_test_id("task")).to_contain_text("buy milk", ignore_case=True)
    expect(page.get_by_test_id("copy")).to_be_visible()
    assert missing == []
