"""Settings of the chat: what hangs together, and what OpenAI's element may load where it is chosen."""

import json
import os
import subprocess
import sys
import unittest
from tempfile import mkdtemp
from typing import Any

from pydantic import ValidationError

from config.environment import Environment, ModelChoice
from tests.server import ROOT

ASK = "import json; from config import settings; print(json.dumps([settings.SECURE_CSP, settings.CHATKIT_DOMAIN_KEY]))"


def told(**variables: str) -> Any:
    """Return the content security policy and the domain key of a process with these variables."""
    environment = os.environ | {"DATA_DIR": mkdtemp()} | variables
    done = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=environment, capture_output=True, check=True)
    return json.loads(done.stdout)


class ChatSettingsTests(unittest.TestCase):
    def test_the_hosted_element_may_load_from_its_place_and_only_where_it_is_chosen(self) -> None:
        policy, key = told(CHATKIT_DOMAIN_KEY="domain_pk_1")
        for directive in ("script-src", "frame-src", "connect-src"):
            self.assertIn("https://cdn.platform.openai.com", policy[directive])
        self.assertEqual(
            (key, policy["default-src"], policy["frame-ancestors"]), ("domain_pk_1", ["'self'"], ["'none'"])
        )
        policy, key = told()
        self.assertNotIn("openai", json.dumps(policy))
        self.assertEqual(key, "")

    def test_what_does_not_hang_together_is_said_at_the_start(self) -> None:
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"transcription_base_url": "http://127.0.0.1:9/v1"}, "TRANSCRIPTION_MODEL"),
            ({"model_choices": [ModelChoice(id="x", label="X")]}, "MODEL_CHOICES"),
            ({"model_choices": [{"id": ""}]}, "model_choices"),
            ({"locale": "Klingon!"}, "locale"),
            ({"database_url": "postgresql://db/errand?server_side_binding=on"}, "server_side_binding"),
            ({"message_attachments": -1}, "message_attachments"),
        ]
        for values, name in wrong:
            with self.subTest(name), self.assertRaisesRegex(ValidationError, name):
                Environment(**values)

    def test_tool_servers_are_found_where_they_stood_before(self) -> None:
        named = Environment(mcp_servers=["tasks.mcp.server", "mine.server"], mcp_states=["tasks.state.state"])
        self.assertEqual(named.mcp_servers, ["tasks.surfaces.mcp.server", "mine.server"])
        self.assertEqual(named.mcp_states, ["tasks.replay.recorded_tasks.state"])
