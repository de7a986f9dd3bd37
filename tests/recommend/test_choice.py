"""Which run recommends, and why."""

from __future__ import annotations

from typing import Any

import pytest

from nmflab.contracts import Factors
from nmflab.recommend import RecommendationError, choose_run


def test_the_lowest_validation_error_decides(study: Any, factors: Factors) -> None:
    """Not the lowest objective, which a larger model always has."""
    study.data()
    study.run(factors, validation=0.9, objective_value=1.0)
    best = study.run(factors, validation=0.8, objective_value=2.0)
    study.run(factors, objective_value=0.1)
    found = choose_run(study.open())
    assert found.key == best
    assert found.why.startswith("the lowest validation error, 0.8, of the 2 runs")


def test_without_validation_the_objective_decides(study: Any, factors: Factors) -> None:
    """And the sentence says what that is worth."""
    study.data()
    study.run(factors, objective_value=2.0)
    best = study.run(factors, objective_value=1.5)
    found = choose_run(study.open())
    assert found.key == best
    assert "need not predict best" in found.why


def test_masked_runs_come_before_zero_filled_ones(study: Any, factors: Factors) -> None:
    """Their objectives are over other cells: the lower one says nothing."""
    study.data()
    study.run(factors, objective_value=1.0, config={"missing_as_zero": True})
    masked = study.run(factors, objective_value=2.0)
    assert choose_run(study.open()).key == masked


def test_runs_without_factors_are_passed_over(study: Any, factors: Factors) -> None:
    """The next best has some."""
    study.data()
    study.run(None, validation=0.1)
    kept = study.run(factors, validation=0.2)
    assert choose_run(study.open()).key == kept


def test_a_study_without_factors_says_how_to_get_some(study: Any) -> None:
    """The message names the settings."""
    study.data()
    study.run(None)
    with pytest.raises(RecommendationError, match=r"save\.factors=all retry=ok"):
        choose_run(study.open())


def test_a_study_without_finished_runs_says_so(study: Any) -> None:
    """There is nothing to recommend from."""
    study.data()
    study.run(None, status="error")
    with pytest.raises(RecommendationError, match="has finished"):
        choose_run(study.open())


def test_a_run_is_named_by_the_beginning_of_its_key(
    study: Any, factors: Factors
) -> None:
    """However bad it is."""
    study.data()
    study.run(factors, validation=0.1)
    worse = study.run(factors, validation=0.9)
    assert choose_run(study.open(), worse[:8]).key == worse


def test_a_case_names_its_best_run(study: Any, factors: Factors) -> None:
    """Among the runs of a case the rule decides."""
    study.data()
    study.run(factors, validation=0.1, labels={"case": "plain"})
    study.run(factors, validation=0.9, labels={"case": "biased"})
    best = study.run(factors, validation=0.5, labels={"case": "biased"})
    found = choose_run(study.open(), "biased")
    assert found.key == best
    assert "run=biased" in found.why


def test_an_unknown_run_names_near_ones(study: Any, factors: Factors) -> None:
    """Cases and solvers are what can be named."""
    study.data()
    study.run(factors, labels={"case": "biased"})
    with pytest.raises(RecommendationError, match=r"one of biased, mu.*mean 'biased'"):
        choose_run(study.open(), "baised")


def test_ratings_are_taken_before_other_data(study: Any, factors: Factors) -> None:
    """A sweep over several data sets recommends from those with users and items."""
    study.data(ratings_without_scale(), name="pixels")
    study.run(factors, validation=0.1)
    study.data()
    best = study.run(factors, validation=0.9)
    assert choose_run(study.open()).key == best


def test_blocks_that_were_left_out_do_not_recommend(
    study: Any, factors: Factors
) -> None:
    """Bi-cross-validation never fitted the left-out rows."""
    study.data()
    split = {"split": {"name": "bi_cv"}}
    study.run(factors, objective_value=0.1, config=split)
    whole = study.run(factors, objective_value=1.0)
    assert choose_run(study.open()).key == whole


def ratings_without_scale() -> Any:
    """Return data that no extra calls ratings."""
    import numpy as np

    from nmflab.contracts import Dataset

    return Dataset(X=np.ones((3, 4)))
