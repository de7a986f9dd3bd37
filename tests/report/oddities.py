"""Studies that lack something, or have too much of it: each is to give a report."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nmflab.contracts import Dataset

MARKUP = "<img src=x onerror=alert(1)>"
"""A name that would do harm if it were markup."""

TURNED = "שלום 🎬 \u202eabc"
"""A name from right to left, with an emoji and a mark that is never closed."""

DONE = {"objective_value": 1.0, "objective_start": 2.0, "seconds": 0.1}


def empty(study: Any) -> None:
    """Plan nothing."""


def failures_only(study: Any) -> None:
    """Have every run fail, one without saying why."""
    study.run({"status": "error", "reason": None, "fingerprint": None})
    study.run({"status": "timeout", "reason": "no answer in 60 s"}, seed=1)


def skipped_only(study: Any) -> None:
    """Plan runs of which none fits."""
    why = "solver mu cannot fit itakura_saito: it takes frobenius"
    for seed in range(3):
        study.run({"status": "skipped", "reason": why}, seed=seed)


def one_run(study: Any) -> None:
    """Make one run."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    study.fitted(study.RATINGS, fingerprint=fingerprint, k=2, seed=0)


def half_made(study: Any) -> None:
    """Stop in the middle: some seeds are there, some solvers have not begun."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    for seed in range(4):
        for solver in ("hals", "mu", "late"):
            if seed < 2 and solver != "late":
                study.fitted(
                    study.RATINGS,
                    fingerprint=fingerprint,
                    k=2,
                    seed=seed,
                    solver=solver,
                )
            else:
                study.run({}, seed=seed, solver=solver, n_components=2)


def plugins_gone(study: Any) -> None:
    """Name solver, start, data set, loss and metric that nothing installed knows."""
    fingerprint = study.dataset("lost_data", Dataset(X=study.RATINGS))
    for seed in range(2):
        for solver in ("lost_solver(depth=3)", "other_lost"):
            study.fitted(
                study.RATINGS,
                fingerprint=fingerprint,
                k=2,
                seed=seed,
                dataset="lost_data",
                solver=solver,
                init="lost_init",
                metrics={"lost_metric": 0.25 + seed},
            )


def one_seed(study: Any) -> None:
    """Compare two solvers by one run each."""
    _fit(study, solvers=2, sets=1, seeds=1)


def many_solvers(study: Any) -> None:
    """Try fifty solvers on one data set."""
    _fit(study, solvers=50, sets=1, seeds=2)


def many_sets(study: Any) -> None:
    """Try one solver on fifty data sets."""
    _fit(study, solvers=1, sets=50, seeds=2)


def one_size(study: Any) -> None:
    """Compare on several data sets with a single number of components."""
    _fit(study, solvers=3, sets=3, seeds=3)


def own_objectives(study: Any) -> None:
    """Have every solver minimise an objective of its own."""
    record = {"minimises": "own", "own_objective": 3.5}
    _fit(study, solvers=3, sets=1, seeds=3, record=record)


def _fit(
    study: Any,
    *,
    solvers: int,
    sets: int,
    seeds: int,
    record: Mapping[str, Any] | None = None,
) -> None:
    """Fit all solvers to all data sets, in few steps; later ones in a few more."""
    for number in range(sets):
        name = f"data_{number}" if sets > 1 else "data"
        X = study.RATINGS + number
        fingerprint = study.dataset(name, Dataset(X=X))
        for seed in range(seeds):
            for solver in range(solvers):
                study.fitted(
                    X,
                    fingerprint=fingerprint,
                    k=2,
                    seed=seed,
                    steps=5 + solver,
                    dataset=name,
                    solver=f"solver_{solver}",
                    record=record,
                )


def odd_names(study: Any) -> None:
    """Call everything by names that are markup, or written from right to left."""
    for name in (MARKUP, TURNED):
        data = Dataset(
            X=study.RATINGS,
            row_names=[f"{name} {i}" for i in range(5)],
            column_names=[f"{name} {j}" for j in range(4)],
            extras={"licence": name, "citation": name, "source": name},
        )
        fingerprint = study.dataset(name, data)
        for seed in range(2):
            for solver in (f"{name}(a=1)", "mu"):
                study.fitted(
                    study.RATINGS,
                    fingerprint=fingerprint,
                    k=2,
                    seed=seed,
                    dataset=name,
                    solver=solver,
                    init=name,
                    record={"warnings": [f"beware of {name}"]},
                    metrics={name: 0.5},
                )
        study.run(
            {"status": "error", "reason": name, "traceback": name, "fingerprint": None},
            dataset=name,
            solver="failing",
        )
        study.run({"status": "skipped", "reason": name}, dataset=name, solver="unfit")


def infinite_metrics(study: Any) -> None:
    """Measure values that are infinite, or no number, in some runs or in all."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    for seed in range(3):
        for solver in ("hals", "mu"):
            study.fitted(
                study.RATINGS,
                fingerprint=fingerprint,
                k=2,
                seed=seed,
                solver=solver,
                metrics={
                    "now_and_then": float("inf") if seed else 1.0,
                    "always": float("inf"),
                    "below": -float("inf"),
                    "nothing": float("nan"),
                },
            )


def infinite_results(study: Any) -> None:
    """End with an objective, or a kappa, that is infinite; or without any."""
    for seed, value in enumerate((float("inf"), 1.0, None)):
        for solver in ("hals", "mu"):
            study.run(
                {**DONE, "objective_value": value, "kappa": value},
                seed=seed,
                solver=solver,
            )


def constant(study: Any) -> None:
    """Find the same objective in every run, of which none ever fell."""
    fingerprint = study.dataset("data", Dataset(X=np.full((4, 3), 2.0)))
    trace = np.zeros((4, 8))
    trace[:, 1] = trace[:, 2] = range(4)
    trace[:, 5] = 1.0
    for seed in range(3):
        for solver in ("hals", "mu"):
            study.run(
                {
                    "fingerprint": fingerprint,
                    "objective_value": 1.0,
                    "objective_start": 1.0,
                    "seconds": 0.0,
                    "cpu_seconds": 0.0,
                    "n_steps": 3,
                },
                arrays={
                    "W": np.ones((4, 1)),
                    "H": np.full((1, 3), 2.0),
                    "trace": trace,
                },
                metrics={"relative_error": 0.0, "hoyer_sparseness_H": 0.0},
                n_components=1,
                seed=seed,
                solver=solver,
            )


ODDITIES: tuple[Callable[[Any], None], ...] = (
    empty,
    failures_only,
    skipped_only,
    one_run,
    half_made,
    plugins_gone,
    one_seed,
    one_size,
    many_solvers,
    many_sets,
    own_objectives,
    odd_names,
    infinite_metrics,
    infinite_results,
    constant,
)

LATER = (
    *("init_cpu_seconds", "n_starts", "n_rounds", "objective_median"),
    *("objective_rank_one", "refit_objective", "refit_steps", "refit_seconds"),
    *("refit_cpu_seconds", "minimises", "nonnegative", "peak_memory_mb"),
)
"""Columns of runs that earlier versions of nmflab did not write."""


def made_older(study: Any) -> None:
    """Take out of a study's file what earlier versions of nmflab did not write."""
    db = sqlite3.connect(study.folder / "runs.sqlite")
    for column in LATER:
        db.execute(f"ALTER TABLE runs DROP COLUMN {column}")
    for table in ("seed_groups", "seed_metrics"):
        db.execute(f"DROP TABLE {table}")
    db.execute("UPDATE sweeps SET base='{}', provenance='{}'")
    db.commit()
    db.close()
