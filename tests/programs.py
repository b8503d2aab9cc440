"""Programs that tests start and Python cannot bring: found on this machine, or installed with its package manager."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SYSTEM_PATH = "/usr/sbin:/sbin"  # where servers are, which a person's PATH may leave out


def path(name: str, package: str, ask: str = "") -> str:
    """Return the path of a program, installing its package where root may do so. Raises `RuntimeError` with `ask`."""
    with installing():
        return find(name) or install(name, package, ask)


def install(name: str, package: str, ask: str) -> str:
    if shutil.which("apt-get") and os.geteuid() == 0:
        install = ["apt-get", "install", "-y", "--no-install-recommends", package]
        # A server that is installed is not to be started: tests start their own.
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (["apt-get", "update"], install):
            subprocess.run(command, check=True, capture_output=True, env=quiet)
    if found := find(name):
        return found
    raise RuntimeError(ask or f"The tests need {name}. Install it (for example: apt-get install {package}).")


def find(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=SYSTEM_PATH)


@contextmanager
def installing() -> Iterator[None]:
    """Let one of the processes that run tests install something at a time; the others then find it there."""
    with (Path(sys.prefix) / "installing.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back when the file is closed
        yield
