"""Tests of synthetic data against their documented model."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_datasets import synthetic
from nmflab_datasets.synthetic import Synthetic


def load(*, seed=0, **fields):
    """Load synthetic data."""
    return Synthetic(**fields).load(np.random.default_rng(seed))


def test_without_noise_x_is_the_product_of_its_factors():
    """The truth is exact: the same product, so the same bits up to blocking."""
    data = load(noise=0.0)
    np.testing.assert_allclose(data.X, data.truth.reconstruct(), rtol=1e-13)


def test_there_are_as_many_components_as_asked_for():
    """The rank of noise-free data is n_components."""
    X = load(noise=0.0, n_components=7).X
    assert np.linalg.matrix_rank(X) == 7


@pytest.mark.parametrize("distribution", ["gaussian", "poisson"])
@pytest.mark.parametrize("noise", [0.05, 0.2])
def test_noise_is_relative_to_the_signal(distribution, noise):
    """‖X − Y‖ / ‖Y‖ is `noise`, measured where clipping hardly bites.

    300 x 200 cells: the ratio scatters by about 1 / sqrt(2 · 60000) = 0.3 %; a few per
    cent of the Gaussian's cells are clipped at 0.2, hence 5 %.
    """
    data = load(
        n_samples=300,
        n_features=200,
        sparsity=0.0,
        noise=noise,
        distribution=distribution,
    )
    Y = data.truth.reconstruct()
    assert np.linalg.norm(data.X - Y) / np.linalg.norm(Y) == pytest.approx(
        noise, rel=0.05
    )


def test_poisson_data_are_counts_with_the_truth_as_mean():
    """Whole numbers; their total is that of the truth within 5 standard deviations."""
    data = load(distribution="poisson", n_samples=200)
    assert (np.round(data.X) == data.X).all()
    total = data.truth.reconstruct().sum()
    assert abs(data.X.sum() - total) < 5 * np.sqrt(total)


def test_noise_never_makes_a_value_negative():
    """Cells driven below 0 are 0."""
    X = load(noise=2.0).X
    assert X.min() == 0


def test_sparsity_is_the_share_of_zeros_in_the_factors():
    """Out of 12,000 entries, within 5 standard deviations of a binomial."""
    truth = load(n_samples=2_000, n_features=400, sparsity=0.8, storage="csr").truth
    zeros = np.concatenate([truth.W.ravel(), truth.H.ravel()]) == 0
    assert zeros.mean() == pytest.approx(0.8, abs=5 * np.sqrt(0.16 / zeros.size))


def test_no_component_is_empty_however_sparse():
    """Each column of W and row of H keeps an entry."""
    truth = load(n_samples=10, n_features=5, sparsity=0.99).truth
    assert (truth.W.max(axis=0) > 0).all()
    assert (truth.H.max(axis=1) > 0).all()


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_storage_does_not_change_the_data(missing):
    """Dense and CSR hold the same cells, and know of the same ones."""
    fields = {"distribution": "poisson", "missing": missing, "noise": 0.5}
    dense, sparse = load(**fields), load(**fields, storage="csr")
    np.testing.assert_array_equal(sparse.X.toarray(), dense.X)
    if missing:
        assert (dense.missing, sparse.missing) == ("mask", "unstored")
        stored = np.zeros(dense.X.shape, dtype=bool)
        stored[sparse.X.nonzero()] = True
        assert (dense.mask >= stored).all()
        assert sparse.X.nnz == dense.mask.sum()
    else:
        assert dense.missing == sparse.missing == "none"
        assert sparse.X.nnz == np.count_nonzero(dense.X)


def test_missing_is_the_share_of_unobserved_cells():
    """Within 5 standard deviations of a binomial of 20,000 cells."""
    mask = load(n_samples=200, n_features=100, missing=0.25).mask
    assert 1 - mask.mean() == pytest.approx(0.25, abs=5 * np.sqrt(0.1875 / mask.size))


def test_missing_cells_do_not_change_the_truth():
    """The factors are drawn first."""
    one, other = load(), load(missing=0.5)
    np.testing.assert_array_equal(one.truth.W, other.truth.W)


def test_blocks_are_stacked_in_order(monkeypatch):
    """Noise-free data drawn in many blocks are the product, row by row."""
    monkeypatch.setattr(synthetic, "BLOCK_CELLS", 170)
    data = load(noise=0.0)
    np.testing.assert_allclose(data.X, data.truth.reconstruct(), rtol=1e-13)


def test_one_seed_gives_one_dataset():
    """The generator decides, to the last bit."""
    np.testing.assert_array_equal(load(seed=3).X, load(seed=3).X)
    assert (load(seed=3).X != load(seed=4).X).any()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"n_samples": 0}, "dataset.n_samples must be >= 1, got 0"),
        ({"n_components": -2}, "dataset.n_components must be >= 1, got -2"),
        ({"sparsity": 1.0}, "dataset.sparsity must be >= 0 and < 1.*got 1.0"),
        ({"missing": float("nan")}, "dataset.missing must be >= 0 and < 1.*got nan"),
        ({"noise": -1.0}, "dataset.noise must be >= 0 and finite, got -1.0"),
        ({"noise": 0.0, "distribution": "poisson"}, "dataset.noise must be >= 1e-6"),
        ({"distribution": "normal"}, "dataset.distribution must be one of gaussian"),
        ({"storage": "coo"}, "dataset.storage must be one of dense, csr"),
    ],
)
def test_bad_parameters_are_named(fields, message):
    """Each is refused where it is made, with its key and value."""
    with pytest.raises(ValueError, match=message):
        Synthetic(**fields)
