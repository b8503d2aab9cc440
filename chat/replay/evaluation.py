"""Cases tried several times with one or two ways to answer: pass rates with their intervals, cost, time, reports."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any
from xml.etree import ElementTree

from chat.replay import case_checks
from chat.replay.cases import Case
from chat.replay.concurrency import run_all
from chat.replay.replaying import Options, Replayed, replay

Z = 1.96  # of the normal distribution, for 95 %


@dataclass
class Run:
    """One try of a case; without `faults` it passed."""

    faults: list[str]
    tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0


@dataclass
class CaseResult:
    name: str
    title: str
    tags: list[str]
    runs: list[Run] = field(default_factory=list)

    @property
    def passed(self) -> int:
        return sum(not run.faults for run in self.runs)


@dataclass
class Result:
    """All cases, answered in one way (`label`)."""

    label: str
    cases: list[CaseResult]

    @property
    def runs(self) -> list[Run]:
        return [run for case in self.cases for run in case.runs]

    @property
    def passed(self) -> int:
        return sum(case.passed for case in self.cases)

    @property
    def rate(self) -> float:
        return self.passed / len(self.runs) if self.runs else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.passed, len(self.runs))

    @property
    def cost(self) -> float | None:
        known = [run.cost for run in self.runs if run.cost is not None]
        return sum(known) if known else None

    def as_json(self) -> dict[str, Any]:
        low, high = self.interval
        totals: dict[str, Any] = {
            "passed": self.passed,
            "runs": len(self.runs),
            "rate": self.rate,
            "low": low,
            "high": high,
        }
        totals |= {"tokens": sum(run.tokens for run in self.runs), "cost": self.cost}
        totals |= {"seconds": round(sum(run.seconds for run in self.runs), 3)}
        return {"label": self.label, **totals, "cases": [asdict(case) for case in self.cases]}


def wilson(passed: int, runs: int) -> tuple[float, float]:
    """Return the 95 % interval of a pass rate (Wilson's score interval), which holds for few runs too."""
    if not runs:
        return 0.0, 1.0
    rate = passed / runs
    middle = rate + Z * Z / (2 * runs)
    spread = Z * math.sqrt(rate * (1 - rate) / runs + Z * Z / (4 * runs * runs))
    scale = 1 + Z * Z / runs
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


async def evaluate(
    cases: list[Case], options: Options, label: str, runs: int, parallel: int, done: Callable[[], None]
) -> Result:
    """Try every case `runs` times. Call it in a scratch database."""
    changing = await case_checks.changing_tools()
    result = Result(label, [CaseResult(case.file, case.title, case.tags) for case in cases])
    work = [partial(attempt, case, options, changing) for case in cases for _ in range(runs)]
    outcomes = await run_all(work, parallel, done)
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, BaseException):
            outcome = Run([f"{type(outcome).__name__}: {outcome}"])
        result.cases[place // runs].runs.append(outcome)
    return result


async def attempt(case: Case, options: Options, changing: set[str]) -> Run:
    replayed = await replay(case.recording(), replace(options, approve=case.approve))
    return measured(replayed, case_checks.faults(case, replayed, changing))


def measured(replayed: Replayed, faults: list[str]) -> Run:
    sides = [turn.new for turn in replayed.turns]
    costs = [side.cost for side in sides if side.cost is not None]
    tokens = sum(side.input_tokens + side.output_tokens for side in sides)
    seconds = sum(side.duration_ms for side in sides) / 1000
    return Run(faults, tokens, sum(costs) if costs else None, seconds)


# ---- reports


def table(results: list[Result]) -> str:
    """Return a line for each case that did not always pass or differs, then one for each tag, then the whole."""
    width = max([len(case.name) for case in results[0].cases] + [20])
    heads = "".join(f"  {result.label[:22]:>22}" for result in results)
    lines = [f"{'':{width}}{heads}"]
    for place, case in enumerate(results[0].cases):
        both = [result.cases[place] for result in results]
        if any(each.passed < len(each.runs) for each in both):
            lines.append(f"{case.name:{width}}{''.join(f'  {share(each.runs):>22}' for each in both)}")
            lines += [f"    {fault}" for each in both for fault in first_faults(each)]
    for tag in sorted({tag for case in results[0].cases for tag in case.tags}):
        tagged = [[run for case in result.cases if tag in case.tags for run in case.runs] for result in results]
        lines.append(f"{'#' + tag:{width}}{''.join(f'  {share(runs):>22}' for runs in tagged)}")
    rows: list[tuple[str, Callable[[Result], str]]] = [
        ("passed", lambda each: share(each.runs)),
        ("95 % interval", interval),
        ("tokens", tokens),
        ("cost", cost),
        ("seconds", seconds),
    ]
    for name, written in rows:
        lines.append(f"{name:{width}}{''.join(f'  {written(result):>22}' for result in results)}")
    return "\n".join(lines)


def first_faults(case: CaseResult) -> list[str]:
    return next((run.faults for run in case.runs if run.faults), [])


def share(runs: list[Run]) -> str:
    passed = sum(not run.faults for run in runs)
    return f"{passed}/{len(runs)} ({100 * passed / max(len(runs), 1):.0f} %)"


def interval(result: Result) -> str:
    low, high = result.interval
    return f"{100 * low:.1f} % to {100 * high:.1f} %"


def tokens(result: Result) -> str:
    return f"{sum(run.tokens for run in result.runs):,}"


def seconds(result: Result) -> str:
    return f"{sum(run.seconds for run in result.runs):,.1f}"


def cost(result: Result) -> str:
    return "not priced" if result.cost is None else f"{result.cost:.4f}"


def junit(results: list[Result]) -> str:
    """Return the results as JUnit XML: a suite for each way to answer, a test case for each run."""
    root = ElementTree.Element("testsuites")
    for result in results:
        runs = len(result.runs)
        totals = {"name": result.label, "tests": str(runs), "failures": str(runs - result.passed)}
        suite = ElementTree.SubElement(root, "testsuite", totals)
        for case in result.cases:
            for number, run in enumerate(case.runs, 1):
                named = {"classname": result.label, "name": f"{case.name} {number}", "time": f"{run.seconds:.3f}"}
                element = ElementTree.SubElement(suite, "testcase", named)
                if run.faults:
                    failure = ElementTree.SubElement(element, "failure", {"message": run.faults[0]})
                    failure.text = "\n".join(run.faults)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
