"""How the modules in `static/` stand to each other: which way imports run, no circle, and folders one can survey.

Both kinds of import count, at the beginning and on first use. A type in a comment (`import("…")` in JSDoc) does not: no
browser follows it.
"""

import re
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.server import ROOT

STATIC = ROOT / "static"
COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
IMPORT = re.compile(r"""(?:\bfrom\s+|^import\s+|\bimport\()["'](\.[^"']+)["']""", re.MULTILINE)
MOST_IN_A_FOLDER = 16

# Where a page begins: these put together what lies below and beside them, and nobody imports them but what is named.
BEGINNINGS = {
    "embed.js": set(),
    "admin/timeline.js": set(),
    "chat/element.js": {"page/chat-setup.js", "page/embed.js"},
    "page/head.js": set(),
    "page/main.js": set(),
    "page/sign-in.js": set(),
    "page/consent.js": set(),
    "page/embed.js": set(),
}
# What the others in a folder may import, apart from each other.
CHAT = {"chat", "chat/look"}
PAGE = {"chat", "page"}
MAY_IMPORT: dict[str, set[str]] = {
    "chat": {"chat/look"},
    "chat/look": set(),
    "chat/words": set(),
    "chat/markdown": CHAT | {"vendor/markdown-it"},
    "chat/widgets": CHAT | {"chat/markdown"},
    "chat/items": CHAT | {"chat/markdown", "chat/widgets"},
    "chat/composer": CHAT,
    "chat/conversation": CHAT | {"chat/markdown", "chat/items", "chat/composer"},
    "page": {"chat"},
    "page/history": PAGE,
    "page/tasks": PAGE | {"page/history"},
    "page/documents": PAGE,
    "page/account": PAGE,
    "vendor/markdown-it": set(),
}


def imports() -> dict[Path, set[Path]]:
    """Return each module with those that it imports, below `static`."""
    found = {}
    for path in STATIC.rglob("*.js"):
        code = COMMENT.sub("", path.read_text())
        targets = {(path.parent / address).resolve() for address in IMPORT.findall(code)}
        found[path.relative_to(STATIC)] = {target.relative_to(STATIC) for target in targets}
    return found


def test_what_is_imported_is_there() -> None:
    modules = imports()
    assert {target for targets in modules.values() for target in targets} <= modules.keys()


def test_no_module_is_imported_in_a_circle() -> None:
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        raise AssertionError(" → ".join(str(each) for each in error.args[1])) from None


def test_imports_run_one_way() -> None:
    wrong = {
        f"{module} imports {target}"
        for module, targets in imports().items()
        for target in targets
        if not may_import(module, target)
    }
    assert wrong == set()


def may_import(module: Path, target: Path) -> bool:
    if target.as_posix() in BEGINNINGS:
        return module.as_posix() in BEGINNINGS[target.as_posix()]
    here, there = module.parent.as_posix(), target.parent.as_posix()
    if module.as_posix() in BEGINNINGS:
        return here != "chat" or there.startswith("chat")
    return here == there or there in MAY_IMPORT[here]


def test_the_directions_of_folders_make_no_circle_either() -> None:
    TopologicalSorter(MAY_IMPORT).prepare()


def test_no_folder_is_too_full() -> None:
    counts = Counter(module.parent.as_posix() for module in imports())
    assert {folder: count for folder, count in counts.items() if count > MOST_IN_A_FOLDER} == {}
