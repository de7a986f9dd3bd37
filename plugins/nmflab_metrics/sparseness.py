"""How few entries carry a component: Hoyer's sparseness and effective features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import FittedRun, Matrix, MetricSpec, NotApplicable
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class HoyerSparseness:
    """Hoyer's sparseness ``(√m − ‖v‖₁/‖v‖₂) / (√m − 1)`` of vectors of m entries.

    0 where all entries are equal, 1 where one alone is not 0; dimensionless. Mean over
    components: suffix "W" over the columns of W (``m = n_samples``), "H" over the rows
    of H (``m = n_features``). Zero vectors are left out. It depends on m, so compare
    within one shape only.

    References
    ----------
    P. O. Hoyer, "Non-negative Matrix Factorization with Sparseness Constraints", JMLR
    5, 2004, sec. 3.1.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise ValueError if a factor is 0 or its vectors have one entry only."""
        return {
            "W": _mean_sparseness(run.factors.W.T, "W", "sample"),
            "H": _mean_sparseness(run.factors.H, "H", "feature"),
        }


@dataclass(frozen=True, kw_only=True)
class EffectiveFeatures:
    """Effective features ``exp(−Σ_j q_j log q_j)``, ``q = |h| / Σ|h|``; mean over rows.

    How many equally weighted features would carry as much: the Hill number of order 1
    of a row of H. From 1 (one feature) to n_features (all alike); a count. Zero rows
    are left out.
    """

    def compute(self, run: FittedRun) -> float:
        """Raise ValueError if H is 0."""
        q = alive_rows(run.factors.H, "effective_features", "H")
        q /= q.sum(axis=1, keepdims=True)
        logs = np.log(np.where(q > 0, q, 1.0))
        return float(np.exp(-np.einsum("kj,kj->k", q, logs)).mean())


def alive_rows(rows: Matrix, metric: str, factor: str) -> Matrix:
    """Return absolute rows scaled to a largest entry of 1, zero rows left out; float64.

    Raises ValueError where no row is left, naming the metric and the factor.
    """
    absolute = np.abs(rows.astype(np.float64))
    top = absolute.max(axis=1)
    if not top.any():
        raise ValueError(
            f"metric {metric}: every component of {factor} is 0; the run found nothing,"
            " look at its start and its stop reason"
        )
    scaled: Matrix = absolute[top > 0] / top[top > 0, None]
    return scaled


def _mean_sparseness(vectors: Matrix, factor: str, entry: str) -> float:
    m = vectors.shape[1]
    if m < 2:
        raise NotApplicable(
            f"needs vectors of at least 2 entries, {factor} has one {entry}"
        )
    alive = alive_rows(vectors, "hoyer_sparseness", factor)
    ratio = alive.sum(axis=1) / np.sqrt(np.einsum("kj,kj->k", alive, alive))
    # rounding can leave the ratio an ulp outside 1..√m, and the result outside 0..1
    ratio = np.clip(ratio, 1.0, np.sqrt(m))
    return float(((np.sqrt(m) - ratio) / (np.sqrt(m) - 1)).mean())


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Hoyer's sparseness of W and H, effective features per component."""
    yield MetricSpec(
        name="hoyer_sparseness",
        metric=HoyerSparseness,
        direction="higher",
        range=(0.0, 1.0),
        examples=(HoyerSparseness(),),
    )
    yield MetricSpec(
        name="effective_features",
        metric=EffectiveFeatures,
        direction="lower",
        range=(1.0, None),
        unit="count",
        examples=(EffectiveFeatures(),),
    )
