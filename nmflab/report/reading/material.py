"""What a report is written from: everything it reads of a store, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nmflab.selection import took_zeros
from nmflab.store import StoreError

if TYPE_CHECKING:
    from nmflab.contracts import Factors
    from nmflab.store import Store, StoredDataset, Sweep

FAILED = ("error", "timeout", "oom", "crash", "invalid")
"""Statuses of runs that were started and did not end well."""

LIMITS = ("max_steps", "max_seconds")
"""Stops of runs that ended because they had to, not because they had converged."""

SIGNATURE = [
    "fingerprint",
    "weighting",
    "split",
    "objective",
    "zero_filled",
    "n_components",
    "dtype",
    "threads",
]
"""Runs that agree in all of these minimise the same thing, and may be ranked."""

GROUP = ["dataset", *SIGNATURE, "case", "init", "solver", "minimises"]
"""Runs that agree in all of these differ by their seed only."""


@dataclass(frozen=True)
class Material:
    """A study, read.

    Parameters
    ----------
    store : Store
        Asked again only for factors, traces and configurations of single runs.
    sweeps : list of Sweep
        Those the report is about, oldest first.
    runs : DataFrame
        Every planned run, with `variant` (its case, else its solver), `zero_filled`.
    metrics : DataFrame
        Index key, a numeric column a metric; of finished runs only.
    info : mapping
        Direction, range, unit and documentation by metric; may lack some.
    problems : DataFrame
        Metrics that could not be measured: key, name, problem.
    datasets : mapping of fingerprint to StoredDataset
    warnings : mapping of key to list of str
    """

    store: Store
    sweeps: list[Sweep]
    runs: pd.DataFrame
    metrics: pd.DataFrame
    info: Mapping[str, Mapping[str, Any]]
    problems: pd.DataFrame
    datasets: Mapping[str, StoredDataset]
    warnings: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def finished(self) -> pd.DataFrame:
        """The runs that ended well."""
        return self.runs[self.runs["status"] == "ok"]

    def factors(self, key: str) -> Factors | None:
        """Return a run's factors; None where none were kept or their file is gone."""
        try:
            return self.store.factors(key)
        except StoreError:
            return None


def gather(store: Store, *, all_sweeps: bool = False) -> Material:
    """Read what every section needs; nothing that grows with the size of the data."""
    runs = store.runs(all_sweeps=all_sweeps)
    sweeps = store.sweeps()
    sweeps = sweeps if all_sweeps else sweeps[-1:]
    datasets = {d.fingerprint: d for d in store.datasets()}
    runs = described(runs, datasets, _zero_filling(store, runs, datasets))
    finished = runs[runs["status"] == "ok"]
    metrics = store.metric_table().reindex(finished["key"])
    problems = store.metrics()
    problems = problems[problems["problem"].notna()]
    problems = problems[problems["key"].isin(finished["key"])]
    warnings = {key: store.warnings(key) for key in runs["key"]}
    return Material(
        store=store,
        sweeps=sweeps,
        runs=runs,
        metrics=metrics.dropna(axis="columns", how="all"),
        info=store.metric_info(),
        problems=problems,
        datasets=datasets,
        warnings={key: said for key, said in warnings.items() if said},
    )


def described(
    runs: pd.DataFrame, datasets: Mapping[str, StoredDataset], zero_filled: set[str]
) -> pd.DataFrame:
    """Return `runs` with the columns that reports group and colour by."""
    runs = runs.copy()
    for name in ("case", "minimises", "weighting", "split", "reason"):
        runs[name] = runs[name].fillna("")
    runs["variant"] = np.where(runs["case"] != "", runs["case"], runs["solver"])
    runs["fingerprint"] = runs["fingerprint"].fillna("")
    runs["threads"] = runs["threads"].fillna(0).astype(int)
    runs["zero_filled"] = runs["key"].isin(zero_filled)
    runs["masked"] = [
        is_masked(datasets.get(fingerprint)) and not filled
        for fingerprint, filled in zip(
            runs["fingerprint"], runs["zero_filled"], strict=True
        )
    ]
    return runs


def is_masked(dataset: StoredDataset | None) -> bool:
    """Return whether some cells of a dataset are unknown."""
    return dataset is not None and dataset.facts.get("missing", "none") != "none"


def _zero_filling(
    store: Store, runs: pd.DataFrame, datasets: Mapping[str, StoredDataset]
) -> set[str]:
    """Return the keys of runs that took what they do not know as zero."""
    masked = {f for f, dataset in datasets.items() if is_masked(dataset)}
    split = ~runs["split"].fillna("").isin(["", "none"])
    asked = runs[runs["fingerprint"].isin(masked) | split]
    return {
        key
        for key, fingerprint in zip(asked["key"], asked["fingerprint"], strict=True)
        if took_zeros(store.config(key), masked=fingerprint in masked)
    }
