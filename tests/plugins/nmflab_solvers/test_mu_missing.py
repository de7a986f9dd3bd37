from __future__ import annotations

import numpy as np
import pytest
from nmflab_solvers.mu import MultiplicativeUpdates
from scipy.sparse import csr_array, random_array

from nmflab.contracts import Factors

BETAS = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0]


@pytest.fixture
def mask(X):
    """Return observed cells; row 5 and column 2 have none."""
    mask = np.random.default_rng(4).random(X.shape) < 0.7
    mask[5], mask[:, 2] = False, False
    return mask


def as_csr(X, mask):
    """Return X and the mask as CSR whose stored entries are the observed cells."""
    rows, columns = np.nonzero(mask)
    stored = csr_array((X[mask], (rows, columns)), shape=X.shape)
    stored.sort_indices()
    observed = csr_array(
        (np.ones(stored.nnz, dtype=bool), stored.indices, stored.indptr), shape=X.shape
    )
    return stored, observed


@pytest.mark.parametrize("beta", BETAS)
def test_unobserved_cells_have_no_say(
    beta, X, mask, make_problem, make_start, iterates
):
    """A step is that of a loop over observed cells only."""
    X = X + 0.1
    problem = make_problem(X * mask, mask, loss="beta", beta=beta)
    init = make_start(problem)
    power = 1 / (2 - beta) if beta < 1 else 1 / (beta - 1) if beta > 2 else 1.0
    W, H = init.W, init.H.copy()
    Y = W @ H
    for k, j in np.ndindex(*H.shape):
        seen = mask[:, j]
        if seen.any():
            x, y, w = X[seen, j], Y[seen, j], W[seen, k]
            ratio = (w * x * y ** (beta - 2)).sum() / (w * y ** (beta - 1)).sum()
            H[k, j] *= ratio**power
    (got,) = iterates(MultiplicativeUpdates(), problem, init, 1)
    np.testing.assert_allclose(got.H, H, rtol=1e-12)


@pytest.mark.parametrize("beta", BETAS)
def test_stored_entries_of_a_csr_are_the_observed_cells(
    beta, X, mask, make_problem, make_start, iterates
):
    """Explicit zeros are observed zeros, and the steps are those of the dense mask."""
    X = X if beta > 0 else X + 0.1
    dense = make_problem(X * mask, mask, loss="beta", beta=beta, l2_W=0.01, l1_H=0.02)
    stored, observed = as_csr(X, mask)
    assert beta <= 0 or (stored.data == 0).any()
    sparse = make_problem(
        stored, observed, loss="beta", beta=beta, l2_W=0.01, l1_H=0.02
    )
    init = make_start(dense)
    a = iterates(MultiplicativeUpdates(), dense, init, 10)[-1]
    b = iterates(MultiplicativeUpdates(), sparse, init, 10)[-1]
    np.testing.assert_allclose(b.W, a.W, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(b.H, a.H, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(
    "penalty", [{}, {"l1_W": 0.1}, {"l2_W": 0.1, "l2_H": 0.2}], ids=str
)
@pytest.mark.parametrize("beta", BETAS)
def test_the_objective_never_rises(
    beta, penalty, X, mask, make_problem, make_start, iterates, value
):
    """Sixty steps descend on observed cells for every divergence and penalty."""
    X = X if beta > 0 else X + 0.01
    problem = make_problem(X * mask, mask, loss="beta", beta=beta, **penalty)
    init = make_start(problem, n_components=4)
    run = [init, *iterates(MultiplicativeUpdates(), problem, init, 60)]
    values = np.array([value(problem, factors) for factors in run])
    # summing some 90 cells rounds by less than 1e-13 of the sum
    assert (np.diff(values) <= 1e-13 * np.abs(values[:-1]) + 1e-15).all()
    assert values[-1] < values[0]


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_a_row_without_observed_cells_keeps_its_start(
    loss, X, mask, make_problem, make_start, iterates
):
    """The objective does not depend on it, so nothing moves it."""
    problem = make_problem(X * mask, mask, loss=loss)
    init = make_start(problem)
    got = iterates(MultiplicativeUpdates(), problem, init, 5)[-1]
    assert (got.W[5] == init.W[5]).all()
    assert (got.H[:, 2] == init.H[:, 2]).all()


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_a_penalty_sends_a_row_without_observed_cells_to_zero(
    loss, X, mask, make_problem, make_start, iterates
):
    """Only the penalty depends on it, and that is least at 0."""
    problem = make_problem(X * mask, mask, loss=loss, l2_W=0.1)
    got = iterates(MultiplicativeUpdates(), problem, make_start(problem), 1)[-1]
    assert not got.W[5].any()


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_a_mask_that_is_all_true_changes_nothing(
    loss, X, make_problem, make_start, iterates
):
    """Another order of sums, the same steps."""
    plain = make_problem(X, loss=loss)
    full = make_problem(X, np.ones(X.shape, dtype=bool), loss=loss)
    init = make_start(plain)
    a = iterates(MultiplicativeUpdates(), plain, init, 10)[-1]
    b = iterates(MultiplicativeUpdates(), full, init, 10)[-1]
    np.testing.assert_allclose(b.W, a.W, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_an_l2_weight_may_count_for_each_observed_cell(
    beta, X, mask, make_problem, make_start, iterates
):
    """A row's weight is its number of observed cells, as if it were given so.

    A row without any keeps its start: its weight is 0.
    """
    X = X + 0.1
    counted = make_problem(
        X * mask, mask, loss="beta", beta=beta, l2_H=0.1, l2_per_count=True
    )
    init = make_start(counted)
    W, H = init.W, init.H.copy()
    (got,) = iterates(MultiplicativeUpdates(), counted, init, 1)
    for j in range(H.shape[1]):
        seen = mask[:, [j]]
        if seen.any():
            alone = make_problem(
                X[:, [j]] * seen, seen, loss="beta", beta=beta, l2_H=0.1 * seen.sum()
            )
            start = Factors(W, H[:, [j]])
            (want,) = iterates(MultiplicativeUpdates(), alone, start, 1)
            np.testing.assert_allclose(got.H[:, [j]], want.H, rtol=1e-12)
        else:
            assert (got.H[:, j] == H[:, j]).all()


def test_an_exact_factorization_of_the_observed_cells_stays_exact(
    mask, X, make_problem, iterates
):
    """The prediction of unobserved cells stays too."""
    rng = np.random.default_rng(1)
    W, H = rng.random((X.shape[0], 3)) + 0.1, rng.random((3, X.shape[1])) + 0.1
    problem = make_problem((W @ H) * mask, mask)
    got = iterates(MultiplicativeUpdates(), problem, Factors(W, H), 20)[-1]
    np.testing.assert_allclose(got.W @ got.H, W @ H, rtol=1e-13)


def test_a_large_sparse_matrix_is_never_made_dense(make_problem, make_start, iterates):
    """A step on a CSR whose dense form would take 240 GB runs in a few MB."""
    X = csr_array(
        random_array((200_000, 150_000), density=1e-7, rng=np.random.default_rng(3))
    )
    X.sort_indices()
    problem = make_problem(X, X.astype(bool), l2_W=1.0, l2_H=1.0)
    init = make_start(problem, 2, like=1)
    got = iterates(MultiplicativeUpdates(), problem, init, 1)[-1]
    assert np.isfinite(got.W).all()
