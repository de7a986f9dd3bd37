"""Data below 0, from a start to a finished run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nmflab


def test_signed_data_have_a_start_and_a_solver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each refused alone would leave the other without a use."""
    monkeypatch.chdir(tmp_path)
    X = np.random.default_rng(0).standard_normal((9, 7))
    study = nmflab.study(
        "solver=semi,hals", "n_components=2", "executor.name=serial", X=X
    )
    runs = study.runs.set_index("solver")
    assert runs.loc["semi", "status"] == "ok"
    assert runs.loc["semi", "objective_value"] < 0.5 * float((X**2).sum())
    assert runs.loc["hals", "status"] == "skipped"
    assert "solver=semi" in runs.loc["hals", "reason"]
