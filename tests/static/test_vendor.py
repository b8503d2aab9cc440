"""What others wrote and browsers get from us is what their package has, of the version in the lock file."""

import subprocess
from pathlib import Path

from tests import node
from tests.server import ROOT

VENDORED = ROOT / "static" / "vendor" / "markdown-it"


def test_markdown_it_is_that_of_its_package(tmp_path: Path) -> None:
    node.modules(ROOT)
    subprocess.run([node.NODE, "tests/static/vendor.mjs", tmp_path], cwd=ROOT, check=True, timeout=60)
    for name in ("markdown-it.js", "LICENSE"):
        assert (tmp_path / name).read_bytes() == (VENDORED / name).read_bytes(), "npm run vendor"
