"""Which way round two factors are taken."""

from __future__ import annotations

import numpy as np
import pytest

from nmflab.config import ConfigError
from nmflab.scoring.files import Factor
from nmflab.scoring.fitting import fitted_to, vector

RNG = np.random.default_rng(0)
W, H = RNG.random((7, 2)), RNG.random((2, 5))
SHAPE = (7, 5)


def factor(key: str, values: object, **names: list[str]) -> Factor:
    """Return a factor as if read from a file."""
    return Factor(f"{key}={key}.csv", np.asarray(values, dtype=float), **names)


def taken(one: object, other: object, shape: tuple[int, int] = SHAPE) -> list[str]:
    """Return the notes after checking that W and H came out of two arrays."""
    factors, notes = fitted_to(factor("W", one), factor("H", other), shape)
    np.testing.assert_array_equal(factors.W, W)
    np.testing.assert_array_equal(factors.H, H)
    assert factors.W.flags.c_contiguous
    assert factors.H.flags.c_contiguous
    return notes


def test_factors_that_fit_are_taken_as_they_are() -> None:
    """Nothing is said of it."""
    assert taken(W, H) == []


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (W.T, H, "W=W.csv is 2 x 7: taken transposed"),
        (W, H.T, "H=H.csv is 5 x 2: taken transposed"),
        (W.T, H.T, "both taken transposed"),
        (H.T, W.T, "they fit X with samples in columns"),
        (H, W, "they fit exchanged"),
    ],
)
def test_the_only_reading_that_fits_is_taken_and_said(
    one: object, other: object, said: str
) -> None:
    """Features by samples is how genes are kept: both factors are exchanged there."""
    (note,) = taken(one, other)
    assert said in note


def test_a_square_factor_is_taken_as_it_is() -> None:
    """Its transpose would fit too, and is not what was given."""
    square = RNG.random((2, 2))
    factors, notes = fitted_to(factor("W", square), factor("H", H), (2, 5))
    np.testing.assert_array_equal(factors.W, square)
    assert notes == []


def test_a_counting_line_is_left_out_where_the_rest_fits() -> None:
    """Column numbers of a table written without an index."""
    (note,) = taken(np.vstack([[0, 1], W]), H)
    assert note == "W=W.csv: its first row only counts and is left out"


def test_a_counting_column_is_left_out_where_the_rest_fits() -> None:
    """Row numbers from 1, written without a heading."""
    (note,) = taken(np.column_stack([np.arange(1, 8), W]), H)
    assert note == "W=W.csv: its first column only counts and is left out"


def test_rows_follow_the_names_of_the_data() -> None:
    """A file sorted by name gives the factor of the data, not of the file."""
    names = list("gfedcba")
    file = factor("W", W[::-1], row_names=sorted(names))
    factors, (note,) = fitted_to(file, factor("H", H), SHAPE, row_names=names)
    np.testing.assert_array_equal(factors.W, W)
    assert "rows brought into the order of the data's names" in note


def test_columns_follow_the_names_of_the_data() -> None:
    """The same for the features of H."""
    names = list("edcba")
    file = factor("H", H[:, ::-1], column_names=sorted(names))
    factors, (note,) = fitted_to(factor("W", W), file, SHAPE, column_names=names)
    np.testing.assert_array_equal(factors.H, H)
    assert "columns brought into the order" in note


def test_names_that_are_partly_known_order_nothing_and_are_told() -> None:
    """Six of seven are not enough to go by."""
    file = factor("W", W, row_names=[*"abcdef", "x"])
    factors, (note,) = fitted_to(file, factor("H", H), SHAPE, row_names=list("gfedcba"))
    np.testing.assert_array_equal(factors.W, W)
    assert "6 of its 7 row names are names of the data" in note


def test_factors_of_other_data_are_refused_with_all_shapes() -> None:
    """What is there, and what would fit."""
    with pytest.raises(ConfigError) as error:
        fitted_to(factor("W", W), factor("H", H), (8, 5))
    said = str(error.value)
    assert "W=W.csv is 7 x 2 and H=H.csv is 2 x 5, and X is 8 x 5" in said
    assert "W must be 8 x r and H r x 5" in said


def test_factors_of_two_sizes_are_refused() -> None:
    """Three components and two make no product."""
    with pytest.raises(ConfigError, match="with the same r"):
        fitted_to(factor("W", RNG.random((7, 3))), factor("H", H), SHAPE)


@pytest.mark.parametrize("values", [np.ones((1, 7)), np.ones((7, 1))])
def test_an_offset_may_lie_or_stand(values: object) -> None:
    """One number a row of X."""
    assert vector(factor("row_offset", values), 7, "row").shape == (7,)


def test_an_offset_of_another_length_is_refused() -> None:
    """With what it should have."""
    with pytest.raises(
        ConfigError, match="one number for each row of X, of which there"
    ):
        vector(factor("row_offset", np.ones((1, 6))), 7, "row")
