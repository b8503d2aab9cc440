"""The scripts of the pages pass the type checker, and our element is held against the types of OpenAI's."""

import subprocess
from pathlib import Path

from tests import node

HERE = Path(__file__).parent


def check(*more: str) -> str:
    """Return what the type checker has to say."""
    compiler = node.modules(HERE) / "typescript" / "bin" / "tsc"
    command: list[str | Path] = [node.NODE, compiler, "--project", HERE / "tsconfig.json", *more]
    run = subprocess.run(command, capture_output=True, text=True, cwd=HERE, timeout=120)
    return run.stdout


def test_the_scripts_are_of_one_type_with_themselves_and_with_openai() -> None:
    assert check() == ""


def test_every_script_is_checked() -> None:
    listed = check("--listFilesOnly").splitlines()
    static = HERE.parent.parent / "static"
    scripts = {str(path) for folder in ("chat", "page") for path in (static / folder).rglob("*.js")}
    assert scripts <= set(listed)
