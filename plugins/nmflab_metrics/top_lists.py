"""Components as distributions over features, and the lists of their top features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nmflab.contracts import FittedRun, Matrix, NotApplicable
from nmflab.numerics import canonical
from nmflab.numerics.top_features import Features, top_lists

__all__ = ["Features", "check_n_top", "distributions", "names_of", "top_lists"]


def check_n_top(metric: str, n_top: int, least: int = 1) -> None:
    """Raise ValueError where lists would be too short."""
    if not n_top >= least:
        raise ValueError(
            f"metric.{metric}.n_top must be at least {least}, got {n_top}; 5, 10 and 20"
            " are usual"
        )


def distributions(run: FittedRun, least: int = 1) -> Matrix:
    """Return ``|H|`` with rows that sum to 1, in canonical order, zero rows left out.

    Raises
    ------
    NotApplicable
        If fewer than `least` components are not 0.
    """
    H = np.abs(canonical(run.factors, "kullback_leibler").H)
    alive: Matrix = H[H.any(axis=1)]
    if len(alive) < least:
        needed = "a component that is" if least == 1 else f"{least} components that are"
        raise NotApplicable(f"needs {needed} not 0, the run has {len(alive)}")
    return alive


def names_of(run: FittedRun) -> Sequence[str]:
    """Return the names of the columns, or say that the metric does not apply."""
    if run.dataset.column_names is None:
        raise NotApplicable("needs column names")
    return run.dataset.column_names
