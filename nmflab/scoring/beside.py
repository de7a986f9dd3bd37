"""What a study's own runs came to on the same problem, to stand beside a score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nmflab.config import ConfigError
from nmflab.scoring.posing import PROBLEM, Posed
from nmflab.store import Store, StoreError
from nmflab.sweep.folder import found_study

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Beside:
    """The best run of a study on one problem, with as many components.

    Parameters
    ----------
    said : str
        Which run it is, as a sentence; empty where no study was asked for.
    values : mapping
        Its objective, kappa and metrics by name.
    """

    said: str = ""
    values: Mapping[str, float] = field(default_factory=dict)


def best_run(study: str | Path, posed: Posed, n_components: int) -> Beside:
    """Return the run with the lowest objective of those that can be compared.

    Those on the same cells, weighted, split and missing alike, under the same
    objective: only there does a lower one mean a better fit.

    Raises
    ------
    ConfigError
        If there is no such study, or no such run in it.
    """
    try:
        folder = found_study(str(study))
        with Store.open(folder) as store:
            runs = _alike(store, posed)
            same = runs[runs["n_components"] == n_components]
            if same.empty:
                raise ConfigError(_none(study, runs, n_components))
            best = same.sort_values("objective_value").to_dict("records")[0]
            table = store.metric_table([str(best["key"])])
    except StoreError as error:
        raise ConfigError(f"score: study={study}: {error}") from error
    found = {"objective": best["objective_value"], "kappa": best["kappa"]}
    for name in table.columns:
        found[str(name)] = table[name].iloc[0]
    return Beside(
        said=(
            f"study: the lowest objective of {len(same)} runs with"
            f" {n_components} components in {folder}, {best['solver']} seed"
            f" {best['seed']}"
        ),
        values={name: float(value) for name, value in found.items()},
    )


def _alike(store: Store, posed: Posed) -> pd.DataFrame:
    """Return the finished runs on the same problem."""
    runs = store.runs(all_sweeps=True)
    same = (runs["status"] == "ok") & (
        runs["fingerprint"] == posed.prepared.facts["fingerprint"]
    )
    runs = runs[same]
    axes = [axis for axis in PROBLEM if axis != "dataset"]
    expected = {**{axis: posed.axes[axis] for axis in axes}, **posed.reading}
    kept = [
        all(config[key] == value for key, value in expected.items())
        for config in map(store.config, runs["key"])
    ]
    comparable: pd.DataFrame = runs[kept]
    return comparable


def _none(study: str | Path, runs: pd.DataFrame, n_components: int) -> str:
    sizes = ", ".join(str(size) for size in sorted(set(runs["n_components"])))
    there = f"of {sizes} components" if sizes else "of no size"
    return (
        f"score: study={study} has runs {there} on this problem (data, weighting, split"
        f" and objective alike), and the factors have {n_components}; name another"
        " study, or leave study= out"
    )
