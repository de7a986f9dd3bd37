"""Which run recommends: the one asked for, else the one that predicts best."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nmflab.contracts import Factors
from nmflab.recommend.errors import RecommendationError
from nmflab.recommend.model import is_recommendable
from nmflab.selection import IN_PART

if TYPE_CHECKING:
    import pandas as pd

    from nmflab.store import Store

_SHORTEST_KEY = 6


@dataclass(frozen=True)
class Chosen:
    """A run, its factors, what it is called, and why it was taken.

    Parameters
    ----------
    key : str
    factors : Factors
    title : str
        ``masked_hals from random, n_components 10, seed 0 of movielens_100k``.
    why : str
        A sentence.
    """

    key: str
    factors: Factors
    title: str
    why: str


def choose_run(store: Store, run: str | None = None) -> Chosen:
    """Return the run that recommends.

    Parameters
    ----------
    run : str, optional
        A run's key or its beginning, a case or a solver's label; among several the
        rule below decides. None: the runs of the last sweep whose data are ratings or
        purchases, or all where none are.

    Notes
    -----
    The lowest validation error decides, and where no run has one the lowest shared
    objective; of these the first whose factors were kept is taken. Runs that took
    missing cells as 0 come after those that did not, and runs whose split holds out
    whole rows are left out unless asked for by key: they have not seen those users.

    Raises
    ------
    RecommendationError
        If no finished run fits, or none of them has factors.
    """
    asked, by_name = _asked(store, run)
    runs = asked[asked["status"] == "ok"]
    if runs.empty:
        raise RecommendationError(
            f"no run in {store.address} has finished, so that nothing can be"
            " recommended; the report says why they did not"
        )
    if not by_name:
        runs = _of_one_dataset(store, runs)
    ordered, why = _ordered(store, runs)
    for row in ordered.itertuples(index=False):
        factors = store.factors(str(row.key))
        if factors is not None:
            said = _said(row, why, len(ordered), asked=run)
            return Chosen(str(row.key), factors, _title(row), said)
    raise RecommendationError(
        f"none of the runs in {store.address} has factors (save.factors=none, or more"
        " than save.max_gb); give the sweep's command again with save.factors=all"
        " retry=ok"
    )


def _asked(store: Store, run: str | None) -> tuple[pd.DataFrame, bool]:
    """Return the runs asked for, and whether one was named by its key."""
    last = store.runs()
    if run is None:
        return last, False
    if len(run) >= _SHORTEST_KEY:
        every = store.runs(all_sweeps=True)
        found = every[every["key"].str.startswith(run)]
        if len(found):
            return found, True
    for label in ("case", "solver"):
        found = last[last[label] == run]
        if len(found):
            return found, False
    known = sorted({str(x) for x in (*last["case"], *last["solver"]) if x})
    near = difflib.get_close_matches(run, known, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise RecommendationError(
        f"run={run}: {store.address} has no such run. Give the beginning of a key (of"
        f" at least {_SHORTEST_KEY} letters, in runs.csv of the report), or one of"
        f" {', '.join(known)}.{hint}"
    )


def _of_one_dataset(store: Store, runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs on one data set and weighting: errors elsewhere do not compare.

    The first of ratings or purchases, else the first; unweighted if there are such.
    """
    prints = list(dict.fromkeys(runs["fingerprint"].dropna()))
    fit = [p for p in prints if is_recommendable(store.dataset(str(p)))]
    runs = runs[runs["fingerprint"] == (fit or prints)[0]]
    weightings = runs["weighting"].fillna("none")
    plain = weightings == "none"
    chosen = "none" if plain.any() else weightings.iloc[0]
    return runs[weightings == chosen]


def _ordered(store: Store, runs: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the runs, best first, and the column that decided."""
    configs = {key: store.config(key) for key in runs["key"]}
    whole = [
        configs[key].get("split", {}).get("name") in IN_PART for key in runs["key"]
    ]
    if not all(whole):
        runs = runs[[not one for one in whole]]
    if runs["validation"].notna().any():
        seen = runs[runs["validation"].notna()]
        return seen.sort_values(["validation", "ordinal"]), "validation"
    filled = [configs[key].get("missing_as_zero") is True for key in runs["key"]]
    own = runs["minimises"] == "own"
    runs = runs.assign(filled=filled, own=own)
    order = ["filled", "own", "objective_value", "ordinal"]
    return runs.sort_values(order), "objective_value"


def _said(row: Any, why: str, n: int, *, asked: str | None) -> str:
    """Return why a run was taken; row: a named tuple of the runs' columns."""
    named = f" that run={asked} names" if asked else " with factors on these data"
    if n == 1:
        return f"the only run{named}"
    value = float(getattr(row, why))
    if why == "validation":
        return f"the lowest validation error, {value:.4g}, of the {n} runs{named}"
    return (
        f"the lowest objective, {value:,.5g}, of the {n} runs{named}; none had"
        " validation cells (split.validation), and what fits the training cells closest"
        " need not predict best"
    )


def _title(row: Any) -> str:
    """Return what a run is called; row: a named tuple of the runs' columns."""
    case = f"{row.case}: " if row.case else ""
    penalties = "" if row.objective == "frobenius" else f", {row.objective}"
    return (
        f"{case}{row.solver} from {row.init}, n_components {row.n_components}"
        f"{penalties}, seed {row.seed}, of {row.dataset}"
    )
