"""Errand with a real Better Auth server: its tokens, its keys, and OAuth for other assistants."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import pytest
from mcp import Client
from mcp.client.auth import OAuthClientProvider, OAuthFlowError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)

from tests.better_auth import BetterAuth
from tests.server import Server

CALLBACK = "http://127.0.0.1:9/callback"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("data"))
    better_auth = BetterAuth(server)
    server.environment |= {"BETTER_AUTH_URL": better_auth.url, "PUBLIC_URL": server.url}
    server.better_auth = better_auth  # type: ignore[attr-defined]
    with server, better_auth:
        yield server


@pytest.fixture
def better_auth(server: Server) -> BetterAuth:
    return server.better_auth  # type: ignore[attr-defined, no-any-return]


class Person:
    """Somebody who signed up at Better Auth and uses Errand with its tokens. Their browser is closed with the test."""

    def __init__(self, server: Server, better_auth: BetterAuth, email: str) -> None:
        self.server = server
        self.better_auth = better_auth
        self.cookies = better_auth.sign_up(email)
        self.renew()

    def renew(self) -> None:
        url = f"{self.better_auth.url}/api/auth/token"
        self.token = httpx2.get(url, cookies=self.cookies).json()["token"]
        self.id = jwt.decode(self.token, options={"verify_signature": False})["sub"]

    @property
    def kid(self) -> str:
        return str(jwt.get_unverified_header(self.token)["kid"])

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(f"{self.server.url}/api/{self.id}/{path}", headers=self.headers)

    def chat(self, message: str) -> Any:
        url = f"{self.server.url}/api/{self.id}/chat"
        return httpx2.post(url, json={"message": message}, headers=self.headers, timeout=30).json()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def test_a_person_signs_up_and_chats_while_keys_change_and_the_server_is_away(
    server: Server, better_auth: BetterAuth
) -> None:
    ann = Person(server, better_auth, "ann@example.org")
    assert ann.chat("add buy milk")["status"] == "completed"
    assert ann.get("me").json()["email"] == "ann@example.org"

    first = ann.kid
    better_auth.execute('UPDATE jwks SET "expiresAt" = now()')  # the next token is signed with a new key
    old = ann.token
    ann.renew()
    assert ann.kid != first
    assert ann.chat("add buy bread")["status"] == "completed"

    better_auth.stop()
    for token in (old, ann.token):
        ann.token = token
        assert len(ann.get("tasks").json()["items"]) == 2, "keys that are known go on working"
    better_auth.start()
    ann.renew()
    assert ann.chat("delete task 2")["status"] == "awaiting_approval"


def test_the_built_in_issuer_is_off(server: Server) -> None:
    body = {"email": "eve@example.org", "password": "correct horse battery", "name": "Eve"}
    for path in ("sign-up/email", "sign-in/email"):
        assert httpx2.post(f"{server.url}/api/auth/{path}", json=body).status_code == 404
    assert httpx2.get(f"{server.url}/api/auth/token").status_code == 404


class Storage:
    """What the SDK's client remembers."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Assistant:
    """Another assistant: the MCP SDK's own OAuth client, and the person's browser that it opens."""

    def __init__(self, server: Server, better_auth: BetterAuth, scope: str, email: str, *, accept: bool = True) -> None:
        self.url = f"{server.url}/mcp"
        self.better_auth = better_auth
        self.email, self.accept = email, accept
        self.storage = Storage()
        self.visited: list[str] = []
        metadata = OAuthClientMetadata.model_validate(
            {"client_name": "Assistant", "redirect_uris": [CALLBACK], "grant_types": GRANTS}
        )
        self.scope = scope
        self.auth = OAuthClientProvider(self.url, metadata, self.storage, self.open, self.called_back)

    async def open(self, url: str) -> None:
        """Do what the person does: sign in (or up) on the page, look at what is asked, and decide."""
        with httpx2.Client(headers={"Origin": self.better_auth.errand.url}, timeout=20) as browser:
            page = browser.get(url, headers={"Accept": "text/html"}).headers["Location"]
            self.visited.append(page)
            body = {"name": "Ann", "email": self.email, "password": "correct horse battery"}
            body["oauth_query"] = urlsplit(page).query
            page = browser.post(f"{self.better_auth.url}/api/auth/sign-up/email", json=body).json()["url"]
            self.visited.append(page)
            answer = {"accept": self.accept, "scope": self.scope, "oauth_query": urlsplit(page).query}
            done = browser.post(f"{self.better_auth.url}/api/auth/oauth2/consent", json=answer).json()
        self.answer = parse_qs(urlsplit(done.get("url") or done["redirect_uri"]).query)

    async def called_back(self) -> AuthorizationCodeResult:
        said = {name: values[0] for name, values in self.answer.items()}
        return AuthorizationCodeResult(code=said.get("code", ""), state=said.get("state"), iss=said.get("iss"))

    async def use(self, *calls: tuple[str, dict[str, Any]]) -> tuple[list[str], list[Any]]:
        """Return the names of the tools it sees, and the results of calls."""
        async with (
            httpx2.AsyncClient(auth=self.auth, timeout=30) as http,
            Client(streamable_http_client(self.url, http_client=http)) as client,
        ):
            tools = [tool.name for tool in (await client.list_tools()).tools]
            return tools, [await client.call_tool(*call) for call in calls]


GRANTS = ["authorization_code", "refresh_token"]


def test_another_assistant_is_let_in_by_oauth(server: Server, better_auth: BetterAuth) -> None:
    assistant = Assistant(server, better_auth, "full", "oauth@example.org")
    tools, (added,) = asyncio.run(assistant.use(("add_task", {"title": "By OAuth"})))
    assert "delete_task" in tools
    assert not added.is_error, added
    assert [urlsplit(page).path for page in assistant.visited] == ["/sign-in", "/consent"]
    assert all(page.startswith(server.url) for page in assistant.visited)
    assert assistant.storage.tokens
    token = assistant.storage.tokens.access_token
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"


def test_it_may_do_what_was_consented_to_and_no_more(server: Server, better_auth: BetterAuth) -> None:
    tools, (refused,) = asyncio.run(
        Assistant(server, better_auth, "read", "reader@example.org").use(("delete_task", {"task_id": 1}))
    )
    assert tools
    assert not {"add_task", "delete_task"} & set(tools)
    assert refused.is_error


def test_it_is_not_let_in_where_the_person_says_no(server: Server, better_auth: BetterAuth) -> None:
    assistant = Assistant(server, better_auth, "full", "no@example.org", accept=False)
    with pytest.raises(BaseExceptionGroup) as raised:
        asyncio.run(assistant.use())
    assert raised.group_contains(OAuthFlowError) or raised.group_contains(Exception)
    assert assistant.storage.tokens is None


def test_each_kind_of_token_is_good_for_its_own_purpose_only(server: Server, better_auth: BetterAuth) -> None:
    assistant = Assistant(server, better_auth, "full", "kinds@example.org")
    asyncio.run(assistant.use())
    assert assistant.storage.tokens
    token = assistant.storage.tokens.access_token
    user_id = jwt.decode(token, options={"verify_signature": False})["sub"]
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx2.get(f"{server.url}/api/{user_id}/tasks", headers=headers).status_code == 401
    assert httpx2.post(f"{server.url}/chatkit", json={"type": "threads.list"}, headers=headers).status_code == 401
    session = Person(server, better_auth, "session@example.org")
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accepts = {"Accept": "application/json, text/event-stream"}
    answer = httpx2.post(f"{server.url}/mcp", json=body, headers=session.headers | accepts)
    assert answer.status_code == 200
