"""Rows and columns with too few cells: counts, offsets, pruned components."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nmflab_metrics.unidentified import Unidentified
from scipy.sparse import csr_array

# Rows have 4, 2, 1 and 0 observed cells; columns 3, 2, 1 and 1.
OBSERVED = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], bool)
X = np.ones((4, 4))


@pytest.fixture
def run(make_run):
    """Return a run of two components."""
    return make_run(X, np.ones((4, 2)), np.ones((2, 4)), observed=OBSERVED)


def test_lines_with_fewer_cells_than_components_are_counted(run):
    """Two rows and two columns have fewer than 2 cells."""
    assert Unidentified().compute(run) == {
        "rows": 2,
        "columns": 2,
        "row_share": 0.5,
        "column_share": 0.5,
    }


def test_an_offset_is_one_parameter_more(run):
    """With an offset of its own, the row with 2 cells has too few as well."""
    factors = replace(run.factors, row_offset=np.zeros(4))
    found = Unidentified().compute(replace(run, factors=factors))
    assert (found["rows"], found["columns"]) == (3, 2)


def test_pruned_components_are_not_counted(run):
    """One component is left, so only the empty row has too few cells."""
    factors = replace(run.factors, H=np.array([[1.0] * 4, [0.0] * 4]))
    found = Unidentified().compute(replace(run, factors=factors))
    assert (found["rows"], found["columns"]) == (1, 0)


def test_the_stored_cells_of_a_csr_are_what_is_observed(run):
    """Zeros that are stored count."""
    data = np.zeros(7)
    pattern = csr_array(OBSERVED)
    stored = csr_array((data, pattern.indices, pattern.indptr), shape=X.shape)
    problem = replace(run.problem, X=stored, observed=pattern)
    expected = Unidentified().compute(run)
    assert Unidentified().compute(replace(run, problem=problem)) == expected


def test_complete_data_leave_nothing_unidentified(make_run):
    """The question is of missing cells."""
    run = make_run(X, np.ones((4, 2)), np.ones((2, 4)))
    assert set(Unidentified().compute(run).values()) == {0.0}
