"""What a comparison of methods over data sets found."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd

from nmflab.statistics.arranged import Scale
from nmflab.statistics.bayesian import Posterior
from nmflab.statistics.friedman import Friedman
from nmflab.statistics.intervals import Interval
from nmflab.statistics.pairs import Pair


@dataclass(frozen=True)
class Tested:
    """A method against the control over the data sets that all methods finished.

    Parameters
    ----------
    shift : float
        The Hodges-Lehmann difference of the data sets' values, on the scale's terms.
    interval : Interval
        Its interval at ``1 − alpha``.
    p, p_holm : float
        Wilcoxon's, two-sided; and after Holm's correction for all comparisons made.
    posterior : Posterior
        That the difference lies below, within or above practical equality.
    """

    shift: float
    interval: Interval
    p: float
    p_holm: float
    posterior: Posterior


@dataclass(frozen=True)
class Against:
    """A method against the control.

    Parameters
    ----------
    method : str
    wins, ties, losses : int
        Data sets, by `nmflab.statistics.is_tie`; a data set that only one of the two
        finished is a loss of the other.
    failures : int
        How many of the losses are data sets that the method did not finish.
    tested : Tested or None
        None where no test is made.
    """

    method: str
    wins: int
    ties: int
    losses: int
    failures: int
    tested: Tested | None


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    Parameters
    ----------
    methods : tuple of str
        From best to worst average rank.
    datasets : tuple of str
        All of them.
    complete : tuple of str
        Those that every method finished: ranks and tests are over these.
    missing : mapping of data set to methods
        Who has no value there.
    control : str
        What the others are set against.
    stated : bool
        Whether the caller named it; else it is the best by average rank.
    scale : Scale
    alpha : float
    average_ranks : mapping of method to float
        Over the complete data sets; empty where there are none.
    firsts : mapping of method to int
        Complete data sets on which it has the best value, or one tied with it.
    friedman : Friedman or None
        Of three methods or more, where tests are made.
    cd : float or None
        Nemenyi's critical difference, from eight data sets and three methods on.
    why_untested : str
        Why no test is made; "" where one is.
    against : tuple of Against
        Each method but the control.
    pairs : tuple of Pair
        Each method against the control on each data set that both finished.
    """

    methods: tuple[str, ...]
    datasets: tuple[str, ...]
    complete: tuple[str, ...]
    missing: dict[str, tuple[str, ...]]
    control: str
    stated: bool
    scale: Scale
    alpha: float
    average_ranks: dict[str, float]
    firsts: dict[str, int]
    friedman: Friedman | None
    cd: float | None
    why_untested: str
    against: tuple[Against, ...]
    pairs: tuple[Pair, ...]

    def over_datasets(self) -> pd.DataFrame:
        """Return one row a method: rank, wins, ties, losses and, if made, the test."""
        by = {one.method: one for one in self.against}
        return pd.DataFrame(
            [
                {
                    "method": name,
                    "average_rank": self.average_ranks.get(name),
                    **_row(by.get(name)),
                }
                for name in self.methods
            ]
        )

    def within_datasets(self) -> pd.DataFrame:
        """Return one row a data set and method: difference, interval, effect size."""
        return pd.DataFrame(
            [
                {
                    **{k: v for k, v in asdict(one).items() if k != "interval"},
                    "low": one.interval.low,
                    "high": one.interval.high,
                    "note": one.interval.note,
                    "delta": one.delta,
                }
                for one in self.pairs
            ]
        )


def _row(one: Against | None) -> dict[str, float | None]:
    if one is None:
        return {}
    counts = ("wins", "ties", "losses", "failures")
    row: dict[str, float | None] = {name: getattr(one, name) for name in counts}
    if one.tested:
        test, ends = one.tested, one.tested.interval
        row |= {"shift": test.shift, "low": ends.low, "high": ends.high}
        row |= {"p": test.p, "p_holm": test.p_holm} | asdict(test.posterior)
    return row
