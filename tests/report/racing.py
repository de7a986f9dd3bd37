"""Races with traces written by hand, for time to target and what is drawn of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nmflab.contracts import Dataset
from nmflab.report.drawing.pencil import Pencil, panel_names
from nmflab.report.reading.contests import contests
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.reading.reached import Race, race
from nmflab.store import Store

REFERENCE = 11.0
PENCIL = Pencil({"a": "#000000", "b": "#ffffff", "c": "#ff0000"}, ["random"])


def trace(objectives: Sequence[float], *, start: int = 0, kappa: float = 1.0) -> Any:
    """Return one point a second (and step, and half a pass) with these objectives."""
    n = len(objectives)
    at = np.arange(float(n))
    starts = np.full(n, float(start))
    kappas = np.linspace(2 * kappa, kappa, n)
    unknown = np.full(n, np.nan)
    return np.column_stack([starts, at, at / 2, at, at, objectives, kappas, unknown])


def raced(
    study: Any,
    solver: str,
    objectives: Sequence[float],
    *,
    seed: int = 0,
    dataset: str = "data",
    record: dict[str, Any] | None = None,
    points: Any = None,
    **labels: Any,
) -> str:
    """Record a run with this trace; its start took half a second."""
    points = trace(objectives) if points is None else points
    fingerprint = study.dataset(dataset, Dataset(X=study.RATINGS))
    return str(
        study.run(
            {
                "fingerprint": fingerprint,
                "objective_start": points[0, 5],
                "objective_value": points[:, 5].min(),
                "objective_rank_one": REFERENCE,
                "seconds": points[-1, 3],
                "cpu_seconds": points[-1, 4],
                "init_seconds": 0.5,
                "init_cpu_seconds": 0.5,
                "passes": points[-1, 2],
                "n_steps": points[-1, 1],
                "kappa": points[-1, 6],
                **(record or {}),
            },
            arrays={"trace": points},
            solver=solver,
            seed=seed,
            dataset=dataset,
            **labels,
        )
    )


def failed(study: Any, solver: str, *, seed: int = 0, **record: Any) -> str:
    """Record a run that raised after four seconds."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    return str(
        study.run(
            {
                "status": "error",
                "reason": "boom",
                "stop": None,
                "fingerprint": fingerprint,
                "cpu_seconds": 4.0,
                **record,
            },
            solver=solver,
            seed=seed,
        )
    )


def read(store: Store) -> Race:
    """Return the race of a store."""
    material = gather(store)
    groups = group_runs(material)
    return race(store, contests(material, groups, panel_names(groups)))
