from __future__ import annotations

import numpy as np
import pytest
from nmflab_inits.sklearn_starts import (
    Method,
    ScikitLearnStart,
    nmflab_initializations,
)
from scipy.sparse import csr_array
from sklearn.decomposition._nmf import _initialize_nmf


def rng(seed=0):
    """Return a generator."""
    return np.random.default_rng(seed)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("storage", ["dense", "csr"])
@pytest.mark.parametrize("method", list(Method))
def test_factors_are_those_of_scikit_learn_to_the_last_bit(
    method, storage, dtype, X, make_problem
):
    """For each method, storage and precision, at a random_state."""
    problem = make_problem(X if storage == "dense" else csr_array(X), dtype=dtype)
    got = ScikitLearnStart(method=method, random_state=42).start(problem, 4, rng())
    W, H = _initialize_nmf(problem.X, 4, init=str(method), random_state=42)
    assert got.W.dtype == problem.dtype
    assert (got.W == W).all()
    assert (got.H == H).all()


def test_a_random_state_is_drawn_from_the_seed_where_none_is_given(X, make_problem):
    """One seed, one start; another seed, another."""
    problem = make_problem(X)
    starts = [ScikitLearnStart().start(problem, 3, rng(seed)) for seed in (1, 1, 2)]
    assert (starts[0].W == starts[1].W).all()
    assert not (starts[0].W == starts[2].W).any()


@pytest.mark.parametrize("method", [Method.nndsvd, Method.nndsvda])
def test_singular_vectors_do_not_vary_with_the_seed(method, X, make_problem):
    """Their randomized decomposition uses 0 where no random_state is given."""
    problem = make_problem(X)
    a, b = (
        ScikitLearnStart(method=method).start(problem, 3, rng(seed)) for seed in (1, 2)
    )
    assert (a.W == b.W).all()


def test_it_is_random_only_where_something_is_drawn_from_the_seed():
    """The registry asks the configured start."""
    (spec,) = nmflab_initializations()
    assert spec.name == "sklearn"
    assert spec.random(ScikitLearnStart())
    assert spec.random(ScikitLearnStart(method=Method.nndsvdar))
    assert not spec.random(ScikitLearnStart(random_state=42))
    assert not spec.random(ScikitLearnStart(method=Method.nndsvda))


def test_random_starts_have_no_limit_on_components(X, make_problem):
    """More components than rows or columns are drawn."""
    got = ScikitLearnStart().start(make_problem(X), 40, rng())
    assert got.H.shape == (40, 11)


def test_more_components_than_singular_vectors_are_refused(X, make_problem):
    """The message names the config key, the limit, and what to use."""
    start = ScikitLearnStart(method=Method.nndsvda)
    with pytest.raises(
        ValueError, match=r"init\.method=nndsvda gives at most .* = 11 .*=12 .*=random"
    ):
        start.start(make_problem(X), 12, rng())


@pytest.mark.parametrize("method", list(Method))
def test_data_that_are_zero_give_finite_factors(method, make_problem):
    """As scikit-learn's do."""
    problem = make_problem(np.zeros((6, 5)))
    got = ScikitLearnStart(method=method, random_state=0).start(problem, 2, rng())
    assert np.isfinite(got.W).all()
    assert np.isfinite(got.H).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "svd"}, r"init\.method must be one of random, .*, got 'svd'"),
        ({"random_state": -1}, r"init\.random_state must be null or from 0 .* got -1"),
        ({"random_state": 2**32}, r"init\.random_state must be null or from 0"),
    ],
)
def test_a_parameter_out_of_range_is_refused(parameters, message):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=message):
        ScikitLearnStart(**parameters)
