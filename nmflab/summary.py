"""What is printed at the end of a sweep, and of a dry run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from nmflab.sweep.outcome import DryRun, Outcome

_SHOWN = 5


def outcome_text(outcome: Outcome, page: Path | None, command: Sequence[str]) -> str:
    """Return how a sweep ended: counts, notes, failures by reason, what to do next."""
    counts = {status: n for status, n in sorted(outcome.counts.items()) if n}
    lines = [", ".join(f"{n} {status}" for status, n in counts.items())]
    lines += [f"note: {note}" for note in outcome.notes]
    if outcome.skipped:
        lines.append("skipped:")
        lines += [f"  {n:5d}  {reason}" for reason, n in outcome.skipped[:_SHOWN]]
    if outcome.failures:
        lines.append("failures by reason:")
        for reason, n in outcome.failures[:_SHOWN]:
            lines.append(f"  {n:5d}  {reason}")
        more = len(outcome.failures) - _SHOWN
        if more > 0:
            lines.append(f"         and {more} other reasons, all in the report")
        log = outcome.folder / "log.txt"
        if log.exists() and log.stat().st_size:
            lines.append(f"what they printed is in {log}")
    if outcome.counts.get("left"):
        again = "nmflab " + " ".join(shlex.quote(a) for a in command)
        lines.append(f"to go on where this stopped: {again}")
    lines.append(f"study:  {outcome.folder}")
    if page is not None:
        lines.append(f"report: {page}")
    return "\n".join(lines)


def dry_run_text(dry: DryRun) -> str:
    """Return what a sweep would do."""
    skipped = sum(dry.skipped.values())
    left = dry.n_runs - dry.n_done - skipped
    lines = [
        f"{dry.n_runs} runs: {dry.n_done} already done, {skipped} skipped, {left} to"
        " be made",
        f"study:  {dry.folder}",
    ]
    lines += [f"note: {note}" for note in dry.notes]
    for reason, n in sorted(dry.skipped.items(), key=lambda item: -item[1]):
        lines.append(f"{n} {reason}")
    if dry.first:
        lines.append("the first of those to be made:")
        lines += ["  " + _run(labels) for labels in dry.first]
    return "\n".join(lines)


def _run(labels: Sequence[object]) -> str:
    dataset, weighting, split, objective, init, solver, n, seed, dtype, case = labels
    parts = [str(dataset)]
    parts += [str(x) for x in (weighting, split) if x != "none"]
    parts += [str(objective), f"init {init}", f"solver {solver}", f"n_components {n}"]
    parts += [f"seed {seed}", str(dtype)]
    return ", ".join(parts + ([f"case {case}"] if case else []))
