"""Tests of `nmflab.splits.folds`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmflab.splits import KFolds, Predefined


def positions_of(config, cells, seed=0):
    """Return the positions that are tested."""
    return config.hold_out(cells, np.random.default_rng(seed)).test


@given(n_cells=st.integers(2, 40), data=st.data())
def test_the_folds_of_a_seed_partition_the_cells(cells_of, n_cells, data):
    """Each cell is tested in exactly one; sizes differ by at most one."""
    n_folds = data.draw(st.integers(2, n_cells))
    cells = cells_of(np.ones((1, n_cells)))
    folds = [
        positions_of(KFolds(n_folds=n_folds, fold=f), cells) for f in range(n_folds)
    ]
    assert sorted(np.concatenate(folds)) == list(range(n_cells))
    sizes = {fold.size for fold in folds}
    assert max(sizes) - min(sizes) <= 1


def test_folds_of_events_partition_the_events(table):
    """Zeros are in no fold."""
    folds = [positions_of(KFolds(fold=f, cells="positive"), table) for f in range(5)]
    np.testing.assert_array_equal(
        np.sort(np.concatenate(folds)), np.flatnonzero(table.values > 0)
    )


def test_validation_cells_of_one_fold_are_tested_in_others(table):
    """Validation is carved from what is left: it is no fold of its own."""
    config = KFolds(validation=0.2)
    found = config.hold_out(table, np.random.default_rng(0))
    others = [positions_of(replace(config, fold=f), table) for f in range(1, 5)]
    assert np.isin(found.validation, np.concatenate(others)).all()
    # 96 of 480 cells are spread over the other four folds: no fold is used up.
    assert all(0 < np.isin(fold, found.validation).mean() < 0.4 for fold in others)


def test_lines_that_lose_all_their_cells_are_counted(cells_of):
    """They can be predicted by penalised offsets at best: the reader must know."""
    mask = np.eye(6, dtype=bool)  # each cell is alone in its row and its column
    found = KFolds(n_folds=3).hold_out(cells_of(mask), np.random.default_rng(0))
    assert found.notes == (
        "2 rows have no training cell: predictions there rest on penalties and"
        " offsets, else on the solver (2 test cells)",
        "2 columns have no training cell: predictions there rest on penalties and"
        " offsets, else on the solver (2 test cells)",
    )


def test_lines_lost_to_validation_alone_are_counted(cells_of):
    """They have no test cell, and the solver learns nothing of them either."""
    config = KFolds(n_folds=6, validation=0.2)
    found = config.hold_out(cells_of(np.eye(6)), np.random.default_rng(0))
    assert found.notes[0] == (
        "2 rows have no training cell: predictions there rest on penalties and"
        " offsets, else on the solver (1 test cell)"
    )


def test_rows_that_never_had_a_cell_are_not_the_splits_doing(cells_of):
    """Only what the split took away is counted."""
    mask = np.ones((4, 10), dtype=bool)
    mask[2] = False
    found = KFolds(n_folds=10).hold_out(cells_of(mask), np.random.default_rng(0))
    assert found.notes == ()


def test_more_folds_than_cells_are_refused(cells_of):
    """A fold would be empty."""
    with pytest.raises(
        ValueError, match=r"split\.n_folds=5 needs as many cells; there"
    ):
        positions_of(KFolds(), cells_of(np.ones((2, 2))))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"n_folds": 1}, r"split\.n_folds must be >= 2, got 1"),
        ({"fold": 5}, r"split\.fold must be from 0 to 4 for split\.n_folds=5, got 5"),
        ({"fold": -1}, r"split\.fold must be from 0 to 4 .*got -1"),
        ({"n_folds": 2, "fold": 2}, r"split\.fold must be from 0 to 1"),
    ],
)
def test_bad_numbers_of_folds_are_named(fields, message):
    """Each is refused where it is made, with its key."""
    with pytest.raises(ValueError, match=message):
        KFolds(**fields)


@pytest.mark.parametrize("fold", [1, 2, 3])
def test_a_published_fold_is_tested_as_it_is(table, fold):
    """Its cells, all of them and no other."""
    np.testing.assert_array_equal(
        positions_of(Predefined(fold=fold), table),
        np.flatnonzero(table.extras["folds"] == fold),
    )


def test_another_extra_may_mark_the_test_cells(cells_of):
    """True is for testing; what is never tested is counted."""
    marked = np.array([False, True, False, False, True, False])
    cells = cells_of(np.ones((2, 3)), test_ua=marked)
    found = Predefined(extra="test_ua").hold_out(cells, np.random.default_rng(0))
    assert list(found.test) == [1, 4]
    assert found.notes[0] == "4 of 6 cells are never tested, in no fold of test_ua"


def test_negative_numbers_are_in_no_fold(cells_of):
    """Such cells always are for training."""
    cells = cells_of(np.ones((2, 3)), folds=np.array([0, 1, -1, 0, 1, -1]))
    found = Predefined(fold=0).hold_out(cells, np.random.default_rng(0))
    assert list(found.test) == [0, 3]
    assert found.notes[0] == "2 of 6 cells are never tested, in no fold of folds"


def test_a_fold_that_is_not_there_is_refused_with_those_that_are(table):
    """Numbers begin where the publisher began."""
    with pytest.raises(
        ValueError, match=r"split\.fold=0: no cell .* its folds are 1, 2, 3$"
    ):
        positions_of(Predefined(fold=0), table)


def test_marks_have_one_fold(cells_of):
    """It is number 1, as the message says."""
    cells = cells_of(np.ones((1, 3)), ua=np.array([True, False, False]))
    with pytest.raises(ValueError, match=r"folds are 1 \(true is 1\)"):
        positions_of(Predefined(extra="ua", fold=2), cells)


def test_data_without_folds_are_refused_with_what_is_known(table):
    """The message names the extras that have one value for each cell."""
    cells = replace(table, extras={"ua": np.ones(600, dtype=bool), "licence": "CC0"})
    with pytest.raises(ValueError, match=r"has no folds\. Known of each .* out: ua$"):
        positions_of(Predefined(), cells)


def test_where_zeros_are_candidates_the_way_out_is_said(cells_of):
    """A sparse X knows the folds of its nonzero cells, not of all."""
    cells = cells_of(np.ones((4, 5)))
    with pytest.raises(ValueError, match=r"nonzero cells .*: split\.cells=positive$"):
        positions_of(Predefined(), cells)


def test_folds_of_other_cells_are_refused(table):
    """As where zeros are candidates and only stored cells are described."""
    cells = replace(table, extras={"folds": np.ones(599, dtype=int)})
    with pytest.raises(
        ValueError, match=r"folds has 599 values for 600 cells, not one"
    ):
        positions_of(Predefined(), cells)


def test_folds_that_are_no_whole_numbers_are_refused(table):
    """0.5 is in no fold."""
    cells = replace(table, extras={"folds": np.full(600, 0.5)})
    with pytest.raises(
        ValueError, match=r"its values are float64, not numbers of folds"
    ):
        positions_of(Predefined(), cells)


def test_one_fold_of_all_cells_is_refused(table):
    """Nothing would be left to learn from."""
    cells = replace(table, extras={"folds": np.ones(600, dtype=int)})
    with pytest.raises(ValueError, match="all 600 cells are held out and none is left"):
        positions_of(Predefined(), cells)
