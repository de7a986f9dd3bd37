"""How near the factors come to those that made the data, where these are known.

Components are matched with the true ones, one to one, by optimal assignment; where
there are fewer than true ones, the rest count as not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmflab.contracts import Factors, FittedRun, Matrix, MetricSpec, NotApplicable
from nmflab.hookspecs import hookimpl
from nmflab.numerics import canonical, match_components, unit_rows
from nmflab.numerics.simplex import simplex_least_squares
from nmflab_metrics.chance import beside_chance, by_chance, check_draws

NMFLAB_CONTRACT = 1

_SUM_TO_ONE = 1e-3  # measured abundances are stored with few digits


@dataclass(frozen=True, kw_only=True)
class MatchedCosine:
    """Mean cosine ``cos(h_π(k), h*_k)`` of the true components with their matches.

    From 0 (-1 where signed) to 1; dimensionless. It rises with n_components by itself:
    suffix "chance" is the mean for components whose features are shuffled alike,
    "adjusted" ``(value − chance)/(1 − chance)``, which may be below 0.

    Parameters
    ----------
    n_draws : int, default 20
        Shuffles behind "chance"; 0 leaves it out.
    """

    n_draws: int = 20

    def __post_init__(self) -> None:
        check_draws("matched_cosine", self.n_draws)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if the true components have other features."""
        true, found = _components(run)

        def value(rows: Matrix) -> float:
            return float(match_components(true, rows).cosines.mean())

        chance = by_chance(
            "matched_cosine", lambda rng: value(_shuffled(found, rng)), self.n_draws
        )
        return beside_chance(value(found), chance, best=1.0)


@dataclass(frozen=True, kw_only=True)
class SpectralAngle:
    """Mean spectral angle ``arccos cos(h_π(k), h*_k)`` of true components; radians.

    From 0 (the same shape) to π/2 (nothing shared; also for a true component that none
    is left for). Suffix "worst": the largest. It falls with n_components by itself:
    suffix "chance" as of `MatchedCosine`, whose "adjusted" compares sizes.

    Parameters
    ----------
    n_draws : int, default 20
        Shuffles behind "chance"; 0 leaves it out.

    References
    ----------
    N. Keshava, J. F. Mustard, "Spectral Unmixing", IEEE Signal Processing Magazine
    19(1), 2002.
    """

    n_draws: int = 20

    def __post_init__(self) -> None:
        check_draws("spectral_angle", self.n_draws)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if the true components have other features."""
        true, found = _components(run)
        angles = _matched_angles(true, found)
        values = {"": float(angles.mean()), "worst": float(angles.max())}
        chance = by_chance(
            "spectral_angle",
            lambda rng: float(_matched_angles(true, _shuffled(found, rng)).mean()),
            self.n_draws,
        )
        # No "adjusted": of that, higher would be better, the opposite of an angle.
        return values | beside_chance(values[""], chance, best=None)


@dataclass(frozen=True, kw_only=True)
class AbundanceError:
    """RMSE of abundances ``sqrt(mean (A − A*)²)``, rows of A and A* summing to 1.

    A is estimated anew for every model, by fully constrained least squares on X with
    the matched rows of H, scaled to the true ones' lengths: so models with and without
    sum-to-one are compared alike. From 0 to √(2/n_components) at worst; dimensionless.
    True components without a match have abundance 0. Applies where the rows of the true
    W sum to 1, and needs the data in the units of the true H.

    References
    ----------
    D. C. Heinz, C.-I Chang, "Fully Constrained Least Squares Linear Spectral Mixture
    Analysis Method for Material Quantification in Hyperspectral Imagery", IEEE TGRS
    39(3), 2001.
    """

    def compute(self, run: FittedRun) -> float:
        """Raise NotApplicable if true abundances do not sum to 1, or fit no row."""
        true, found = _components(run)
        expected = _abundances(run)
        matching = match_components(true, found)
        held = np.flatnonzero((matching.permutation >= 0) & (matching.cosines > 0))
        if not held.size:
            raise NotApplicable("needs a component that resembles a true one")
        lengths = np.linalg.norm(true[held], axis=1, keepdims=True)
        S = unit_rows(found[matching.permutation[held]]) * lengths
        X: Any = run.problem.X  # dense or CSR
        A = np.zeros_like(expected)
        A[:, held] = simplex_least_squares(S @ S.T, np.asarray(X @ S.T).T).T
        return float(np.sqrt(np.mean((A - expected) ** 2)))


@dataclass(frozen=True, kw_only=True)
class FactorMatchScore:
    """Factor match score ``mean (1 − |ξ − ξ*|/max(ξ, ξ*)) cos(w, w*) cos(h, h*)``.

    ``ξ = ‖w‖‖h‖``. 1 where the factors are the true ones, but for scale and order; 0
    where nothing is shared; dimensionless. Components matched for the largest sum; one
    without a partner, on either side, counts 0. Suffix "cosines": the same without the
    first factor, so without the sizes. Suffix "chance" is the mean where the samples
    and the features of the components are shuffled, alike for all, "adjusted" ``(value
    − chance)/(1 − chance)``; "cosines_chance" and "cosines_adjusted" likewise.

    Parameters
    ----------
    n_draws : int, default 20
        Shuffles behind "chance"; 0 leaves it out.

    References
    ----------
    E. Acar, D. M. Dunlavy, T. G. Kolda, M. Mørup, "Scalable Tensor Factorizations for
    Incomplete Data", Chemometrics and Intelligent Laboratory Systems 106(1), 2011.
    """

    n_draws: int = 20

    def __post_init__(self) -> None:
        check_draws("factor_match_score", self.n_draws)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if the true factors have another shape."""
        true, found = _alive(_truth(run)), _alive(run.factors)
        if true.W.shape[0] != found.W.shape[0]:
            raise NotApplicable(
                f"needs true factors of {found.W.shape[0]} samples, those of the data"
                f" have {true.W.shape[0]}"
            )
        score = _match_scores(true, found)
        values: dict[str, float] = {}
        for at, name in enumerate(("", "cosines")):

            def shuffled(rng: np.random.Generator, at: int = at) -> float:
                return _match_scores(true, _shuffled_both(found, rng))[at]

            chance = by_chance("factor_match_score", shuffled, self.n_draws)
            beside = beside_chance(score[at], chance, best=1.0)
            values |= {"_".join(filter(None, (name, s))): v for s, v in beside.items()}
        return values


def _match_scores(true: Factors, found: Factors) -> tuple[float, float]:
    """Return the factor match score, and that of the cosines alone."""
    cosines = (unit_rows(true.W.T) @ unit_rows(found.W.T).T) * (
        unit_rows(true.H) @ unit_rows(found.H).T
    )
    sizes, others = (
        np.linalg.norm(one.W, axis=0) * np.linalg.norm(one.H, axis=1)
        for one in (true, found)
    )
    larger = np.maximum(sizes[:, None], others)
    weights = 1 - np.abs(sizes[:, None] - others) / larger
    return _best_mean(weights * cosines), _best_mean(cosines)


def _shuffled_both(factors: Factors, rng: np.random.Generator) -> Factors:
    return Factors(
        factors.W[rng.permutation(len(factors.W))], _shuffled(factors.H, rng)
    )


def _truth(run: FittedRun) -> Factors:
    truth = run.dataset.truth
    if truth is None:
        raise NotApplicable("needs truth")
    if truth.H.shape[1] != run.factors.H.shape[1]:
        raise NotApplicable(
            f"needs true components of {run.factors.H.shape[1]} features, those of the"
            f" data have {truth.H.shape[1]}"
        )
    return truth


def _components(run: FittedRun) -> tuple[Matrix, Matrix]:
    """Return true rows of H, and the run's canonical ones that are not 0."""
    true = _truth(run).H.astype(np.float64)
    return true, _alive(run.factors).H


def _alive(factors: Factors) -> Factors:
    """Return the components that are not 0, in canonical form."""
    form = canonical(factors)
    alive = form.sizes > 0
    if not alive.any():
        raise NotApplicable("needs a component that is not 0")
    return Factors(form.W[:, alive], form.H[alive])


def _shuffled(rows: Matrix, rng: np.random.Generator) -> Matrix:
    return np.asarray(rows[:, rng.permutation(rows.shape[1])])


def _matched_angles(true: Matrix, found: Matrix) -> Matrix:
    matching = match_components(true, found)
    angles = np.full(len(true), np.pi / 2)
    held = matching.permutation >= 0
    a, b = unit_rows(true[held]), unit_rows(found[matching.permutation[held]])
    # Of small angles the cosine keeps half the digits; this keeps all (W. Kahan).
    apart, along = (np.linalg.norm(v, axis=1) for v in (a - b, a + b))
    angles[held] = np.minimum(2 * np.arctan2(apart, along), np.pi / 2)
    return angles


def _abundances(run: FittedRun) -> Matrix:
    W = _truth(run).W.astype(np.float64)
    if W.shape[0] != run.problem.shape[0]:
        raise NotApplicable(
            f"needs true abundances of {run.problem.shape[0]} samples, the data have"
            f" {W.shape[0]}"
        )
    if np.abs(W.sum(axis=1) - 1).max() > _SUM_TO_ONE:
        raise NotApplicable("needs true abundances whose rows sum to 1")
    return W


def _best_mean(scores: Matrix) -> float:
    """Return the largest sum over one-to-one pairs, over the larger number."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(scores, maximize=True)
    total = scores[rows, columns].sum() / max(scores.shape)
    return float(np.clip(total, -1.0, 1.0))


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Agreement with true factors: cosine, angle, abundances, match score."""
    truth = frozenset({"truth"})
    yield MetricSpec(
        name="matched_cosine",
        metric=MatchedCosine,
        needs=truth,
        direction="higher",
        range=(None, 1.0),
        examples=(MatchedCosine(),),
    )
    yield MetricSpec(
        name="spectral_angle",
        metric=SpectralAngle,
        needs=truth,
        direction="lower",
        range=(0.0, float(np.pi / 2)),
        unit="radians",
        examples=(SpectralAngle(),),
    )
    yield MetricSpec(
        name="abundance_rmse",
        metric=AbundanceError,
        needs=truth | {"complete"},
        direction="lower",
        range=(0.0, 1.0),
        examples=(AbundanceError(),),
    )
    yield MetricSpec(
        name="factor_match_score",
        metric=FactorMatchScore,
        needs=truth,
        direction="higher",
        range=(None, 1.0),
        examples=(FactorMatchScore(), FactorMatchScore(n_draws=0)),
    )
