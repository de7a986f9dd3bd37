"""How often a factor may be updated before the other: the rule of Gillis & Glineur."""

from __future__ import annotations

from nmflab.contracts import Problem
from nmflab_solvers._rescale import stored_values


def most_updates(
    problem: Problem, n_components: int, alpha: float, inner: int | None
) -> tuple[int, int]:
    """Return the most updates of W and of H in one step: `inner`, or by the rule.

    ``floor(1 + alpha·rho)``, where rho is what forming the products of the data and the
    other factor costs against one more update. Operations are counted, never timed: the
    same run twice does the same steps.

    References
    ----------
    N. Gillis, F. Glineur, "Accelerated Multiplicative Updates and Hierarchical ALS
    Algorithms for Nonnegative Matrix Factorization", Neural Computation 24(4), 2012,
    section 3.1.
    """
    if inner is not None:
        return inner, inner
    n_samples, n_features = problem.shape
    n_stored, r = stored_values(problem.X).size, n_components
    rho_W = 1 + (n_stored + n_features * r) / (n_samples * (r + 1))
    rho_H = 1 + (n_stored + n_samples * r) / (n_features * (r + 1))
    return int(1 + alpha * rho_W), int(1 + alpha * rho_H)
