"""What a server writes about its work: ids and faults, never what was said, nor what lets anybody in."""

from pathlib import Path

import httpx2

from tests.faults.provider import Call, Provider, Reply
from tests.server import PATIENCE_SECONDS, Server, wait_for

SAID, PASSWORD, KEY = "swordfish-said", "correct horse battery", "sk-swordfish-key"


def test_nothing_that_was_said_and_no_secret_is_logged_at_any_level(tmp_path: Path) -> None:
    provider = Provider()
    replies = [Reply(calls=[Call("add_task", {"title": SAID})]), Reply([f"Added {SAID}."]), Reply(status=500)]
    provider.queue.extend(replies)
    with provider.serving() as url:
        environment = {"MODEL_PROVIDER": "custom", "MODEL_BASE_URL": url, "MODEL_NAME": "x", "MODEL_API_KEY": KEY}
        with Server(tmp_path, LOG_LEVEL="DEBUG", MODEL_RETRIES="0", **environment) as server:
            ann = server.client()
            token = ann.token
            made = ann.http.post(f"{ann.api}/access-tokens", json={"name": "x", "scope": "full"}).json()["token"]
            assert ann.chat(f"add {SAID}")["status"] == "completed"
            assert ann.chat(f"and {SAID} again")["status"] == "failed"
            forged = {"Authorization": f"Bearer {token[:-6]}AAAAAA"}
            assert httpx2.get(f"{server.url}{ann.api}/tasks", headers=forged).status_code == 401
            wait_for(lambda: "token.refused" in server.output, PATIENCE_SECONDS, lambda: server.output[-2000:])
    for secret in (SAID, PASSWORD, KEY, token, made):
        lines = [line for line in server.output.splitlines() if secret in line]
        assert not lines, f"{secret[:12]}… in {lines[0][:300]}"
