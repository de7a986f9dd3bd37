"""Tests of `nmflab.splits.leave_n`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmflab.splits import LeaveN


def hold_out(config, cells, seed=0):
    """Hold out cells with the generator of a seed."""
    return config.hold_out(cells, np.random.default_rng(seed))


@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    n=st.integers(1, 4),
    more=st.integers(1, 3),
    by=st.sampled_from(["rows", "columns"]),
    choose=st.sampled_from(["random", "last"]),
)
def test_each_line_that_takes_part_gives_exactly_n(
    cells_of, lengths, n, more, by, choose
):
    """And the others none; without any, the message names the longest."""
    mask = np.arange(9) < np.array(lengths)[:, None]
    if by == "columns":
        mask = mask.T
    cells = cells_of(mask, timestamps=np.zeros(mask.sum(), dtype=np.int64))
    config = LeaveN(n=n, at_least=n + more, by=by, choose=choose)
    expected = [n if length >= n + more else 0 for length in lengths]
    if not any(expected):
        with pytest.raises(ValueError, match="split"):
            hold_out(config, cells)
        return
    found = hold_out(config, cells)
    lines = cells.rows if by == "rows" else cells.columns
    counts = np.bincount(lines[found.test], minlength=len(lengths))
    assert list(counts) == expected


def test_the_last_cells_of_each_row_are_its_latest(table):
    """No cell of a row that stays is later than one that is tested."""
    found = hold_out(LeaveN(n=3, choose="last"), table)
    times = table.extras["timestamps"]
    stays = np.setdiff1d(np.arange(len(table)), found.test)
    for row in np.unique(table.rows[found.test]):
        tested = times[found.test[table.rows[found.test] == row]]
        assert tested.min() >= times[stays[table.rows[stays] == row]].max()


def test_chance_decides_between_equal_times_and_that_is_said(cells_of):
    """Rows of one time give any of their cells; rows with distinct times do not."""
    times = np.array([5] * 10 + list(range(10)))
    cells = cells_of(np.ones((2, 10)), timestamps=times)
    config = LeaveN(n=1, choose="last")
    found = [hold_out(config, cells, seed) for seed in range(8)]
    assert {int(one.test[1]) for one in found} == {19}
    assert len({int(one.test[0]) for one in found}) > 2
    assert found[0].notes == (
        "in 1 row the latest cells have equal times: chance (split.seed) decided which"
        " of them are tested",
    )


def test_equal_times_that_decide_nothing_are_not_said(cells_of):
    """The two latest are tested, whichever comes first."""
    cells = cells_of(np.ones((1, 5)), timestamps=np.array([1, 2, 3, 4, 4]))
    found = hold_out(LeaveN(n=2, choose="last"), cells)
    assert list(found.test) == [3, 4]
    assert not any("chance" in note for note in found.notes)


def test_random_cells_of_a_row_are_drawn_evenly(cells_of):
    """Of 2000 rows with 10 cells, each place gives a tenth: 200, deviation 13.4."""
    cells = cells_of(np.ones((2000, 10)))
    found = hold_out(LeaveN(), cells)
    counts = np.bincount(cells.columns[found.test], minlength=10)
    assert abs(counts - 200).max() < 4 * 13.4


def test_rows_too_short_are_counted_with_their_cells(cells_of):
    """They are never tested."""
    mask = np.arange(8) < np.array([8, 4, 0, 2])[:, None]
    found = hold_out(LeaveN(), cells_of(mask))
    assert found.notes == (
        "2 rows have fewer than split.at_least=5 cells and are not tested (6 cells)",
    )


def test_columns_are_called_columns(cells_of):
    """The notes speak of what was counted."""
    mask = (np.arange(8) < np.array([8, 4])[:, None]).T
    found = hold_out(LeaveN(by="columns"), cells_of(mask))
    assert found.notes[0].startswith("1 column has fewer than split.at_least=5 cells")


def test_only_events_count_where_events_are_held_out(cells_of):
    """A row of 10 cells with 4 events is too short for 5."""
    values = np.ones((2, 10))
    values[1, 4:] = 0
    cells = cells_of(np.ones((2, 10)), values.ravel())
    found = hold_out(LeaveN(n=2, cells="positive"), cells)
    assert list(cells.rows[found.test]) == [0, 0]


def test_no_row_long_enough_is_refused(cells_of):
    """With the length of the longest and what to lower."""
    with pytest.raises(
        ValueError,
        match=r"split\.at_least=5: no row has so many .* longest has 4; lower",
    ):
        hold_out(LeaveN(), cells_of(np.ones((3, 4))))


def test_the_latest_need_times(table):
    """The message says what does not."""
    cells = replace(table, extras={"source": "made"})
    with pytest.raises(
        ValueError,
        match=r"^split\.choose=last: the dataset has no timestamps\..*choose=random",
    ):
        hold_out(LeaveN(choose="last"), cells)


def test_random_cells_need_no_times(cells_of):
    """Nothing is asked of the extras."""
    assert hold_out(LeaveN(), cells_of(np.ones((3, 6)))).test.size == 3


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"n": 0}, r"split\.n must be >= 1, got 0"),
        ({"n": 5}, r"split\.at_least must be > split\.n=5, got 5"),
        (
            {"choose": "first"},
            r"split\.choose must be one of random, last, got 'first'",
        ),
        ({"by": "users"}, r"split\.by must be one of rows, columns, got 'users'"),
    ],
)
def test_bad_parameters_are_named(fields, message):
    """Each is refused where it is made, with its key."""
    with pytest.raises(ValueError, match=message):
        LeaveN(**fields)
