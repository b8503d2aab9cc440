"""The scripts of the pages pass the type checker, and our element is held against the types of OpenAI's."""

import subprocess
from pathlib import Path

from tests import node
from tests.server import ROOT


def check(*more: str) -> str:
    """Return what the type checker has to say."""
    compiler = node.modules(ROOT) / "typescript" / "bin" / "tsc"
    command: list[str | Path] = [node.NODE, compiler, "--project", ROOT / "tsconfig.json", *more]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    return run.stdout


def test_the_scripts_are_of_one_type_with_themselves_and_with_openai() -> None:
    assert check() == ""


def test_every_script_is_checked() -> None:
    listed = check("--listFilesOnly").splitlines()
    scripts = {str(path) for path in (ROOT / "static").rglob("*.js") if "vendor" not in path.parts}
    assert scripts <= set(listed)
