"""Solvers of one problem end at one objective on real data."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from nmflab_inits.nndsvd import NndsvdA
from nmflab_solvers.hals import Hals
from nmflab_solvers.mu import MultiplicativeUpdates
from nmflab_solvers.sklearn_nmf import ScikitLearnNMF
from scipy.io import loadmat, mmread
from scipy.sparse import csr_array

from nmflab.numerics import objective_value

pytestmark = pytest.mark.data


def path_of(*parts):
    """Return a path in the folder of real data; skip the test where it is absent."""
    folder = os.environ.get("NMFLAB_DATA")
    if not folder or not Path(folder, *parts).exists():
        pytest.skip(f"NMFLAB_DATA names no folder that holds {'/'.join(parts)}")
    return Path(folder, *parts)


def news():
    """Return every fifth article of the BBC corpus, terms that occur in them."""
    with zipfile.ZipFile(path_of("bbc", "bbc.zip")) as archive:
        counts = mmread(io.BytesIO(archive.read("bbc.mtx")))
    X = csr_array(csr_array(counts).T[::5], dtype=float)
    X = csr_array(X[:, np.asarray(X.sum(axis=0)).ravel() >= 5])
    X.sort_indices()
    return X


def faces():
    """Return every eighth face of CBCL, at most 1."""
    X = loadmat(path_of("cbcl", "CBCL.mat"))["X"][:, ::8].astype(float)
    return np.ascontiguousarray(X / X.max())


@pytest.mark.parametrize("data", [news, faces])
def test_coordinate_descent_agrees_with_scikit_learn(data, make_problem, iterates):
    """From one start both end within 1e-3 of each other's objective.

    The problem is not convex: near minima of one basin differ by less than that.
    """
    problem = make_problem(data())
    init = NndsvdA().start(problem, 5, np.random.default_rng(0))
    ours, theirs = (
        objective_value(problem, iterates(solver, problem, init, 400)[-1])
        for solver in (Hals(), ScikitLearnNMF())
    )
    assert ours == pytest.approx(theirs, rel=1e-3)


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_multiplicative_updates_agree_with_scikit_learn(loss, make_problem, iterates):
    """Ours update H first and theirs W, and both end within 1e-3."""
    problem = make_problem(faces(), loss=loss)
    init = NndsvdA().start(problem, 3, np.random.default_rng(0))
    theirs = ScikitLearnNMF(method="mu")
    a, b = (
        objective_value(problem, iterates(solver, problem, init, 400)[-1])
        for solver in (MultiplicativeUpdates(), theirs)
    )
    assert a == pytest.approx(b, rel=1e-3)


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_extrapolation_saves_updates(loss, make_problem, iterates):
    """A hundred extrapolated steps go below what two hundred plain ones reach."""
    problem = make_problem(faces(), loss=loss)
    init = NndsvdA().start(problem, 10, np.random.default_rng(0))
    fast = MultiplicativeUpdates(extrapolation="geometric")
    a, b = (
        objective_value(problem, iterates(solver, problem, init, n_steps)[-1])
        for solver, n_steps in ((fast, 100), (MultiplicativeUpdates(), 200))
    )
    assert a < b
