"""The browser of the browser tests: found on this machine, or installed with its package manager."""

import os
import shutil

from playwright.sync_api import expect

from tests import programs
from tests.server import PATIENCE_SECONDS

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a microphone that hums
]
ASK = "The browser tests need Chromium. Install it (for example: apt-get install chromium) or set CHROMIUM to its path."


def path() -> str:
    """Return the path of a Chromium, installing one where root may do so. Raises `RuntimeError` with what to do."""
    return find() or programs.path("chromium", "chromium", ASK)


def find() -> str | None:
    if named := os.environ.get("CHROMIUM"):
        return named
    return next((found for name in NAMES if (found := shutil.which(name))), None)


expect.set_options(timeout=PATIENCE_SECONDS * 1_000)
