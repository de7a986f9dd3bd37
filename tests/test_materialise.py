"""Tests of `nmflab.materialise`: what is refused, kept, and read back."""

from __future__ import annotations

import errno
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_array, csc_array, csr_array

from nmflab.contracts import Dataset, Factors
from nmflab.materialise import (
    fingerprint,
    materialise,
    open_dataset,
    read_facts,
    verify,
    writing,
)

NAN, INF = np.nan, np.inf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Name a folder that does not exist yet."""
    return tmp_path / "deep" / "data"


def matrix() -> np.ndarray:
    """Return 6 x 4 values with some zeros."""
    X = np.random.default_rng(0).random((6, 4))
    X[X < 0.3] = 0
    return X


def leftovers(folder: Path) -> list[str]:
    """List what stands beside a folder."""
    return [entry.name for entry in folder.parent.iterdir() if entry != folder]


def test_a_dense_matrix_comes_back_as_it_was(folder):
    """Values survive to the last bit, memory-mapped and read-only."""
    X = matrix()
    materialise(Dataset(X=X), folder)
    found = open_dataset(folder).X
    np.testing.assert_array_equal(found, X)
    assert type(found) is np.ndarray
    assert isinstance(found.base, np.memmap)
    assert not found.flags.writeable


@pytest.mark.parametrize("convert", [csr_array, csc_array, coo_array])
def test_a_sparse_matrix_comes_back_as_canonical_csr(folder, convert):
    """Whatever the sparse format, a CSR with sorted int32 indices is kept."""
    X = matrix()
    facts = materialise(Dataset(X=convert(X)), folder)
    found = open_dataset(folder).X
    np.testing.assert_array_equal(found.toarray(), X)
    arrays = (found.data, found.indices, found.indptr)
    assert csr_array(arrays, shape=X.shape, copy=True).has_canonical_format
    assert found.indices.dtype == found.indptr.dtype == np.int32
    assert not found.data.flags.writeable
    assert facts["n_stored"] == np.count_nonzero(X)
    assert facts["n_observed"] == X.size


@pytest.mark.parametrize(
    "convert",
    [
        lambda X: X.astype(np.int16),
        lambda X: X.astype(bool),
        lambda X: X.astype(np.float16),
        np.asfortranarray,
        lambda X: X.astype(">f8"),
        lambda X: np.repeat(X, 2, axis=0)[::2],
    ],
)
def test_any_real_layout_becomes_c_ordered_float64(folder, convert):
    """Integers, booleans, half precision, other orders and strides are converted."""
    given = convert(matrix() * 8)
    assert materialise(Dataset(X=given), folder)["dtype"] == "float64"
    found = open_dataset(folder).X
    assert found.dtype == np.float64
    assert found.dtype.isnative
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, given.astype(np.float64))


def test_single_precision_is_kept(folder):
    """float32 stays, so that memory is not doubled."""
    materialise(Dataset(X=matrix().astype(np.float32)), folder)
    assert open_dataset(folder).X.dtype == np.float32


def test_everything_beside_x_comes_back(folder):
    """Names, labels, truth and extras are what was given."""
    truth = Factors(np.ones((6, 2)), np.zeros((2, 4)), column_offset=np.arange(4.0))
    data = Dataset(
        X=matrix(),
        row_names=[f"r\u00e9{i}" for i in range(6)],
        column_names=("a", "b", "c", "d"),
        row_labels=np.array(["x", "y", "x", "y", "z", "z"], dtype=object),
        truth=truth,
        extras={"licence": "CC0", "tokens": ["a b"] * 6, "folds": np.arange(24)},
    )
    materialise(data, folder)
    found = open_dataset(folder)
    assert found.row_names == list(data.row_names)
    assert found.column_names == ["a", "b", "c", "d"]
    assert found.row_labels.tolist() == ["x", "y", "x", "y", "z", "z"]
    np.testing.assert_array_equal(found.truth.W, truth.W)
    np.testing.assert_array_equal(found.truth.column_offset, truth.column_offset)
    assert found.truth.row_offset is None
    assert found.extras["licence"] == "CC0"
    assert found.extras["tokens"] == ["a b"] * 6
    np.testing.assert_array_equal(found.extras["folds"], np.arange(24))


def test_unobserved_cells_become_0(folder):
    """Whatever stood in a masked cell, NaN included, is 0 on disk."""
    X, mask = matrix(), np.ones((6, 4), dtype=bool)
    X[1, 2], X[4, 0] = NAN, -7
    mask[1, 2] = mask[4, 0] = False
    facts = materialise(Dataset(X=X, missing="mask", mask=mask), folder)
    found = open_dataset(folder)
    assert found.X[1, 2] == found.X[4, 0] == 0
    np.testing.assert_array_equal(found.mask, mask)
    assert facts["n_observed"] == 22
    assert facts["minimum"] == X[mask].min()
    assert facts["mean"] == pytest.approx(X[mask].mean(), rel=1e-14)


def test_explicit_zeros_stay_where_unstored_cells_are_unknown(folder, tmp_path):
    """A stored 0 is an observed 0; among values it says nothing and goes."""
    X = csr_array((np.array([1.0, 0.0]), ([0, 1], [1, 0])), shape=(2, 2))
    kept = materialise(Dataset(X=X, missing="unstored"), folder)
    dropped = materialise(Dataset(X=X), tmp_path / "other")
    assert (kept["n_stored"], kept["n_observed"]) == (2, 2)
    assert (dropped["n_stored"], dropped["n_observed"]) == (1, 4)


def test_duplicates_of_a_sparse_matrix_are_added_and_said(folder):
    """Two entries for one cell are summed, with a warning that counts them."""
    X = coo_array((np.array([1.0, 2.0, 4.0]), ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    facts = materialise(Dataset(X=X), folder)
    assert open_dataset(folder).X.toarray().tolist() == [[0, 3], [4, 0]]
    assert facts["warnings"][0].startswith("1 stored cells repeated another")


def test_wide_and_unsorted_indices_become_narrow_and_sorted(folder):
    """64-bit indices in any order within a row: what solvers get is one form."""
    X = csr_array(matrix())
    order = np.concatenate([np.arange(a, b)[::-1] for a, b in pairwise(X.indptr)])
    parts = (X.data[order], X.indices[order].astype(np.int64))
    given = csr_array((*parts, X.indptr.astype(np.int64)), shape=X.shape)
    materialise(Dataset(X=given), folder)
    found = open_dataset(folder).X
    assert found.indices.dtype == found.indptr.dtype == np.int32
    np.testing.assert_array_equal(found.indices, X.indices)
    np.testing.assert_array_equal(found.data, X.data)


def test_denormal_numbers_are_kept(folder):
    """They are numbers; what they do to a step is the solvers' to bear."""
    X = matrix()
    X[0, 0] = 5e-324
    materialise(Dataset(X=X), folder)
    assert open_dataset(folder).X[0, 0] == 5e-324


def test_a_mask_over_a_sparse_matrix_becomes_a_list_of_observed_cells(folder):
    """Observed zeros are stored, unobserved values are dropped."""
    X = csr_array(np.array([[1.0, 0.0], [5.0, 2.0]]))
    mask = np.array([[True, True], [False, True]])
    facts = materialise(Dataset(X=X, missing="mask", mask=mask), folder)
    found = open_dataset(folder)
    assert found.missing == facts["missing"] == "unstored"
    assert found.X.nnz == 3
    assert found.X.toarray().tolist() == [[1, 0], [0, 2]]


@pytest.mark.parametrize("value", [NAN, INF, -INF])
@pytest.mark.parametrize("convert", [np.asarray, csr_array])
def test_a_value_that_is_not_finite_is_named_by_cell(folder, value, convert):
    """The first offending cell is named by index and by name; nothing is left."""
    X = matrix()
    X[2, 1] = X[3, 0] = value
    data = Dataset(X=convert(X), row_names=list("abcdef"), column_names=list("wxyz"))
    with pytest.raises(ValueError, match=r"X\[2, 1\] \(row 'c', column 'x'\) is") as e:
        materialise(data, folder)
    assert str(value) in str(e.value)
    assert not folder.exists()
    assert leftovers(folder) == []


def test_a_late_block_is_located_rightly(folder, monkeypatch):
    """The row is that of X, not of the block it stood in."""
    monkeypatch.setattr(verify, "BLOCK_CELLS", 8)
    X = matrix()
    X[5, 3] = NAN
    with pytest.raises(ValueError, match=r"X\[5, 3\] is nan"):
        materialise(Dataset(X=X), folder)
    with pytest.raises(ValueError, match=r"X\[5, 3\] is nan"):
        materialise(Dataset(X=csr_array(X)), folder)


@pytest.mark.parametrize("convert", [np.asarray, csr_array])
def test_blocks_change_nothing(folder, tmp_path, monkeypatch, convert):
    """Facts, files and fingerprint are the same in one block and in many."""
    X = convert(matrix())
    whole = materialise(Dataset(X=X), folder)
    monkeypatch.setattr(verify, "BLOCK_CELLS", 5)
    parts = materialise(Dataset(X=X), tmp_path / "parts")
    # The mean is added up in another order: one rounding a block.
    assert parts.pop("mean") == pytest.approx(whole.pop("mean"), rel=1e-14)
    assert parts == whole
    one, many = open_dataset(folder).X, open_dataset(tmp_path / "parts").X
    assert abs(one - many).max() == 0


def test_the_first_negative_cell_is_recorded(folder):
    """Signed data are kept; whoever refuses them can name the cell."""
    X = matrix()
    X[3, 2], X[5, 0] = -1.5, -2
    facts = materialise(Dataset(X=X, row_names=list("abcdef")), folder)
    assert facts["first_negative"] == "X[3, 2] (row 'd')"
    assert facts["minimum"] == -2


def test_negative_values_are_refused_where_signs_are_not_allowed(folder):
    """The message names the cell and its value."""
    X = matrix()
    X[3, 2] = -1.5
    with pytest.raises(ValueError, match=r"X\[3, 2\] is -1\.5, and X must be >= 0"):
        materialise(Dataset(X=X), folder, signed_ok=False)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_an_empty_matrix_is_refused(folder, shape):
    """No rows or no columns is a sentence with the shape."""
    with pytest.raises(
        ValueError, match=rf"X is empty, shape \({shape[0]}, {shape[1]}"
    ):
        materialise(Dataset(X=np.ones(shape)), folder)


@pytest.mark.parametrize("X", [np.ones((2, 2), complex), np.full((2, 2), "a")])
def test_what_is_no_real_number_is_refused(folder, X):
    """Complex numbers and text name their type."""
    with pytest.raises(ValueError, match="not real numbers"):
        materialise(Dataset(X=X), folder)


def test_a_masked_array_is_refused(folder):
    """NumPy's masked arrays would silently lose their mask."""
    with pytest.raises(ValueError, match="MaskedArray"):
        materialise(Dataset(X=np.ma.masked_less(matrix(), 0.5)), folder)


def test_data_without_an_observed_cell_are_refused(folder):
    """There is nothing to fit."""
    data = Dataset(X=matrix(), missing="mask", mask=np.zeros((6, 4), dtype=bool))
    with pytest.raises(ValueError, match="no cell of X is observed"):
        materialise(data, folder)


@pytest.mark.parametrize("convert", [np.asarray, csr_array])
def test_rows_and_columns_of_zeros_are_counted_and_warned_of(folder, convert):
    """The first is named."""
    X = matrix() + 1
    X[[1, 4]] = 0
    X[:, 2] = 0
    facts = materialise(Dataset(X=convert(X), row_names=list("abcdef")), folder)
    assert (facts["n_empty_rows"], facts["n_empty_columns"]) == (2, 1)
    rows, columns = facts["warnings"]
    assert rows.startswith(
        "2 of 6 rows of X have nothing but 0 (the first is row 1, 'b'"
    )
    assert columns.startswith("1 of 4 columns of X has nothing but 0")


def test_rows_without_an_observed_cell_are_warned_of(folder):
    """They are told from rows that are 0."""
    mask = np.ones((6, 4), dtype=bool)
    mask[3] = False
    data = Dataset(X=matrix() + 1, missing="mask", mask=mask)
    (warning,) = materialise(data, folder)["warnings"]
    assert warning.startswith("1 of 6 rows of X has no observed cell")


def test_a_matrix_of_zeros_is_handled(folder, tmp_path):
    """All-zero data are kept, dense and sparse."""
    for X, into in ((np.zeros((3, 2)), folder), (csr_array((3, 2)), tmp_path / "s")):
        facts = materialise(Dataset(X=X), into)
        assert (facts["minimum"], facts["maximum"], facts["mean"]) == (0, 0, 0)
        assert open_dataset(into).X.sum() == 0


def test_the_mean_of_huge_values_is_finite(folder):
    """Values near the largest float are not summed before they are divided."""
    facts = materialise(Dataset(X=np.full((4, 4), 1e308)), folder)
    assert facts["mean"] == pytest.approx(1e308, rel=1e-14)


def test_the_fingerprint_is_that_of_the_cells(folder, tmp_path):
    """Names do not count; a value, the mask, the shape and the storage do."""
    X = matrix()
    base = materialise(Dataset(X=X), folder)["fingerprint"]
    assert fingerprint(Dataset(X=X, row_names=list("abcdef"))) == base
    assert fingerprint(Dataset(X=np.asfortranarray(X))) == base
    changed = X.copy()
    changed[0, 0] += 1e-12
    mask = np.ones(X.shape, dtype=bool)
    others = [
        fingerprint(Dataset(X=changed)),
        fingerprint(Dataset(X=X.reshape(4, 6))),
        fingerprint(Dataset(X=csr_array(X))),
        fingerprint(Dataset(X=csr_array(X), missing="unstored")),
        fingerprint(Dataset(X=X, missing="mask", mask=mask)),
    ]
    assert len({base, *others}) == 6


@pytest.mark.parametrize("missing", ["none", "unstored"])
def test_the_fingerprint_of_a_csr_is_foretold(folder, missing):
    """`fingerprint` equals what `materialise` records, whatever the index type."""
    X = csr_array(matrix())
    wide = csr_array((X.data, X.indices.astype(np.int64), X.indptr.astype(np.int64)))
    recorded = materialise(Dataset(X=X, missing=missing), folder)["fingerprint"]
    assert fingerprint(Dataset(X=wide, missing=missing)) == recorded


def test_facts_are_plain_json(folder):
    """What is returned is what can be read back."""
    facts = materialise(Dataset(X=matrix()), folder)
    assert read_facts(folder) == json.loads(json.dumps(facts)) == facts


def test_the_same_dataset_again_keeps_the_folder(folder):
    """A second writing of the same data touches nothing."""
    materialise(Dataset(X=matrix()), folder)
    before = (folder / "X.npy").stat().st_ino
    materialise(Dataset(X=matrix()), folder)
    assert (folder / "X.npy").stat().st_ino == before
    assert leftovers(folder) == []


def test_another_dataset_replaces_the_folder(folder):
    """New data and new names win; readers of the old keep their map."""
    materialise(Dataset(X=matrix()), folder)
    old = open_dataset(folder)
    materialise(Dataset(X=matrix() + 1, row_names=list("abcdef")), folder)
    assert open_dataset(folder).row_names == list("abcdef")
    np.testing.assert_array_equal(old.X, matrix())
    np.testing.assert_array_equal(open_dataset(folder).X, matrix() + 1)
    assert leftovers(folder) == []


def test_many_writers_at_once_leave_one_whole_folder(folder):
    """Whoever wins, nobody fails and nothing else is left."""
    datasets = [Dataset(X=matrix() + (i % 2)) for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda data: materialise(data, folder), datasets))
    assert open_dataset(folder).X.shape == (6, 4)
    assert read_facts(folder)["fingerprint"] in {fingerprint(d) for d in datasets}
    assert leftovers(folder) == []


def test_a_folder_of_something_else_is_not_touched(folder):
    """A folder that holds other files is refused and stays."""
    folder.mkdir(parents=True)
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match="holds something else"):
        materialise(Dataset(X=matrix()), folder)
    assert (folder / "thesis.tex").read_text() == "years of work"
    assert leftovers(folder) == []


def test_a_full_disk_is_a_sentence_and_leaves_nothing(folder, monkeypatch):
    """The message says what failed, where, and how much room is needed."""

    def full(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing.np, "save", full)
    with pytest.raises(OSError, match=r"cannot write .*data: No space left.*MB"):
        materialise(Dataset(X=matrix(), row_labels=np.arange(6)), folder)
    assert leftovers(folder) == []
    assert not folder.exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    """A file in the way is named by what the system says."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"cannot write the dataset to .*file"):
        materialise(Dataset(X=matrix()), tmp_path / "file" / "data")


def test_python_objects_are_refused_not_pickled(folder):
    """An array of objects is named by its key."""
    extras = {"folds": np.array([object(), None])}
    with pytest.raises(ValueError, match=r"extras\['folds'\] holds Python objects"):
        materialise(Dataset(X=matrix(), extras=extras), folder)
    assert not folder.exists()


def test_an_extra_cannot_leave_the_folder(folder):
    """A key is a file name, not a path."""
    data = Dataset(X=matrix(), extras={"../evil": np.ones(2)})
    with pytest.raises(ValueError, match="a key is made of letters"):
        materialise(data, folder)


def test_a_folder_without_a_dataset_is_a_sentence(tmp_path):
    """Opening nothing says what is missing and what to do."""
    with pytest.raises(FileNotFoundError, match=r"it has no meta\.json; run the study"):
        open_dataset(tmp_path)


def test_a_newer_format_is_refused(folder):
    """A folder written by a later nmflab is not guessed at."""
    materialise(Dataset(X=matrix()), folder)
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(meta | {"format": 99}))
    with pytest.raises(ValueError, match="format 99, this nmflab reads up to 1"):
        open_dataset(folder)


def ratings(**more):
    """Return three stored cells of a 2 x 3 matrix, with a fold for each."""
    cells = (np.array([5.0, 3.0, 1.0]), np.array([0, 2, 1]), np.array([0, 2, 3]))
    folds = more.pop("folds", np.array([1, 2, 1]))
    X = csr_array(cells, shape=(2, 3))
    return Dataset(X=X, missing="unstored", extras={"folds": folds}, **more)


def test_what_a_split_goes_by_is_in_the_fingerprint():
    """The same ratings in other folds are other data to a study."""
    same, other = ratings(), ratings(folds=np.array([2, 1, 1]))
    assert fingerprint(ratings()) == fingerprint(same) != fingerprint(other)


def test_extras_of_cells_must_be_one_a_cell(folder):
    """Two folds for three ratings cannot be told apart later."""
    with pytest.raises(ValueError, match=r"extras\['folds'\] .* each of the 3 stored"):
        materialise(ratings(folds=np.array([1, 2])), folder)


def test_a_csr_that_would_be_sorted_is_refused_with_extras_of_cells(folder):
    """Sorting it would give each fold to another rating."""
    cells = (np.array([3.0, 5.0]), np.array([2, 0]), np.array([0, 2, 2]))
    X = csr_array(cells, shape=(2, 3))
    data = Dataset(X=X, missing="unstored", extras={"folds": np.array([1, 2])})
    with pytest.raises(ValueError, match="sorted indices"):
        materialise(data, folder)


def test_stored_zeros_that_would_go_are_refused_with_extras_of_cells(folder):
    """Their folds would stay behind."""
    cells = (np.array([0.0, 5.0]), np.array([0, 2]), np.array([0, 2, 2]))
    X = csr_array(cells, shape=(2, 3))
    data = Dataset(X=X, extras={"folds": np.array([1, 2])})
    with pytest.raises(ValueError, match="stores zeros"):
        materialise(data, folder)
