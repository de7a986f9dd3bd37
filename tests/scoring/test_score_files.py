"""Factors in files: what each format gives, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from nmflab.config import ConfigError
from nmflab.scoring.files import read_factor

RNG = np.random.default_rng(0)
W = RNG.random((6, 3))
NAMES = ["a", "b", "c", "d", "e", "f"]


def written(path: Path, text: str) -> Path:
    """Write a text file and return its path."""
    path.write_text(text, encoding="utf-8")
    return path


def same(path: Path, key: str = "W", variable: str | None = None) -> bool:
    """Return whether a file gives W to the last bit, in C order."""
    found = read_factor(key, path, variable).values
    return bool(np.array_equal(found, W)) and found.flags.c_contiguous


def test_an_array_file_gives_every_bit(tmp_path: Path) -> None:
    """Also one in Fortran order, as other languages have it."""
    np.save(tmp_path / "W.npy", np.asfortranarray(W))
    assert same(tmp_path / "W.npy")


def test_an_archive_gives_the_variable_called_like_the_factor(tmp_path: Path) -> None:
    """W of an archive that holds W and H, as nmflab's own files do."""
    np.savez(tmp_path / "both.npz", W=W, H=W.T)
    assert same(tmp_path / "both.npz")


def test_an_archive_gives_the_variable_asked_for(tmp_path: Path) -> None:
    """Whatever it is called."""
    np.savez(tmp_path / "both.npz", loadings=W, H=W.T)
    assert same(tmp_path / "both.npz", variable="loadings")


def test_a_matlab_file_with_one_matrix_gives_it(tmp_path: Path) -> None:
    """Scalars beside it are no factor."""
    savemat(tmp_path / "W.mat", {"A": W, "names": "abc"})
    assert same(tmp_path / "W.mat")


def test_several_variables_are_listed_when_none_is_chosen(tmp_path: Path) -> None:
    """The error names them and the key that chooses."""
    savemat(tmp_path / "W.mat", {"A": W, "B": W})
    with pytest.raises(
        ConfigError, match=r"it holds A, B; name one, as in W\.variable"
    ):
        read_factor("W", tmp_path / "W.mat")


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("index", [True, False])
def test_a_table_of_pandas_gives_every_bit(
    tmp_path: Path, header: bool, index: bool
) -> None:
    """With or without its names; numbers that are names are left out by the header."""
    frame = pd.DataFrame(W, index=NAMES, columns=["x", "y", "z"])
    frame.to_csv(tmp_path / "W.csv", header=header, index=index)
    found = read_factor("W", tmp_path / "W.csv")
    np.testing.assert_array_equal(found.values, W)
    assert found.row_names == (NAMES if index else None)
    assert found.column_names == (["x", "y", "z"] if header else None)


def test_row_numbers_under_an_empty_heading_are_no_values(tmp_path: Path) -> None:
    """R's write.csv and pandas number rows so."""
    pd.DataFrame(W).to_csv(tmp_path / "W.csv")
    assert same(tmp_path / "W.csv")


def test_a_heading_one_cell_short_stands_over_named_rows(tmp_path: Path) -> None:
    """R's write.table leaves out the heading of the row names."""
    path = written(tmp_path / "W.txt", '"V1" "V2"\n"1" 0.5  1\n"2" 2 3e-1\n')
    found = read_factor("W", path)
    np.testing.assert_array_equal(found.values, [[0.5, 1], [2, 0.3]])
    assert found.row_names == ["1", "2"]


def test_decimal_commas_are_read_between_semicolons(tmp_path: Path) -> None:
    """As R's write.csv2 and German spreadsheets write them."""
    path = written(tmp_path / "W.csv", "x;y\n0,5;1\n2;3,25\n")
    np.testing.assert_array_equal(read_factor("W", path).values, [[0.5, 1], [2, 3.25]])


def test_a_row_without_names_is_no_heading(tmp_path: Path) -> None:
    """A file of one line is one component."""
    path = written(tmp_path / "H.tsv", "1\t2\t3\n")
    np.testing.assert_array_equal(read_factor("H", path).values, [[1, 2, 3]])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("W.csv", "1,2\n3,NA\n", "line 2 holds 'NA', which is no number"),
        ("W.csv", "1,2\n3\n", "line 2 has 1 cells, line 1 has 2"),
        ("W.csv", "1,2\n3,nan\n", "nan in row 2, column 2"),
        ("W.csv", "1,2\n3,inf\n", "inf in row 2, column 2"),
        ("W.csv", "\n\n", "the file holds no number"),
        ("W.npy", "1,2\n", "it cannot be read as a .npy"),
        ("W.npz", "1,2\n", "it cannot be read as a .npz"),
        ("W.mat", "1,2\n", "it cannot be read as a .mat"),
        ("W.rds", "1,2\n", "the ending '.rds' is not one of .npy, .npz, .mat, .csv"),
    ],
)
def test_what_is_no_factor_is_refused_in_a_sentence(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    """With the key, the file and the place in it."""
    path = written(tmp_path / name, text)
    with pytest.raises(ConfigError) as error:
        read_factor("W", path)
    assert str(error.value).startswith(f"W={path}: ")
    assert said in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the folder that was looked in."""
    with pytest.raises(ConfigError, match=r"^H=.*H\.csv: no such file"):
        read_factor("H", tmp_path / "H.csv")


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    """An array of objects could run code when it is read."""
    np.save(tmp_path / "W.npy", np.array([[{}]]), allow_pickle=True)
    with pytest.raises(ConfigError, match=r"cannot be read as a \.npy"):
        read_factor("W", tmp_path / "W.npy")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.array([["a"]]), "not real numbers"),
        (np.ones(3), r"it has shape \(3,\)"),
        (np.array([[1j]]), "complex128, not real numbers"),
    ],
)
def test_an_array_that_is_no_matrix_is_refused(given: object, said: str) -> None:
    """Words, vectors and complex numbers are no factor."""
    with pytest.raises(ConfigError, match=said):
        read_factor("W", given)
