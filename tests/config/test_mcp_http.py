"""`/mcp` on a real server: who is let in, and what their tokens may do."""

from collections.abc import Iterator
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client as McpClient
from mcp.client.streamable_http import streamable_http_client

from tests.server import SERVERS, Client, Server

READS = {"list_tasks", "task_history", "overview", "search_knowledge", "search", "fetch"}
DESTROYS = {"delete_task", "delete_tasks"}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with request.param(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture
def ann(server: Server) -> Client:
    return server.client()


def token(ann: Client, scope: str, **fields: Any) -> dict[str, Any]:
    answer = ann.http.post(f"{ann.api}/access-tokens", json={"name": f"{scope} token", "scope": scope, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def talk(server: Server, secret: str, *calls: tuple[str, dict[str, Any]], mode: str = "auto", key: str = "") -> Any:
    """Connect as another assistant does; return the names of the tools and the results of the calls."""

    async def scenario() -> Any:
        headers = {"Authorization": f"Bearer {secret}"} | ({"Idempotency-Key": key} if key else {})
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            McpClient(streamable_http_client(f"{server.url}/mcp", http_client=http), mode=mode) as client,
        ):
            names = {tool.name for tool in (await client.list_tools()).tools}
            return names, [await client.call_tool(name, arguments) for name, arguments in calls]

    return anyio.run(scenario)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_both_protocol_generations_use_the_same_tools(server: Server, ann: Client, mode: str) -> None:
    names, results = talk(
        server, token(ann, "full")["token"], ("add_task", {"title": f"by {mode}", "due": "tomorrow"}), mode=mode
    )
    assert names > READS | DESTROYS
    assert results[0].structured_content["task"]["title"] == f"by {mode}"
    assert f"by {mode}" in [task["title"] for task in ann.tasks()]
    newest = ann.http.get(f"{ann.api}/operations").json()["items"][0]
    assert (newest["source"], newest["summary"]) == ("mcp", f"Added “by {mode}”")


def test_signed_tokens_work_too(server: Server, ann: Client) -> None:
    _, results = talk(server, ann.token, ("overview", {}))
    assert not results[0].is_error


def test_a_scope_decides_what_a_token_sees_and_does(server: Server, ann: Client) -> None:
    names, results = talk(server, token(ann, "read")["token"], ("add_task", {"title": "no"}), ("list_tasks", {}))
    assert names == READS
    assert [result.is_error for result in results] == [True, False]
    names, results = talk(
        server, token(ann, "change")["token"], ("add_task", {"title": "yes"}), ("delete_task", {"task_id": 1})
    )
    assert not names & DESTROYS
    assert [result.is_error for result in results] == [False, True]


def test_the_same_key_calls_once(server: Server, ann: Client) -> None:
    secret = token(ann, "full")["token"]
    first, second = (talk(server, secret, ("add_task", {"title": "once"}), key="k1")[1][0] for _ in range(2))
    assert first.structured_content == second.structured_content


@pytest.mark.parametrize("secret", ["nothing", "errand_wrong", "a.b.c", "errand_" + "x" * 5000])
def test_without_a_valid_token_nobody_is_let_in(server: Server, secret: str) -> None:
    answer = httpx2.post(f"{server.url}/mcp", json={}, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 401
    assert (
        f'resource_metadata="{server.url}/.well-known/oauth-protected-resource/mcp"'
        in answer.headers["WWW-Authenticate"]
    )


def test_revoked_and_expired_tokens_are_refused(server: Server, ann: Client) -> None:
    made = token(ann, "full", expires_in_days=1)
    header = {"Authorization": f"Bearer {made['token']}"}
    assert httpx2.get(f"{server.url}{ann.api}/tasks", headers=header).status_code == 200
    assert ann.http.delete(f"{ann.api}/access-tokens/{made['id']}").status_code == 204
    assert httpx2.get(f"{server.url}{ann.api}/tasks", headers=header).status_code == 401


def test_secrets_are_shown_once(server: Server, ann: Client) -> None:
    made = token(ann, "read")
    listed = ann.http.get(f"{ann.api}/access-tokens").json()["items"]
    assert made["id"] in [item["id"] for item in listed]
    assert made["token"] not in str(listed)


def test_a_limited_token_only_reads_over_rest_and_does_not_talk(server: Server, ann: Client) -> None:
    header = {"Authorization": f"Bearer {token(ann, 'change')['token']}"}
    assert httpx2.get(f"{server.url}{ann.api}/tasks", headers=header).status_code == 200
    for path in (f"{ann.api}/tasks", f"{ann.api}/chat", "/chatkit", f"{ann.api}/access-tokens"):
        assert httpx2.post(server.url + path, json={"title": "x"}, headers=header).status_code == 403


def test_other_hosts_and_origins_are_refused(server: Server, ann: Client) -> None:
    bearer = {"Authorization": f"Bearer {ann.token}", "Accept": "application/json, text/event-stream"}
    for header in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        answer = httpx2.post(f"{server.url}/mcp", json={"jsonrpc": "2.0"}, headers=bearer | header)
        assert answer.status_code in {403, 421}, answer.text


def test_the_metadata_names_the_resource(server: Server) -> None:
    found = httpx2.get(f"{server.url}/.well-known/oauth-protected-resource/mcp").json()
    assert found["resource"] == f"{server.url}/mcp"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"jsonrpc":"2.0","method":"x","id":1}', b"x" * 2_000_000])
def test_bad_bodies_are_refused_and_the_server_goes_on(server: Server, ann: Client, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {ann.token}", "Accept": "application/json, text/event-stream"}
    headers["Content-Type"] = "application/json"
    answer = httpx2.post(f"{server.url}/mcp", content=body, headers=headers)
    assert 400 <= answer.status_code < 500 or "error" in answer.json(), answer.text
    assert not talk(server, ann.token, ("overview", {}))[1][0].is_error
