"""What all starts keep: feasible, in the unit of X, and the same for any storage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nmflab_inits._sketch import Decomposition
from nmflab_inits.averages import Averaged, RandomAcol, RandomC
from nmflab_inits.compressed import CompressedStart
from nmflab_inits.kmeans import KMeansStart, Partner, Variant
from nmflab_inits.nndsvd import Nndsvd
from nmflab_inits.nnsvd_lrc import NnsvdLrc
from nmflab_inits.separable import SnpaStart, SpaStart
from nmflab_inits.warm import WarmStart
from scipy.sparse import csr_array

DRAWN = [
    RandomAcol(n_averaged=3),
    RandomAcol(n_averaged=3, of=Averaged.features),
    RandomC(n_averaged=3, longest=0.9),
    KMeansStart(),
    KMeansStart(variant=Variant.minibatch),
    KMeansStart(variant=Variant.spherical),
    KMeansStart(partner=Partner.nnls),
    CompressedStart(oversampling=3),
    Nndsvd(svd=Decomposition.randomized, oversampling=1),
    NnsvdLrc(svd=Decomposition.randomized, oversampling=1),
]
FIXED = [NnsvdLrc(), SpaStart(), SpaStart(sum_to_one=False), SnpaStart(), WarmStart()]
BEYOND = [*DRAWN[:8], WarmStart()]


def name_of(start):
    """Return what tells a configured start apart."""
    options = [str(v) for v in vars(start).values() if isinstance(v, str)]
    return "-".join([type(start).__name__, *options])


every = pytest.mark.parametrize("start", DRAWN + FIXED, ids=name_of)
fixed = pytest.mark.parametrize("start", FIXED, ids=name_of)


def rng(seed=0):
    """Return a generator."""
    return np.random.default_rng(seed)


def wide_csr(X):
    """Return a CSR with 64-bit indices that stores every cell, zeros too."""
    n, p = X.shape
    indices, indptr = np.tile(np.arange(p), n), np.arange(n + 1) * p
    csr = csr_array((X.ravel(), indices, indptr), shape=X.shape)
    csr.indices, csr.indptr = indices.astype(np.int64), indptr.astype(np.int64)
    return csr


@every
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_awkward_data_give_feasible_starts(start, dtype, X, make_problem):
    """Zero rows and columns, nothing at all, one row or column, counts, extreme units.

    Dense, CSR, and CSR with 64-bit indices and stored zeros.
    """
    holes = X.copy()
    holes[3], holes[:, 4] = 0, 0
    equal = np.tile(X[:1], (14, 1))
    odd = (holes, 0 * X, X[:1], X[:, :1], X * 1e-25, X * 1e25, np.round(5 * X), equal)
    for matrix in odd:
        n_components = min(4, *matrix.shape)
        for stored in (matrix, csr_array(matrix), wide_csr(matrix)):
            problem = make_problem(stored, dtype=dtype)
            got = start.start(problem, n_components, rng())
            assert got.W.shape == (matrix.shape[0], n_components)
            assert got.H.shape == (n_components, matrix.shape[1])
            for factor in (got.W, got.H):
                assert factor.dtype == problem.dtype
                assert np.isfinite(factor).all()
                assert (factor >= 0).all()


@every
def test_data_that_are_not_zero_start_above_zero(start, X, make_problem):
    """WH is not 0, and better than 0: the scalar sees to it."""
    got = start.start(make_problem(X), 4, rng())
    assert np.linalg.norm(X - got.W @ got.H) < np.linalg.norm(X)


@every
@pytest.mark.parametrize("unit", [1e-25, 1e25])
def test_the_start_follows_the_unit_of_the_data(start, unit, X, make_problem):
    """X in another unit changes both factors by its root.

    The unit is no power of two, so every number is rounded anew: 1e-8 leaves room for
    what least squares and small singular values make of 1e-16.
    """
    plain = start.start(make_problem(X), 4, rng())
    scaled = start.start(make_problem(X * unit), 4, rng())
    root = np.sqrt(unit)
    np.testing.assert_allclose(scaled.W / root, plain.W, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(scaled.H / root, plain.H, rtol=1e-8, atol=1e-10)


@every
@pytest.mark.parametrize("unit", [1e-25, 1e25])
def test_single_precision_lives_with_extreme_units(start, unit, X, make_problem):
    """1e25 squared is beyond float32; the start is that of float64 to a few digits.

    Errors, not factors, are compared: a cluster may be numbered otherwise. The scalar
    is left out, for it would hide a wrong unit.
    """
    start = replace(start, scale=False)
    single = start.start(make_problem(X * unit, dtype="float32"), 4, rng())
    double = start.start(make_problem(X), 4, rng())
    root = np.sqrt(unit)
    W, H = np.float64(single.W) / root, np.float64(single.H) / root
    error = np.linalg.norm(X - double.W @ double.H)
    assert np.linalg.norm(X - W @ H) == pytest.approx(error, rel=1e-3)


@fixed
def test_the_order_of_rows_and_columns_does_not_matter(start, X, make_problem):
    """Permuting X permutes W and H along; only orders of sums differ."""
    rows, columns = rng(1).permutation(14), rng(2).permutation(11)
    plain = start.start(make_problem(X), 4, rng())
    moved = start.start(make_problem(X[rows][:, columns]), 4, rng())
    np.testing.assert_allclose(moved.W, plain.W[rows], atol=1e-9)
    np.testing.assert_allclose(moved.H, plain.H[:, columns], atol=1e-9)


@every
def test_storage_does_not_matter(start, X, make_problem):
    """A CSR gives the start of the dense matrix, but for the order of sums."""
    dense = start.start(make_problem(X), 4, rng())
    sparse = start.start(make_problem(csr_array(X)), 4, rng())
    np.testing.assert_allclose(sparse.W @ sparse.H, dense.W @ dense.H, atol=1e-9)


@fixed
def test_no_seed_changes_a_fixed_start(start, X, make_problem):
    """To the last bit."""
    a, b = (start.start(make_problem(X), 4, rng(seed)) for seed in (1, 2))
    assert a.W.tobytes() == b.W.tobytes()
    assert a.H.tobytes() == b.H.tobytes()


@pytest.mark.parametrize("start", DRAWN, ids=name_of)
def test_a_seed_decides_a_drawn_start(start, X, make_problem):
    """One seed repeats to the last bit, another differs."""
    a, b, c = (start.start(make_problem(X), 4, rng(seed)) for seed in (1, 1, 2))
    assert a.W.tobytes() == b.W.tobytes()
    assert a.W.tobytes() != c.W.tobytes()


@every
def test_the_scalar_is_best_for_the_loss(start, X, make_problem):
    """The residual is orthogonal to WH; for counts the sums of X and WH agree.

    Where WH is 0 no scalar changes it: such cells do not count.
    """
    got = start.start(make_problem(X), 4, rng())
    Y = got.W @ got.H
    assert abs(((X - Y) * Y).sum()) < 1e-12 * (Y * Y).sum()
    counts = make_problem(X, loss="kullback_leibler")
    got = start.start(counts, 4, rng())
    Y = got.W @ got.H
    assert Y.sum() == pytest.approx(X[Y > 0].sum(), rel=1e-12)


@pytest.mark.parametrize("start", BEYOND, ids=name_of)
def test_more_components_than_rows_and_columns_are_given(start, X, make_problem):
    """Nothing limits their number."""
    got = start.start(make_problem(X), 20, rng())
    assert got.W.shape == (14, 20)
    assert np.isfinite(got.W @ got.H).all()


@pytest.mark.parametrize(
    ("start", "name"),
    [(NnsvdLrc(), "nnsvd_lrc"), (SpaStart(), "spa"), (SnpaStart(), "snpa")],
)
def test_more_components_than_there_can_be_are_refused(start, name, X, make_problem):
    """The message names the start, the limit, the number asked for, and a way out."""
    with pytest.raises(
        ValueError,
        match=rf"init={name} gives at most min\(X\.shape\) = 11 components,"
        r" n_components=12 was asked for; use init=random",
    ):
        start.start(make_problem(X), 12, rng())
