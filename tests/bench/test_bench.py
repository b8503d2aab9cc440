import json
import subprocess
import sys

from tests.server import ROOT


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_finding_is_measured_on_both_sides() -> None:
    run = bench("finding", "--rows", "2000", "--json")
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    rows = {row["name"]: row for row in report["groups"][0]["rows"]}
    assert rows["open tasks, first page"]["here"] > 0
    assert rows["history of a task"]["reference"] > 0


def test_a_group_that_there_is_not_is_refused() -> None:
    assert "no group nonsense" in bench("nonsense").stderr
