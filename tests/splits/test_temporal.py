"""Tests of `nmflab.splits.temporal`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nmflab.splits import Temporal

NOON = 889_358_400  # 1998-03-08 12:00:00 UTC


def hold_out(config, cells):
    """Hold out cells; no chance is needed."""
    return config.hold_out(cells, np.random.default_rng(0))


def at(cells_of, times):
    """Return one row of cells at these times."""
    times = np.asarray(times)
    return cells_of(np.ones((1, times.size)), timestamps=times)


@given(
    times=st.lists(st.integers(-50, 50), min_size=3, max_size=40),
    share=st.floats(0.05, 0.9),
    validation=st.sampled_from([0.0, 0.3]),
)
def test_training_comes_before_validation_and_that_before_test(
    cells_of, times, share, validation
):
    """Strictly: cells of one time stay together."""
    assume(len(set(times)) > 2)
    cells = at(cells_of, times)
    try:
        found = hold_out(Temporal(test=share, validation=validation), cells)
    except ValueError as refusal:  # what is left may have one time, or one cell
        assert "validation" in str(refusal)  # noqa: PT017
        return
    times = np.asarray(times)
    held = np.concatenate((found.test, found.validation))
    training = times[np.setdiff1d(np.arange(times.size), held)]
    later = times[found.test]
    if validation:
        middle = times[found.validation]
        assert training.max() < middle.min() <= middle.max() < later.min()
    assert training.max() < later.min()


@given(n_cells=st.integers(2, 60), share=st.floats(0.01, 0.99))
def test_with_distinct_times_the_share_is_met(cells_of, n_cells, share):
    """To a cell, and at least one is left on either side."""
    found = hold_out(Temporal(test=share), at(cells_of, np.arange(n_cells)))
    n_expected = min(max(1, round(share * n_cells)), n_cells - 1)
    assert found.test.size == n_expected


def test_of_two_cuts_the_nearer_is_taken(cells_of):
    """Two of ten are asked for; three or seven can be had."""
    found = hold_out(Temporal(), at(cells_of, [1] * 3 + [2] * 4 + [3] * 3))
    assert list(found.test) == [7, 8, 9]


def test_the_cut_is_told_as_a_date(cells_of):
    """In UTC, whatever the clock of the machine."""
    found = hold_out(Temporal(), at(cells_of, np.arange(5) + NOON))
    assert found.notes[0] == "test cells are those from 1998-03-08T12:00:04 UTC on: 1"


def test_a_share_that_equal_times_forbid_is_told(cells_of):
    """With what was asked for and what was found."""
    found = hold_out(Temporal(), at(cells_of, [NOON] * 7 + [NOON + 60] * 3))
    assert found.notes[0] == (
        "test cells are those from 1998-03-08T12:01:00 UTC on: 3, not the 2 that"
        " split.test=0.2 asks for, as cells of one time stay together"
    )


def test_validation_has_a_date_too(cells_of):
    """It is the latest of what is left."""
    config = Temporal(test=0.2, validation=0.25)
    found = hold_out(config, at(cells_of, np.arange(10) + NOON))
    assert list(found.validation) == [6, 7]
    assert found.notes[1] == (
        "validation cells are those before, from 1998-03-08T12:00:06 UTC on: 2"
    )


def test_who_comes_after_the_cut_is_counted(cells_of):
    """One of two users joins at the end, with two of the three cells tested."""
    mask = np.array([[1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1]], dtype=bool)
    cells = cells_of(mask, timestamps=np.array([1, 2, 3, 4, 5, 9, 8, 10]))
    found = hold_out(Temporal(test=3 / 8), cells)
    assert found.notes[1] == (
        "1 row has no training cell: predictions there rest on penalties and offsets,"
        " else on the solver (2 test cells)"
    )


def test_the_order_of_the_cells_is_not_their_time(cells_of):
    """Times decide, however X is laid out."""
    found = hold_out(Temporal(test=0.5), at(cells_of, [9, 1, 8, 2]))
    assert list(found.test) == [0, 2]


def test_cells_of_one_time_cannot_be_divided(cells_of):
    """The message says the time and the way out."""
    with pytest.raises(
        ValueError,
        match=r"split\.test=0\.2: the 4 cells .* 1998-03-08T12:00:00 UTC; use",
    ):
        hold_out(Temporal(), at(cells_of, [NOON] * 4))


def test_data_without_times_are_refused(table):
    """The message says what needs none."""
    cells = replace(table, extras={"folds": table.extras["folds"]})
    with pytest.raises(
        ValueError,
        match=r"^split=temporal: the dataset has no timestamps\..* folds\. split=k_",
    ):
        hold_out(Temporal(), cells)


def test_times_that_are_no_whole_seconds_are_refused(cells_of):
    """NaN would compare as neither earlier nor later."""
    with pytest.raises(ValueError, match=r"timestamps are float64, not whole seconds"):
        hold_out(Temporal(), at(cells_of, [1.0, np.nan, 2.0]))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, float("nan")])
def test_a_bad_share_is_named(share):
    """Without test cells it is no such split."""
    with pytest.raises(ValueError, match=rf"split\.test must be > 0 .*got {share}"):
        Temporal(test=share)
