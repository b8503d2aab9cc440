import json
import subprocess
import sys

from tests.server import ROOT


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)


def test_finding_is_measured_on_both_sides_and_the_admin_after_it() -> None:
    run = bench("finding", "staff", "finding", "--rows", "2000", "--messages", "2000", "--json")
    assert run.returncode == 0, run.stderr
    for group in json.loads(run.stdout)["groups"]:
        rows = {row["name"]: row for row in group["rows"]}
        if group["title"].startswith("Staff"):
            assert {"list", "timeline", "search: status (one in 50)"} <= rows.keys()
            continue
        assert rows["open tasks, first page"]["here"] > 0
        assert rows["history of a task"]["reference"] > 0


def test_searching_is_measured_beside_an_exact_search() -> None:
    run = bench("searching", "--chunks", "200", "--json")
    assert run.returncode == 0, run.stderr
    rows = {row["name"]: row for row in json.loads(run.stdout)["groups"][0]["rows"]}
    assert rows["hybrid"]["here"] > 0
    assert rows["rows shared with an exact search, of 10"]["here"] == 10


def test_the_page_is_measured_in_the_browser() -> None:
    run = bench("page", "--page-messages", "30", "--page-runs", "2", "--json")
    assert run.returncode == 0, run.stderr
    rows = {row["name"]: row for row in json.loads(run.stdout)["groups"][0]["rows"]}
    assert rows["own message on screen after Enter"]["here"] > 0
    assert rows["JavaScript before the first answer: chat element"]["here"] > 0
    assert rows["second visit: requests"]["here"] < rows["first visit: requests"]["here"]


def test_a_group_that_there_is_not_is_refused() -> None:
    assert "no group nonsense" in bench("nonsense").stderr
