"""Tests of long lists of cells: names as they stand, memory as it must be."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from nmflab_datasets.file import File

from nmflab.materialise import materialise, open_dataset


def test_names_that_are_numbers_are_not_rewritten(read):
    """007 and 7 are two users, as identifiers with leading zeros are."""
    data = read("r.csv", "007,1,5\n7,1,3\n+7,1,2\n", layout="long")
    assert sorted(data.row_names) == ["+7", "007", "7"]
    assert data.X.nnz == 3


def test_names_that_look_like_missing_values_are_names(read):
    """A user called NA, and a film called None."""
    data = read("r.csv", "user,item,value\nNA,None,5\nnan,None,3\n", layout="long")
    assert data.row_names == ["NA", "nan"]
    assert data.column_names == ["None"]


@pytest.mark.parametrize("form", ["", "NA", "nan", "NaN", "null", "None", "-"])
def test_a_value_that_is_blank_is_unknown(read, form):
    """In any of its spellings, beside names in the same spelling."""
    data = read("r.csv", f"NA,x,{form}\nb,x,3\n", layout="long", nan="missing")
    assert data.row_names == ["NA", "b"]
    assert data.X.data.tolist() == [3]


def test_a_value_that_is_no_number_is_named_by_line(read):
    """Blank lines and a comment above count as lines of the file."""
    text = "# ratings\n\na,x,1\nb,x,2\nc,x,three\n"
    with pytest.raises(ValueError, match="line 5, column 3: 'three' is not a number"):
        read("r.csv", text, layout="long")


def test_a_blank_user_is_named_by_its_first_line(read):
    """Also where another blank, of another length, comes later."""
    with pytest.raises(ValueError, match="line 3 names no user"):
        read("r.csv", 'a,x,1\nb,x,2\n"  ",x,3\n,y,4\n', layout="long")


@pytest.mark.parametrize("delimiter", ["::", "§", " | "])
def test_a_delimiter_of_several_octets(read, delimiter):
    """As in the files of MovieLens 1M, or a character beyond ASCII."""
    text = "\n".join(delimiter.join(row) for row in (("a", "x", "1"), ("b", "y", "2")))
    data = read("r.txt", text, layout="long", delimiter=delimiter)
    assert data.X.toarray().tolist() == [[1, 0], [0, 2]]
    assert data.column_names == ["x", "y"]


def test_a_ragged_line_is_found_where_it_stands(read):
    """Behind a blank line, in a list without quotes."""
    with pytest.raises(ValueError, match=r"line 4 has 2 field\(s\) where most .* 3"):
        read("r.csv", "a,x,1\nb,y,2\n\nc,z\n", layout="long")


def test_the_matrix_does_not_depend_on_the_order_of_the_list(read):
    """Rows and columns are sorted, as numbers where all are."""
    rng = np.random.default_rng(0)
    lines = [f"{i},{j},{i + j}" for i in range(1, 30, 3) for j in range(1, 40, 2)]
    first = read("a.csv", "\n".join(lines), layout="long")
    second = read("b.csv", "\n".join(rng.permutation(lines)), layout="long")
    np.testing.assert_array_equal(first.X.toarray(), second.X.toarray())
    assert first.row_names == second.row_names == [str(i) for i in range(1, 30, 3)]
    assert second.X.has_canonical_format


def test_a_list_of_many_users_and_items_is_never_a_full_array(tmp_path):
    """100,000 users by 50,000 items: 40 GB full; reading takes what its lines take."""
    path = tmp_path / "events.csv"
    path.write_text("".join(f"u{i},i{i % 50_000},1\n" for i in range(100_000)))
    tracemalloc.start()
    try:
        data = File(path=str(path), layout="long").load(np.random.default_rng(0))
        facts = materialise(data, tmp_path / "data")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert data.X.shape == (100_000, 50_000)
    assert facts["n_stored"] == 100_000
    assert peak < 200e6


def test_a_wide_sparse_matrix_with_few_cells_is_never_a_full_array(tmp_path):
    """A million rows by 50,000 columns, 1000 cells: 400 GB full, a few MB sparse."""
    rng = np.random.default_rng(0)
    path = tmp_path / "few.mtx"
    at = rng.choice(1_000_000, 1000, replace=False) + 1
    cells = "".join(f"{i} {i % 50_000 + 1} 2\n" for i in at)
    path.write_text(
        f"%%MatrixMarket matrix coordinate real general\n1000000 50000 1000\n{cells}"
    )
    tracemalloc.start()
    try:
        data = File(path=str(path)).load(np.random.default_rng(0))
        materialise(data, tmp_path / "data")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert open_dataset(tmp_path / "data").X.shape == (1_000_000, 50_000)
    assert data.X.nnz == 1000
    assert peak < 150e6
