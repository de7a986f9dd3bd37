"""The mean percentile rank of held-out events."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import Cells, Factors
from nmflab.numerics import percentile_rank
from nmflab.numerics.percentile_rank import PercentileRank

TRAINING = np.array([[1.0, 0, 0, 0, 0], [0, 1, 0, 0, 1]])
STORAGES = [np.asarray, csr_array]


def events(*cells: tuple[int, int]) -> Cells:
    """Return held-out events, each counted once."""
    rows, columns = np.array(cells, dtype=np.intp).T
    return Cells(rows, columns, np.ones(len(cells)))


def scoring(scores, **more) -> Factors:
    """Return factors whose product is the table of scores."""
    scores = np.asarray(scores, dtype=np.float64)
    return Factors(np.eye(len(scores)), scores, **more)


@pytest.mark.parametrize("storage", STORAGES)
def test_a_hand_worked_case(storage):
    """Row 0: second of four, one above of three. Row 1: last of three."""
    measure = PercentileRank(storage(TRAINING), events((0, 2), (1, 3)))
    model = scoring([[9, 5, 4, 3, 1], [2, 9, 3, 1, 9]])
    assert measure(model) == pytest.approx((1 / 3 + 2 / 2) / 2)


def test_ties_count_by_half():
    """A model that says the same of all is as good as chance."""
    measure = PercentileRank(TRAINING, events((0, 2), (1, 3), (1, 0)))
    assert measure(scoring(np.ones((2, 5)))) == 0.5


def test_offsets_of_columns_decide_and_those_of_rows_do_not():
    """Within a row the latter are the same for all."""
    measure = PercentileRank(TRAINING, events((0, 2)))
    zero = np.zeros((2, 5))
    columns = np.array([0.0, 1, 2, 3, 4])
    model = scoring(zero, column_offset=columns, row_offset=np.array([7.0, -7.0]))
    assert measure(model) == pytest.approx(2 / 3)


def test_blocks_change_nothing(monkeypatch):
    """One event at a time gives the same mean."""
    rng = np.random.default_rng(0)
    X = (rng.random((30, 20)) < 0.2) * 1.0
    cells = events(*[tuple(c) for c in np.argwhere(X == 0)[::7]])
    model = Factors(rng.random((30, 3)), rng.random((3, 20)))
    whole = PercentileRank(X, cells)(model)
    monkeypatch.setattr(percentile_rank, "_BLOCK", 1)
    assert PercentileRank(X, cells)(model) == pytest.approx(whole, rel=1e-12)


def test_of_very_many_events_some_are_taken(monkeypatch):
    """At even distances, the first and the last among them."""
    monkeypatch.setattr(percentile_rank, "MOST_EVENTS", 2)
    model = scoring([[9, 5, 4, 3, 1], [2, 9, 3, 1, 9]])
    three = PercentileRank(TRAINING, events((0, 2), (1, 0), (1, 3)))
    assert three(model) == PercentileRank(TRAINING, events((0, 2), (1, 3)))(model)
