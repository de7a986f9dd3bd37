"""The runs of an advised study, told apart by the probe they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab.advice.design import ADVISE, STABILITY_SHARE
from nmflab.contracts import Factors

if TYPE_CHECKING:
    from nmflab.store import Store


@dataclass(frozen=True)
class Run:
    """A finished run, as the criteria need it.

    Parameters
    ----------
    key : str
    size : int
        Its n_components.
    config : mapping
        Full and resolved.
    metrics : mapping of name to number
    objective : float
    n_active : int
        Components that are not 0.
    """

    key: str
    size: int
    config: Mapping[str, Any]
    metrics: Mapping[str, float]
    objective: float
    n_active: int

    @property
    def split(self) -> str:
        """The name of its split."""
        return str(self.config["split"]["name"])


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything an advised study found, by probe.

    Parameters
    ----------
    store : Store
        Asked for factors.
    dataset, solver, objective : str
        Labels.
    base : mapping
        The configuration of the fits that are weighed.
    sizes : list of int
    fits : list of Run
        All data, the given start, several seeds.
    references, samples : list of Run
        From the start that draws no numbers: all data, samples of the rows.
    draws : list of Run
        Counts drawn anew, or as many rows as a bootstrap has.
    speckled, blocks, shuffled, pruned : list of Run
        Cells left out, blocks left out, columns shuffled, solver ard.
    n_left : int
        Planned runs without a result.
    missing : bool
        Whether cells of the data are unknown.
    """

    store: Store
    dataset: str
    solver: str
    objective: str
    base: Mapping[str, Any]
    sizes: list[int]
    fits: list[Run] = field(default_factory=list)
    references: list[Run] = field(default_factory=list)
    samples: list[Run] = field(default_factory=list)
    draws: list[Run] = field(default_factory=list)
    speckled: list[Run] = field(default_factory=list)
    blocks: list[Run] = field(default_factory=list)
    shuffled: list[Run] = field(default_factory=list)
    pruned: list[Run] = field(default_factory=list)
    n_left: int = 0
    missing: bool = False

    @property
    def loss(self) -> str:
        """The loss that is minimised."""
        return str(self.base["objective"]["loss"])

    def factors(self, run: Run) -> Factors | None:
        """Return a run's factors, where they were kept."""
        return self.store.factors(run.key)


def by_size(runs: Sequence[Run]) -> dict[int, list[Run]]:
    """Return the runs of each size, sizes ascending."""
    sizes = sorted({run.size for run in runs})
    return {size: [run for run in runs if run.size == size] for size in sizes}


def is_advised(store: Store) -> bool:
    """Return whether a study's last sweep was asked for advice on n_components."""
    sweeps = store.sweeps()
    return bool(sweeps) and sweeps[-1].base.get("advise") == ADVISE


def evidence(store: Store) -> Evidence | None:
    """Return what a study's last sweep found; None where it was not asked to advise."""
    if not is_advised(store):
        return None
    base = store.sweeps()[-1].base
    rows = store.runs()
    runs = _finished(store, rows)
    of = _by_probe(runs, base)
    first = rows.iloc[0]
    dataset = store.dataset(str(first["fingerprint"])) if of["fits"] else None
    return Evidence(
        store=store,
        dataset=str(first["dataset"]),
        solver=str(first["solver"]),
        objective=str(first["objective"]),
        base=base,
        sizes=sorted({int(n) for n in rows["n_components"]}),
        n_left=int((rows["status"] != "ok").sum()),
        missing=dataset is not None and dataset.facts["missing"] != "none",
        **of,
    )


def _finished(store: Store, rows: Any) -> list[Run]:  # rows: a DataFrame
    done = rows[rows["status"] == "ok"]
    table = store.metric_table()
    metrics: dict[Any, Any] = table.to_dict("index")
    return [
        Run(
            key=str(row.key),
            size=int(row.n_components),
            config=store.config(str(row.key)),
            metrics=metrics.get(row.key, {}),
            objective=float(row.objective_value),
            n_active=int(np.nan_to_num(row.n_active, nan=row.n_components)),
        )
        for row in done.itertuples()
    ]


def _by_probe(runs: Sequence[Run], base: Mapping[str, Any]) -> dict[str, list[Run]]:
    own = [run for run in runs if run.config["solver"] == base["solver"]]
    whole = [run for run in own if run.split == "none"]
    samples = [run for run in own if _is_sample(run)]
    starts = {run.config["init"]["name"] for run in samples}
    return {
        "fits": [run for run in whole if run.config["init"] == base["init"]],
        "references": [run for run in whole if run.config["init"]["name"] in starts],
        "samples": samples,
        "draws": [
            run
            for run in own
            if run.split == "bootstrap"
            or (run.split == "row_sample" and not _is_sample(run))
        ],
        "speckled": [run for run in own if run.split == "speckled"],
        "blocks": [run for run in own if run.split == "bi_cv"],
        "shuffled": [run for run in own if run.split == "shuffled"],
        "pruned": [
            run
            for run in runs
            if run.config["solver"]["name"] == "ard" and run.split == "none"
        ],
    }


def _is_sample(run: Run) -> bool:
    return run.split == "row_sample" and run.config["split"]["share"] == STABILITY_SHARE
