"""The page with a real Better Auth server: signing in there, and letting another assistant in."""

import base64
import hashlib
import json
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx2
import pytest
from playwright.sync_api import Route, expect

from tests.better_auth import BetterAuth
from tests.browser.conftest import NewPage
from tests.browser.test_loop import answer, say, sign_up_by_hand
from tests.server import Server

CALLBACK = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 64


@pytest.fixture(scope="module")
def better_auth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BetterAuth]:
    server = Server(tmp_path_factory.mktemp("data"))
    better_auth = BetterAuth(server)
    server.environment |= {"BETTER_AUTH_URL": better_auth.url, "PUBLIC_URL": server.url}
    with server, better_auth:
        yield better_auth


def test_people_sign_up_and_chat_with_its_tokens(new_page: NewPage, better_auth: BetterAuth) -> None:
    page = new_page()
    sign_up_by_hand(page, better_auth.errand, "ann@example.org")
    say(page, "add buy milk")
    expect(answer(page)).to_contain_text("buy milk")
    page.get_by_test_id("account").click()
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("submit")).to_be_visible()


def authorize_url(better_auth: BetterAuth) -> str:
    """Return where an assistant that has just registered itself sends a person."""
    client: dict[str, object] = {
        "client_name": "Quill",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
    }
    client |= {"application_type": "native"}
    registered = httpx2.post(f"{better_auth.url}/api/auth/oauth2/register", json=client).json()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    query = {
        "client_id": registered["client_id"],
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "read change full",
        "state": "s",
        "resource": f"{better_auth.errand.url}/mcp",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{better_auth.url}/api/auth/oauth2/authorize?{urlencode(query)}"


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_a_person_lets_another_assistant_in_or_not(new_page: NewPage, better_auth: BetterAuth, decision: str) -> None:
    page = new_page()
    reached: list[str] = []

    def call_back(route: Route) -> None:
        reached.append(route.request.url)
        route.fulfill(body="back")

    page.route(f"{CALLBACK}**", call_back)
    page.goto(authorize_url(better_auth))
    page.get_by_test_id("switch-mode").click()
    page.get_by_test_id("name").fill("Ann")
    page.get_by_test_id("email").fill(f"{decision}@example.org")
    page.get_by_test_id("password").fill("correct horse battery")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("client")).to_have_text("Quill")
    expect(page.get_by_test_id("levels").get_by_role("radio")).to_have_count(3)
    page.get_by_label("Read your tasks").check()
    page.get_by_test_id(decision).click()
    expect(page.get_by_text("back")).to_be_visible()
    assert ("code=" in reached[0]) == (decision == "allow")
    assert json.dumps(reached[0]).count("state=s") == 1
