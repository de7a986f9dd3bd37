"""Free directions of a run's factors: counts, shares, texts, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_metrics.certificate import FreeDirections, nmflab_metrics

from nmflab.contracts import NotApplicable


def measured(make_run, W, H, **options):
    """Return the metric of a run whose X is W H."""
    W, H = np.asarray(W, float), np.asarray(H, float)
    return FreeDirections(**options).compute(make_run(W @ H, W, H))


def test_the_components_that_move_are_counted_in_canonical_order(make_run):
    """W's first column has no 0, the second has; the larger, second one comes first."""
    found = measured(make_run, [[1, 0], [1, 50], [1, 90]], np.eye(2))
    assert found == {
        "": 1.0,
        "share": 0.5,
        "verdict": "free: 1 of 2 directions",
        "components": "1 (1), 2 (1)",
    }


def test_a_model_without_other_factors_nearby_has_none(make_run):
    """W and H are both diagonal: nothing can move."""
    found = measured(make_run, np.eye(3), np.eye(3))
    assert (found[""], found["share"]) == (0.0, 0.0)
    assert found["verdict"] == "first-order unique"
    assert found["components"] == "none"


def test_the_threshold_says_what_a_zero_is(make_run):
    """With a floor of 1e-4, W is dense to 1e-6 and diagonal to 1e-3."""
    floored = np.maximum(np.eye(3), 1e-4)
    assert measured(make_run, floored, floored)["share"] == 1.0
    assert measured(make_run, floored, floored, zero=1e-3)["share"] == 0.0


@pytest.mark.parametrize(
    ("n_components", "said"),
    [(1, "needs 2 components that are not 0, the run has 1"), (21, "at most 20")],
)
def test_one_component_and_too_many_are_not_looked_at(make_run, n_components, said):
    """One has nothing to mix with; the unknowns grow with the square."""
    with pytest.raises(NotApplicable, match=said):
        measured(make_run, np.ones((30, n_components)), np.ones((n_components, 30)))


@pytest.mark.parametrize("zero", [-1e-9, 1.0, float("nan")])
def test_a_threshold_that_is_no_share_is_refused(zero):
    """The message names the parameter."""
    with pytest.raises(ValueError, match=r"free_directions\.zero must be at least 0"):
        FreeDirections(zero=zero)


def test_the_specification_names_direction_and_range():
    """Fewer is better; a count from 0 on."""
    (spec,) = nmflab_metrics()
    assert (spec.name, spec.direction, spec.range) == (
        "free_directions",
        "lower",
        (0.0, None),
    )
