"""What holds for every split that picks cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from nmflab.splits import (
    SPLITS,
    KFolds,
    LeaveN,
    ObservedCells,
    Predefined,
    Speckled,
    Temporal,
)

CONFIGS = [
    Speckled(test=0.2, n_components_max=1),
    KFolds(n_folds=3, fold=1),
    Predefined(fold=2),
    LeaveN(n=2, at_least=4),
    LeaveN(n=1, at_least=2, choose="last", by="columns"),
    Temporal(test=0.3),
]
IDS = [str(index) + type(config).__name__ for index, config in enumerate(CONFIGS)]
every_split = pytest.mark.parametrize("config", CONFIGS, ids=IDS)


def held(config, cells, seed=0):
    """Hold out cells with the generator of a seed."""
    return config.hold_out(cells, np.random.default_rng(seed))


@st.composite
def tables(draw):
    """Return observed cells of a small table, with times that tie and three folds."""
    shape = draw(st.tuples(st.integers(4, 9), st.integers(4, 9)))
    mask = draw(npst.arrays(bool, shape))
    rows, columns = np.nonzero(mask)

    def numbers(low, high):
        return draw(npst.arrays(np.int64, rows.size, elements=st.integers(low, high)))

    return ObservedCells(
        rows=rows,
        columns=columns,
        values=numbers(0, 2).astype(float),
        shape=shape,
        extras={"timestamps": numbers(0, 9), "folds": numbers(1, 3)},
    )


@every_split
@pytest.mark.parametrize("cells", ["observed", "positive"])
@given(table=tables(), share=st.sampled_from([0.0, 0.3]), seed=st.integers(0, 3))
def test_test_validation_and_training_share_no_cell(config, cells, table, share, seed):
    """Whatever the table: two sorted lists of candidates, and some left to train on.

    A table that cannot be divided so is refused with a sentence that names the split.
    """
    config = replace(config, cells=cells, validation=share)
    try:
        found = held(config, table, seed)
    except ValueError as refusal:
        assert "split" in str(refusal)  # noqa: PT017 (either may happen)
        return
    both = np.concatenate((found.test, found.validation))
    for positions in (found.test, found.validation):
        assert (np.diff(positions) > 0).all()
    assert np.unique(both).size == both.size
    assert (both >= 0).all()
    assert (both < len(table)).all()
    may = table.values > 0 if cells == "positive" else np.ones(len(table), dtype=bool)
    assert may[both].all()
    assert found.test.size
    assert 0 < both.size < np.count_nonzero(may)
    assert bool(found.validation.size) == bool(share)
    assert found.as_zero == (cells == "positive")


@every_split
def test_validation_does_not_move_the_test_cells(config, table):
    """They are taken from what is left for training afterwards: such a share of it."""
    plain = held(config, table)
    carved = held(replace(config, validation=0.25), table)
    np.testing.assert_array_equal(carved.test, plain.test)
    assert plain.validation.size == 0
    # Cells of one time stay together in a temporal split; a time has seven at most.
    slack = 3 if isinstance(config, Temporal) else 0
    n_wanted = round(0.25 * (len(table) - plain.test.size))
    assert abs(carved.validation.size - n_wanted) <= slack


@every_split
def test_one_seed_holds_out_the_same_cells(config, table):
    """The generator decides and nothing else: validation cells too."""
    config = replace(config, validation=0.2)
    one, same = held(config, table), held(config, table)
    np.testing.assert_array_equal(one.test, same.test)
    np.testing.assert_array_equal(one.validation, same.validation)
    assert one.notes == same.notes


@pytest.mark.parametrize("config", [CONFIGS[0], CONFIGS[1], CONFIGS[3]])
def test_another_seed_holds_out_other_cells(config, table):
    """Where chance decides at all; a fold that was published stays."""
    assert set(held(config, table).test) != set(held(config, table, seed=1).test)


@pytest.mark.parametrize("config", [CONFIGS[2], CONFIGS[5]])
def test_no_seed_moves_what_the_data_decide(config, table):
    """Published folds and times are facts."""
    np.testing.assert_array_equal(
        held(config, table).test, held(config, table, seed=1).test
    )


def test_validation_cells_are_drawn_where_nothing_else_decides(table):
    """Over all of the training cells, and others with another seed."""
    config = Predefined(validation=0.3)
    one, other = held(config, table), held(config, table, seed=1)
    assert set(one.validation) != set(other.validation)
    # Halves of the table are drawn from alike: 60 of 120 each, deviation 4.6.
    assert abs(np.count_nonzero(one.validation < 300) - one.validation.size / 2) < 19


@every_split
def test_the_given_cells_are_not_changed(config, table):
    """All runs of a sweep are given the same ones."""
    before = (table.rows.copy(), table.columns.copy(), table.values.copy())
    held(replace(config, validation=0.2), table)
    for now, then in zip(
        (table.rows, table.columns, table.values), before, strict=True
    ):
        np.testing.assert_array_equal(now, then)


@every_split
def test_held_out_events_are_said_to_count_as_0(config, table):
    """With their number: what is reported of them must be read as ranks."""
    found = held(replace(config, cells="positive"), table)
    n_held = found.test.size
    assert found.notes[-1].startswith(
        f"{n_held:,} nonzero cells are held out and count"
    )


@every_split
@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_bad_share_of_validation_is_refused(config, share):
    """Where the split is configured, naming key and value."""
    with pytest.raises(ValueError, match=rf"split\.validation must be .*got {share}"):
        replace(config, validation=share)


@every_split
def test_an_unknown_kind_of_cells_is_refused(config):
    """With the kinds there are."""
    with pytest.raises(
        ValueError, match=r"split\.cells must be one of observed, positive, got 'all'"
    ):
        replace(config, cells="all")


@every_split
def test_a_table_without_events_is_refused(config, table):
    """There is nothing above 0 to hold out."""
    nothing = replace(table, values=np.zeros(len(table)))
    with pytest.raises(
        ValueError, match=r"split\.cells=positive: no cell of X is abov"
    ):
        held(replace(config, cells="positive"), nothing)


@every_split
def test_a_table_without_cells_is_refused(config, cells_of):
    """As data may come in which nothing was observed."""
    empty = cells_of(
        np.zeros((3, 3)),
        timestamps=np.empty(0, dtype=np.int64),
        folds=np.empty(0, dtype=np.int64),
    )
    with pytest.raises(ValueError, match="split: no cell of X is observed"):
        held(config, empty)


@every_split
def test_a_share_that_comes_to_no_validation_cell_is_refused(config, table):
    """It would leave a stop on validation without anything to look at."""
    with pytest.raises(ValueError, match=r"split\.validation=0\.0001 is less than one"):
        held(replace(config, validation=0.0001), table)


def test_the_splits_have_names():
    """They are what a configuration may say."""
    assert {
        "none",
        "speckled",
        "k_folds",
        "predefined",
        "leave_n",
        "temporal",
    } <= set(SPLITS)
