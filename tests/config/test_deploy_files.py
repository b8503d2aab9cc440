"""The files of deploy/ hang together, as far as that can be told where there is no container engine."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Counter, Histogram

from config.environment import Environment
from core import metrics
from tests import programs
from tests.server import ROOT
from tests.test_house import MAY_IMPORT

DEPLOY = ROOT / "deploy"
SETTINGS = {name.upper() for name in Environment.model_fields}
# Of env.example what is for the compose file itself, or for Better Auth.
FOR_COMPOSE = {"LISTEN", "POSTGRES_PASSWORD", "BETTER_AUTH_SECRET"}
DASHBOARD = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def named_in_example() -> set[str]:
    """Return the variables of env.example, those that stand there as a comment included."""
    return set(re.findall(r"(?m)^#?([A-Z_]+)=", (DEPLOY / "env.example").read_text()))


def series() -> set[str]:
    """Return the names under which /metrics shows what is counted, labels aside."""
    suffixes: dict[type[object], list[str]] = {Counter: ["_total"], Histogram: ["_bucket", "_sum", "_count"]}
    names: set[str] = set()
    for metric in vars(metrics).values():
        if name := getattr(metric, "_name", None):
            names |= {name + suffix for suffix in suffixes.get(type(metric), [""])}
    return names


def test_every_variable_of_the_compose_file_is_in_the_example_or_has_a_default() -> None:
    used = re.findall(r"\$\{([A-Z_]+)(:-)?", (DEPLOY / "compose.yaml").read_text())
    assert {name for name, default in used if not default} <= named_in_example()


def test_what_the_compose_file_and_its_example_set_are_settings() -> None:
    assert compose()["x-errand"]["environment"].keys() <= SETTINGS
    assert named_in_example() <= SETTINGS | FOR_COMPOSE


def test_what_services_wait_for_is_there_and_can_tell() -> None:
    services = compose()["services"]
    for name, service in services.items():
        for other in service.get("depends_on", []):
            assert other in services, f"{name} waits for {other}"
        for other, how in (dict(service["depends_on"]) if isinstance(service.get("depends_on"), dict) else {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other]


def test_named_files_are_there() -> None:
    for service in compose()["services"].values():
        for volume in service.get("volumes", []):
            if volume.startswith("./"):
                assert (DEPLOY / volume.split(":")[0]).is_file()


def test_the_image_holds_every_app() -> None:
    copied = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text())
    names = {name for line in copied for name in line.split()}
    assert {*MAY_IMPORT, "templates", "static", "manage.py", "pyproject.toml", "uv.lock"} <= names
    assert all((ROOT / name).exists() for name in names)


def test_nginx_accepts_its_configuration(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    for host in ("web-1", "web-2", "better-auth"):  # names of containers, which are looked up at the start
        text = text.replace(f"server {host}:", "server 127.0.0.1:")
    text = re.sub(r"/tmp/(nginx[a-z.-]*)", rf"{tmp_path}/\1", text)  # noqa: S108
    (tmp_path / "nginx.conf").write_text(text)
    command: list[str | Path] = [
        programs.path("nginx", "nginx-light"),
        "-t",
        "-e",
        "stderr",
        "-c",
        tmp_path / "nginx.conf",
    ]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "syntax is ok" in tried.stderr, tried.stderr


def test_systemd_accepts_its_unit(tmp_path: Path) -> None:
    """Checked with programs that are there; of an unknown directive systemd says so, and goes on."""
    text = (DEPLOY / "errand.service").read_text().replace("/opt/errand/.venv/bin/python", sys.executable)
    unit = tmp_path / "errand.service"
    unit.write_text(text)
    command: list[str | Path] = [programs.path("systemd-analyze", "systemd"), "verify", "--man=no", unit]
    tried = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"}
    )
    said = [line for line in tried.stderr.splitlines() if "errand.service" in line]
    assert said == []


def test_the_dashboard_and_the_metrics_name_the_same() -> None:
    named = {name for expression in EXPRESSIONS for name in re.findall(r"errand_[a-z_]+", expression)}
    assert named <= series()
    shown = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in named}
    assert shown == {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in series()}


def test_the_dashboard_asks_for_labels_that_there_are() -> None:
    labels = {label for each in vars(metrics).values() for label in getattr(each, "_labelnames", ())}
    for expression in EXPRESSIONS:
        asked = {label for part in re.findall(r"by \(([^)]*)\)", expression) for label in part.split(", ")}
        assert asked <= labels | {"le", "instance"}


def test_prometheus_asks_the_servers_themselves() -> None:
    [job] = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text())["scrape_configs"]
    webs = [name for name in compose()["services"] if name.startswith("web-")]
    assert job["static_configs"][0]["targets"] == [f"{name}:8000" for name in webs]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Dockerfile copies, with what its `uv sync` line installs."""
    folder = tmp_path_factory.mktemp("image")
    text = (DEPLOY / "Dockerfile").read_text()
    for line in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", text):
        for name in line.split():
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / name)
    shutil.copy(ROOT / ".python-version", folder)  # where uv is pyenv's, it asks this file whose
    found = re.search(r"(?m)^RUN (uv sync .+)$", text)
    assert found
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    environment["UV_PROJECT_ENVIRONMENT"] = str(folder / ".venv")
    subprocess.run(found[1].split(), cwd=folder, env=environment, check=True, capture_output=True, timeout=300)
    return folder


def test_what_the_image_installs_is_enough_to_start_and_fit_for_the_world(installed: Path) -> None:
    example = dict(re.findall(r"(?m)^([A-Z_]+)=(.*)$", (DEPLOY / "env.example").read_text()))
    filled = {
        name: value or "a long random text of tests, of fifty characters or more" for name, value in example.items()
    }
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(installed / "data"),
        "DATABASE_URL": "postgresql://errand:secret@127.0.0.1:1/errand",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "TRUST_PROXY": "true",
        "BETTER_AUTH_URL": filled["PUBLIC_URL"],
        **filled,
    }
    command: list[str | Path] = [
        installed / ".venv" / "bin" / "python",
        "manage.py",
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
    ]
    checked = subprocess.run(command, cwd=installed, env=environment, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "no issues" in checked.stdout
