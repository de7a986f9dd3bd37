"""Small, awkward problems: what every solver and initialization must live with.

A `Case` is drawn for one *structure*, one of `STRUCTURES`, so that every plugin meets
every structure however few examples are drawn. Hypothesis draws the rest: sizes, dtype,
storage, loss, penalties and the entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis.strategies import DrawFn
from scipy.sparse import csr_array

from nmflab.contracts import Factors, Mask, Matrix, Objective, Problem, Takes

STRUCTURES = (
    "plain",
    "rank_one",
    "zero_rows_and_columns",
    "all_zero",
    "tiny",
    "huge",
    "one_row",
    "one_column",
    "more_components_than_columns",
    "integer_valued",
    "denormals",
    "zeros_in_the_start",
    "dead_component",
    "explicit_zeros",
    "masked",
    "signed",
)
"""What makes a problem awkward."""

_HOLDS_ZEROS = frozenset(
    {
        "zero_rows_and_columns",
        "all_zero",
        "integer_valued",
        "explicit_zeros",
        "signed",
    }
)
_POSITIVE_ONLY = frozenset({"itakura_saito"})  # infinite where X is 0

# A product of two entries, as in ‖X‖² or WᵀX, must neither overflow nor vanish: float64
# ends near 1e±308 and float32 near 1e±38, so (1e±25)² = 1e±50 is for float64 alone.
_SCALES = {np.dtype(np.float64): 25, np.dtype(np.float32): 8}


few = settings(
    max_examples=3,  # for each plugin and structure, so some fifty for each plugin
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],  # cases are small already: nothing is gained by shrinking
    suppress_health_check=[
        HealthCheck.too_slow,  # a first call may compile
        HealthCheck.filter_too_much,  # a parameter may leave one loss out of four
    ],
)
"""How the contract tests draw their cases."""

fewer = settings(few, max_examples=2)
"""The same, for what does not depend on the numbers drawn."""


@dataclass(frozen=True)
class Case:
    """A problem and a start to hand to a solver; every array is read-only."""

    problem: Problem
    init: Factors


def structures_for(takes: Takes, *, limited: bool = False) -> list[str]:
    """Return the structures that a plugin says it can take.

    Parameters
    ----------
    takes : Takes
    limited : bool
        Whether n_components may not exceed ``min(X.shape)``.
    """
    refused = {
        "explicit_zeros": not takes.sparse,
        "masked": not takes.missing,
        "signed": not takes.signed,
        "more_components_than_columns": limited,
    }
    return [
        one for one in STRUCTURES if not refused.get(one, False) and _losses(takes, one)
    ]


def _losses(takes: Takes, structure: str) -> list[str]:
    losses = set(takes.losses)
    if structure == "signed":  # the divergences are defined for X of at least 0
        losses &= {"frobenius"}
    if structure in _HOLDS_ZEROS:
        losses -= _POSITIVE_ONLY
    return sorted(losses)


@st.composite
def problems(
    draw: DrawFn, takes: Takes, structure: str, *, limited: bool = False
) -> Case:
    """Draw a case that a plugin with these `takes` must be able to handle."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype: np.dtype[Any] = np.dtype(draw(st.sampled_from(["float64", "float32"])))
    loss = draw(st.sampled_from(_losses(takes, structure)))
    n_samples = 1 if structure == "one_row" else draw(st.integers(2, 7))
    n_features = 1 if structure == "one_column" else draw(st.integers(2, 6))
    shape = (n_samples, n_features)
    n_components = draw(st.integers(1, min(shape) if limited else 3))
    if structure == "more_components_than_columns":
        n_components = n_features + draw(st.integers(1, 2))
    X = _entries(rng, shape, structure, dtype, positive=loss in _POSITIVE_ONLY)
    seen = (
        _observed(rng, shape) if structure == "masked" or not takes.complete else None
    )
    sparse = structure == "explicit_zeros" or draw(st.sampled_from(_storages(takes)))
    problem = problem_of(
        X,
        objective=draw(_objectives(loss, takes)),
        dtype=dtype,
        observed=seen,
        sparse=sparse,
        store_zeros=structure == "explicit_zeros",
    )
    return Case(problem, _start(rng, X, n_components, dtype, structure))


def _storages(takes: Takes) -> list[bool]:
    return [
        kind for kind, taken in ((False, takes.dense), (True, takes.sparse)) if taken
    ]


@st.composite
def _objectives(draw: DrawFn, loss: Any, takes: Takes) -> Objective:
    # Both factors are penalised, or none: a penalty on one alone has no minimiser.
    l1 = draw(st.sampled_from([0.0, 0.1])) if "l1" in takes.penalties else 0.0
    kinds = [k for k in ("l2", "l2_per_count") if k in takes.penalties]
    kind = draw(st.sampled_from(["", *kinds])) if kinds else ""
    l2 = 0.1 if kind else 0.0
    beta = draw(st.sampled_from([0.5, 1.5, 3.0])) if loss == "beta" else 2.0
    return Objective(
        loss=loss,
        beta=beta,
        l1_W=l1,
        l1_H=l1,
        l2_W=l2,
        l2_H=l2,
        l2_per_count=kind == "l2_per_count",
    )


def _entries(
    rng: np.random.Generator,
    shape: tuple[int, int],
    structure: str,
    dtype: np.dtype[Any],
    *,
    positive: bool,
) -> Matrix:
    X = rng.uniform(0.1, 1.0, shape)
    if structure == "rank_one":
        X = np.outer(X[:, 0], X[0])
    elif structure == "integer_valued":
        X = rng.poisson(2.0, shape).astype(np.float64)
    elif structure == "signed":
        X -= 0.5
    elif structure == "zero_rows_and_columns":
        X[0], X[:, -1] = 0.0, 0.0
    elif structure == "all_zero":
        X[:] = 0.0
    elif structure in ("tiny", "huge"):
        X *= 10.0 ** (_SCALES[dtype] if structure == "huge" else -_SCALES[dtype])
    elif structure == "denormals":
        X.flat[::2] = np.finfo(dtype).tiny / 8
    elif not positive:
        X[rng.random(shape) < 0.3] = 0.0
    return X


def _observed(rng: np.random.Generator, shape: tuple[int, int]) -> Mask:
    seen: Mask = rng.random(shape) < 0.7
    seen[-1, 0] = True  # at least one cell; rows and columns may be without any
    return seen


def _start(
    rng: np.random.Generator,
    X: Matrix,
    n_components: int,
    dtype: np.dtype[Any],
    structure: str,
) -> Factors:
    size = np.sqrt(np.abs(X).mean() / n_components) or 1.0
    W = rng.uniform(0.5, 1.5, (X.shape[0], n_components)) * size
    H = rng.uniform(0.5, 1.5, (n_components, X.shape[1])) * size
    if structure == "zeros_in_the_start":
        W[rng.random(W.shape) < 0.3] = 0.0
        H[rng.random(H.shape) < 0.3] = 0.0
    if structure == "dead_component":
        W[:, 0] = 0.0
        H[0] *= rng.integers(2)  # a Gram matrix with a 0 on its diagonal, or two
    return frozen_factors(W, H, dtype)


def frozen_factors(W: Matrix, H: Matrix, dtype: np.dtype[Any]) -> Factors:
    """Return factors of a dtype that cannot be written to."""
    W, H = np.array(W, dtype, order="C"), np.array(H, dtype, order="C")
    freeze(W, H)
    return Factors(W, H)


def problem_of(
    X: Matrix,
    *,
    objective: Objective | None = None,
    dtype: np.dtype[Any] | None = None,
    observed: Mask | None = None,
    sparse: bool = False,
    store_zeros: bool = False,
) -> Problem:
    """Return a read-only problem from a dense X, stored as `Problem` asks.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    objective : Objective, optional
    dtype : dtype, optional
        float64 where not given.
    observed : ndarray of bool, optional
        True where a cell is to be fitted.
    sparse : bool
        Whether to store X as CSR.
    store_zeros : bool
        Whether the CSR stores some of its zeros, with 64-bit indices.
    """
    dtype = np.dtype(np.float64) if dtype is None else dtype
    objective = objective or Objective()
    X = np.ascontiguousarray(X if observed is None else np.where(observed, X, 0), dtype)
    if not sparse:
        freeze(X)
        if observed is not None:
            observed = observed.copy()
            freeze(observed)
        return Problem(X=X, observed=observed, objective=objective, dtype=dtype)
    stored = (X != 0) | store_zeros if observed is None else observed
    csr = _csr(X, stored, wide=store_zeros)
    seen = None
    if observed is not None:
        seen = _csr(np.ones(X.shape, dtype=np.bool_), stored, wide=store_zeros)
    return Problem(X=csr, observed=seen, objective=objective, dtype=dtype)


def _csr(values: Any, stored: Mask, *, wide: bool) -> csr_array:
    """Return a read-only CSR that stores the marked cells, zeros among them."""
    rows, columns = np.nonzero(stored)
    starts = np.searchsorted(rows, np.arange(values.shape[0] + 1))
    csr = csr_array((values[stored], columns, starts), shape=values.shape)
    index = np.int64 if wide else np.int32
    csr.indices, csr.indptr = csr.indices.astype(index), csr.indptr.astype(index)
    freeze(csr.data, csr.indices, csr.indptr)
    return csr


def freeze(*arrays: Any) -> None:
    """Make arrays read-only."""
    for array in arrays:
        array.flags.writeable = False
