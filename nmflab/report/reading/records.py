"""The lowest objectives known of each comparison: by which run, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nmflab.report.reading.material import Material
from nmflab.selection import plain_name

MOST_ASKED = 200
"""Earlier runs of a comparison whose configurations are read, lowest first."""

_SAME = ("weighting", "split", "objective", "dtype", "missing_as_zero")
"""Parts of a configuration that make runs of other sweeps comparable."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """The best run of a solver on one comparison.

    Parameters
    ----------
    value : float
        Its shared objective.
    key, variant, init, solver : str
    seed : int
    when : str
        When it was started, ISO 8601; "" where that is not known.
    sweep : int
        The command that planned it.
    earlier : bool
        Whether it is of a sweep that the report is not about.
    here : bool
        Whether its variant takes part in the comparison.
    """

    value: float
    key: str
    variant: str
    init: str
    solver: str
    seed: int
    when: str
    sweep: int
    earlier: bool = False
    here: bool = True

    def is_of(self, variant: str) -> bool:
        """Return whether it is left out with a variant.

        Labels of another sweep may name the same parameters otherwise: its runs go by
        the solver's name.
        """
        same = self.variant == variant
        return same or (self.earlier and self.solver == plain_name(variant))


def bests(
    material: Material, runs: pd.DataFrame, numbers: set[int]
) -> dict[int, tuple[Record, ...]]:
    """Return the best run of each variant, lowest first, by number of the contest.

    Runs of all sweeps of the store count, and those whose solver minimises its own
    objective; not those whose factors may be negative, where the others' may not.

    Parameters
    ----------
    runs : DataFrame
        The report's, with `number`.
    numbers : set of int
        The contests asked for.
    """
    mine = _candidates(runs[runs["number"].isin(numbers)])
    found: dict[int, dict[tuple[str, bool], Record]] = {}
    for row in _lowest(mine, ["number", "variant"]):
        record = _record(row, earlier=False)
        found.setdefault(int(row["number"]), {})[record.variant, False] = record
    for number, record in _earlier(material, mine):
        kept = found[number].get((record.variant, True))
        if kept is None or record.value < kept.value:
            found[number][record.variant, True] = record
    return {
        number: tuple(sorted(held.values(), key=lambda one: one.value))
        for number, held in found.items()
    }


def _candidates(runs: pd.DataFrame) -> pd.DataFrame:
    """Return finished runs with an objective whose factors may be compared."""
    runs = runs[(runs["status"] == "ok") & runs["objective_value"].notna()]
    bound = runs["nonnegative"].fillna("WH") == "WH"
    keeps = bound.groupby(runs["number"]).transform("any")
    return runs[bound | ~keeps.astype(bool)]


def _lowest(runs: pd.DataFrame, by: list[str]) -> list[dict[Any, Any]]:
    if runs.empty:
        return []
    places = runs.groupby(by)["objective_value"].idxmin()
    return runs.loc[places].to_dict("records")


def _record(row: Mapping[Any, Any], *, earlier: bool) -> Record:
    when = row["started"]
    return Record(
        value=float(row["objective_value"]),
        key=str(row["key"]),
        variant=str(row["variant"]),
        init=str(row["init"] or ""),
        solver=plain_name(str(row["solver"])),
        seed=int(row["seed"]),
        when=when if isinstance(when, str) else "",
        sweep=int(row["sweep"]),
        earlier=earlier,
    )


def _earlier(material: Material, mine: pd.DataFrame) -> Iterator[tuple[int, Record]]:
    """Yield the runs of other sweeps that belong to a contest and lie lower.

    Labels name what differs within their own sweep, so configurations decide.
    """
    if mine.empty or len(material.store.sweeps()) <= len(material.sweeps):
        return
    runs = material.store.runs(all_sweeps=True)
    runs = runs[(runs["status"] == "ok") & ~runs["key"].isin(material.runs["key"])]
    case = runs["case"].fillna("")
    runs = runs.assign(variant=np.where(case != "", case, runs["solver"]))
    runs = runs[runs["nonnegative"].fillna("WH") == "WH"]
    for number, those in mine.groupby("number"):
        first = those.iloc[0]
        lower = runs[
            (runs["fingerprint"] == first["fingerprint"])
            & (runs["n_components"] == first["n_components"])
            & (runs["threads"] == first["threads"])
            & (runs["objective_value"] < those["objective_value"].max())
        ]
        if lower.empty:
            continue
        wanted = _problem(material, str(first["key"]))
        lower = lower.sort_values("objective_value").head(MOST_ASKED)
        for row in lower.to_dict("records"):
            if _problem(material, str(row["key"])) == wanted:
                yield int(str(number)), _record(row, earlier=True)


def _problem(material: Material, key: str) -> dict[str, Any]:  # Any: a configuration's
    config = material.store.config(key)
    return {name: config.get(name) for name in _SAME}
