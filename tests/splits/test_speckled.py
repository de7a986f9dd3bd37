"""Tests of `nmflab.splits.speckled`."""

from __future__ import annotations

import numpy as np
import pytest

from nmflab.splits import Speckled


def test_cells_of_short_lines_are_never_held_out_and_counted(cells_of):
    """A row with no more cells than it must keep is left alone, and that is said."""
    mask = np.ones((40, 30), dtype=bool)
    mask[3, 6:] = False
    cells = cells_of(mask)
    config = Speckled(test=0.3, n_components_max=5)
    found = config.hold_out(cells, np.random.default_rng(0))
    assert 3 not in cells.rows[found.test]
    assert found.notes[0].startswith("6 of 1,176 observed cells can never be held out")


def test_held_out_cells_are_spread_evenly(cells_of):
    """No row is favoured: counts of 1000 rows fit a binomial, mean 10 of 100.

    Its standard deviation is 3; five of them above and below hold for 1000 rows with
    probability 0.999, and the seed is fixed.
    """
    cells = cells_of(np.ones((1000, 100)))
    config = Speckled(n_components_max=5)
    found = config.hold_out(cells, np.random.default_rng(0))
    counts = np.bincount(cells.rows[found.test], minlength=1000)
    assert counts.sum() == 10_000
    assert abs(counts - 10).max() <= 15
    assert 2.7 < counts.std() < 3.3


def test_rows_keep_as_many_events_where_events_are_held_out(cells_of):
    """What must be kept is counted among the candidates, not among the zeros."""
    values = np.tile([1.0, 0.0], 600)
    cells = cells_of(np.ones((40, 30)), values)
    config = Speckled(test=0.6, n_components_max=4, cells="positive")
    found = config.hold_out(cells, np.random.default_rng(0))
    left = np.setdiff1d(np.flatnonzero(values), found.test)
    assert np.bincount(cells.rows[left], minlength=40).min() == 5


def test_a_table_too_small_to_hold_out_is_a_sentence(cells_of):
    """The default keeps 21 cells a line; the message says what to lower."""
    with pytest.raises(ValueError, match=r"lower n_components_max to the largest"):
        Speckled().hold_out(cells_of(np.ones((5, 4))), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"test": -0.1}, "split.test must be >= 0 and < 1.*observed cells, got -0.1"),
        ({"test": float("nan")}, "split.test must be >= 0 and < 1.*got nan"),
        ({"test": 0.0}, "split.test and split.validation are both 0"),
        ({"n_components_max": 0}, "split.n_components_max must be >= 1, got 0"),
    ],
)
def test_bad_parameters_are_named(fields, message):
    """Each is refused where it is made, with its key."""
    with pytest.raises(ValueError, match=message):
        Speckled(**fields)
