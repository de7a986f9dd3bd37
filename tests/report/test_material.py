"""What is read of a store once, for every section."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from nmflab.contracts import Dataset
from nmflab.report.reading import material as reading
from nmflab.report.reading.finite import finite
from nmflab.report.reading.material import gather


def test_infinite_values_are_missing_and_counted() -> None:
    """By column; text and what is missing already are left alone."""
    frame = pd.DataFrame(
        {
            "a": [1.0, np.inf, -np.inf],
            "b": [np.nan, 2.0, 3.0],
            "text": ["inf", "x", None],
        }
    )
    found, counts = finite(frame)
    assert counts == {"a": 2}
    assert found["a"].isna().tolist() == [False, True, True]
    pd.testing.assert_frame_equal(found[["b", "text"]], frame[["b", "text"]])


def test_a_finite_frame_is_returned_as_it_is() -> None:
    """Without a copy, an empty one too."""
    for frame in (pd.DataFrame({"a": [1.0]}), pd.DataFrame()):
        found, counts = finite(frame)
        assert found is frame
        assert counts == {}


def test_a_mean_never_holds_an_infinite_metric(study: Any) -> None:
    """It is over the finite ones, and the number of the others is known."""
    for seed, value in enumerate((1.0, float("inf"), 3.0)):
        study.run({"objective_value": 1.0}, seed=seed, metrics={"odd": value})
    with study.read() as store:
        material = gather(store)
    assert material.metrics["odd"].mean() == 2.0
    assert material.infinite == {"odd": 1}


def test_the_tolerance_of_a_run_is_its_own(study: Any) -> None:
    """The base's stop.kkt, the run's where that differs, and none where none is."""
    study.run({"objective_value": 1.0}, seed=0)
    study.run({"objective_value": 1.0}, seed=1, changes={"stop": {"kkt": 1e-8}})
    study.run({"objective_value": 1.0}, seed=2, changes={"stop": {"kkt": None}})
    with study.read() as store:
        found = gather(store).runs.set_index("seed")["tolerance"]
    assert found[[0, 1]].tolist() == [1e-4, 1e-8]
    assert np.isnan(found[2])


def test_warnings_are_those_of_the_runs_shown(study: Any) -> None:
    """A run of another sweep warns in a report of that sweep."""
    study.run({"objective_value": 1.0, "warnings": ["old"]}, seed=0)
    study.close()
    again = type(study)(study.folder)
    again.run({"objective_value": 1.0, "warnings": ["new"]}, seed=1)
    again.close()
    with again.read() as store:
        assert list(gather(store).warnings.values()) == [["new"]]
        every = gather(store, all_sweeps=True).warnings
    assert sorted(every.values()) == [["new"], ["old"]]


@pytest.fixture
def counted(study: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[str]]:
    """Return the material of two runs, and the keys whose factors were read."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    for seed in range(2):
        study.fitted(study.RATINGS, fingerprint=fingerprint, k=2, seed=seed)
    material = gather(study.read())
    asked: list[str] = []
    read = material.store.factors

    def counting(key: str) -> Any:
        asked.append(key)
        return read(key)

    monkeypatch.setattr(material.store, "factors", counting)
    return material, asked


def test_small_factors_are_read_once(counted: tuple[Any, list[str]]) -> None:
    """However many sections ask."""
    material, asked = counted
    first, second = material.runs["key"]
    assert material.factors(first) is material.factors(first)
    assert material.factors(second) is not None
    assert asked == [first, second]


def test_large_factors_are_not_kept(
    counted: tuple[Any, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory does not grow with the data."""
    monkeypatch.setattr(reading, "KEPT_ENTRIES", 3)
    material, asked = counted
    first = material.runs["key"].iloc[0]
    material.factors(first)
    material.factors(first)
    assert asked == [first, first]


def test_no_more_factors_are_kept_than_said(
    counted: tuple[Any, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest goes when there is no room."""
    monkeypatch.setattr(reading, "KEPT_RUNS", 1)
    material, asked = counted
    first, second = material.runs["key"]
    for key in (first, second, second, first):
        material.factors(key)
    assert asked == [first, second, first]
