"""Requests that nobody would think of: REST by its own schema, ChatKit and MCP by theirs.

`uv run pytest tests/config/test_fuzzing.py -s` prints how many were tried.
"""

import json
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from chatkit.types import ChatKitReq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic.json_schema import PydanticJsonSchemaWarning

from tests.server import Client, Server

EXAMPLES = settings(
    max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
# Signing in is for the other tests: it would sign the fuzzer out, or close its account.
LEFT_OUT = "/auth/|/me$"
# What the schema cannot say: that a date is one we can read, that a text is not NUL. And 413 comes before any reading.
CONFIGURATION = """
[parameters]
"path.user_id" = "{user_id}"

[checks]
positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 409, 422, 429]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), USER_TURNS_A_MINUTE="0") as server:
        yield server


@pytest.fixture(scope="module")
def ann(server: Server) -> Client:
    return server.client()


def test_rest_keeps_to_its_schema_whatever_is_sent(server: Server, ann: Client, tmp_path: Path) -> None:
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION.format(user_id=ann.api.rpartition("/")[2]))
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        *("--config-file", str(configuration)),
        *("run", f"{server.url}/api/openapi.json"),
        *("--header", f"Authorization: Bearer {ann.token}"),
        *("--checks", "all", "--phases", "examples,coverage,fuzzing"),
        *("--max-examples", "10", "--seed", "1", "--exclude-path-regex", LEFT_OUT),
        *("--continue-on-failure", "--no-color"),
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    said = "\n".join(line[:300] for line in (run.stdout + run.stderr).splitlines())  # bodies can be very long
    assert run.returncode == 0, said[-10_000:]
    tried = re.search(r"(\d[\d,]*) generated", run.stdout)
    assert tried
    print(f"\nREST: {tried[1]} requests, none against the schema")  # noqa: T201
    assert int(tried[1].replace(",", "")) > 1_000


def is_answer(response: httpx2.Response) -> bool:
    """Tell whether a refusal is one that says why, and an answer one that was meant."""
    if response.status_code >= 400:
        return response.status_code < 500 and bool(response.json().get("detail") or response.json().get("error"))
    return "stream_error" not in response.text and "Something went wrong" not in response.text


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)


def fitting(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return what a JSON schema allows, as far as tools and requests use it."""
    match schema:
        case {"$ref": str() as name}:
            return st.deferred(lambda: fitting(root["$defs"][name.rpartition("/")[2]], root))
        case {"const": value}:
            return st.just(value)
        case {"enum": list() as values}:
            return st.sampled_from(values)
        case {"anyOf": list() as options} | {"oneOf": list() as options}:
            return st.one_of([fitting(option, root) for option in options])
        case {"type": "object", "properties": dict() as properties}:
            members = {name: fitting(each, root) for name, each in properties.items()}
            telling = [name for name, each in properties.items() if "const" in each]  # which of several it is
            required = {name: members.pop(name) for name in {*schema.get("required", ()), *telling}}
            return st.fixed_dictionaries(required, optional=members)
        case {"type": "array"}:
            return st.lists(fitting(schema.get("items", {}), root), min_size=schema.get("minItems", 0), max_size=3)
        case {"type": "string"}:
            return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 60), 60))
        case {"type": "integer"}:
            return st.integers(schema.get("minimum", -10), schema.get("maximum", 10**9)) | st.integers(1, 5)
        case {"type": "number"}:
            return st.floats(allow_nan=False, allow_infinity=False)
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "null"}:
            return st.none()
    return ANYTHING


def mutated(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return what fits a schema, and the same with one of its members, at any depth, replaced by anything."""

    def spoil(value: Any, other: Any, choice: int) -> Any:
        if not isinstance(value, dict) or not value:
            return other
        name = sorted(value)[choice % len(value)]
        inner = value[name]
        return value | {name: spoil(inner, other, choice // 7) if isinstance(inner, dict) and choice % 2 else other}

    good = fitting(schema, schema)
    return good | st.builds(spoil, good, ANYTHING, st.integers(0, 1_000))


def test_chatkit_answers_or_says_why_not(server: Server, ann: Client) -> None:
    with warnings.catch_warnings():  # one type of the library has a default that no schema can show
        warnings.simplefilter("ignore", PydanticJsonSchemaWarning)
        schema = TypeAdapter(ChatKitReq).json_schema()
    thread = str(ann.chat("hello")["conversation_id"])
    tried = {"answered": 0, "refused": 0}

    @EXAMPLES
    @given(mutated(schema))
    def fuzz(body: Any) -> None:
        match body:
            case {"params": {"thread_id": str()} as params}:
                params["thread_id"] = thread
        response = ann.http.post("/chatkit", json=body)
        assert is_answer(response), (response.status_code, response.text[:500])
        tried["answered" if response.status_code < 400 else "refused"] += 1

    fuzz()
    print(f"\nChatKit: {tried}")  # noqa: T201
    assert min(tried.values()) > 0


def test_mcp_answers_or_says_why_not(server: Server, ann: Client) -> None:
    headers = {"Accept": "application/json, text/event-stream"}

    def send(method: str, params: Any) -> httpx2.Response:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return ann.http.post("/mcp", json=body, headers=headers)

    tools = send("tools/list", {}).json()["result"]["tools"]
    calls: st.SearchStrategy[tuple[str, Any]] = st.one_of(
        [st.tuples(st.just(tool["name"]), mutated(tool["inputSchema"])) for tool in tools]
    )
    tried = {"done": 0, "refused": 0}

    @EXAMPLES
    @given(calls)
    def fuzz(call: tuple[str, Any]) -> None:
        response = send("tools/call", {"name": call[0], "arguments": call[1]})
        assert response.status_code < 500, response.text
        answer = response.json()
        said = json.dumps(answer)
        assert "Traceback" not in said
        assert "Internal" not in said, said[:500]
        tried["refused" if "error" in answer or answer["result"].get("isError") else "done"] += 1

    fuzz()
    print(f"\nMCP: {tried}")  # noqa: T201
    assert tried["done"] > 20
    assert tried["refused"] > 20
