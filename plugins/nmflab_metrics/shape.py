"""Zeros, inequality and orthogonality of the vectors of W and H."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import FittedRun, Matrix, MetricSpec, NotApplicable
from nmflab.hookspecs import hookimpl
from nmflab.numerics import unit_rows
from nmflab_metrics.sparseness import alive_rows

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Gini:
    """Gini index ``Σ_i (2i − m − 1) x_(i) / (m Σ x)`` of vectors of m entries, sorted.

    0 where all entries are equal, ``(m − 1)/m`` where one alone is not 0;
    dimensionless. Mean over components: suffix "W" over the columns of W, "H" over the
    rows of H; absolute values where they are signed. Zero vectors are left out.

    References
    ----------
    N. Hurley, S. Rickard, "Comparing Measures of Sparsity", IEEE Trans. Information
    Theory 55(10), 2009.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise ValueError if a factor is 0."""
        return {
            "W": _mean_gini(run.factors.W.T, "W"),
            "H": _mean_gini(run.factors.H, "H"),
        }


@dataclass(frozen=True, kw_only=True)
class ZeroShare:
    """Share of entries that are 0, ``#{|x_i| <= threshold · max|x|} / m``, per vector.

    From 0 to ``(m − 1)/m``; dimensionless. Mean over components: suffix "W" over the
    columns of W, "H" over the rows of H. Zero vectors are left out.

    Parameters
    ----------
    threshold : float, default 1e-8
        What counts as 0, as a share of the vector's largest entry. Solvers that floor
        their iterates never reach 0 itself.
    """

    threshold: float = 1e-8

    def __post_init__(self) -> None:
        if not 0 <= self.threshold < 1:
            raise ValueError(
                "metric.zero_share.threshold must be at least 0 and below 1, got"
                f" {self.threshold}; it is a share of a vector's largest entry, such as"
                " 1e-8"
            )

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise ValueError if a factor is 0."""
        sides = {"W": run.factors.W.T, "H": run.factors.H}
        return {
            side: float((alive_rows(rows, "zero_share", side) <= self.threshold).mean())
            for side, rows in sides.items()
        }


@dataclass(frozen=True, kw_only=True)
class OrthogonalityError:
    """Departure from orthogonality ``‖ĤĤ' − I‖_F / √(r (r − 1))``, rows of unit length.

    The root mean square of the cosines between components: 0 where they are orthogonal
    (of nonnegative ones: where none shares an entry with another), 1 where all are
    proportional; dimensionless. Suffix "H" over the rows of H, "W" over the columns of
    W. Zero vectors are left out.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if fewer than 2 components are not 0."""
        return {
            "W": _departure(run.factors.W.T, "W"),
            "H": _departure(run.factors.H, "H"),
        }


def _mean_gini(vectors: Matrix, factor: str) -> float:
    ascending = np.sort(alive_rows(vectors, "gini", factor), axis=1)
    m = ascending.shape[1]
    ranks = 2.0 * np.arange(1, m + 1) - m - 1
    ginis = ascending @ ranks / (m * ascending.sum(axis=1))
    # rounding can leave equal entries an ulp below 0
    return float(np.clip(ginis, 0.0, 1.0).mean())


def _departure(vectors: Matrix, factor: str) -> float:
    rows = unit_rows(vectors)
    rows = rows[rows.any(axis=1)]
    if len(rows) < 2:
        raise NotApplicable(
            f"needs at least 2 components that are not 0, {factor} has {len(rows)}"
        )
    cosines = (rows @ rows.T)[np.triu_indices(len(rows), k=1)]
    return float(min(1.0, np.sqrt(np.mean(cosines**2))))


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Gini index, share of zeros, departure from orthogonality."""
    yield MetricSpec(
        name="gini",
        metric=Gini,
        direction="higher",
        range=(0.0, 1.0),
        examples=(Gini(),),
    )
    yield MetricSpec(
        name="zero_share",
        metric=ZeroShare,
        direction="none",
        range=(0.0, 1.0),
        examples=(ZeroShare(), ZeroShare(threshold=0.01)),
    )
    yield MetricSpec(
        name="orthogonality_error",
        metric=OrthogonalityError,
        direction="lower",
        range=(0.0, 1.0),
        examples=(OrthogonalityError(),),
    )
