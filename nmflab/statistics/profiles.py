"""Performance and data profiles: on how many problems a solver is near the fastest.

References
----------
E. D. Dolan, J. J. Moré, "Benchmarking optimization software with performance profiles",
Mathematical Programming 91, 2002.
J. J. Moré, S. M. Wild, "Benchmarking derivative-free optimization algorithms", SIAM J.
Optim. 20(1), 2009.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nmflab.statistics.targets import Steps, Vector, ecdf


def ratios(times: npt.ArrayLike) -> Vector:
    """Return ``r_ps = t_ps / min_s t_ps``; inf where a solver failed.

    Parameters
    ----------
    times : array of shape (n_problems, n_solvers)
        At least 0; inf where the solver did not solve the problem. Where the fastest
        took 0, others that took 0 have the ratio 1 and the rest inf. Where nobody
        solved a problem, all have inf: it stays in the denominator of each.

    Raises
    ------
    ValueError
        If a time is negative or NaN.
    """
    given = np.asarray(times, dtype=np.float64)
    if np.isnan(given).any() or (given < 0).any():
        raise ValueError(
            "ratios: a time is negative or NaN; write inf for a problem not solved"
        )
    if given.shape[1] == 0:
        return given
    fastest = given.min(axis=1, keepdims=True)
    found = np.full(given.shape, np.inf)
    able = np.isfinite(given) & (fastest > 0)
    np.divide(given, fastest, out=found, where=able)
    found[(fastest == 0) & (given == 0)] = 1.0
    return found


def performance_profile(times: npt.ArrayLike) -> list[Steps]:
    """Return ``ρ_s(τ) = |{p : t_ps ≤ τ min_s t_ps}| / |P|`` of each solver.

    ``ρ_s(1)`` is the share of problems on which s was fastest, its last value the share
    it solved at all (Dolan & Moré 2002, eq. 2.2). The ratios, hence the profile, depend
    on which other solvers take part.

    Parameters
    ----------
    times : array of shape (n_problems, n_solvers)
        As for `ratios`.
    """
    return [ecdf(column) for column in ratios(times).T]


def data_profile(budgets: npt.ArrayLike, weights: npt.ArrayLike) -> Steps:
    """Return the share of problems solved within a budget, of one solver.

    ``d_s(α) = |{p : b_ps ≤ α}| / |P|``, the budget in passes over the data (Moré & Wild
    2009, eq. 2.6, where it is in simplex gradients). It does not depend on which other
    solvers take part.

    Parameters
    ----------
    budgets : array of shape (n_trials,)
        What each trial needed; inf where it did not get there.
    weights : array of shape (n_trials,)
        So that each problem counts once: 1 / (its trials).
    """
    return ecdf(budgets, weights)
