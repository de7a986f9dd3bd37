"""Problems of every storage and a brute-force reference for their objective."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import Factors, Objective, Problem
from nmflab.numerics import cells

STORAGES = ("dense", "dense_masked", "csr", "csr_observed")
BETAS = (2.0, 1.0, 0.0, -0.5, 0.5, 1.5, 3.0)


def _objective(beta: float, **penalties: float) -> Objective:
    names = {2.0: "frobenius", 1.0: "kullback_leibler", 0.0: "itakura_saito"}
    return Objective(loss=names.get(beta, "beta"), beta=beta, **penalties)


@pytest.fixture(scope="session")
def make_problem() -> Callable[..., Problem]:
    """Return a function that builds a problem of one storage from a dense X."""

    def make(X, storage="dense", mask=None, beta=2.0, dtype=np.float64, **penalties):
        X = np.asarray(X, dtype=dtype)
        goal, kind = _objective(beta, **penalties), np.dtype(dtype)
        if storage == "dense":
            return Problem(X=X, observed=None, objective=goal, dtype=kind)
        if storage == "csr":
            return Problem(X=csr_array(X), observed=None, objective=goal, dtype=kind)
        mask = np.ones(X.shape, bool) if mask is None else mask
        if storage == "dense_masked":
            hidden = np.where(mask, X, 0.0).astype(dtype)
            return Problem(X=hidden, observed=mask, objective=goal, dtype=kind)
        rows, columns = np.nonzero(mask)
        starts = np.concatenate([[0], np.cumsum(mask.sum(axis=1))])
        parts = (X[rows, columns], columns, starts)
        observed = csr_array((np.ones(rows.size, bool), columns, starts), X.shape)
        return Problem(
            X=csr_array(parts, X.shape), observed=observed, objective=goal, dtype=kind
        )

    return make


@pytest.fixture(scope="session")
def brute_force() -> Callable[..., float]:
    """Return the objective written out cell by cell, in Python floats."""

    def cell(x: float, y: float, beta: float) -> float:
        if beta == 2:
            return (x - y) ** 2 / 2
        if beta == 1:
            return (x * math.log(x / y) if x else 0.0) - x + y
        if beta == 0:
            return x / y - math.log(x / y) - 1
        top = x**beta + (beta - 1) * y**beta - beta * x * y ** (beta - 1)
        return top / (beta * (beta - 1))

    def objective(X, factors: Factors, goal: Objective, mask=None) -> float:
        Y = factors.reconstruct()
        fitted = np.ones(X.shape, bool) if mask is None else mask
        total = math.fsum(
            cell(float(X[i, j]), float(Y[i, j]), goal.exponent)
            for i, j in zip(*np.nonzero(fitted), strict=True)
        )
        W, H = factors.W, factors.H
        total += goal.l1_W * np.abs(W).sum() + goal.l1_H * np.abs(H).sum()
        return total + goal.l2_W / 2 * (W**2).sum() + goal.l2_H / 2 * (H**2).sum()

    return objective


@pytest.fixture(params=["one block", "many blocks"])
def blocking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Evaluate small problems as they are, and as large ones are: block by block."""
    if request.param == "many blocks":
        monkeypatch.setattr(cells, "SMALL", 0)
        monkeypatch.setattr(cells, "BLOCK_CELLS", 20)
        monkeypatch.setattr(cells, "BLOCK_STORED", 5)
    return str(request.param)


@pytest.fixture(params=["gather", "product"])
def stored_prediction(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Predict the stored cells of a large CSR one by one, and by a dense product."""
    below = 2.0 if request.param == "gather" else 0.0
    monkeypatch.setattr(cells, "GATHER_BELOW", below)
    return str(request.param)
