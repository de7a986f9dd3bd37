"""A grid of 100,000 runs: how long it takes to expand, what memory a study of it needs.

python grid.py expand     prints microseconds a run
python grid.py stored     fills a study, opens it again, prints the memory used
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

GRID = (
    "dataset=movie_ratings",
    "solver=hals,mu",
    "init=random",
    "init.scale=true,false",
    "n_components=range(1,26)",
    "seed=range(1000)",
    "metrics=[]",
    "report=false",
)


def expand() -> None:
    """Expand and plan, once the data are cached; print microseconds a run."""
    from nmflab.commands import spaces_of
    from nmflab.session import registry
    from nmflab.sweep.coordinator import Coordinator
    from nmflab.sweep.plan import Plan

    spaces, _ = spaces_of(GRID)
    coordinator = Coordinator(spaces, registry(), quiet=True)
    executor = coordinator._executor(None)
    data = coordinator._materialise(executor)
    executor.close()
    began = time.process_time()
    spaces, _ = spaces_of(GRID)
    n = sum(1 for _ in Plan(spaces, registry(), data))
    used = time.process_time() - began
    print(f"US_A_RUN {used / n * 1e6:.2f} over {n} runs", file=sys.stderr)


def fill(n_seeds: int, study: str) -> None:
    """Plan the grid and give every run a row, as if it had been made."""
    from nmflab.commands import spaces_of
    from nmflab.session import registry
    from nmflab.store import StudyWriter
    from nmflab.sweep.coordinator import Coordinator
    from nmflab.sweep.plan import Plan

    spaces, _ = spaces_of([*GRID, f"seed=range({n_seeds})"])
    coordinator = Coordinator(spaces, registry(), quiet=True)
    executor = coordinator._executor(None)
    data = coordinator._materialise(executor)
    executor.close()
    writer = StudyWriter(
        coordinator._folder(Plan(spaces, registry(), data)).parent / study
    )
    plan = Plan(spaces, registry(), data)
    sweep = writer.begin_sweep(command=[], base=plan.base, provenance={})
    writer.add_plan(sweep, ((p.key, p.labels, p.changes) for p in plan))
    row = {"status": "ok", "reason": "filled", "n_steps": 1, "seconds": 0.001}
    keys = [key for _, key, _ in writer.pending(sweep)]
    writer.add_records(sweep, ((key, row) for key in keys))
    writer.close()


def again(n_seeds: int, study: str) -> float:
    """Give the same command over a filled study; return its memory in MB."""
    code = (
        "import resource, sys; from nmflab.cli import main; main(sys.argv[1:]);"
        "print('MB', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    command = [sys.executable, "-c", code, *GRID, f"seed=range({n_seeds})"]
    done = subprocess.run(
        [*command, f"study={study}"], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert any("ok" in line for line in lines), done.stdout
    return float(lines[-1].split()[1])


def stored() -> None:
    """Print the memory over 100,000 stored runs, and over 100."""
    fill(1, "small")
    small = again(1, "small")
    fill(1000, "large")
    large = again(1000, "large")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"MAX_MB {large:.0f} SMALL_MB {small:.0f} filling {own:.0f}", file=sys.stderr)


if __name__ == "__main__":
    {"expand": expand, "stored": stored}[sys.argv[1]]()
