"""What the framework costs, against Hydra's BasicLauncher doing the same.

    python experiments/framework_overhead/measure.py [--repeats 3] [--runs 1000]

Whole commands, in cpu-seconds of the command and all its children; the two sides of a
ratio are run in turn, and medians are taken. Needs nothing but nmflab installed. Prints
a Markdown table and writes it to ``figures.md`` in the working folder.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent

WRAPPED = (
    "import resource, sys;"
    "from nmflab.cli import main;"
    "code = main(sys.argv[1:]);"
    "use = resource.getrusage(resource.RUSAGE_SELF);"
    "print('SELF', use.ru_utime + use.ru_stime, use.ru_maxrss, file=sys.stderr);"
    "sys.exit(code)"
)
"""The command line with a last line that tells the coordinator's own cost."""


class Bench:
    """Runs commands in an empty folder, with the no-op plugin on the path.

    Parameters
    ----------
    folder : Path
        Made and removed by the caller.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        plugin = folder / "plugin"
        plugin.mkdir()
        shutil.copy(HERE / "noop.py", plugin / "nmflab_noop.py")
        info = plugin / "nmflab_noop-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Name: nmflab-noop\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[nmflab]\nnoop = nmflab_noop\n")
        self.env = {
            **os.environ,
            "PYTHONPATH": str(plugin),
            "NMFLAB_CACHE": str(folder / "cache"),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        # Otherwise every command compiles every import anew, on both sides.
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)

    def cpu(self, command: Sequence[str]) -> tuple[float, float, str]:
        """Return cpu-seconds with children, wall seconds and the error output."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        done = subprocess.run(
            list(command),
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.perf_counter() - began
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return cpu, wall, done.stderr

    def study(self, *overrides: str) -> list[str]:
        """Return the command of a sweep, its coordinator's cost on the last line."""
        return [sys.executable, "-c", WRAPPED, *overrides, "report=false"]

    def hydra(self, job: str, n: int) -> list[str]:
        """Return the same jobs by Hydra's own multirun and BasicLauncher."""
        return [
            sys.executable,
            str(HERE / "hydra_app.py"),
            "-m",
            f"job={job}",
            f"seed=range({n})",
        ]


def own_cost(stderr: str) -> tuple[float, float]:
    """Return the coordinator's own cpu-seconds and its largest memory in MB."""
    line = next(x for x in reversed(stderr.splitlines()) if x.startswith("SELF"))
    _, cpu, memory = line.split()
    return float(cpu), float(memory) / 1024


def medians(repeats: int, *sides: Callable[[int], float]) -> tuple[float, ...]:
    """Return each side's median over `repeats`, the sides taken in turn."""
    values: list[list[float]] = [[] for _ in sides]
    for repeat in range(repeats):
        for column, side in zip(values, sides, strict=True):
            column.append(side(repeat))
    return tuple(statistics.median(column) for column in values)


NOOP = (
    "dataset=movie_ratings",
    "solver=noop",
    "init=random",
    "metrics=[]",
    "save.factors=none",
    "stop.kkt=null",
    "trace=false",
    "executor.n_jobs=1",
)
FIT = (
    "dataset=movie_ratings",
    "solver=sklearn",
    "solver.stepping=native",
    "init=sklearn",
    "n_components=2",
    "metrics=[]",
    "executor.n_jobs=1",
)


def against_hydra(bench: Bench, n: int, repeats: int) -> list[str]:
    """1,000 no-op runs and 1,000 fits: cpu-seconds of both sides."""
    lines = []
    for job, overrides, aim in (("noop", NOOP, 80), ("fit", FIT, 25)):

        def ours(repeat: int, what: Sequence[str] = overrides, job: str = job) -> float:
            study = f"study={job}{repeat}"
            return bench.cpu(bench.study(*what, f"seed=range({n})", study))[0]

        def theirs(_: int, job: str = job) -> float:
            return bench.cpu(bench.hydra(job, n))[0]

        a, b = medians(repeats, ours, theirs)
        lines.append(
            f"| {n} {job} runs, whole command, no report | {a:.2f} cpu-s |"
            f" {b:.1f} cpu-s | {b / a:.0f}x | {aim}x |"
        )
    return lines


def start_up(bench: Bench, repeats: int) -> list[str]:
    """`--help` over ``import hydra``."""
    a, b = medians(
        max(repeats, 5),
        lambda _: bench.cpu([sys.executable, "-m", "nmflab", "--help"])[0],
        lambda _: bench.cpu([sys.executable, "-c", "import hydra"])[0],
    )
    return [
        f"| `nmflab --help` over `import hydra` | {a:.2f} cpu-s | {b:.2f} cpu-s |"
        f" {a / b:.1f}x | 3x |"
    ]


def parent_cost(bench: Bench, n: int, repeats: int) -> list[str]:
    """Measure the coordinator's own cpu per run: the slope from n to 3 n runs."""

    def cost(count: int) -> Callable[[int], float]:
        def side(repeat: int) -> float:
            sweep = (*NOOP, f"seed=range({count})", f"study=p{count}-{repeat}")
            return own_cost(bench.cpu(bench.study(*sweep))[2])[0]

        return side

    few, many = medians(repeats, cost(n), cost(3 * n))
    per_run = (many - few) / (2 * n) * 1e3
    return [f"| coordinator's cpu per run | {per_run:.2f} ms | | | 0.3 ms |"]


def reuse(bench: Bench, n: int, repeats: int) -> list[str]:
    """Measure a second command whose runs are all done."""
    sweep = bench.study(*NOOP, f"seed=range({n})", "study=reused")
    bench.cpu(sweep)
    (wall,) = medians(max(repeats, 3), lambda _: bench.cpu(sweep)[1])
    return [
        f"| second command, {n} runs reused, no report | {wall:.2f} s | | | 1.5 s |"
    ]


def grid(bench: Bench, repeats: int) -> list[str]:
    """Expansion of a grid of 100,000 runs, and memory over as many stored runs."""
    script = str(HERE / "grid.py")

    def expansion(_: int) -> float:
        output = bench.cpu([sys.executable, script, "expand"])[2]
        return float(output.split("US_A_RUN")[1].split()[0])

    (per_run,) = medians(repeats, expansion)
    stored = bench.cpu([sys.executable, script, "stored"])[2]
    memory = float(stored.split("MAX_MB")[1].split()[0])
    small = float(stored.split("SMALL_MB")[1].split()[0])
    return [
        f"| expansion of a grid of 100,000 | {per_run:.1f} us a run | | | 30 us |",
        f"| coordinator's memory over 100,000 stored runs | {memory:.0f} MB |"
        f" {small:.0f} MB over 100 | {memory / small:.2f}x | flat, under 300 MB |",
    ]


def traces(bench: Bench, repeats: int) -> list[str]:
    """Measure a run with its convergence trace against the same without."""
    sweep = (
        "dataset=synthetic",
        "dataset.n_samples=2000",
        "dataset.n_features=500",
        "solver=hals",
        "n_components=20",
        "stop.kkt=null",
        "stop.max_steps=300",
        "metrics=[]",
        "executor.name=serial",
    )

    def side(trace: str) -> Callable[[int], float]:
        def run(repeat: int) -> float:
            study = f"study=trace-{trace}-{repeat}"
            return own_cost(bench.cpu(bench.study(*sweep, f"trace={trace}", study))[2])[
                0
            ]

        return run

    a, b = medians(max(repeats, 5), side("true"), side("false"))
    return [
        f"| whole command with a trace, over without | {a:.2f} cpu-s | {b:.2f} cpu-s |"
        f" {a / b:.2f}x | 1.1x |"
    ]


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--runs", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        lines = [
            "| what | nmflab | beside it | ratio | aim |",
            "|---|---|---|---|---|",
            *start_up(bench, asked.repeats),
            *parent_cost(bench, asked.runs, asked.repeats),
            *reuse(bench, asked.runs, asked.repeats),
            *grid(bench, asked.repeats),
            *traces(bench, asked.repeats),
            *against_hydra(bench, asked.runs, asked.repeats),
        ]
    text = "\n".join(lines)
    print(text)
    Path("figures.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
