"""What the documentation names is there: files and folders, functions of the walks, targets of links."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).parent.parent
ENTRANCES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "docs/architecture.md")]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FILES = r"(?:py|js|css|md|toml|yaml|yml|json|html|sh|conf)"
# `chat/turns/`, `chat/turns/runner.py`, `CONTRIBUTING.md`; not addresses, patterns, or what is made (`.data/`).
A_PATH = re.compile(rf"`((?:\w[\w.-]*/)+(?:[\w.-]+\.{FILES})?|[A-Z]+\.md)`")
# `chat/turns/runner.py` (`start`, `run_turn`): functions and classes of that file.
WITH_NAMES = re.compile(rf"`((?:[\w.-]+/)+[\w.-]+\.{FILES})`\s\(((?:`\w+`(?:, )?)+)\)")
A_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)|(?:src|srcset)=\"([^\":]+)\"")


def read(page: Path) -> str:
    """Return a page without its blocks of code, which may name what a reader makes."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", ENTRANCES, ids=lambda page: page.name)
def test_paths_exist(page: Path) -> None:
    named = {match[1] for match in A_PATH.finditer(read(page))}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_functions_of_the_walks_exist() -> None:
    missing = [
        f"{path}: {name}"
        for path, names in WITH_NAMES.findall(read(ROOT / "docs/architecture.md"))
        for name in re.findall(r"\w+", names)
        if not re.search(
            rf"^\s*(?:export |async |def |class |function\*? |\*)*{name}\b ?[\[(:{{]",
            (ROOT / path).read_text(),
            re.MULTILINE,
        )
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page: Path) -> None:
    targets = {link or source for link, source in A_LINK.findall(read(page))}
    assert [target for target in sorted(targets) if not (page.parent / target).exists()] == []


def test_the_newest_release_of_the_changelog_is_the_version() -> None:
    releases = re.findall(r"^## (\S+) - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert releases[0] == settings.VERSION
