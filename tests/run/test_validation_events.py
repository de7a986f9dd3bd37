"""Validation events are judged by where a model ranks them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nmflab
from nmflab.contracts import Dataset, Objective
from nmflab.numerics.percentile_rank import PercentileRank
from nmflab.run.seeds import role_rng
from nmflab.splits import KFolds, pose
from nmflab.weighting import NoWeighting


def test_the_record_holds_the_rank_of_the_best_pair(tmp_path: Path) -> None:
    """As computed from the stored factors; groups of users make better than chance."""
    rng = np.random.default_rng(0)
    likes = np.kron(np.eye(3), np.ones((20, 12)))
    X = (rng.random(likes.shape) < 0.4 * likes + 0.02) * 1.0
    study = nmflab.study(
        "split=k_folds",
        "split.cells=positive",
        "split.validation=0.2",
        "stop.validation=3",
        "n_components=3",
        "metrics=[rmse]",
        "executor.name=serial",
        f"study={tmp_path / 'study'}",
        X=X,
        quiet=True,
    )
    row = study.runs.iloc[0]
    posed = pose(
        Dataset(X=X),
        NoWeighting(),
        KFolds(cells="positive", validation=0.2),
        Objective(),
        np.float64,
        rng=role_rng(0, "split"),
    )
    measure = PercentileRank(posed.problem.X, posed.validation)
    expected = measure(study.factors(row["key"]))
    assert row["validation"] == pytest.approx(expected, rel=1e-12)
    assert row["validation"] < 0.35
