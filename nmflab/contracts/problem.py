"""The problem a solver is given, what it yields, and what metrics see afterwards."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy as np

from nmflab.contracts.data import Cells, Dataset, Factors, Mask, Matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Loss: TypeAlias = Literal["frobenius", "kullback_leibler", "itakura_saito", "beta"]
MetricValue: TypeAlias = float | str

LOSSES: frozenset[str] = frozenset(
    {"frobenius", "kullback_leibler", "itakura_saito", "beta"}
)


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What is minimised, the same for every solver of a comparison.

    ``D(X | WH) + l1_W Σ|W| + l1_H Σ|H| + ½ l2_W ‖W‖² + ½ l2_H ‖H‖²``, D summed over the
    observed cells. ``frobenius`` is ``½‖X − WH‖²``; the others are the
    beta-divergences of Févotte & Idier (2011, eq. 2.1): kullback_leibler (beta = 1),
    itakura_saito (beta = 0), beta (any).

    Parameters
    ----------
    loss : {"frobenius", "kullback_leibler", "itakura_saito", "beta"}
    beta : float
        Read where ``loss="beta"``; the others imply it (`Objective.exponent`).
    l1_W, l1_H, l2_W, l2_H : float, at least 0
        Weights of the penalties, in units of the objective per unit of the factor.
    l2_per_count : bool
        Whether ``l2_W`` counts once for each observed cell of a row, and ``l2_H`` for
        each of a column: ``½ l2_W Σ_i n_i ‖w_i‖²`` (weighted-λ regularization).
    l2_row_offset, l2_column_offset : float, at least 0
        Weights of ``½ Σ (row_offset − mean(X))²`` and ``½ Σ column_offset²``, the mean
        over the observed cells; count where a model has offsets.
    unit : {"none", "W", "H"}
        Which factor's components (columns of W, rows of H) are held at Euclidean length
        1. A penalty on the other factor alone has no minimiser without it.
    floor : float, at least 0
        Smallest value a fitted cell of X counts as, in units of X; 0 changes nothing.
        Divergences with beta <= 0 are infinite where X is 0.

    References
    ----------
    C. Févotte, J. Idier, "Algorithms for Nonnegative Matrix Factorization with the
    beta-Divergence", Neural Computation 23(9), 2011.
    Y. Zhou, D. Wilkinson, R. Schreiber, R. Pan, "Large-Scale Parallel Collaborative
    Filtering for the Netflix Prize", AAIM 2008 (weighted-λ regularization).
    """

    loss: Loss = "frobenius"
    beta: float = 2.0
    l1_W: float = 0.0
    l1_H: float = 0.0
    l2_W: float = 0.0
    l2_H: float = 0.0
    l2_per_count: bool = False
    l2_row_offset: float = 0.0
    l2_column_offset: float = 0.0
    unit: Literal["none", "W", "H"] = "none"
    floor: float = 0.0

    @property
    def exponent(self) -> float:
        """The beta of the divergence: 2, 1, 0 or as given."""
        implied = {"frobenius": 2.0, "kullback_leibler": 1.0, "itakura_saito": 0.0}
        return implied.get(self.loss, self.beta)

    @property
    def penalties(self) -> frozenset[str]:
        """The kinds of penalty in use, out of "l1", "l2", "l2_per_count" and "unit".

        What a solver must be able to take; offsets that a solver does not have cost
        nothing, so their weights are not among them.
        """
        used = {"l1"} if self.l1_W or self.l1_H else set()
        if self.l2_W or self.l2_H:
            used |= {"l2_per_count" if self.l2_per_count else "l2"}
        return frozenset(used | ({"unit"} if self.unit != "none" else set()))


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What a solver is given. Arrays are read-only.

    Parameters
    ----------
    X : ndarray (C-ordered) or csr_array (sorted indices, no duplicates)
        Shape ``(n_samples, n_features)``, dtype `dtype`. Unobserved cells hold 0 in a
        dense X and are not stored in a CSR.
    observed : None, ndarray of bool, or csr_array of bool
        None when every cell is to be fitted. Otherwise stored as X is: a boolean array
        beside a dense X; beside a CSR, a CSR with the same ``indices`` and ``indptr``,
        all True, so that *the stored entries of X are the cells to fit*.
    objective : Objective
    dtype : {float32, float64}
        What the factors are to be computed in.
    """

    X: Matrix | csr_array
    observed: Mask | csr_array | None
    objective: Objective
    dtype: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_samples, n_features)``."""
        n_samples, n_features = self.X.shape
        return int(n_samples), int(n_features)

    @property
    def is_sparse(self) -> bool:
        """Whether X is stored as CSR."""
        return not isinstance(self.X, np.ndarray)


TRACE_COLUMNS = (
    "start",
    "step",
    "passes",
    "seconds",
    "cpu_seconds",
    "objective",
    "kappa",
    "validation",
)
"""Columns of a trace. Steps and seconds count from 0 in each start; NaN: not known."""


@dataclass(frozen=True)
class Step:
    """What a solver may yield in place of `Factors` when it has more to say.

    Parameters
    ----------
    factors : Factors or callable
        A callable is called only when an evaluation is due, with the clock stopped.
    n_steps : int, default 1
        Updates of both factors done since the last yield (a library call does many).
    passes : float, optional
        Passes over the data since the last yield; None means `n_steps`.
    objective : float, optional
        The solver's *own* objective, for solvers that minimise another than the shared.
    n_reseeded : int, default 0
        Dead components given new entries since the last yield.
    """

    factors: Factors | Callable[[], Factors]
    n_steps: int = 1
    passes: float | None = None
    objective: float | None = None
    n_reseeded: int = 0


@dataclass(frozen=True, kw_only=True)
class FittedRun:
    """One finished run as metrics see it.

    Parameters
    ----------
    problem : Problem
        What was fitted (training cells, after weighting).
    factors : Factors
        The best evaluated pair; float64.
    dataset : Dataset
        Names, labels, truth and extras of the data.
    test : Cells, optional
        Cells no solver saw.
    validation : Cells, optional
        Cells kept for stopping and for choices; no solver saw them either.
    test_factors : Factors, optional
        What predicts the test cells where `factors` does not reach them: a split that
        holds out whole rows and columns completes the factors for these.
    config : mapping
        The resolved axes of the run: ``config["solver"]["name"]``, ``config["seed"]``.
    """

    problem: Problem
    factors: Factors
    dataset: Dataset
    test: Cells | None = None
    validation: Cells | None = None
    test_factors: Factors | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    def predict_test(self) -> Matrix:
        """Return the modelled values of the test cells, float64, ``(len(test),)``.

        Raises
        ------
        NotApplicable
            If no cell is held out for testing.
        """
        if self.test is None or not len(self.test):
            raise NotApplicable("needs heldout")
        factors = self.factors if self.test_factors is None else self.test_factors
        predicted = factors.predict(self.test.rows, self.test.columns)
        return predicted.astype(np.float64, copy=False)


class NotApplicable(ValueError):  # noqa: N818 (reads as what happened)
    """Raised by a metric that does not apply to a run; the message says what it needs.

    In place of a value the run then shows "not applicable: needs 2 components".
    """


class DatasetLoader(Protocol):
    """A dataset plugin's class: a frozen dataclass whose fields are its parameters."""

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the data; `rng` comes from ``dataset.seed`` (generated data only)."""
        ...


class Initialization(Protocol):
    """An initialization plugin's class."""

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return starting factors of the problem's dtype; finite and at least 0."""
        ...


class Solver(Protocol):
    """A solver plugin's class."""

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step; return a sentence when it stops itself."""
        ...


class RunMetric(Protocol):
    """A metric plugin's class with ``scope="run"``."""

    def compute(self, run: FittedRun) -> MetricValue | Mapping[str, MetricValue]:
        """Return one value, or several by suffix (stored as ``<metric>_<suffix>``).

        Raises
        ------
        NotApplicable
            If the metric has no meaning for this run.
        ValueError
            If it cannot be computed.
        """
        ...


class SeedsMetric(Protocol):
    """A metric plugin's class with ``scope="seeds"``."""

    def compute(
        self, runs: Sequence[FittedRun]
    ) -> MetricValue | Mapping[str, MetricValue]:
        """Return values for runs that differ by seed only, at least two."""
        ...
