"""Tests of views: the other way round, without rare rows, as events only."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from nmflab_datasets.views import (
    as_binary,
    check_min_counts,
    csr_from_triplets,
    prepared,
    selected,
    stored_cells,
    transposed,
    unique_names,
    viewed,
    with_min_counts,
)
from scipy.sparse import csr_array

from nmflab.contracts import Dataset, Factors
from nmflab.materialise import fingerprint


def ratings(seed: int = 0, n_rows: int = 9, n_columns: int = 7) -> Dataset:
    """Return a dataset with everything a view has to carry along."""
    rng = np.random.default_rng(seed)
    busy = rng.uniform(0.1, 0.95, (n_rows, 1)) * rng.uniform(0.6, 1.0, n_columns)
    rows, columns = np.nonzero(rng.random((n_rows, n_columns)) < busy)
    at = rng.permutation(rows.size)
    X, cells = csr_from_triplets(
        rows[at],
        columns[at],
        rng.integers(1, 6, rows.size),
        (n_rows, n_columns),
        timestamps=rng.integers(0, 10**9, rows.size),
        folds=rng.integers(1, 6, rows.size),
        test_ua=rng.random(rows.size) < 0.2,
    )
    return Dataset(
        X=X,
        missing="unstored",
        row_names=[f"user {i}" for i in range(n_rows)],
        column_names=[f"film {j}" for j in range(n_columns)],
        row_labels=np.arange(n_rows) % 3,
        truth=Factors(
            rng.random((n_rows, 2)), rng.random((2, n_columns)), rng.random(n_rows)
        ),
        extras={
            **cells,
            "row_metadata": [f"age {i}" for i in range(n_rows)],
            "column_metadata": [f"genre {j}" for j in range(n_columns)],
            "column_labels": np.arange(n_columns) % 2,
            "rating_scale": np.array([1.0, 5.0]),
            "wavelengths": np.linspace(0.4, 2.5, n_columns),
            "times": np.arange(n_rows, dtype=float),
        },
    )


def by_name(dataset: Dataset, extra: str) -> dict[tuple[str, str], object]:
    """Return an extra of cells by the names of row and column."""
    rows, columns = stored_cells(dataset)
    names = zip(rows, columns, dataset.extras[extra], strict=True)
    return {(dataset.row_names[i], dataset.column_names[j]): x for i, j, x in names}


def test_triplets_become_a_canonical_csr():
    """Rows in order, columns rising within each, indices of 32 bits, float64."""
    rng = np.random.default_rng(1)
    dense = rng.integers(1, 9, (5, 6)) * (rng.random((5, 6)) < 0.6)
    rows, columns = np.nonzero(dense)
    at = rng.permutation(rows.size)
    X, _ = csr_from_triplets(
        rows[at], columns[at], dense[rows[at], columns[at]], dense.shape
    )
    np.testing.assert_array_equal(X.toarray(), dense)
    assert X.has_canonical_format
    assert (X.dtype, X.indices.dtype, X.indptr.dtype) == (float, "int32", "int32")
    np.testing.assert_array_equal(X.indices, columns)


def test_what_is_said_of_cells_follows_them():
    """A value that names its cell is still at that cell."""
    rows, columns = np.array([2, 0, 1, 0]), np.array([1, 2, 0, 0])
    said = 10 * rows + columns
    X, extras = csr_from_triplets(rows, columns, np.ones(4), (3, 3), timestamps=said)
    assert extras["timestamps"].tolist() == [0, 2, 10, 21]
    assert X.indices.tolist() == [0, 2, 0, 1]


@pytest.mark.parametrize(
    ("duplicates", "value"), [("sum", 6.0), ("last", 3.0)], ids=["sum", "last"]
)
def test_a_cell_listed_more_than_once(duplicates, value):
    """Its values add up or the last counts; what is said of it is said of its last."""
    X, extras = csr_from_triplets(
        [1, 0, 1, 1],
        [0, 1, 0, 0],
        [1, 9, 2, 3],
        (2, 2),
        duplicates=duplicates,
        timestamps=np.array([5, 6, 8, 7]),
    )
    assert X.toarray().tolist() == [[0, 9], [value, 0]]
    assert extras["timestamps"].tolist() == [6, 7]


def test_a_cell_listed_twice_is_refused_by_name():
    """Without a word for it, the first such cell is named."""
    with pytest.raises(ValueError, match="row 2, column 1 is listed more than once"):
        csr_from_triplets([1, 0, 1], [0, 1, 0], [1, 1, 1], (2, 2))


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ([0, 3], [0, 0], "entry 2 is for row 4, and there are 3"),
        ([0, 1], [-1, 0], "entry 1 is for column 0, and there are 3"),
    ],
)
def test_a_position_outside_is_refused(rows, columns, said):
    """It would be taken for another cell, or stop the program later."""
    with pytest.raises(ValueError, match=said):
        csr_from_triplets(rows, columns, [1, 1], (3, 3))


def test_stored_zeros_stay():
    """A rating of 0 was given; it is not the same as none."""
    X, _ = csr_from_triplets([0, 1], [1, 0], [0, 2], (2, 2))
    assert X.nnz == 2


def test_no_entry_at_all_is_an_empty_matrix():
    """The shape is kept."""
    X, extras = csr_from_triplets([], [], [], (2, 3), folds=np.array([], dtype=int))
    assert (X.shape, X.nnz, extras["folds"].size) == ((2, 3), 0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_transposing_twice_is_the_identity(seed):
    """All of it: cells, what is said of them, names, labels, truth, extras."""
    before = ratings(seed)
    after = transposed(transposed(before))
    assert fingerprint(after) == fingerprint(before)
    assert set(after.extras) == set(before.extras)
    for key, extra in before.extras.items():
        np.testing.assert_array_equal(after.extras[key], extra)
    np.testing.assert_array_equal(after.truth.W, before.truth.W)
    np.testing.assert_array_equal(after.truth.row_offset, before.truth.row_offset)


@pytest.mark.parametrize("extra", ["timestamps", "folds", "test_ua"])
def test_transposing_leaves_what_is_said_with_its_cell(extra):
    """User and film of each time, fold and test set are the same pair as before."""
    before = ratings()
    turned = {(j, i): x for (i, j), x in by_name(before, extra).items()}
    assert by_name(transposed(before), extra) == turned


def test_transposing_swaps_names_labels_metadata_and_truth():
    """What was said of rows is said of columns, and the other way round."""
    before = ratings()
    after = transposed(before)
    np.testing.assert_array_equal(after.X.toarray(), before.X.toarray().T)
    assert after.X.has_canonical_format
    assert after.X.nnz == before.X.nnz
    assert after.row_names == before.column_names
    assert after.extras["row_metadata"] == before.extras["column_metadata"]
    np.testing.assert_array_equal(after.row_labels, before.extras["column_labels"])
    np.testing.assert_array_equal(after.extras["column_labels"], before.row_labels)
    np.testing.assert_allclose(
        after.truth.reconstruct(), before.truth.reconstruct().T, rtol=1e-14
    )
    assert "wavelengths" not in after.extras  # rows have no such word in the vocabulary
    assert after.extras["row_wavelengths"].size == after.X.shape[0]


def test_transposing_a_masked_array_orders_its_observed_cells():
    """For a dense X with a mask, what is said of cells is in C order of the mask."""
    mask = np.array([[True, False, True], [True, True, False]])
    X = np.arange(6.0).reshape(2, 3) * mask
    said = X[mask]
    before = Dataset(X=X, missing="mask", mask=mask, extras={"timestamps": said})
    after = transposed(before)
    np.testing.assert_array_equal(after.extras["timestamps"], after.X[after.mask])
    np.testing.assert_array_equal(after.mask, mask.T)


def test_transposing_a_full_array_orders_all_of_its_cells():
    """For a dense X without missing cells each cell has an entry."""
    X = np.arange(6.0).reshape(2, 3)
    after = transposed(Dataset(X=X, extras={"timestamps": X.ravel()}))
    np.testing.assert_array_equal(after.extras["timestamps"], after.X.ravel())
    assert after.X.flags.c_contiguous


@pytest.mark.parametrize("seed", range(5))
def test_minimum_counts_hold_for_rows_and_columns_together(seed):
    """A row that fell below its count when a column went is gone, too."""
    kept = with_min_counts(ratings(seed, 30, 20), 6, 9)
    assert (np.diff(kept.X.indptr) >= 6).all()
    assert (np.bincount(kept.X.indices, minlength=kept.X.shape[1]) >= 9).all()


def test_minimum_counts_drop_no_more_than_they_must():
    """Peeled one at a time by hand: the largest part in which both counts hold."""
    before = ratings(3, 30, 20)
    dense = before.X.toarray() > 0
    rows, columns = np.arange(30), np.arange(20)
    while True:
        part = dense[np.ix_(rows, columns)]
        few = np.flatnonzero(part.sum(1) < 6)
        rare = np.flatnonzero(part.sum(0) < 9)
        if few.size:
            rows = np.delete(rows, few[0])
        elif rare.size:
            columns = np.delete(columns, rare[0])
        else:
            break
    kept = with_min_counts(before, 6, 9)
    assert kept.row_names == [f"user {i}" for i in rows]
    assert kept.column_names == [f"film {j}" for j in columns]


def test_minimum_counts_take_all_that_is_said_along():
    """Times and folds stay with their cells, names and labels with their rows."""
    before = ratings(3, 30, 20)
    kept = with_min_counts(before, 6, 9)
    whole = by_name(before, "timestamps")
    part = by_name(kept, "timestamps")
    assert 0 < len(part) < len(whole)
    assert part.items() <= whole.items()
    rows = [int(name.split()[1]) for name in kept.row_names]
    assert kept.extras["row_metadata"] == [f"age {i}" for i in rows]
    np.testing.assert_array_equal(kept.row_labels, np.array(rows) % 3)
    np.testing.assert_array_equal(kept.truth.W, before.truth.W[rows])
    np.testing.assert_array_equal(kept.extras["times"], rows)


def test_minimum_counts_say_what_they_left_out():
    """With counts, behind what was said before."""
    X = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]]))
    kept = with_min_counts(prepared(Dataset(X=X), "read backwards"), 2, 0)
    assert kept.extras["preparation"] == (
        "read backwards; left out 1 of 3 rows with fewer cells than 2, and 0 of 3"
        " columns with fewer than 0"
    )


def test_no_minimum_leaves_the_dataset_as_it_is():
    """Also empty rows stay, and nothing is said."""
    data = Dataset(X=csr_array(np.array([[0.0, 0.0], [1.0, 0.0]])))
    assert with_min_counts(data, 0, 0) is data


def test_minimum_counts_that_leave_nothing_are_refused():
    """The message names both keys and the size."""
    with pytest.raises(
        ValueError, match=r"dataset.min_row_count=8 .* leaves nothing of 9 rows and 7"
    ):
        with_min_counts(ratings(), 8, 0)


def test_dense_data_count_their_nonzero_cells():
    """A full array stores its zeros, too; they are no events."""
    X = np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 0.0], [1.0, 1.0, 1.0]])
    assert with_min_counts(Dataset(X=X), 2, 2).X.tolist() == [[1, 2], [1, 1]]


def test_a_negative_minimum_is_refused():
    """It would drop nothing without a word."""
    asked = SimpleNamespace(min_row_count=0, min_column_count=-2)
    with pytest.raises(ValueError, match=r"dataset.min_column_count must be .* got -2"):
        check_min_counts(asked)


def test_events_are_ones_among_known_zeros():
    """The pattern of ratings stays, their scale does not."""
    before = ratings()
    events = as_binary(before)
    np.testing.assert_array_equal(events.X.toarray(), before.X.toarray() > 0)
    assert events.missing == "none"
    assert "rating_scale" not in events.extras
    assert by_name(events, "folds") == by_name(before, "folds")


def test_a_stored_zero_is_no_event():
    """It goes, and what was said of it."""
    X, cells = csr_from_triplets(
        [0, 0, 1], [0, 1, 1], [0, 2, 3], (2, 2), timestamps=np.array([7, 8, 9])
    )
    events = as_binary(Dataset(X=X, missing="unstored", extras=cells))
    assert events.X.nnz == 2
    assert events.extras["timestamps"].tolist() == [8, 9]


def test_events_of_a_masked_array_are_complete():
    """Unobserved cells become known zeros."""
    mask = np.array([[True, False], [True, True]])
    X = np.array([[4.0, 0.0], [0.0, 2.0]])
    events = as_binary(Dataset(X=X, missing="mask", mask=mask))
    assert events.X.tolist() == [[1, 0], [0, 1]]
    assert (events.missing, events.mask) == ("none", None)


def test_part_of_an_image_is_no_image():
    """The shape goes with the first pixel that goes."""
    data = Dataset(X=np.ones((2, 4)), extras={"image_shape": np.array([2, 2])})
    part = selected(data, np.arange(2), np.arange(3))
    assert "image_shape" not in part.extras
    assert "image_shape" in selected(data, np.arange(1), np.arange(4)).extras


def test_counts_are_of_the_matrix_as_it_is_returned():
    """With films as rows, the minimum of rows is one of films."""
    before = ratings(3, 30, 20)
    both = viewed(
        before, binary=True, transpose=True, min_row_count=9, min_column_count=6
    )
    films_kept = with_min_counts(before, 6, 9).column_names
    assert both.row_names == films_kept


def test_names_are_unique():
    """Only names that several share are followed by their id."""
    assert unique_names(["a", "b", "a"], [7, 8, 9]) == ["a [7]", "b", "a [9]"]


def test_views_of_a_wide_sparse_matrix_stay_sparse():
    """A million rows by 50,000 columns: 400 GB full, a few MB in all views."""
    rng = np.random.default_rng(0)
    shape = 1_000_000, 50_000
    at = rng.integers(0, np.array(shape)[:, None], (2, 2000))
    tracemalloc.start()
    try:
        X, cells = csr_from_triplets(
            *at, np.ones(2000), shape, duplicates="last", timestamps=np.arange(2000)
        )
        data = Dataset(X=X, missing="unstored", extras=cells)
        events = viewed(
            data,
            binary=True,
            transpose=True,
            min_row_count=1,
            min_column_count=1,
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert events.X.nnz == X.nnz
    assert peak < 100e6
