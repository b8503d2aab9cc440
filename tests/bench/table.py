"""What a group of measurements gives, and how it is printed."""

import json
import os
import platform
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import psutil


@dataclass(frozen=True)
class Row:
    """One thing measured twice in one run: as it stands `here`, and what it is compared with."""

    name: str
    here: float
    reference: float | None
    unit: str

    @property
    def ratio(self) -> float | None:
        return self.here / self.reference if self.reference else None


@dataclass(frozen=True)
class Table:
    """A group's rows; `here` and `reference` say what the two columns are."""

    title: str
    here: str
    reference: str
    rows: list[Row]


def machine() -> dict[str, str]:
    """Return what absolute figures depend on."""
    return {
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"Python {platform.python_version()}",
        "django": f"Django {django.__version__}",
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def texts(tables: Iterable[Table]) -> Iterator[str]:
    """Give the machine, then each table as soon as it is measured."""
    yield " · ".join(machine().values())
    for table in tables:
        yield "\n" + table_text(table)


def table_text(table: Table) -> str:
    names = max(len(row.name) for row in table.rows)
    here, reference = max(len(table.here), 10), max(len(table.reference), 10)
    lines = [table.title, f"{'':{names}}  {table.here:>{here}}  {table.reference:>{reference}}  ratio"]
    for row in table.rows:
        compared = f"{row.reference:,.2f}" if row.reference is not None else ""
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        lines.append(f"{row.name:{names}}  {row.here:>{here},.2f}  {compared:>{reference}}  {ratio:>5}  {row.unit}")
    return "\n".join(lines)


def as_json(tables: list[Table]) -> str:
    groups: list[dict[str, Any]] = [asdict(table) for table in tables]
    return json.dumps({"machine": machine(), "groups": groups}, indent=2, ensure_ascii=False)
