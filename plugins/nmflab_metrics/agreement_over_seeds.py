"""Whether components come back from other seeds, by the likeness of rows of H.

All compare each two runs that differ by seed only, and give the mean over pairs. Zero
components are left out; where two runs hold different numbers of others, those left
without a partner count as not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import (
    Factors,
    FittedRun,
    Matrix,
    MetricSpec,
    MetricValue,
    NotApplicable,
)
from nmflab.hookspecs import hookimpl
from nmflab.numerics import ObjectiveEvaluator, n_fitted, unit_rows
from nmflab_metrics._between_runs import (
    Rows,
    by_seed,
    check_seeds,
    live_rows,
    matched,
    over_pairs,
    shuffled_cosines,
    similarities,
)
from nmflab_metrics.chance import beside_chance, check_draws

NMFLAB_CONTRACT = 1

_EXACT = 1e-9
"""An objective below this share of a constant model's is an exact fit."""


@dataclass(frozen=True, kw_only=True)
class SeedsCosine:
    """Mean matched cosine of components between two seeds: 1 is the same factors.

    The rows of H of two runs are paired one to one so that the sum of their cosines is
    largest. From 0 to 1 for nonnegative H; dimensionless. Suffix "min": the smallest
    cosine of any pair of components in any pair of runs. Suffix "chance": the mean
    where the features of each component are shuffled, well above 0 for dense H;
    "adjusted": ``(value − chance) / (1 − chance)``, by which sizes are compared.

    Parameters
    ----------
    n_draws : int, default 20
        Shuffled pairs of runs behind "chance"; 0 leaves it out.

    References
    ----------
    S. Wu et al., "Stability-driven nonnegative matrix factorization to interpret
    spatial gene expression and build local gene networks", PNAS 113(16), 2016, compare
    dictionaries in a like way.
    """

    n_draws: int = 20

    def __post_init__(self) -> None:
        check_draws("seeds_cosine", self.n_draws)

    def compute(self, runs: Sequence[FittedRun]) -> dict[str, float]:
        """Raise NotApplicable if a run has no component that is not 0."""
        rows = live_rows(by_seed(runs))
        chance = shuffled_cosines("seeds_cosine", rows, matched, self.n_draws)
        found = _cosines(rows)
        return {**found, **beside_chance(found[""], chance, best=1.0)}


@dataclass(frozen=True, kw_only=True)
class AmariDistance:
    """Amari-type distance between two seeds' components, 0 for the same factors.

    ``(r + s − Σ_j max_k c_jk − Σ_k max_j c_jk) / (r + s)``, with c the absolute Pearson
    correlation of row j of one run's H with row k of the other's, and r and s their
    numbers of components (equal but for pruned ones). From 0 to 1; dimensionless.
    Unlike a matched cosine it lets a component be the best partner of several. A row
    that is constant correlates with none. Suffix "chance": the mean where the features
    of each component are shuffled, which differs by n_components.

    Parameters
    ----------
    n_draws : int, default 20
        Shuffled pairs of runs behind "chance"; 0 leaves it out.

    References
    ----------
    S. Wu et al., "Stability-driven nonnegative matrix factorization to interpret
    spatial gene expression and build local gene networks", PNAS 113(16), 2016.
    """

    n_draws: int = 20

    def __post_init__(self) -> None:
        check_draws("amari", self.n_draws)

    def compute(self, runs: Sequence[FittedRun]) -> dict[str, float]:
        """Raise NotApplicable if there is one feature, or a run without components."""
        rows = _centred(live_rows(by_seed(runs)))
        if rows[0].shape[1] < 2:
            raise NotApplicable("needs 2 features, for correlations between components")
        found = float(over_pairs(similarities(rows), _amari).mean())
        chance = shuffled_cosines("amari", rows, _amari, self.n_draws)
        return beside_chance(found, chance, best=None)


@dataclass(frozen=True, kw_only=True)
class UniquenessProbe:
    """Mean matched cosine of components between the runs that fit equally well.

    As `SeedsCosine`, among the runs whose objective is within `tolerance` of the best:
    below 1 the data do not decide between different factors. Suffixes "min": the
    smallest cosine of all; "runs": how many runs fit so well, as in "3 of 20". Fits
    with less than 1e-9 of the objective of a constant model are equally exact.

    Parameters
    ----------
    tolerance : float, default 0.001
        Relative excess over the best objective; the shared one, penalties included.
    """

    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        if not self.tolerance >= 0:  # written so that NaN is refused too
            raise ValueError(
                "metric.uniqueness_probe.tolerance must be at least 0, got"
                f" {self.tolerance}; 0.001 is usual"
            )

    def compute(self, runs: Sequence[FittedRun]) -> dict[str, MetricValue]:
        """Raise NotApplicable if fewer than two runs are so near the best."""
        check_seeds(runs)
        values = np.array([*_objectives(runs)])
        if not np.isfinite(values).any():
            raise NotApplicable("needs a run with a finite objective")
        best = float(values.min())
        most = best + max(self.tolerance * abs(best), _EXACT * _constant_fit(runs[0]))
        near = [run for run, value in zip(runs, values, strict=True) if value <= most]
        if len(near) < 2:
            raise NotApplicable(
                f"needs 2 runs within {100 * self.tolerance:g} % of the best objective,"
                f" there is {len(near)} of {len(runs)}"
            )
        return {**_cosines(live_rows(near)), "runs": f"{len(near)} of {len(runs)}"}


def _cosines(rows: Rows) -> dict[str, float]:
    lowest, means = [], []
    for pair in similarities(rows):
        cosines = matched(pair)
        lowest.append(cosines.min())
        means.append(cosines.mean())
    return {"": float(np.mean(means)), "min": float(min(lowest))}


def _centred(rows: Rows) -> Rows:
    """Return rows with mean 0 and unit length; 0 for what is constant to rounding."""
    found = []
    for H in rows:
        centred = H - H.mean(axis=1, keepdims=True)
        sizes = np.abs(H).max(axis=1, keepdims=True)
        flat = np.abs(centred).max(axis=1, keepdims=True) <= 1e-12 * sizes
        found.append(unit_rows(np.where(flat, 0.0, centred)))
    return found


def _amari(correlations: Matrix) -> float:
    c = np.abs(correlations)
    found = c.max(axis=0).sum() + c.max(axis=1).sum()
    return max(0.0, float(1.0 - found / sum(c.shape)))


def _objectives(runs: Sequence[FittedRun]) -> Iterator[float]:
    """Yield the objective of each run; runs that share a problem share its sums."""
    evaluator: ObjectiveEvaluator | None = None
    for run in runs:
        if evaluator is None or evaluator.problem is not run.problem:
            evaluator = ObjectiveEvaluator(run.problem)
        yield evaluator.value(run.factors)


def _constant_fit(run: FittedRun) -> float:
    """Return the objective of the mean of X in every cell; 0 where that is infinite."""
    n_samples, n_features = run.problem.shape
    mean = float(run.problem.X.sum()) / n_fitted(run.problem)
    W, H = np.full((n_samples, 1), mean), np.ones((1, n_features))
    value = ObjectiveEvaluator(run.problem).value(Factors(W, H))
    return value if np.isfinite(value) else 0.0


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Cosines of matched components, Amari's distance, and the probe of uniqueness."""
    yield MetricSpec(
        name="seeds_cosine",
        metric=SeedsCosine,
        scope="seeds",
        direction="higher",
        range=(None, 1.0),
        examples=(SeedsCosine(),),
    )
    yield MetricSpec(
        name="amari",
        metric=AmariDistance,
        scope="seeds",
        direction="lower",
        range=(0.0, 1.0),
        examples=(AmariDistance(),),
    )
    yield MetricSpec(
        name="uniqueness_probe",
        metric=UniquenessProbe,
        scope="seeds",
        direction="higher",
        range=(-1.0, 1.0),
        examples=(UniquenessProbe(tolerance=100.0),),
    )
