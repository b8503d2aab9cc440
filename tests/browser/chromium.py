"""The browser of the browser tests: found on this machine, or installed with its package manager."""

import os
import shutil
import subprocess

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ASK = "The browser tests need Chromium. Install it (for example: apt-get install chromium) or set CHROMIUM to its path."


def path() -> str:
    """Return the path of a Chromium, installing one where root may do so. Raises `RuntimeError` with what to do."""
    if found := find():
        return found
    if shutil.which("apt-get") and os.geteuid() == 0:
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        for command in (["apt-get", "update"], install):
            subprocess.run(
                command, check=True, capture_output=True, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            )
    if found := find():
        return found
    raise RuntimeError(ASK)


def find() -> str | None:
    if named := os.environ.get("CHROMIUM"):
        return named
    return next((found for name in NAMES if (found := shutil.which(name))), None)
