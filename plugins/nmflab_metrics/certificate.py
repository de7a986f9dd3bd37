"""Whether a model has other factors nearby: the certificate of non-uniqueness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Factors, FittedRun, MetricSpec, NotApplicable
from nmflab.hookspecs import hookimpl
from nmflab.numerics import Freedom, canonical, free_directions
from nmflab.numerics.uniqueness import MOST_COMPONENTS

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class FreeDirections:
    """Directions ``e_kl`` in which factors can move without changing W H; a count.

    With ``T = I + tE``, W T and T^-1 H are to stay at least 0 to first order in t: a
    linear programme finds which of the ``r (r − 1)`` entries of E off the diagonal can
    be other than 0, for r components that are not 0. From 0 (no other factorization of
    this W H is near) to ``r (r − 1)`` (all of dense factors); raw counts of different
    n_components do not compare, suffix "share" does, from 0 to 1. Suffix "verdict":
    "first-order unique", "free: 12 of 90 directions", or that no direction is free but
    W or H is short of full rank, so that other factors are not excluded; "components":
    how many directions change each component, counted from 1 in canonical order, as
    "1 (3), 4 (2)".

    Says nothing of how well X is fitted, nor of factors farther away. For at most 20
    components.

    Parameters
    ----------
    zero : float, default 1e-6
        What counts as 0, as a share of the largest entry of a column of W or row of H.
        A run stopped early has small values where the optimum has zeros, and then seems
        freer than the optimum is.

    References
    ----------
    R. Krone, K. Kubjas, "Uniqueness of Nonnegative Matrix Factorizations by Rigidity
    Theory", SIAM Journal on Matrix Analysis and Applications 42(1), 2021.
    """

    zero: float = 1e-6

    def __post_init__(self) -> None:
        if not 0 <= self.zero < 1:
            raise ValueError(
                f"metric.free_directions.zero must be at least 0 and below 1, got"
                f" {self.zero}; it is a small share, such as 1e-6"
            )

    def compute(self, run: FittedRun) -> dict[str, float | str]:
        """Raise NotApplicable unless 2 to 20 components are not 0."""
        found = free_directions(_alive(run), zero=self.zero)
        return {
            "": float(found.n_free),
            "share": found.share,
            "verdict": found.verdict,
            "components": _counts(found),
        }


def _alive(run: FittedRun) -> Factors:
    """Return the components that are not 0, in canonical order."""
    form = canonical(run.factors)
    alive = form.sizes > 0
    if alive.sum() < 2:
        raise NotApplicable(
            f"needs 2 components that are not 0, the run has {alive.sum()}"
        )
    if alive.sum() > MOST_COMPONENTS:
        raise NotApplicable(
            f"needs at most {MOST_COMPONENTS} components, the run has {alive.sum()}"
        )
    return Factors(form.W[:, alive], form.H[alive])


def _counts(found: Freedom) -> str:
    changed = found.per_component
    named = [f"{k + 1} ({changed[k]})" for k in np.flatnonzero(changed)]
    return ", ".join(named) or "none"


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """How many directions leave the product of the factors as it is."""
    yield MetricSpec(
        name="free_directions",
        metric=FreeDirections,
        needs=frozenset({"nonnegative"}),
        direction="lower",
        range=(0.0, None),
        unit="count",
        examples=(FreeDirections(),),
    )
