"""Every planned run with what it may be compared by: failed runs among them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nmflab.report.reading.material import FAILED, Material
from nmflab.selection import family
from nmflab.statistics import EXACT

BLOCK = ["objective", "weighting", "family", "zero_filled", "dtype"]
"""Runs of one comparison over data sets agree in these."""

CELL = ["n_components", "split", "threads"]
"""Within a data set, runs are compared at the same of each of these."""


def planned_runs(material: Material) -> pd.DataFrame:
    """Return the runs that finished or failed, with these columns more.

    ``place`` (its data set), ``family`` (its split without fold and seed), ``own``
    (whether its solver minimises another objective) and ``loss``, the objective, no
    lower than `EXACT` of its start, below which all fits are exact alike. Failed runs
    have no value. Data sets on which nothing finished are left out, as nobody can win
    there.
    """
    runs = material.runs
    runs = runs[runs["status"].isin(["ok", *FAILED])]
    ok = runs["status"] == "ok"
    runs = runs.assign(
        fingerprint=pd.Series(_filled(runs, "fingerprint", ""), runs.index, "str"),
        threads=pd.Series(_filled(runs, "threads", 0), runs.index, "int"),
        family=[family(split or "none") for split in runs["split"].tolist()],
        loss=_loss(runs).where(ok),
    )
    own = set(runs.loc[runs["minimises"] == "own", "variant"])
    names = _names(runs)
    data = zip(runs["fingerprint"].tolist(), runs["zero_filled"].tolist(), strict=True)
    places = [names.get(key, "") for key in data]
    runs = runs.assign(own=runs["variant"].isin(own), place=places)
    return once(runs[runs["place"] != ""], [*BLOCK, *CELL, "variant", "init"])


def once(runs: pd.DataFrame, of: list[str]) -> pd.DataFrame:
    """Return the runs, each with a seed of its own within its data set and `of`.

    Two sweeps may hold one seed twice, with other limits: both count.
    """
    again = runs.groupby(["place", *of, "seed"], dropna=False).cumcount()
    said = zip(runs["seed"].tolist(), again.tolist(), strict=True)
    return runs.assign(
        seed=[f"{seed} ({n + 1})" if n else str(seed) for seed, n in said]
    )


def _filled(runs: pd.DataFrame, column: str, unknown: str | int) -> list[object]:
    """Return a column with what failed runs lack taken from others of their data."""
    known = runs[runs[column] != unknown]
    by = known.groupby("dataset")[column].first().to_dict()
    told = zip(runs["dataset"].tolist(), runs[column].tolist(), strict=True)
    return [by.get(name, value) if value == unknown else value for name, value in told]


def _loss(runs: pd.DataFrame) -> pd.Series[float]:
    floor = EXACT * runs["objective_start"].fillna(0.0)
    return pd.Series(
        np.maximum(runs["objective_value"], floor), index=runs.index, dtype=float
    )


def _names(runs: pd.DataFrame) -> dict[tuple[str, bool], str]:
    """Return what each data is called: the first label of it that is nobody else's."""
    ok = runs[runs["status"] == "ok"]
    names: dict[tuple[str, bool], str] = {}
    for row in (
        ok[["fingerprint", "zero_filled", "dataset"]]
        .drop_duplicates()
        .itertuples(index=False)
    ):
        key = (str(row.fingerprint), bool(row.zero_filled))
        name = str(row.dataset)
        taken = {other for at, other in names.items() if at[0] != key[0]}
        names.setdefault(key, f"{name} (other data)" if name in taken else name)
    return names


def why_missing(runs: pd.DataFrame) -> Mapping[tuple[str, str], str]:
    """Return how the runs of a method ended on a data set, by (place, method)."""
    said: dict[tuple[str, str], str] = {}
    failed = runs[runs["status"] != "ok"]
    for (place, method), rows in failed.groupby(["place", "method"], sort=False):
        counts = rows["status"].value_counts()
        parts = [f"{n} {status}" for status, n in counts.items()]
        said[str(place), str(method)] = ", ".join(parts)
    return said
