"""What calling scikit-learn takes: our objective in its terms, and quiet."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, Step
from nmflab_solvers._lost_cells import lost_cells
from nmflab_solvers._rescale import Rescaled

if TYPE_CHECKING:
    from scipy.sparse import csr_array


FAR_FROM_ONE = 20
"""Data whose mean is beyond 2^±20 are handed over in another unit, a power of four.

scikit-learn floors WH at 1.2e-7 in multiplicative updates, whatever the unit of X.
"""


class Stepping(StrEnum):
    """One iteration a step, or one call with the library's own stopping."""

    fair = "fair"
    native = "native"


@dataclass(frozen=True)
class SklearnCall:
    """scikit-learn's function with everything bound but the factors."""

    X: Matrix | csr_array
    arguments: dict[str, object]

    @classmethod
    def prepare(
        cls, problem: Problem, method: str, shuffle: bool, rng: np.random.Generator
    ) -> SklearnCall:
        """Convert the problem's objective to scikit-learn's arguments.

        Raises
        ------
        ValueError
            If the penalties have no counterpart; see `penalties`.
        """
        arguments: dict[str, object] = {
            "init": "custom",
            "solver": method,
            "beta_loss": problem.objective.exponent,
            "shuffle": shuffle,
            **penalties(problem),
        }
        if shuffle:
            # Its own state moves on from call to call, as it does within one.
            seed = int(rng.integers(2**32))
            arguments["random_state"] = np.random.RandomState(seed)
        return cls(without_zeros(problem.X), arguments)

    def __call__(
        self, W: Matrix, H: Matrix, *, tol: float, max_iter: int
    ) -> tuple[Matrix, Matrix, int]:
        """Return W, H and the number of iterations; writes into the arrays given."""
        from sklearn.decomposition import non_negative_factorization

        with quiet():
            W, H, n_iter = non_negative_factorization(
                self.X, W, H, W.shape[1], tol=tol, max_iter=max_iter, **self.arguments
            )
        return W, H, int(n_iter)


@contextmanager
def quiet() -> Iterator[None]:
    """Let scikit-learn work without saying how it stopped: that is the solver's to say.

    Its checks of parameters and of X, which is finite as every Problem's is, are left
    out; a step would pay for them each time.
    """
    from sklearn import config_context
    from sklearn.exceptions import ConvergenceWarning

    with (
        warnings.catch_warnings(),
        # 0 divided by 0 at an exact start; the runner checks the factors.
        np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"),
        config_context(assume_finite=True, skip_parameter_validation=True),
    ):
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def without_zeros(X: Matrix | csr_array) -> Matrix | csr_array:
    """Return X, or a copy of a CSR that stores zeros, on which multiplying fails.

    To scikit-learn stored zeros are zeros as others.
    """
    if isinstance(X, np.ndarray) or X.data.all():
        return X
    X = X.copy()
    X.eliminate_zeros()
    return X


def refusal(W: Matrix, H: Matrix, n_steps: int) -> str | None:
    """Return why scikit-learn would not take these factors, or None if it would."""
    for name, factor in (("W", W), ("H", H)):
        if not factor.any():
            return (
                f"scikit-learn stopped after {n_steps} iterations: it takes no factor"
                f" that is 0 everywhere, and {name} is"
            )
    return None


def handed_over(scaled: Rescaled, init: Factors, W: Matrix, H: Matrix) -> Step:
    """Return a step whose loss is finite where scikit-learn's own is.

    For beta <= 1 the library sets entries below 2.2e-16 to 0 and evaluates the loss
    with a floor under WH. Where such a 0 makes WH 0 at a cell that is not, it is handed
    over as 1e-20; a 0 that the start brought stays, and the loss infinite.
    """
    if scaled.problem.objective.exponent > 1:
        return scaled.leave(W.T, H)

    def fetch() -> Factors:
        rows, columns = lost_cells(scaled.problem, W.T, H)
        W1, H1 = W.copy(), H.copy()
        W1[rows] = np.where((W[rows] == 0) & (init.W[rows] > 0), 1e-20, W[rows])
        zeroed = (H[:, columns] == 0) & (init.H[:, columns] > 0)
        H1[:, columns] = np.where(zeroed, 1e-20, H[:, columns])
        W1 *= scaled.root
        H1 *= scaled.root
        return Factors(W1, H1)

    return Step(fetch)


def penalties(problem: Problem) -> dict[str, object]:
    """Return ``alpha_W``, ``alpha_H`` and ``l1_ratio`` for the objective's penalties.

    Raises
    ------
    ValueError
        If W and H would need different values of ``l1_ratio``.
    """
    objective, (n_samples, n_features) = problem.objective, problem.shape
    weight_W = objective.l1_W + objective.l2_W
    weight_H = objective.l1_H + objective.l2_H
    ratios = [
        l1 / weight
        for l1, weight in ((objective.l1_W, weight_W), (objective.l1_H, weight_H))
        if weight > 0
    ]
    if len(ratios) == 2 and not np.isclose(ratios[0], ratios[1], rtol=1e-12, atol=0):
        raise ValueError(
            "scikit-learn has one l1_ratio for both factors, but l1/(l1 + l2) is"
            f" {ratios[0]:g} for W and {ratios[1]:g} for H; give objective.l1_W,"
            " l2_W, l1_H and l2_H the same proportion, or use solver=hals"
        )
    return {
        "alpha_W": weight_W / n_features,
        "alpha_H": weight_H / n_samples,
        "l1_ratio": ratios[0] if ratios else 0.0,
    }
