"""Biome has nothing to say about our JavaScript: how it is written, and what is likely a mistake."""

import json
import subprocess
from pathlib import Path

from tests import node
from tests.server import ROOT

REGISTRY = "https://registry.npmjs.org/"


def test_the_scripts_are_formatted_and_without_likely_mistakes() -> None:
    program = node.modules(ROOT) / "@biomejs" / "biome" / "bin" / "biome"
    command: list[str | Path] = [
        node.NODE,
        program,
        "ci",
        "--error-on-warnings",
        "--colors=off",
        "--max-diagnostics=20",
    ]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_line_is_longer_than_120() -> None:
    """Biome breaks code, but neither comments nor strings."""
    scripts = [path for path in (ROOT / "static").rglob("*.js") if "vendor" not in path.parts]
    long = {
        f"{path.relative_to(ROOT)}:{number}"
        for path in scripts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 120
    }
    assert long == set()


def test_packages_come_from_the_public_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"].values()
    assert all(each["resolved"].startswith(REGISTRY) for each in packages if "resolved" in each)
