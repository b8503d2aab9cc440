"""What a contributor meets on GitHub and in an editor can be read by those it is for, and names what is there."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))


def read(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_may_only_read_and_pin_their_actions(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        for action in (step["uses"] for step in job["steps"] if "uses" in step):
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+", action), action


def test_ci_runs_what_every_change_must_pass_and_starts_the_compose_file() -> None:
    commands = [step.get("run", "") for job in read(WORKFLOWS[0])["jobs"].values() for step in job["steps"]]
    assert ".ci/run" in commands
    assert (ROOT / ".ci/run").stat().st_mode & 0o100
    assert any("compose.yaml up" in command and "--build" in command for command in commands)
    assert any("/readyz" in command for command in commands)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_issue_forms_ask_something(path: Path) -> None:
    form = read(path)
    assert {"name", "description", "body"} <= form.keys()
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in asked}) == len(asked)
    assert any(field.get("validations", {}).get("required") for field in asked)


def test_dependencies_of_every_kind_are_kept_up_to_date() -> None:
    given = read(ROOT / ".github/dependabot.yml")
    folders = {each["package-ecosystem"]: each.get("directories") or [each["directory"]] for each in given["updates"]}
    assert folders.keys() >= {"uv", "npm", "docker", "github-actions"}
    named = [folder for each in folders.values() for folder in each]
    assert [folder for folder in named if not (ROOT / folder.lstrip("/")).is_dir()] == []


def test_hooks_use_the_tools_of_the_lock_file() -> None:
    hooks = [hook for repo in read(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert {hook["id"] for hook in hooks} >= {"ruff", "ruff-format", "mypy", "javascript", "javascript-types"}
    assert all(hook["entry"].startswith("uv run ") and hook["language"] == "system" for hook in hooks)


def test_the_dev_container_has_our_python() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    wanted = (ROOT / ".python-version").read_text().strip()
    assert container["image"].endswith(f":{wanted}")
    assert f">={wanted}" in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert container["forwardPorts"] == [8000]
