"""How long a report takes to build and to open, how large it is, and what memory.

    python experiments/report_speed/measure.py [--repeats 3] [--grid thousand]

Writes synthetic studies straight into stores (see `studies`), then builds the report of
each in fresh processes: once by the whole command ``nmflab report``, once by the call
alone with its libraries imported. Opens the page in Chromium where playwright and a
browser are found. Prints a Markdown table and writes it to ``report_speed.md`` in the
working folder.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opening import seconds_to_open
from studies import GRIDS, Grid, write_study

AIMS = {
    "thousand": {"seconds": "3 s", "page_mb": "2 MB"},
    "ten_thousand": {
        "seconds": "20 s",
        "page_mb": "5 MB",
        "memory_mb": "1,000 MB",
        "open_seconds": "3 s",
    },
}
"""What a report is to stay below; seconds are those of the whole command."""

COMMAND = """
import time
began = time.perf_counter()
import json, resource, sys
from nmflab.cli import main
assert main(["report", sys.argv[1]]) == 0
"""
CALL = """
import json, resource, sys, time
from pathlib import Path
import nmflab.report, scipy.optimize, scipy.stats, vl_convert
from nmflab.store import Store
began = time.perf_counter()
with Store.open(Path(sys.argv[1])) as store:
    nmflab.report.build(store)
"""
TOLD = """
wall = time.perf_counter() - began
own = resource.getrusage(resource.RUSAGE_SELF)
from nmflab.report.formats.drawer import drawer
drawer().close()
ended = resource.getrusage(resource.RUSAGE_CHILDREN)
print("TOLD", json.dumps({
    "seconds": wall,
    "cpu_seconds": sum(use.ru_utime + use.ru_stime for use in (own, ended)),
    "memory_mb": (own.ru_maxrss + ended.ru_maxrss) / 1024,
}))
"""
"""Memory is the sum of the peaks of the process and of the largest that draws."""


@dataclass(frozen=True)
class Measured:
    """Medians over the repeats of one way to build a report."""

    seconds: float
    cpu_seconds: float
    memory_mb: float
    slowest: float


def built(code: str, folder: Path, cache: Path) -> Mapping[str, float]:
    """Build the report of a study in a fresh process; return what it says it took."""
    env = {**os.environ, "NMFLAB_CACHE": str(cache)}
    # Otherwise every process compiles every import anew.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", code + TOLD, str(folder)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{folder}\n{done.stdout}\n{done.stderr}")
    line = next(x for x in done.stdout.splitlines() if x.startswith("TOLD"))
    found: dict[str, float] = json.loads(line.removeprefix("TOLD"))
    return found


def medians(runs: Sequence[Mapping[str, float]]) -> Measured:
    """Return the median of each figure, and the slowest run."""
    middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return Measured(**middle, slowest=max(run["seconds"] for run in runs))


def lines_of(grid: Grid, folder: Path, repeats: int) -> list[str]:
    """Measure one study and return its rows of the table."""
    study = folder / grid.name
    write_study(study, grid)
    cache = folder / "cache"
    built(COMMAND, study, cache)  # imports are compiled, the script of charts is kept
    whole = medians([built(COMMAND, study, cache) for _ in range(repeats)])
    call = medians([built(CALL, study, cache) for _ in range(repeats)])
    page = study / "report" / "index.html"
    opened = [seconds_to_open(page) for _ in range(repeats)]
    aims = AIMS[grid.name]
    size = page.stat().st_size / 1e6
    rows = [
        ("whole command, wall", f"{whole.seconds:.1f} s", aims.get("seconds")),
        ("whole command, slowest", f"{whole.slowest:.1f} s", None),
        ("whole command, cpu", f"{whole.cpu_seconds:.1f} cpu-s", None),
        ("the call alone, wall", f"{call.seconds:.1f} s", None),
        ("peak memory", f"{whole.memory_mb:.0f} MB", aims.get("memory_mb")),
        ("page", f"{size:.2f} MB", aims.get("page_mb")),
    ]
    times = [seconds for seconds in opened if seconds is not None]
    if times:
        middle = statistics.median(times)
        rows.append(("opens in", f"{middle:.1f} s", aims.get("open_seconds")))
    return [
        f"| {grid.n_runs:,} runs | {what} | {value} | {aim or ''} |"
        for what, value, aim in rows
    ]


def main() -> None:
    """Measure the grids asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--grid", choices=sorted(GRIDS), action="append")
    asked = parser.parse_args()
    lines = ["| study | what | median | aim, below |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.grid or GRIDS:
            lines += lines_of(GRIDS[name], Path(folder), asked.repeats)
    text = "\n".join(lines)
    print(text)
    Path("report_speed.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
