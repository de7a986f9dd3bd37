"""What every initialization keeps, whatever it is given that it says it takes."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, reject

from nmflab.contracts import Factors, InitSpec, Takes
from nmflab.testing.installed import Configured, configured, each
from nmflab.testing.running import as_bytes, peak_bytes, snapshot
from nmflab.testing.strategies import Case, few, problem_of, problems, structures_for

Init: TypeAlias = Configured[InitSpec]


def _takes(init: Init) -> Takes:
    # An initialization is not asked about losses: one is enough.
    return dataclasses.replace(init.takes, losses=frozenset({"frobenius"}))


def _limited(init: Init) -> bool:
    return init.spec.limit_of(init.plugin) == "min_shape"


def _start(init: Init, case: Case, structure: str) -> Factors:
    """Return the start for a case.

    A ValueError that names one of the plugin's parameters is a refusal: the spec speaks
    for the class, and a parameter may narrow it. Hypothesis draws another case, and
    fails if every one is refused; more components than columns may be.
    """
    try:
        start: Factors = init.plugin.start(
            case.problem, case.init.n_components, np.random.default_rng(3)
        )
    except ValueError as error:
        if "init." not in str(error):
            raise
        if structure == "more_components_than_columns":
            pytest.skip(f"refused: {error}")
        reject()
    return start


each_structure = pytest.mark.parametrize(
    ("init", "structure"),
    [
        pytest.param(init, structure, id=f"{init.label}-{structure}")
        for init in configured("init")
        for structure in structures_for(_takes(init), limited=_limited(init))
        if structure != "zeros_in_the_start"  # there is no start before this one
    ],
)


@each_structure
@few
@given(data=st.data())
def test_a_start_is_feasible(init: Init, structure: str, data: st.DataObject) -> None:
    """W and H are finite, at least 0, of the problem's dtype and the asked shape."""
    case = data.draw(problems(_takes(init), structure, limited=_limited(init)))
    n_samples, n_features = case.problem.shape
    n_components = case.init.n_components
    start = _start(init, case, structure)
    assert isinstance(start, Factors)
    assert start.W.shape == (n_samples, n_components)
    assert start.H.shape == (n_components, n_features)
    for factor in (start.W, start.H):
        assert factor.dtype == case.problem.dtype
        assert np.isfinite(factor).all()
        assert (factor >= 0).all()


@each_structure
@few
@given(data=st.data())
def test_one_seed_gives_one_start(
    init: Init, structure: str, data: st.DataObject
) -> None:
    """Two calls with one seed agree to the last bit, and X stays as given."""
    case = data.draw(problems(_takes(init), structure, limited=_limited(init)))
    before = snapshot(case.problem)
    first, again = (_start(init, case, structure) for _ in range(2))
    assert as_bytes(first) == as_bytes(again)
    assert snapshot(case.problem) == before


@each("init")
def test_randomness_is_as_declared(init: Init) -> None:
    """Another seed gives another start exactly where the spec says so."""
    takes = init.takes
    X = np.random.default_rng(0).uniform(0.1, 1.0, (7, 6))
    X[:3, :2] = 0.0  # where zeros are filled, there is something to fill
    observed = None if takes.complete else np.ones(X.shape, dtype=np.bool_)
    problem = problem_of(X, observed=observed, sparse=not takes.dense)
    starts = [
        init.plugin.start(problem, 3, np.random.default_rng(seed)) for seed in (0, 1)
    ]
    assert (as_bytes(starts[0]) != as_bytes(starts[1])) == init.is_random


@each("init", where=lambda init: init.takes.sparse)
def test_a_sparse_matrix_is_not_made_dense(init: Init) -> None:
    """On a CSR with one cell in a thousand stored, memory stays far below a dense X."""
    X = np.zeros((2000, 1500))
    X.flat[np.random.default_rng(0).integers(0, X.size, X.size // 1000)] = 1.0
    observed = None if init.takes.complete else X != 0
    problem = problem_of(X, observed=observed, sparse=True)
    peak = peak_bytes(lambda: init.plugin.start(problem, 2, np.random.default_rng(0)))
    assert peak < X.nbytes / 4
