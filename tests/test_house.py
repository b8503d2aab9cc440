"""The house's own rules: imports run one way, and nothing stands at the top that does not belong there."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "accounts": set[str](),
    "tasks": {"accounts"},
    "knowledge": {"accounts"},
    "chat": {"accounts"},
    "config": {"accounts", "tasks", "knowledge", "chat"},
}
TOP = {
    "manage.py",
    "pyproject.toml",
    "uv.lock",
    "README.md",
    "config",
    "templates",
    "static",
    "tests",
    "deploy",
    "docs",
}
DEMANDED_BY_TOOLS = {".ci", ".python-version", ".gitignore", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)


def test_imports_run_one_way() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for app, allowed in MAY_IMPORT.items()
        for path in (ROOT / app).rglob("*.py")
        for name in imported(path)
        if name in MAY_IMPORT.keys() - allowed - {app}
    ]
    assert wrong == []


def test_the_top_level_is_what_the_design_names() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {name.split("/")[0] for name in tracked.splitlines()} <= TOP | MAY_IMPORT.keys() | DEMANDED_BY_TOOLS
