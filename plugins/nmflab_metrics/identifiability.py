"""Whether the factors could be the only ones: separability, sufficient scattering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmflab.contracts import Factors, FittedRun, Matrix, MetricSpec, NotApplicable
from nmflab.hookspecs import hookimpl
from nmflab.numerics import canonical
from nmflab.numerics.nnls import nnls
from nmflab.numerics.separable import spa
from nmflab_metrics.chance import beside_chance, by_chance, check_draws
from nmflab_metrics.scattering import unmet_conditions

NMFLAB_CONTRACT = 1

MET = "necessary conditions met"


@dataclass(frozen=True, kw_only=True)
class Separability:
    """Separability ``min_k max_i s_ik``: the purest sample of the least pure component.

    ``s_ik`` is the share of component k in the sum of row i of ``W H``. From 0 to 1,
    where every component has a sample of its own (the model is separable);
    dimensionless. Suffix "W": this; "H": the same of the columns, where 1 means that
    every component has a feature of its own (an anchor word). Zero components are left
    out. It falls with n_components by itself: suffix "W_chance" is the mean where each
    column of W is shuffled by itself, "W_adjusted" ``(value − chance)/(1 − chance)``,
    which may be below 0; "H_chance" and "H_adjusted" of the rows of H.

    Parameters
    ----------
    n_draws : int, default 20
        Shuffles behind "chance"; 0 leaves it out.

    References
    ----------
    D. Donoho, V. Stodden, "When Does Non-negative Matrix Factorization Give a Correct
    Decomposition into Parts?", NeurIPS 16, 2003.
    """

    n_draws: int = 20

    def __post_init__(self) -> None:
        check_draws("separability", self.n_draws)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if fewer than 2 components are not 0."""
        form = _alive(run)
        W = form.W * form.H.sum(axis=1)
        H = form.H * form.W.sum(axis=0)[:, None]
        return {
            f"{name}_{suffix}" if suffix else name: value
            for name, weights in (("W", W), ("H", H.T))
            for suffix, value in self._beside_chance(weights).items()
        }

    def _beside_chance(self, weights: Matrix) -> dict[str, float]:
        chance = by_chance(
            "separability",
            lambda rng: _purest(rng.permuted(weights, axis=0)),
            self.n_draws,
        )
        return beside_chance(_purest(weights), chance, best=1.0)


@dataclass(frozen=True, kw_only=True)
class SpaResidual:
    """Relative error ``‖X − A X_K‖_F / ‖X‖_F``, A >= 0 the best, K what SPA picks.

    From 0 (every row of X mixes n_components of its rows: X is separable) to 1;
    dimensionless. Says something of the data and n_components, not of the run: the
    error that rows of X would reach in place of H.

    References
    ----------
    N. Gillis, S. A. Vavasis, "Fast and Robust Recursive Algorithms for Separable
    Nonnegative Matrix Factorization", IEEE TPAMI 36(4), 2014.
    """

    def compute(self, run: FittedRun) -> float:
        """Raise NotApplicable if X is 0 or holds negative values."""
        X: Any = run.problem.X  # dense or CSR
        if X.min() < 0:
            raise NotApplicable("needs X of at least 0")
        if not X.max() > 0:
            raise NotApplicable("needs X that is not 0 everywhere")
        picked = spa(X, run.factors.n_components)
        X = X.astype(np.float64) / X.max()  # whose squares neither overflow nor vanish
        S = X[picked]
        G, C = _dense(S @ S.T), _dense(S @ X.T)
        A = nnls(G, C)
        stored = X if isinstance(X, np.ndarray) else X.data
        total = float(np.vdot(stored, stored))
        square = total - 2 * float(np.vdot(C, A)) + float(np.vdot(G @ A, A))
        # Squares cancel: below their rounding nothing is left to see.
        return float(np.sqrt(np.clip(square / total, 0.0, 1.0)))


@dataclass(frozen=True, kw_only=True)
class SufficientlyScattered:
    """Necessary conditions of sufficient scattering, of the rows of H and of W'.

    For r components: (1) each row has at least ``r − 1`` zeros; (2) the support of none
    lies within another's; (3) ``e − e_k`` is in the cone of the columns, for every k.
    Suffixes "H" and "W": 1 where all are met, 0 where one is not; "H_verdict" and
    "W_verdict": "necessary conditions met", or which is not (components counted from 1,
    in canonical order). Where both factors are sufficiently scattered, the
    factorization is unique but for scale and order; whether they are is NP-hard to
    decide, so "met" proves nothing, while "not met" shows that this theorem does not
    apply.

    Parameters
    ----------
    threshold : float, default 1e-8
        What counts as 0, as a share of the row's largest entry.
    tolerance : float, default 1e-6
        Relative distance from the cone that counts as being in it.

    Notes
    -----
    Rows are scaled to sum to 1 first: membership in the cone depends on their scale,
    uniqueness does not, so that another scale might meet condition 3 where this does
    not. It is looked at where 1 and 2 are met.

    References
    ----------
    K. Huang, N. D. Sidiropoulos, A. Swami, "Non-Negative Matrix Factorization
    Revisited: Uniqueness and Algorithm for Symmetric Decomposition", IEEE Trans. Signal
    Processing 62(1), 2014.
    N. Gillis, "Nonnegative Matrix Factorization", SIAM, 2020, ch. 4.
    """

    threshold: float = 1e-8
    tolerance: float = 1e-6

    def __post_init__(self) -> None:
        for name in ("threshold", "tolerance"):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise ValueError(
                    f"metric.sufficiently_scattered.{name} must lie between 0 and 1,"
                    f" got {value}; it is a small share, such as 1e-8"
                )

    def compute(self, run: FittedRun) -> dict[str, float | str]:
        """Raise NotApplicable if fewer than 2 components are not 0."""
        form = _alive(run)
        values: dict[str, float | str] = {}
        for name, rows in (("H", form.H), ("W", form.W.T)):
            unmet = unmet_conditions(rows, self.threshold, self.tolerance)
            values[name] = float(not unmet)
            values[f"{name}_verdict"] = f"not met: {unmet}" if unmet else MET
        return values


def _alive(run: FittedRun) -> Factors:
    """Return the components that are not 0, in canonical form and order."""
    form = canonical(run.factors)
    alive = form.sizes > 0
    if alive.sum() < 2:
        raise NotApplicable(
            f"needs 2 components that are not 0, the run has {alive.sum()}"
        )
    return Factors(form.W[:, alive], form.H[alive])


def _purest(weights: Matrix) -> float:
    """Return the least, over columns, of the largest share in any row."""
    sums = weights.sum(axis=1, keepdims=True)
    shares = weights / np.where(sums > 0, sums, 1.0)
    return float(min(1.0, shares.max(axis=0).min()))


def _dense(matrix: Any) -> Matrix:
    """Return a small dense or sparse product as a float64 array."""
    array = matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
    return np.asarray(array, dtype=np.float64)


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Separability, the error of SPA's rows, sufficient scattering."""
    nonnegative = frozenset({"nonnegative"})
    yield MetricSpec(
        name="separability",
        metric=Separability,
        needs=nonnegative,
        direction="higher",
        range=(None, 1.0),
        examples=(Separability(), Separability(n_draws=0)),
    )
    yield MetricSpec(
        name="spa_residual",
        metric=SpaResidual,
        needs=frozenset({"complete"}),
        direction="lower",
        range=(0.0, 1.0),
        examples=(SpaResidual(),),
    )
    yield MetricSpec(
        name="sufficiently_scattered",
        metric=SufficientlyScattered,
        needs=nonnegative,
        direction="higher",
        range=(0.0, 1.0),
        examples=(SufficientlyScattered(),),
    )
