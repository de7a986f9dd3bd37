"""Runs whose splits differ by fold and seed only, and statistics over the folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from nmflab.report.reading.groups import Stat
from nmflab.report.sections.held_out.measures import Measured

ROW = ("variant", "init", "zero_filled")
"""What a row of the table is of; its contests differ by fold and seed of the split."""


@dataclass(frozen=True)
class Family:
    """The runs on one data set whose splits differ by fold and seed only.

    Parameters
    ----------
    id, title : str
    runs : DataFrame
        As `nmflab.selection.scored` has them.
    choices : DataFrame
        What `nmflab.selection.choose` made of them.
    measures : sequence of Measured
        Those that any of the runs has.
    """

    id: str
    title: str
    runs: pd.DataFrame
    choices: pd.DataFrame
    measures: Sequence[Measured]

    @cached_property
    def values(self) -> pd.DataFrame:
        """The runs by key."""
        return self.runs.set_index("key")

    @cached_property
    def rows(self) -> list[pd.DataFrame]:
        """The choices of each row of the table: one a fold, those tested best first."""
        rows = [found for _, found in self.choices.groupby(list(ROW), sort=False)]
        return sorted(rows, key=self._place)

    @cached_property
    def n_folds(self) -> int:
        """How many folds and seeds of the split there are."""
        return len(self.choices[["fold", "split_seed"]].drop_duplicates())

    @property
    def events(self) -> bool:
        """Whether held-out cells are events that count as 0 in training.

        An error over events alone is least for who predicts large values everywhere:
        such models are judged by their rankings.
        """
        return bool(self.runs["events"].any()) and any(m.higher for m in self.measures)

    @property
    def unit(self) -> str:
        """What the runs are averaged over: folds, or splits by several seeds."""
        return "fold" if self.choices["fold"].nunique() > 1 else "split"

    def stat(self, rows: pd.DataFrame, metric: str) -> Stat | None:
        """Return a metric of the chosen runs: over folds, or over seeds of one fold."""
        folds = [self.values.loc[list(keys), metric].dropna() for keys in rows["keys"]]
        folds = [fold for fold in folds if len(fold)]
        return stat_of(folds)

    def _place(self, rows: pd.DataFrame) -> float:
        if not self.measures:
            return float(rows["validation"].mean())
        main = self.measures[0]
        stat = self.stat(rows, main.metric)
        if stat is None:
            return float("inf")
        return -stat.mean if main.higher else stat.mean


def stat_of(folds: Sequence[pd.Series[float]]) -> Stat | None:
    """Return the statistics of folds' means; of the values where there is one fold."""
    if not folds:
        return None
    means = pd.Series([float(fold.mean()) for fold in folds])
    over = means if len(folds) > 1 else folds[0]
    sd = float(over.std()) if len(over) > 1 else None
    ends = float(over.min()), float(over.max())
    return Stat(len(over), float(over.mean()), sd, *ends)
