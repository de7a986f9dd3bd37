"""Sparse and dense evaluation of a real count matrix with empty rows."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.io import mmread
from scipy.sparse import csr_array

from nmflab.contracts import Factors
from nmflab.numerics import ObjectiveEvaluator

FILE = "tenx-small/filtered_feature_bc_matrix/matrix.mtx.gz"


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    """Return the 507 x 1107 counts; 306 of the rows are empty."""
    path = Path(os.environ.get("NMFLAB_DATA", "")) / FILE
    if not path.is_file():
        pytest.skip(f"NMFLAB_DATA holds no {FILE}")
    return csr_array(mmread(path)).toarray().astype(float)


@pytest.mark.data
@pytest.mark.parametrize("beta", [2.0, 1.0, 1.5])
def test_real_counts_are_evaluated_alike_in_both_storages(make_problem, counts, beta):
    """Value, κ and residual of 561,249 cells agree between dense and CSR."""
    rng = np.random.default_rng(0)
    scale = np.sqrt(counts.mean() / 4)
    W = rng.random((507, 4)) * scale
    H = rng.random((4, 1107)) * scale
    factors = Factors(W, H)
    dense, sparse = (
        ObjectiveEvaluator(make_problem(counts, storage, beta=beta))
        for storage in ("dense", "csr")
    )
    assert (counts.sum(axis=1) == 0).sum() == 306
    # sums of 6e5 terms in another order: 1e-16 times a few hundred
    for measure in ("value", "kappa", "projected_gradient_norm", "residual_norm"):
        expected = getattr(dense, measure)(factors)
        assert getattr(sparse, measure)(factors) == pytest.approx(expected, rel=1e-11)
