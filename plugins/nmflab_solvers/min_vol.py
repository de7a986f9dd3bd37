"""Minimum-volume factorization: the smallest set of corners that explains X."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, Promises, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl
from nmflab.numerics.nnls import nnls
from nmflab.numerics.separable import snpa
from nmflab.numerics.simplex import project_to_simplex, simplex_least_squares
from nmflab_solvers._choices import check_choice
from nmflab_solvers._unit import InUnits, largest_entry

NMFLAB_CONTRACT = 1

# Below this the rule for the weight would divide by the sign change of log det.
_SMALLEST_LOGDET = 0.1


class Start(StrEnum):
    """Where the corners start: at the given H, or at rows of X picked by SNPA."""

    given = "given"
    snpa = "snpa"


class Sums(StrEnum):
    """What the rows of W sum to."""

    one = "one"
    at_most_one = "at_most_one"


@dataclass(frozen=True, kw_only=True)
class MinVol:
    """Fits X by mixtures of few corners that span a small volume.

    ``½‖X − WH‖_F² + ½ λ log det(HH'/δ + I)``, rows of W at least 0 with sum 1 (or at
    most 1), H >= 0, and X divided by its largest entry while δ and λ act. Ordinary NMF
    fits X with corners anywhere outside the data; the volume term pulls them to it, so
    that rows of H are the pure spectra of the scene. The fit gets slightly worse.

    Parameters
    ----------
    lamt : float, default 0.1
        λ̃, the weight of the volume (dimensionless); 0.001 to 1 are usual, 0 leaves the
        mixture constraint alone. ``λ = λ̃ ‖X − W₀H₀‖² / |log det(H₀H₀' + δI)|``, with
        H₀ the rows that SNPA picks: λ depends on the data and the number of components,
        never on the start, so that runs from different starts can be compared.
    delta : float, default 0.1
        δ, in units of the largest entry of X squared: corners shorter than its root
        hardly count. 0.1 to 1 are usual.
    sums : {"one", "at_most_one"}, default "one"
        What rows of W sum to. "at_most_one" allows for shade.
    start : {"given", "snpa"}, default "given"
        "snpa" ignores the given start and takes the rows that SNPA picks. Of a given
        start H is used, its components scaled so that W's rows sum to nearly 1.

    Notes
    -----
    Mixtures presuppose that samples differ in what they mix, not in brightness:
    divide each row of X by its sum first (on the Samson scene this decides whether the
    endmembers are found). Start at data: random corners take many more steps and may
    end elsewhere.

    At each step W is the exact minimiser given H, and then H that of the majorizer
    ``½⟨H, (W'W + λQ) H⟩ − ⟨W'X, H⟩``, ``Q = (HH' + δI)⁻¹``, where the papers take
    gradient steps. The objective above never rises; the shared one may. A step costs
    two products with X and some small least-squares problems for every sample, fewer
    for every feature. The ``log det`` differs from the papers' by a constant and is
    never negative.

    References
    ----------
    X. Fu, K. Huang, B. Yang, W.-K. Ma, N. D. Sidiropoulos, "Robust Volume
    Minimization-Based Matrix Factorization for Remote Sensing and Document
    Clustering", IEEE Trans. Signal Processing 64(23), 2016.
    V. Leplat, A. M. S. Ang, N. Gillis, "Minimum-Volume Rank-Deficient Nonnegative
    Matrix Factorizations", ICASSP 2019 (the rule for λ).
    """

    lamt: float = 0.1
    delta: float = 0.1
    sums: Sums = Sums.one
    start: Start = Start.given

    def __post_init__(self) -> None:
        check_choice("sums", self.sums, Sums)
        check_choice("start", self.start, Start)
        if not 0 <= self.lamt < np.inf:
            raise ValueError(
                f"solver.lamt must be >= 0 and finite, got {self.lamt}: it weighs the"
                " volume. Use 0.1, or values from 0.001 to 1."
            )
        if not 0 < self.delta < np.inf:
            raise ValueError(
                f"solver.delta must be > 0 and finite, got {self.delta}: without it the"
                " volume of fewer corners than components is log 0. Use 0.1."
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step, without end; `rng` is not used."""
        unit = largest_entry(problem)
        if not unit > 0:
            yield self._nothing(problem, init)
            return "X is 0 everywhere: H = 0 reproduces it exactly"
        data = InUnits(problem=problem, unit=unit, unit_W=1.0)
        picked = self._snpa_rows(data, init.n_components)
        weight = self._weight(data, picked)
        Wt: Matrix
        H: Matrix
        Wt, H = data.enter(init)
        if self.start == Start.snpa:
            Wt, H = np.full_like(Wt, 1 / len(Wt)), picked
        Wt, H = self._feasible(Wt, H)
        while True:
            Wt = self._mixtures(data, H, Wt)
            products = data.for_features(Wt)
            H = nnls(Wt @ Wt.T + weight * self._slope(H), products, H)
            value = data.half_squared_error(products, Wt, H)
            value += unit**2 * weight * self._volume(H) / 2
            yield Step(data.leave(Wt, H), objective=value)

    def _mixtures(self, data: InUnits, H: Matrix, Wt: Matrix) -> Matrix:
        return simplex_least_squares(
            H @ H.T,
            data.for_samples(H),
            Wt,
            at_most=self.sums == Sums.at_most_one,
        )

    def _snpa_rows(self, data: InUnits, n_components: int) -> Matrix:
        """Return the rows of X that SNPA picks; 0 where it needs fewer."""
        X = data.problem.X
        rows = X[snpa(X, n_components)]
        dense = rows if isinstance(rows, np.ndarray) else rows.toarray()
        H = np.zeros((n_components, X.shape[1]))
        H[: len(dense)] = dense.astype(np.float64) / data.unit
        return H

    def _weight(self, data: InUnits, H: Matrix) -> float:
        """Return λ (Leplat, Ang & Gillis 2019, section 4)."""
        start = np.full((len(H), data.problem.shape[0]), 1 / len(H))
        Wt = self._mixtures(data, H, start)
        error = 2 * data.half_squared_error(data.for_features(Wt), Wt, H)
        logdet = abs(self._volume(H) + len(H) * math.log(self.delta))
        return self.lamt * (error / data.unit**2) / max(logdet, _SMALLEST_LOGDET)

    def _feasible(self, Wt: Matrix, H: Matrix) -> tuple[Matrix, Matrix]:
        """Scale components so that W's rows sum to about 1, and project them there.

        Mixtures are taken as they are, unless all are in deep shade: then they are a
        start in other units.
        """
        at_most = self.sums == Sums.at_most_one
        projected = project_to_simplex(Wt, at_most=at_most)
        dark = Wt.sum(axis=0).max() < 0.5
        if dark or np.abs(projected - Wt).max() > 1e-6:
            scales = nnls(Wt @ Wt.T, Wt.sum(axis=1, keepdims=True))
            # A component the sums do without is measured by its largest weight.
            top = Wt.max(axis=1, keepdims=True)
            spare = np.divide(1, top, out=np.ones_like(top), where=top > 0)
            scales = np.where(scales > 1e-3 * spare, scales, spare)
            H = H / scales
            projected = project_to_simplex(Wt * scales, at_most=at_most)
        return projected, H

    def _slope(self, H: Matrix) -> Matrix:
        """Return ``Q = (HH' + δI)⁻¹``, from eigenvalues: H may dwarf δ at the start."""
        values, vectors = np.linalg.eigh(H @ H.T)
        slope: Matrix = (vectors / (np.maximum(values, 0) + self.delta)) @ vectors.T
        return slope

    def _volume(self, H: Matrix) -> float:
        """Return ``log det(HH'/δ + I)``, 0 where H is."""
        values = np.maximum(np.linalg.eigvalsh(H @ H.T), 0)
        return float(np.log1p(values / self.delta).sum())

    def _nothing(self, problem: Problem, init: Factors) -> Step:
        shares = np.full((problem.shape[0], init.n_components), 1 / init.n_components)
        factors = Factors(
            shares.astype(problem.dtype), np.zeros(init.H.shape, problem.dtype)
        )
        return Step(factors, objective=0.0)


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Minimum-volume factorization."""
    yield SolverSpec(
        name="min_vol",
        solver=MinVol,
        takes=Takes(losses=frozenset({"frobenius"})),
        promises=Promises(minimises="own"),
        examples=(
            MinVol(),
            MinVol(sums=Sums.at_most_one, lamt=1.0),
            MinVol(start=Start.snpa),
        ),
    )
