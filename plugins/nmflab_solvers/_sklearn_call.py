"""One call of scikit-learn's NMF, with nmflab's objective put in its terms."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Matrix, Problem

if TYPE_CHECKING:
    from scipy.sparse import csr_array


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
        X = problem.X
        if not isinstance(X, np.ndarray) and not X.data.all():
            # scikit-learn's mu fails on explicit zeros; to it they are zeros as others.
            X = X.copy()
            X.eliminate_zeros()
        return cls(X, arguments)

    def __call__(
        self, W: Matrix, H: Matrix, *, tol: float, max_iter: int
    ) -> tuple[Matrix, Matrix, int]:
        """Return W, H and the number of iterations; writes into the arrays given."""
        from sklearn import config_context
        from sklearn.decomposition import non_negative_factorization
        from sklearn.exceptions import ConvergenceWarning

        with (
            warnings.catch_warnings(),
            # mu divides 0 by 0 from an exact start; factors are checked by the runner.
            np.errstate(divide="ignore", invalid="ignore", over="ignore"),
            # X is finite, as every Problem's is: no need to look at each step.
            config_context(assume_finite=True, skip_parameter_validation=True),
        ):
            # How it stopped is the solver's to say.
            warnings.simplefilter("ignore", ConvergenceWarning)
            W, H, n_iter = non_negative_factorization(
                self.X, W, H, W.shape[1], tol=tol, max_iter=max_iter, **self.arguments
            )
        return W, H, int(n_iter)


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
            "solver=sklearn has one l1_ratio for both factors, but l1/(l1 + l2) is"
            f" {ratios[0]:g} for W and {ratios[1]:g} for H; give objective.l1_W,"
            " l2_W, l1_H and l2_H the same proportion, or use solver=hals"
        )
    return {
        "alpha_W": weight_W / n_features,
        "alpha_H": weight_H / n_samples,
        "l1_ratio": ratios[0] if ratios else 0.0,
    }
