"""What holds for every weighting."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import Dataset, Factors
from nmflab.weighting import (
    WEIGHTINGS,
    ColumnSums,
    Log1p,
    NormalisedCut,
    NoWeighting,
    RowSums,
    Tfidf,
    UnitRows,
)

SCALINGS = [
    UnitRows(),
    RowSums(target=3.0),
    RowSums(target=None),
    ColumnSums(target=0.5),
    ColumnSums(target=None),
    Tfidf(),
    Tfidf(unit_rows=False, smooth_idf=False),
    NormalisedCut(),
    NormalisedCut(tfidf=False, unit_rows=False),
]
every_name = pytest.mark.parametrize("name", sorted(WEIGHTINGS))
every_scaling = pytest.mark.parametrize("weighting", SCALINGS, ids=repr)


def test_the_weightings_have_names():
    """They are what a configuration may say."""
    assert dict(WEIGHTINGS) == {
        "none": NoWeighting,
        "unit_rows": UnitRows,
        "row_sums": RowSums,
        "column_sums": ColumnSums,
        "log1p": Log1p,
        "tfidf": Tfidf,
        "normalised_cut": NormalisedCut,
    }


@every_name
def test_sparse_stays_sparse_and_single_stays_single(counts, name):
    """Storage, pattern and precision of X are kept, and X itself is not changed."""
    X = csr_array(counts.astype(np.float32))
    before = X.copy()
    found = WEIGHTINGS[name]().apply(Dataset(X=X)).X
    np.testing.assert_array_equal(found.indices, X.indices)
    np.testing.assert_array_equal(found.indptr, X.indptr)
    assert found.dtype == np.float32
    assert (before != X).nnz == 0


@every_name
def test_dense_single_stays_single_and_is_not_changed(counts, name):
    """The array given is the user's, or a memory map."""
    X = counts.astype(np.float32)
    X.flags.writeable = False
    assert WEIGHTINGS[name]().apply(Dataset(X=X)).X.dtype == np.float32


@every_name
def test_lines_of_0_stay_0(counts, storage, full, name):
    """Document 4 and term 2 are 0 everywhere: nothing is divided by their sums."""
    found = full(WEIGHTINGS[name]().apply(Dataset(X=storage(counts))))
    assert (found[4] == 0).all()
    assert (found[:, 2] == 0).all()
    assert np.isfinite(found).all()


@every_name
def test_a_matrix_of_0_stays_so(storage, full, name):
    """All sums, lengths and degrees are 0."""
    found = full(WEIGHTINGS[name]().apply(Dataset(X=storage(np.zeros((3, 4))))))
    np.testing.assert_array_equal(found, np.zeros((3, 4)))


@every_scaling
def test_the_truth_stays_true(weighting):
    """The factors that made X, rescaled, make the reweighted X."""
    rng = np.random.default_rng(0)
    W, H = rng.random((12, 3)), rng.random((3, 7)) * (rng.random((3, 7)) < 0.5)
    found = weighting.apply(Dataset(X=W @ H, truth=Factors(W, H)))
    # W and H are scaled before their product is taken: a few roundings a cell.
    np.testing.assert_allclose(
        found.truth.reconstruct(), found.X, rtol=1e-13, atol=1e-15
    )


@every_scaling
def test_a_truth_with_offsets_is_dropped(counts, weighting):
    """An offset of a row is no multiple of anything once columns are scaled."""
    truth = Factors(np.ones((12, 2)), np.ones((2, 7)), row_offset=np.ones(12))
    assert weighting.apply(Dataset(X=counts, truth=truth)).truth is None


@pytest.mark.parametrize(
    "weighting",
    [Log1p(), RowSums(log=True), ColumnSums(log=True), Tfidf(sublinear_tf=True)],
    ids=repr,
)
def test_logarithms_drop_the_truth(counts, weighting):
    """No factors make ``log(1 + WH)``."""
    truth = Factors(np.ones((12, 2)), np.ones((2, 7)))
    assert weighting.apply(Dataset(X=counts, truth=truth)).truth is None


@every_scaling
def test_missing_cells_are_refused_where_they_would_count(counts, weighting):
    """A length, a sum or a number of documents needs every cell."""
    data = Dataset(X=counts, missing="mask", mask=counts > 0)
    with pytest.raises(ValueError, match="cannot be used on data with missing cells"):
        weighting.apply(data)


@pytest.mark.parametrize(
    "name", ["log1p", "tfidf", "row_sums", "column_sums", "normalised_cut"]
)
def test_negative_values_are_refused(counts, storage, name):
    """The message names the weighting and the smallest value."""
    with pytest.raises(ValueError, match=f"weighting={name} needs X >= 0, .*-0.5"):
        WEIGHTINGS[name]().apply(Dataset(X=storage(counts - 0.5)))


@every_scaling
@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_the_unit_of_x_leaves_the_range_of_floats_nowhere(
    counts, storage, full, weighting, size
):
    """Squares and products of tiny and huge values would.

    What is expected is proportional to X where the weighting keeps its unit, and the
    same in any unit otherwise.
    """
    plain = full(weighting.apply(Dataset(X=counts)))
    found = full(weighting.apply(Dataset(X=storage(counts * size))))
    keeps_unit = getattr(weighting, "target", 1) is None or weighting == Tfidf(
        unit_rows=False, smooth_idf=False
    )
    expected = plain * size if keeps_unit else plain
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=0)


@every_name
def test_what_is_seen_is_the_data_themselves_by_default(counts, storage, full, name):
    """To name them changes nothing."""
    data, weighting = Dataset(X=storage(counts)), WEIGHTINGS[name]()
    np.testing.assert_array_equal(
        full(weighting.apply(data, seen=data)), full(weighting.apply(data))
    )


@every_scaling
def test_held_out_events_change_no_scale(counts, storage, full, weighting):
    """Cells that are not held out get the weights of data without those that are."""
    rng = np.random.default_rng(1)
    training = np.where(rng.random(counts.shape) < 0.2, 0, counts)
    seen = Dataset(X=storage(training))
    found = full(weighting.apply(Dataset(X=storage(counts)), seen=seen))
    alone = full(weighting.apply(seen))
    kept = training > 0
    assert (counts[~kept] > 0).any()
    np.testing.assert_array_equal(found[kept], alone[kept])
    # A logarithm of n/df may be 0, but never takes a held-out count below that.
    assert (found[~kept] >= 0).all()


def test_no_weighting_is_the_dataset_itself(counts):
    """Nothing is copied."""
    data = Dataset(X=counts)
    assert NoWeighting().apply(data) is data


def test_a_rating_scale_is_forgotten_and_other_extras_stay(counts):
    """The scale would be that of another X."""
    extras = {"rating_scale": np.array([1.0, 5.0]), "licence": "CC0"}
    found = Log1p().apply(Dataset(X=counts, extras=extras))
    assert dict(found.extras) == {"licence": "CC0"}
