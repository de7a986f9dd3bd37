"""What is compared: a measure, and the methods that may meet in one test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from nmflab.report.numbers import count, listed
from nmflab.report.reading.material import Material
from nmflab.report.reading.measures import about, in_sentence, words
from nmflab.report.sections.comparisons.planned import (
    BLOCK,
    CELL,
    why_missing,
)
from nmflab.report.sections.held_out.measures import is_of_held_out
from nmflab.selection import plain_name
from nmflab.statistics import ROPE

_FIT = ("relative_error", "rel_fro", "rmse", "mse", "mae", "explained_variance")
"""Stems of metrics that follow the objective."""

_BESIDE = ("_chance", "_chance_sd")
"""Endings of what stands beside a metric: by itself it says nothing of a method."""

_FEW = 0.5
"""Share of the data sets that a method must have finished on to be compared."""

_NEARLY_ALL = 0.8
"""Share of the data sets that methods of one comparison were asked for on."""


@dataclass(frozen=True)
class Question:
    """One measure of methods that may be compared with one another.

    Parameters
    ----------
    id : str
        For the addresses of its tables and charts.
    what : str
        The measure in a sentence: "objective".
    title : str
        Its heading.
    which : str
        What tells its methods from those of other questions of this measure.
    frame : DataFrame
        One row a run: ``place``, ``method``, ``variant``, ``init``, ``seed``,
        ``value``, ``start_hash`` and `cell`.
    cell : tuple of str
    higher : bool
    relative : bool or None
    rope : float or None
        As `nmflab.statistics.compare` takes them.
    missing : mapping of (place, method) to str
        How the runs ended that have no value.
    left_out : tuple of str
        Sentences on methods that are in no test.
    """

    id: str
    what: str
    title: str
    which: str
    frame: pd.DataFrame
    cell: tuple[str, ...]
    higher: bool = False
    relative: bool | None = None
    rope: float | None = None
    missing: Mapping[tuple[str, str], str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def varies(self) -> bool:
        """Whether any run has another value than the others."""
        return bool(self.frame["value"].nunique() > 1)

    @property
    def full_title(self) -> str:
        """Its heading, with what tells it from other questions of this measure."""
        return f"{self.title}: {self.which}" if self.which else self.title


def objective_questions(runs: pd.DataFrame) -> list[Question]:
    """Return the questions of the shared objective, one a set of comparable methods.

    runs : as `nmflab.report.sections.comparisons.planned.planned_runs` returns them.
    """
    return list(_of_runs(runs[~runs["own"]], "objective", "Objective"))


def metric_questions(material: Material, runs: pd.DataFrame) -> list[Question]:
    """Return the questions of metrics that do not follow the objective."""
    found: list[Question] = []
    for name in material.metrics.columns:
        known = about(name, material.info)
        direction = str(known.get("direction") or "none")
        if direction == "none" or is_of_held_out(name) or name.startswith(_FIT):
            continue
        if name.endswith(_BESIDE):
            continue
        measured = material.metrics[name].replace([np.inf, -np.inf], np.nan)
        values = runs["key"].map(measured)
        told = runs.assign(loss=values)[values.notna() | (runs["status"] != "ok")]
        title = words(name)
        for one in _of_runs(told, name, title):
            relative, rope = _bounded(known)
            found.append(
                replace(
                    one,
                    what=in_sentence(title),
                    higher=direction == "higher",
                    relative=relative,
                    rope=rope,
                )
            )
    return found


def _bounded(known: Mapping[str, object]) -> tuple[bool | None, float | None]:
    """Return differences for a measure with two ends, ratios where it can have them."""
    ends = known.get("range")
    if isinstance(ends, list | tuple) and len(ends) == 2 and None not in ends:
        return False, ROPE * (float(ends[1]) - float(ends[0]))
    return None, None


def _of_runs(runs: pd.DataFrame, measure: str, title: str) -> Iterator[Question]:
    blocks = [rows for _, rows in runs.groupby(BLOCK, sort=False, dropna=False)]
    differing = [name for name in BLOCK if runs[name].nunique() > 1]
    found = [
        (block, [*kind, *where], compared)
        for block in blocks
        for kind, rows in _alike_in_tuning(block)
        for where, members in met(named(rows))
        if (compared := enough(members)) is not None
    ]
    for at, (block, kinds, (frame, left)) in enumerate(found, start=1):
        said = [_said(name, block[name].iloc[0]) for name in differing]
        yield Question(
            id=f"{measure}-{at}" if len(found) > 1 else measure,
            what=measure,
            title=title,
            which=", ".join([one for one in said if one] + kinds),
            frame=frame.rename(columns={"loss": "value"}),
            cell=tuple(CELL),
            missing=why_missing(frame),
            left_out=left,
        )


def _said(name: str, value: object) -> str:
    if name == "zero_filled":
        return "missing taken as 0" if value else ""
    if value == "none":
        return "no cells held out" if name == "family" else f"no {name}"
    if name == "family":
        return f"split {value}"
    return str(value) if name == "objective" else f"{name} {value}"


def _alike_in_tuning(
    runs: pd.DataFrame,
) -> Iterator[tuple[list[str], pd.DataFrame]]:
    """Yield the runs whose configurations may meet in one test, and what they share.

    Where some solver was tried with several parameters, whoever comes first among them
    was tuned: they meet each other, and other solvers with the same parameters set.
    Cases are named by who planned the study, and meet as they are.
    """
    cased = runs["case"] != ""
    plain = runs["variant"].map(plain_name).where(~cased, runs["variant"])
    labels = zip(runs["variant"].tolist(), plain.tolist(), strict=True)
    given = pd.Series([v[len(p) :].strip("()") for v, p in labels], index=runs.index)
    if given.nunique() < 2 or plain.nunique() < 2:
        yield [], runs
        return
    for said, rows in runs.groupby(given, sort=False):
        if plain[rows.index].nunique() > 1:
            yield [f"with {said}" if said else "parameters not swept"], rows
    for name, rows in runs.groupby(plain, sort=False):
        if given[rows.index].nunique() > 1:
            yield [f"parameters of {name}"], rows


def named(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs with ``method``: solver, and its start where they differ."""
    starts = {init for init in runs["init"].dropna().unique() if init}
    several = len(starts) > 1
    inits = runs["init"].fillna("").tolist()
    labels = zip(runs["variant"].tolist(), inits, strict=True)
    methods = [f"{v} from {init}" if several and init else str(v) for v, init in labels]
    return runs.assign(method=methods)


def met(runs: pd.DataFrame) -> Iterator[tuple[list[str], pd.DataFrame]]:
    """Yield runs of methods that were asked for on the same data sets, and which.

    First those asked for on nearly all data sets, over all of them; then others with
    these, over the data sets that those were asked for on.
    """
    runs = _contested(runs)
    places = runs.groupby("method", sort=False)["place"].agg(frozenset)
    n_places = runs["place"].nunique()
    finished = set(runs.loc[runs["loss"].notna(), "method"])
    common = {
        method
        for method, known in places.items()
        if len(known) >= _NEARLY_ALL * n_places or method not in finished
    }
    if len(common & finished) < 2:
        yield [], runs
        return
    yield [], runs[runs["method"].isin(common)]
    few = places[~places.index.isin(common)]
    for known in few.unique():
        together = (common & finished) | set(few.index[few == known])
        there = runs["place"].isin(known) & runs["method"].isin(together)
        yield [f"on {listed(sorted(known), 3)}"], runs[there]


def enough(runs: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]] | None:
    """Return the runs of data sets and methods that allow a comparison.

    With them a sentence for each method that is left out; None where none is allowed.
    """
    runs = _contested(runs)
    n_places = runs["place"].nunique()
    finished = runs[runs["loss"].notna()].groupby("method")["place"].nunique()
    kept = set(finished.index[finished >= _FEW * n_places])
    if len(kept) < 2:
        return None
    left = [method for method in runs["method"].unique() if method not in kept]
    said = tuple(
        f"{method} finished on {finished.get(method, 0)} of"
        f" {count(n_places, 'data set')} and is in none of these comparisons."
        for method in left
    )
    return runs[runs["method"].isin(kept)], said


def _contested(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs on data sets that two methods finished."""
    n = runs[runs["loss"].notna()].groupby("place")["method"].nunique()
    return runs[runs["place"].isin(n.index[n > 1])]
