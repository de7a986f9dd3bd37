"""How fast nmflab's solvers are beside others, measured with nmflab's own runner.

    python experiments/solver_speed/measure.py [--problem faces zipf] [--seeds 3]
        [--repeat 3] [--resume FOLDER] [--output results.md] [--headline] [--quick]

Runs the studies ``conf/experiment/speed_*.yaml``, one run at a time, and writes the
ratios as Markdown tables. See README.md beside this file for what is measured and how.
Needs an otherwise idle machine. What needs a file or a package that is not there is
left out, and the page says so.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from crossings import Run  # noqa: E402 (the line above makes it found)
from measured import Measured  # noqa: E402
from page import Session, page  # noqa: E402
from prepare import data_folder, prepare, ready_folder  # noqa: E402
from problems import PROBLEMS, Problem  # noqa: E402
from studies import DTYPES, Bench  # noqa: E402


def measure(
    bench: Bench, problem: Problem, repeats: int, *, headline: bool = False
) -> Measured:
    """Run all that is measured of one problem; of `headline`, the first table alone."""
    if problem.on_demand:
        bench.make_ready(problem)
    runs: list[Run] = []
    if not problem.on_demand:
        runs = bench.races(problem, repeats, headline=headline)
    if headline:
        return Measured(
            problem=problem, runs=runs, threaded=[], several=[], footprints=[]
        )
    pairs = [(case, dtype) for dtype in DTYPES for case in problem.footprint]
    footprints = [bench.footprint(problem, *pair) for pair in pairs]
    return Measured(
        problem=problem,
        runs=runs,
        threaded=bench.two_threads(problem) if problem.threads else [],
        several=several(bench, problem, runs) if problem.restarts else [],
        footprints=[found for found in footprints if found is not None],
    )


def several(
    bench: Bench, problem: Problem, runs: Sequence[Run]
) -> list[tuple[Run, Run]]:
    """Race several starts on the time of each default run: its median over repeats."""
    equal: dict[tuple[int, int, str], list[Run]] = {}
    for run in runs:
        if run.case == problem.reference:
            key = run.n_components, run.seed, run.dtype
            equal.setdefault(key, []).append(run)
    found = []
    for defaults in equal.values():
        budget = median(run.cpu_seconds for run in defaults)
        default = replace(defaults[0], cpu_seconds=budget)
        best = bench.best_of_several(problem, default)
        found += [] if best is None else [(default, best)]
    return found


def files_for(
    problems: Sequence[Problem], folder: Path, quick: bool
) -> tuple[dict[str, Path], list[str]]:
    """Return the files the problems read, and sentences on those there are none of."""
    if quick:
        from tiny import write_tiny

        return write_tiny(folder), []
    files, absent = {}, []
    for name in dict.fromkeys(p.file for p in problems if p.file is not None):
        made = prepare(name, data_folder(), ready_folder())
        if isinstance(made, Path):
            files[name] = made
        else:
            left = ", ".join(p.name for p in problems if p.file == name)
            absent.append(f"{left} left out: {made}")
    return files, absent


@contextmanager
def cmfrec_plugin() -> Iterator[bool]:
    """Make cmfrec a solver for this process and its children, where it is installed."""
    if importlib.util.find_spec("cmfrec") is None:
        yield False
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(HERE / "cmfrec_solver.py", folder)
        info = folder / "nmflab_cmfrec-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Name: nmflab-cmfrec\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[nmflab]\ncmfrec = cmfrec_solver\n")
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [name, before]))
        sys.path.insert(0, name)
        try:
            yield True
        finally:
            sys.path.remove(name)
            del os.environ["PYTHONPATH"]
            if before is not None:
                os.environ["PYTHONPATH"] = before


def asked_for(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = [problem.name for problem in PROBLEMS]
    usual = [problem.name for problem in PROBLEMS if not problem.on_demand]
    parser.add_argument("--problem", nargs="+", choices=names, default=usual)
    parser.add_argument("--seeds", type=int, default=3, help="starts of each problem")
    parser.add_argument(
        "--repeat", type=int, default=3, help="of the runs the aims are about"
    )
    parser.add_argument(
        "--resume", type=Path, help="a folder of studies to go on with, or to show"
    )
    parser.add_argument("--output", type=Path, default=Path("results.md"))
    parser.add_argument(
        "--headline",
        action="store_true",
        help="only ours and the reference: what most aims are about",
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny data: to see that all works"
    )
    asked = parser.parse_args(arguments)
    for name in ("seeds", "repeat"):
        if getattr(asked, name) < 1:
            parser.error(f"--{name} must be at least 1, got {getattr(asked, name)}")
    return asked


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for, print the page and write it after each problem."""
    asked = asked_for(arguments)
    session = Session(
        began=datetime.now(UTC),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
        seeds=asked.seeds,
        repeats=asked.repeat,
        quick=asked.quick,
    )
    stamp = f"solver_speed-{session.began:%Y%m%d-%H%M%S}"
    folder = (asked.resume or Path("studies") / stamp).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    problems = [problem for problem in PROBLEMS if problem.name in asked.problem]
    files, complaints = files_for(problems, folder / "data", asked.quick)
    with cmfrec_plugin() as has_cmfrec:
        bench = Bench(
            folder=folder,
            files=files,
            seeds=asked.seeds,
            quick=asked.quick,
            cmfrec=has_cmfrec,
            complaints=complaints,
        )
        if not has_cmfrec and "ratings" in asked.problem:
            complaints.append("cmfrec left out: it is not installed (nmflab[bench])")
        for text in pages(bench, problems, session, headline=asked.headline):
            asked.output.write_text(text + "\n", encoding="utf-8")
    print(text)


def pages(
    bench: Bench,
    problems: Sequence[Problem],
    session: Session,
    *,
    headline: bool = False,
) -> Iterator[str]:
    """Yield the page after each problem; one that cannot be run costs itself only."""
    from nmflab.config import ConfigError

    measured: list[Measured] = []
    for problem in problems:
        if problem.file is None or problem.file in bench.files:
            try:
                one = measure(bench, problem, session.repeats, headline=headline)
                measured.append(one)
            except ConfigError as error:
                bench.complaints.append(f"{problem.name} left out: {error}")
        yield page(measured, session, bench.complaints)


if __name__ == "__main__":
    main()
