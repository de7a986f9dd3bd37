"""What is known of a stored dataset's cells."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import Dataset
from nmflab.report.content import Prose
from nmflab.report.reading.described import unidentified_notes
from nmflab.report.reading.observed import (
    column_names,
    is_small,
    known_cells,
    row_names,
    unidentified,
)
from nmflab.store import StoredDataset


def stored(study: Any, dataset: Dataset) -> StoredDataset:
    """Return a dataset as the store gives it back."""
    fingerprint = study.dataset("data", dataset)
    with study.read() as store:
        found: StoredDataset = store.dataset(fingerprint)
    return found


def test_rows_and_columns_with_too_few_cells_are_named(study: Any) -> None:
    """Of the ratings, item 3 has one; users 2 and 4 have two."""
    data = stored(study, study.masked())
    two, three = unidentified(data, 2), unidentified(data, 3)
    assert two is not None
    assert three is not None
    assert (two.rows.tolist(), two.columns.tolist()) == ([], [2])
    assert (three.rows.tolist(), three.columns.tolist()) == ([1, 3], [2])


def test_a_note_names_them_and_a_split_only_where_there_was_one(study: Any) -> None:
    """Cells that a split held out are known, yet no model saw them."""
    data = stored(study, study.masked())
    (plain,) = unidentified_notes(data, [2, 2])
    (split,) = unidentified_notes(data, [2], held_out=True)
    assert isinstance(plain, Prose)
    assert isinstance(split, Prose)
    assert "Not identified at n_components 2: column" in plain.text
    assert "split" not in plain.text
    assert "of which the split held some out" in split.text


def test_what_a_sparse_matrix_does_not_store_is_unknown(study: Any) -> None:
    """The same holds where missing cells are those not stored; stored zeros count."""
    X = csr_array(study.RATINGS)
    X.data[0] = 0.0
    data = stored(study, Dataset(X=X, missing="unstored"))
    known = known_cells(data)
    assert known is not None
    np.testing.assert_array_equal(known, study.RATINGS > 0)
    few = unidentified(data, 2)
    assert few is not None
    assert few.columns.tolist() == [2]


def test_complete_data_leave_nothing_unidentified(study: Any) -> None:
    """Where all cells are known the question does not arise."""
    data = stored(study, Dataset(X=study.RATINGS))
    assert known_cells(data) is None
    assert unidentified(data, 3) is None
    assert is_small(data)


def test_names_are_made_unique(study: Any) -> None:
    """Two columns of one name would be drawn as one."""
    names = ["a", "b", "a", "a (2)"]
    data = stored(study, Dataset(X=np.ones((1, 4)), column_names=names))
    assert column_names(data) == ["a", "b", "a (3)", "a (2)"]
    assert row_names(data) == ["row 1"]


@pytest.mark.parametrize("shape", [(30, 30), (50, 2)])
def test_large_data_are_not_drawn(study: Any, shape: tuple[int, int]) -> None:
    """Over 600 cells, or 40 on a side, there is no room for the numbers."""
    assert not is_small(stored(study, Dataset(X=np.ones(shape))))
