from __future__ import annotations

import numpy as np
import pytest
from nmflab_inits.nndsvd import NndsvdA
from nmflab_inits.random import RandomStart
from nmflab_inits.sklearn_starts import Method as StartMethod
from nmflab_inits.sklearn_starts import ScikitLearnStart
from nmflab_solvers.mu import MultiplicativeUpdates
from nmflab_solvers.sklearn_nmf import ScikitLearnNMF, Stepping
from scipy.sparse import csr_array

RATINGS = np.array(
    [[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [1, 0, 0, 4], [0, 1, 5, 4]]
)
GROCERIES = np.array(
    [
        [0, 1, 0, 1, 2, 2],
        [2, 3, 1, 1, 2, 2],
        [1, 1, 1, 0, 1, 1],
        [0, 2, 3, 4, 1, 1],
        [0, 0, 0, 0, 1, 0],
    ]
)
NATIVE = ScikitLearnNMF(stepping=Stepping.native)


def start(problem, n_components, **parameters):
    """Return scikit-learn's start."""
    return ScikitLearnStart(**parameters).start(
        problem, n_components, np.random.default_rng(0)
    )


def test_movie_ratings_are_those_published(make_problem, iterates):
    """Factors to the printed digits, mean squared error to 1e-10."""
    problem = make_problem(RATINGS)
    got = iterates(NATIVE, problem, start(problem, 2, random_state=42), 1)[-1]
    W = [
        [3.56439707, 0],
        [2.37654951, 0],
        [0.89050141, 1.23178233],
        [0.66556354, 0.96517217],
        [0, 1.79451388],
    ]
    H = [
        [1.47452258, 0.55917555, 0, 0.40826028],
        [0, 0.36226565, 1.58270795, 2.90831012],
    ]
    np.testing.assert_allclose(got.W, W, atol=1e-6)
    np.testing.assert_allclose(got.H, H, atol=1e-6)
    error = ((RATINGS - got.W @ got.H) ** 2).mean()
    assert error == pytest.approx(0.9144353703891276, abs=1e-10)


def test_movie_ratings_in_fair_steps_are_those_of_the_one_call(make_problem, iterates):
    """As many single steps as the call took give its factors, to the last bit."""
    problem = make_problem(RATINGS)
    init = start(problem, 2, random_state=42)
    (step,) = list(NATIVE.iterate(problem, init, np.random.default_rng(0)))
    fair = iterates(ScikitLearnNMF(), problem, init, step.n_steps)[-1]
    assert step.n_steps in (19, 20)
    assert (fair.W == step.factors.W).all()
    assert (fair.H == step.factors.H).all()


def test_ratings_in_single_precision_round_to_the_published_table(
    make_problem, iterates
):
    """Three components from nndsvda: WH to half a unit of its second decimal."""
    problem = make_problem(RATINGS, dtype="float32")
    init = start(problem, 3, method=StartMethod.nndsvda)
    got = iterates(NATIVE, problem, init, 1)[-1]
    table = [
        [5.34, 2.14, 0.17, 1.01],
        [3.46, 1.37, 0, 0.98],
        [1.17, 0.56, 0.09, 5.01],
        [0.85, 0.4, 0, 3.99],
        [0, 1.04, 4.99, 4.0],
    ]
    np.testing.assert_allclose(got.W @ got.H, table, atol=6e-3)


@pytest.mark.parametrize("own", [False, True])
def test_grocery_baskets_are_those_published(own, make_problem, iterates):
    """From scikit-learn's nndsvda, and from ours without the optimal scalar."""
    problem = make_problem(GROCERIES)
    if own:
        init = NndsvdA(scale=False).start(problem, 3, np.random.default_rng(0))
    else:
        init = start(problem, 3, method=StartMethod.nndsvda)
    got = iterates(NATIVE, problem, init, 1)[-1]
    W = [
        [0.008865, 1.094432, 0.001981],
        [0.036147, 0.553013, 1.327873],
        [0, 0.183592, 0.670823],
        [0.640176, 0.516677, 0.000146],
        [0, 0.234942, 0],
    ]
    np.testing.assert_allclose(got.W, W, atol=1e-5)
    residual = np.linalg.norm(GROCERIES - got.W @ got.H)
    assert residual == pytest.approx(1.04256725, abs=1e-7)


@pytest.mark.parametrize(("seed", "error"), [(42, 0.48273135), (0, 0.48087853)])
def test_purchase_patterns_have_the_known_relative_error(
    seed, error, make_problem, iterates
):
    """100 x 50 uniform numbers, two components, stopped by the iteration limit."""
    X = np.random.RandomState(seed).rand(100, 50)
    problem = make_problem(X)
    got = iterates(NATIVE, problem, start(problem, 2, random_state=42), 1)[-1]
    assert got.W.shape == (100, 2)
    assert got.H.shape == (2, 50)
    relative = np.linalg.norm(X - got.W @ got.H) / np.linalg.norm(X)
    assert relative == pytest.approx(error, abs=1e-6)


def masked(make_problem, storage, penalty):
    """Return the ratings with zeros as missing entries."""
    mask = RATINGS > 0
    if storage == "dense":
        return make_problem(RATINGS, mask, l2_W=penalty, l2_H=penalty)
    X = csr_array(RATINGS.astype(float))
    return make_problem(X, X.astype(bool), l2_W=penalty, l2_H=penalty)


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_missing_ratings_that_are_identified_are_rationals(
    storage, make_problem, iterates
):
    """Without a penalty three unseen cells are 29/12, 11/12 and 8/7, for any seed."""
    problem = masked(make_problem, storage, 0.0)
    item_3 = []
    for seed in (0, 2):
        init = RandomStart().start(problem, 2, np.random.default_rng(seed))
        got = iterates(MultiplicativeUpdates(), problem, init, 1500)[-1]
        Y = got.W @ got.H
        assert Y[1, 1] == pytest.approx(29 / 12, abs=1e-4)
        assert Y[3, 1] == pytest.approx(11 / 12, abs=1e-4)
        assert Y[4, 0] == pytest.approx(8 / 7, abs=1e-4)
        item_3.append(Y[0, 2])
    # one rating only: its column is a one-parameter family, and the start decides
    assert np.ptp(item_3) > 1


@pytest.mark.parametrize("storage", ["dense", "csr"])
@pytest.mark.parametrize(
    ("penalty", "objective", "predictions", "rmse"),
    [
        (0.1, 3.854849, [1.63, 2.35, 1.53, 5.80, 0.90, 4.66, 1.17], 0.0651),
        (1.0, 34.721986, [1.32, 1.84, 1.15, 3.87, 0.77, 3.11, 1.34], 0.5228),
    ],
)
def test_a_penalty_identifies_every_missing_rating(
    storage, penalty, objective, predictions, rmse, make_problem, iterates, value
):
    """The objective, twice ours, and the unseen cells are those known."""
    problem = masked(make_problem, storage, penalty)
    init = RandomStart().start(problem, 2, np.random.default_rng(0))
    got = iterates(MultiplicativeUpdates(), problem, init, 1500)[-1]
    assert 2 * value(problem, got) == pytest.approx(objective, abs=1e-6)
    Y, unseen = got.W @ got.H, RATINGS == 0
    np.testing.assert_allclose(Y[unseen], predictions, atol=0.0051)
    error = np.sqrt(((RATINGS - Y)[~unseen] ** 2).mean())
    assert error == pytest.approx(rmse, abs=5e-5)
