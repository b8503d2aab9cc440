"""The browser of the browser tests: found on this machine, or installed with its package manager."""

import functools
import os
import shutil
import subprocess

from playwright.sync_api import expect

from tests import programs
from tests.server import PATIENCE_SECONDS

WITHOUT_WINDOWS = "chromium-headless-shell"
NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a microphone that hums
    "--use-fake-ui-for-media-stream",  # and may be used
]
ASK = "The browser tests need Chromium. Install it (for example: apt-get install chromium) or set CHROMIUM to its path."


@functools.cache
def path() -> str:
    """Return the path of a Chromium, installing one where root may do so. Raises `RuntimeError` with what to do.

    Preferred is the one without windows: a page takes it a third of the processor's time. Not every system has it.
    """
    try:
        return os.environ.get("CHROMIUM") or programs.path(WITHOUT_WINDOWS, WITHOUT_WINDOWS)
    except (RuntimeError, subprocess.CalledProcessError):
        return as_people_have_it()


def as_people_have_it() -> str:
    """Return the path of a whole Chromium, as `path` does: what is measured is measured in that."""
    return find() or programs.path("chromium", "chromium", ASK)


def find() -> str | None:
    if named := os.environ.get("CHROMIUM"):
        return named
    return next((found for name in NAMES if (found := shutil.which(name))), None)


expect.set_options(timeout=PATIENCE_SECONDS * 1_000)
