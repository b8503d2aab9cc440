from playwright.sync_api import expect

from tests.browser.conftest import NewPage
from tests.server import Server


def test_the_api_is_shown_with_its_operations(new_page: NewPage, server: Server) -> None:
    page = new_page()
    missing: list[str] = []
    page.on("response", lambda response: missing.append(response.url) if response.status >= 400 else None)
    page.goto(f"{server.url}/api/docs")
    expect(page.get_by_role("heading", name="Errand")).to_be_visible()
    expect(page.get_by_text("/api/{user_id}/tasks", exact=True).first).to_be_visible()
    assert missing == []
