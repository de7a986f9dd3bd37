"""Comparisons as races: who ran, what the best known is, and what it is held against.

A contest holds the runs of one signature that minimise the shared objective, those that
failed among them: time to target, profiles and convergence count these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import FAILED, SIGNATURE, Material
from nmflab.report.reading.records import Record, bests
from nmflab.report.reading.reference import Reference, reference_of
from nmflab.selection import family

Line: TypeAlias = tuple[str, str]
"""Variant and init: what one curve of a chart is of."""

CLOCKS = {"seconds": "Wall-clock seconds", "cpu_seconds": "CPU seconds"}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One planned run that was started.

    Parameters
    ----------
    key, variant, init : str
    seed : int
    status : str
        "ok", or how it failed.
    init_cost : float
        What its start took, on the contest's clock.
    spent : float
        What it took in all, its start included; NaN where that is not known.
    passes : float
        Passes over the data in all; NaN where that is not known.
    value : float
        Its final objective; inf where it failed.
    kappa : float
        Its final residual; NaN where that was not measured.
    n_starts, n_rounds : int
        The starts it tried, and the rounds of halving they went through; 1 without.
    """

    key: str
    variant: str
    init: str
    seed: int
    status: str
    init_cost: float
    spent: float
    passes: float
    value: float
    kappa: float
    n_starts: int = 1
    n_rounds: int = 1

    @property
    def line(self) -> Line:
        """The curve it belongs to."""
        return self.variant, self.init

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.status == "ok"


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The runs of one signature.

    Parameters
    ----------
    number : int
        The groups' signature.
    name : str
        Its data, what else differs between contests, and n_components.
    labels : mapping
        By axis, what its runs agree in: dataset, objective, n_components.
    clock : {"cpu_seconds", "seconds"}
        CPU time, unless several threads share the work.
    trials : tuple of Trial
    records : tuple of Record
        The best run of each solver, lowest first.
    reference : Reference
    tolerance : float or None
        The loosest stop.kkt of its runs; None where none has one.
    n_beside : int
        How many of its runs ran beside others.
    split : str
        What it held out: a split's label, or "none".
    """

    number: int
    name: str
    labels: Mapping[str, str]
    clock: str
    trials: tuple[Trial, ...]
    records: tuple[Record, ...]
    reference: Reference
    tolerance: float | None = None
    n_beside: int = 0
    split: str = "none"

    @property
    def problem(self) -> str:
        """Its name without fold and seed of its split: what folds share."""
        return self.name.replace(f"split {self.split}", f"split {family(self.split)}")

    @property
    def dataset(self) -> str:
        """The label of its data."""
        return self.labels["dataset"]

    def about(self, line: Line) -> dict[str, str]:
        """Return the labels of one curve by axis, for the filters of the page."""
        variant, init = line
        return {**self.labels, "solver": variant, "case": variant, "init": init}

    @property
    def best(self) -> Record:
        """The run with the lowest objective known."""
        return self.records[0]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its curves, in order of their names."""
        return tuple(self._of)

    def of(self, line: Line) -> list[Trial]:
        """Return the runs of one curve."""
        return self._of.get(line, [])

    @cached_property
    def _of(self) -> dict[Line, list[Trial]]:
        found: dict[Line, list[Trial]] = {}
        for trial in sorted(self.trials, key=lambda one: one.line):
            found.setdefault(trial.line, []).append(trial)
        return found

    def best_without(self, variant: str) -> Record | None:
        """Return the lowest of the runs that are not of a solver; None for none."""
        others = (one for one in self.records if not one.is_of(variant))
        return next(others, None)


def contests(
    material: Material, groups: Sequence[Group], names: Mapping[int, str]
) -> list[Contest]:
    """Return the comparisons in which a run finished, in order of the groups.

    Parameters
    ----------
    names : mapping
        By `id` of a group, what its panel is called.
    """
    ranked = [group for group in groups if not group.own_objective and group.objective]
    members: dict[int, list[Group]] = {}
    for group in ranked:
        members.setdefault(group.signature, []).append(group)
    runs = _numbered(material.runs, members)
    known = bests(material, runs, set(members))
    made = dict(list(runs.groupby("number")))
    found = [
        _contest(material, number, those, made[number], known[number], names)
        for number, those in members.items()
        if number in known
    ]
    return found


def _numbered(
    runs: pd.DataFrame, members: Mapping[int, Sequence[Group]]
) -> pd.DataFrame:
    """Return the started runs with the number of their contest, -1 for none.

    Of a run that died it is not known how many threads it had: it belongs to the
    contest that agrees in all else.
    """
    runs = runs[runs["status"].isin(["ok", *FAILED])]
    exact: dict[tuple[Any, ...], int] = {}
    loose: dict[tuple[Any, ...], int] = {}
    at = SIGNATURE.index("threads")
    for number, groups in members.items():
        signature = tuple(groups[0].labels[name] for name in SIGNATURE)
        exact[signature] = number
        loose.setdefault(signature[:at] + signature[at + 1 :], number)
    numbers = []
    for values in runs[SIGNATURE].itertuples(index=False, name=None):
        rest = values[:at] + values[at + 1 :]
        unknown = loose.get(rest, -1) if not values[at] else -1
        numbers.append(exact.get(values, unknown))
    return runs.assign(number=numbers)


_TOLD = ("dataset", "objective", "n_components")


def _contest(
    material: Material,
    number: int,
    groups: Sequence[Group],
    runs: pd.DataFrame,
    records: tuple[Record, ...],
    names: Mapping[int, str],
) -> Contest:
    threads = max(int(group.labels["threads"]) for group in groups)
    clock = "cpu_seconds" if threads <= 1 else "seconds"
    own = {group.variant for group in groups}
    # What a solver minimises is known of its spec, failed runs included.
    runs = runs[runs["minimises"] != "own"]
    tolerances = runs["tolerance"].dropna()
    size = groups[0].n_components
    return Contest(
        number=number,
        name=f"{names[id(groups[0])]} · n_components {size}",
        labels={name: str(groups[0].labels[name]) for name in _TOLD},
        clock=clock,
        trials=_trials(runs, clock),
        records=tuple(replace(one, here=one.variant in own) for one in records),
        reference=reference_of(material, groups[0], runs, records[0].value),
        tolerance=float(tolerances.max()) if len(tolerances) else None,
        n_beside=int((runs["beside"].fillna(0) > 0).sum()),
        split=str(groups[0].labels["split"]) or "none",
    )


def _trials(runs: pd.DataFrame, clock: str) -> tuple[Trial, ...]:
    """Return the runs as trials, by solver, start and seed."""
    began = runs[f"init_{clock}"].fillna(0.0)
    runs = runs.assign(began=began, took=runs[clock] + began)
    runs = runs.sort_values(["variant", "init", "seed"], kind="stable")
    return tuple(_trial(row) for row in runs[_READ].to_dict("records"))


_READ = [
    *("key", "variant", "init", "seed", "status", "began", "took", "passes"),
    *("objective_value", "kappa", "n_starts", "n_rounds"),
]


def _trial(row: Mapping[Any, Any]) -> Trial:  # Any: a row of a DataFrame
    value = float(row["objective_value"])
    ok = row["status"] == "ok" and np.isfinite(value)
    return Trial(
        key=str(row["key"]),
        variant=str(row["variant"]),
        init=str(row["init"] or ""),
        seed=int(row["seed"]),
        status=str(row["status"]),
        init_cost=float(row["began"]),
        spent=float(row["took"]),
        passes=float(row["passes"]),
        value=value if ok else np.inf,
        kappa=float(row["kappa"]),
        n_starts=_counted(row["n_starts"]),
        n_rounds=_counted(row["n_rounds"]),
    )


def _counted(value: float) -> int:
    """Return a count; 1 where an earlier nmflab counted none."""
    return int(value) if np.isfinite(value) else 1
