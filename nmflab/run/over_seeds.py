"""Metrics over seeds: of runs that differ by seed only, from their stored factors.

Nothing here takes part in a run: what is changed here makes no run stale.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from nmflab.contracts import FittedRun
from nmflab.registry import Registry
from nmflab.run import Send
from nmflab.run.fitted import fitted_run
from nmflab.run.guard import RunFailed, collected_warnings, doing
from nmflab.run.measure import Measured, measure_over_seeds, metrics_message
from nmflab.run.prepared import Job, measured_on
from nmflab.run.record import read_factors

Arrays = Mapping[str, npt.NDArray[Any]]


def compute_over_seeds(
    job: Job, registry: Registry, send: Send, arrays: Arrays
) -> None:
    """Measure metrics over the members of a group: send "metrics" once.

    Parameters
    ----------
    job : mapping
        As of a run, the axes those of any member, with ``members``: for each its
        ``seed`` and ``factors`` (``{"path", "sha256"}``, or null where they are sent
        along).
    registry : Registry
    send : callable
    arrays : mapping
        ``<n>/W``, ``<n>/H`` and the offsets there are, n counting the members from 0.
    """
    began = time.perf_counter()
    with collected_warnings() as warned:
        measured = _measured(job, registry, arrays)
    send(metrics_message(job, measured, time.perf_counter() - began, warned))


def _measured(job: Job, registry: Registry, arrays: Arrays) -> Measured:
    try:
        with doing("no metrics", ValueError, OSError):
            runs = list(_runs(job, arrays))
    except RunFailed as failure:
        return Measured({}, dict.fromkeys(job["metrics"], failure.reason))
    return measure_over_seeds(job["metrics"], registry, runs)


def _runs(job: Job, arrays: Arrays) -> Iterator[FittedRun]:
    """Yield the members as metrics see them; all share one problem and one dataset."""
    prepared = measured_on(job)
    first: FittedRun | None = None
    for n, member in enumerate(job["members"]):
        own = {
            name.removeprefix(f"{n}/"): array
            for name, array in arrays.items()
            if name.startswith(f"{n}/")
        }
        factors = read_factors({**job, "factors": member["factors"]}, own)
        run = fitted_run(prepared, factors, {**job["axes"], "seed": member["seed"]})
        # After a bi-cross-validation each would hold a copy of the rows that were seen.
        first = first or run
        yield replace(run, dataset=first.dataset)
