from __future__ import annotations

import numpy as np
import pytest
from nmflab_inits.random import Distribution, RandomStart, nmflab_initializations
from scipy.sparse import csr_array

BARE = RandomStart(scale=False)


def rng():
    """Return the generator every test starts from."""
    return np.random.default_rng(5)


def test_entries_are_absolute_normals_times_the_size_of_an_entry(X, make_problem):
    """|N(0, 1)| sqrt(mean(X) / n_components), W drawn before H."""
    got = BARE.start(make_problem(X), 3, rng())
    draw, size = rng(), np.sqrt(X.mean() / 3)
    np.testing.assert_allclose(got.W, size * abs(draw.standard_normal((14, 3))))
    np.testing.assert_allclose(got.H, size * abs(draw.standard_normal((3, 11))))


def test_entries_can_be_uniform(X, make_problem):
    """U(0, 1) sqrt(mean(X) / n_components), W drawn before H."""
    start = RandomStart(distribution=Distribution.uniform, scale=False)
    got = start.start(make_problem(X), 3, rng())
    draw, size = rng(), np.sqrt(X.mean() / 3)
    np.testing.assert_allclose(got.W, size * draw.random((14, 3)))
    np.testing.assert_allclose(got.H, size * draw.random((3, 11)))


def test_the_mean_is_over_observed_cells(X, make_problem):
    """A mask and a CSR of observed cells give the size of what was observed."""
    mask = rng().random(X.shape) < 0.5
    rows, columns = np.nonzero(mask)
    stored = csr_array((X[mask], (rows, columns)), shape=X.shape)
    observed = stored.copy().astype(bool)
    observed.data[:] = True
    draw = abs(rng().standard_normal((14, 3)))
    want = np.sqrt(X[mask].mean() / 3) * draw
    for problem in (make_problem(X * mask, mask), make_problem(stored, observed)):
        np.testing.assert_allclose(BARE.start(problem, 3, rng()).W, want)


def test_unstored_zeros_of_a_complete_csr_count(X, make_problem):
    """Without missing cells the mean is that of the dense matrix."""
    dense = BARE.start(make_problem(X), 3, rng())
    sparse = BARE.start(make_problem(csr_array(X)), 3, rng())
    np.testing.assert_allclose(sparse.W, dense.W)


def test_the_scalar_is_best_for_the_frobenius_loss(X, make_problem):
    """The residual is orthogonal to WH."""
    got = RandomStart().start(make_problem(X), 3, rng())
    Y = got.W @ got.H
    assert abs(((X - Y) * Y).sum()) < 1e-12 * (Y * Y).sum()


def test_the_scalar_is_best_for_kullback_leibler(X, make_problem):
    """WH has the sum of X."""
    got = RandomStart().start(make_problem(X, loss="kullback_leibler"), 3, rng())
    assert (got.W @ got.H).sum() == pytest.approx(X.sum(), rel=1e-12)


def test_the_scalar_is_shared_by_both_factors(X, make_problem):
    """W and H are multiplied by the same number."""
    bare = BARE.start(make_problem(X), 3, rng())
    got = RandomStart().start(make_problem(X), 3, rng())
    ratios = np.concatenate([(got.W / bare.W).ravel(), (got.H / bare.H).ravel()])
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-12)


def test_single_precision_gets_the_same_start_rounded(X, make_problem):
    """X is rounded too, hence two units in the last place."""
    double = BARE.start(make_problem(X), 3, rng())
    single = BARE.start(make_problem(X, dtype="float32"), 3, rng())
    assert single.W.dtype == np.float32
    np.testing.assert_allclose(single.W, double.W, rtol=2.4e-7)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("unit", [1e-25, 1e25])
def test_the_start_follows_the_unit_of_the_data(unit, dtype, X, make_problem):
    """X in another unit changes the factors by its root."""
    tolerance = 1e-9 if dtype == "float64" else 1e-5
    plain = RandomStart().start(make_problem(X, dtype=dtype), 3, rng())
    scaled = RandomStart().start(make_problem(X * unit, dtype=dtype), 3, rng())
    np.testing.assert_allclose(scaled.W / np.sqrt(unit), plain.W, rtol=tolerance)


def test_data_that_are_zero_start_at_zero(make_problem):
    """There is no size to take, and no scalar to find."""
    got = RandomStart().start(make_problem(np.zeros((4, 3))), 2, rng())
    assert not got.W.any()
    assert not got.H.any()


def test_more_components_than_rows_or_columns_are_given(X, make_problem):
    """Nothing limits their number."""
    got = RandomStart().start(make_problem(X), 40, rng())
    assert got.W.shape == (14, 40)
    assert (got.H > 0).all()


def test_an_unknown_distribution_is_refused():
    """The message names the config key and what there is."""
    with pytest.raises(
        ValueError, match=r"init\.distribution must be one of normal, uniform, got 'x'"
    ):
        RandomStart(distribution="x")


def test_it_takes_missing_entries_and_any_loss():
    """It is random, and without a limit on n_components."""
    (spec,) = nmflab_initializations()
    assert spec.name == "random"
    assert spec.random is True
    assert spec.takes.missing
    assert spec.limit == "none"


def test_a_signed_x_is_started_at_the_size_of_its_magnitudes(make_problem) -> None:
    """Its mean may be 0 or below; the start is at least 0 all the same."""
    X = np.random.default_rng(0).standard_normal((40, 30)) - 1.0
    solved = RandomStart(scale=False)
    signed = solved.start(make_problem(X), 3, np.random.default_rng(1))
    unsigned = solved.start(make_problem(np.abs(X)), 3, np.random.default_rng(1))
    assert (signed.W >= 0).all()
    np.testing.assert_array_equal(signed.W, unsigned.W)
