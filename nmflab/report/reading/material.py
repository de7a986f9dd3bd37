"""What a report is written from: everything it reads of a store, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nmflab.report.reading.finite import finite
from nmflab.report.reading.machines import Clocks, clocks, on_one_clock
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

KEPT_ENTRIES = 20_000
"""Factors with at most so many entries are kept once read."""

KEPT_RUNS = 1_000
"""How many runs' factors are kept: 160 MB at most."""

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
        Every planned run, with `variant` (its case, else its solver), `zero_filled`,
        and `tolerance` (its stop.kkt; missing where none was asked for).
    metrics : DataFrame
        Index key, a numeric column a metric; of finished runs only.
    info : mapping
        Direction, range, unit and documentation by metric; may lack some.
    problems : DataFrame
        Metrics that could not be measured: key, name, problem.
    datasets : mapping of fingerprint to StoredDataset
    warnings : mapping of key to list of str
    infinite : mapping of str to int
        By metric or result, in how many runs it was infinite: missing in what is here.
    clocks : Clocks
        The machines; where there are several, `runs` holds the times of one only.
    """

    store: Store
    sweeps: list[Sweep]
    runs: pd.DataFrame
    metrics: pd.DataFrame
    info: Mapping[str, Mapping[str, Any]]
    problems: pd.DataFrame
    datasets: Mapping[str, StoredDataset]
    warnings: Mapping[str, list[str]] = field(default_factory=dict)
    clocks: Clocks = field(default_factory=Clocks)
    infinite: Mapping[str, int] = field(default_factory=dict)
    _kept: dict[str, Factors | None] = field(default_factory=dict, repr=False)

    @property
    def finished(self) -> pd.DataFrame:
        """The runs that ended well."""
        return self.runs[self.runs["status"] == "ok"]

    def factors(self, key: str) -> Factors | None:
        """Return a run's factors; None where none were kept or their file is gone.

        Small ones stay at hand for the next section that asks.
        """
        if key in self._kept:
            return self._kept[key]
        try:
            found = self.store.factors(key)
        except StoreError:
            found = None
        if found is None or found.W.size + found.H.size <= KEPT_ENTRIES:
            if len(self._kept) == KEPT_RUNS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = found
        return found


def gather(store: Store, *, all_sweeps: bool = False) -> Material:
    """Read what every section needs; nothing that grows with the size of the data."""
    runs, twins = store.runs(all_sweeps=all_sweeps), store.twins()
    every = runs if twins.empty else pd.concat([runs, twins], ignore_index=True)
    datasets = {d.fingerprint: d for d in store.datasets()}
    zero_filled, tolerances = _configured(store, every, datasets)
    every = described(every, datasets, zero_filled)
    every["tolerance"] = pd.to_numeric(every["key"].map(tolerances))
    timed = clocks(store, every)
    runs = on_one_clock(every[: len(runs)], timed)
    runs, infinite = finite(runs)
    finished = runs[runs["status"] == "ok"]
    metrics = store.metric_table().reindex(finished["key"])
    metrics, infinite_metrics = finite(metrics)
    problems = store.problems()
    problems = problems[problems["key"].isin(finished["key"])]
    shown = set(runs["key"])
    warned = store.all_warnings()
    return Material(
        store=store,
        sweeps=store.asked(all_sweeps=all_sweeps),
        runs=runs,
        metrics=metrics.dropna(axis="columns", how="all"),
        info=store.metric_info(),
        problems=problems,
        datasets=datasets,
        warnings={key: said for key, said in warned.items() if key in shown},
        clocks=timed,
        infinite={**infinite, **infinite_metrics},
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


def _configured(
    store: Store, runs: pd.DataFrame, datasets: Mapping[str, StoredDataset]
) -> tuple[set[str], dict[str, float]]:
    """Return which runs took what they do not know as 0, and each run's stop.kkt."""
    masked = {f for f, dataset in datasets.items() if is_masked(dataset)}
    fingerprints = dict(zip(runs["key"], runs["fingerprint"], strict=True))
    zero_filled: set[str] = set()
    tolerances: dict[str, float] = {}
    for key, config in store.configs():
        if key not in fingerprints:
            continue
        if took_zeros(config, masked=fingerprints[key] in masked):
            zero_filled.add(key)
        kkt = (config.get("stop") or {}).get("kkt")
        if kkt is not None:
            tolerances[key] = float(kkt)
    return zero_filled, tolerances
