"""A reproduction as it is read: what was run again, what was not, and the verdicts."""

from __future__ import annotations

from collections.abc import Iterator

from nmflab.report.numbers import count, listed
from nmflab.reproducing.again import Reproduction
from nmflab.reproducing.lines import Part, shown
from nmflab.reproducing.text import sentence, told


def told_of_reproduction(done: Reproduction) -> list[Part]:
    """Return what a reproduction says, in the order it is read."""
    parts: list[Part] = [_asked(done), f"New runs: {shown(done.folder, 200)}"]
    if done.outcome is not None and done.outcome.interrupted:
        n = done.outcome.counts.get("left", 0)
        parts.append(
            f"Interrupted: {count(n, 'run')} left. What was finished is kept; the same"
            " command goes on."
        )
    if done.uncovered:
        said = listed([shown(f"{axis} {label}") for axis, label in done.uncovered])
        parts.append(f"The sample is too small to have a run of {said}.")
    parts += _obstacles(done)
    parts += [sentence(note) for note in done.notes]
    if done.outcome is not None and done.comparison is None:
        counts = ", ".join(f"{n} {s}" for s, n in sorted(done.outcome.counts.items()))
        parts.append(f"Runs made: {counts}.")
    if done.comparison is not None:
        parts += ["", *told(done.comparison)]
    return parts


def _asked(done: Reproduction) -> str:
    every = count(done.n_recorded, "run")
    if done.seed is None:
        return f"Run again: {shown(done.study, 200)}, all of its {every}."
    return (
        f"Run again: {shown(done.study, 200)}, a sample of {done.n_asked:,} of its"
        f" {every} (seed {done.seed})."
    )


def _obstacles(done: Reproduction) -> Iterator[str]:
    for one in done.obstacles:
        if one.runs:
            few = [shown(name) for name in one.runs]
            yield (
                f"Not run again ({count(len(one.runs), 'run')}):"
                f" {shown(one.reason, 400)}. These are {listed(few, 4)}."
            )
        else:
            yield sentence(one.reason)
