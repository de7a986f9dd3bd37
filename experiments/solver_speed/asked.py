"""What a measure asks of a saved study: overrides, as on nmflab's command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crossings import Run
from problems import N_STARTS, Problem

CMFREC_ITERATIONS = (10, 12, 15, 18, 22, 27, 33, 40, 48, 58, 70)
"""A fifth apart, as evaluations are; each is a call of its own."""


def on_two_threads(problem: Problem) -> tuple[str, ...]:
    """Return what runs ours and the reference on two threads."""
    return (f"case={problem.ours},{problem.reference}", "limits.threads=2")


def several_starts(problem: Problem, reference: Run) -> tuple[str, ...]:
    """Return what races several starts on the time of a reference run."""
    return (
        f"case={problem.ours}",
        f"n_components={reference.n_components}",
        f"seed={reference.seed}",
        f"dtype={reference.dtype}",
        f"restarts={N_STARTS}",
        "halving=2",
        f"stop.max_seconds={reference.cpu_seconds!r}",
    )


def alone(problem: Problem, case: str, dtype: str) -> tuple[str, ...]:
    """Return what runs one case a few steps, evaluated at its start and end only."""
    few = () if problem.on_demand else ("stop.max_seconds=null", "stop.max_steps=10")
    return (f"case={case}", f"dtype={dtype}", "seed=0", "trace=false", *few)


def reading(file: Path) -> str:
    """Return what names the file of a dataset."""
    return f"dataset.path='{file}'"


def with_cmfrec() -> tuple[str, ...]:
    """Return what adds cmfrec's calls to the cases of a study."""
    return tuple(
        f"+cases.cmfrec_{n}={{solver:cmfrec,solver.n_iter:{n}}}"
        for n in CMFREC_ITERATIONS
    )


def last_of_each(overrides: Sequence[str]) -> list[str]:
    """Return the overrides, of those with one key the last only."""
    return list({each.partition("=")[0]: each for each in overrides}.values())
