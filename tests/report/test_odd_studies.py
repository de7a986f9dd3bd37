"""Studies with little or nothing in them each give a whole report."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import nmflab.report
from nmflab.contracts import Dataset, Factors
from nmflab.store import Store


def text_of(study: Any, **how: Any) -> str:
    """Return a study's report in Markdown, after building all of it."""
    with study.read() as store:
        page = nmflab.report.build(store, [], **how)
    assert "<h1>" in page.read_text(encoding="utf-8")
    text: str = (page.parent / "report.md").read_text(encoding="utf-8")
    assert re.search(r"\b(nan|NaN|inf)\b", text) is None
    return text


def test_an_empty_study_gives_a_report(study: Any) -> None:
    """A sweep that planned nothing."""
    assert "This study is empty" in text_of(study)


def test_a_store_without_any_sweep_gives_a_report(study: Any) -> None:
    """A study folder in which no command was recorded yet."""
    study.writer.close()
    with Store.open(study.folder) as store:
        page = nmflab.report.build(store, [])
    assert "No command was given" in page.read_text(encoding="utf-8")


def test_failures_only_give_a_report(study: Any) -> None:
    """Every run failed, one without saying why."""
    study.run({"status": "error", "reason": None, "fingerprint": None})
    study.run({"status": "timeout", "reason": "no answer in 60 s"}, seed=1)
    text = text_of(study)
    assert "0 of 2 planned runs finished (2 failed)" in text
    assert "no reason was recorded" in text


def test_one_run_gives_a_report(study: Any) -> None:
    """One run, its factors drawn, and no conclusion."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    study.fitted(study.RATINGS, fingerprint=fingerprint, k=2, seed=0)
    text = text_of(study)
    assert "no conclusion" in text
    assert "factors-1-1.svg" in text


def test_metrics_of_a_plugin_that_is_gone_are_shown(study: Any) -> None:
    """Without their documentation, but with their numbers."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    study.fitted(
        study.RATINGS, fingerprint=fingerprint, k=2, seed=0, metrics={"lost": 0.25}
    )
    with study.read(metric_info={}) as store:
        page = nmflab.report.build(store, [])
    assert "| Lost |" in (page.parent / "report.md").read_text(encoding="utf-8")


def test_a_run_whose_dataset_is_not_stored_gives_a_report(study: Any) -> None:
    """Its numbers are told; its factors have no names to be told by."""
    study.fitted(study.RATINGS, fingerprint="unknown", k=2, seed=0)
    assert "All 1 planned" not in text_of(study)


def test_constant_data_give_a_report(study: Any) -> None:
    """Where nothing varies correlations are blank and errors may be 0."""
    X = np.full((4, 3), 2.0)
    fingerprint = study.dataset("data", Dataset(X=X))
    for seed in range(3):
        study.run(
            {
                "fingerprint": fingerprint,
                "objective_value": 0.0,
                "objective_start": 0.0,
                "seconds": 0.0,
            },
            arrays={
                "W": np.ones((4, 1)),
                "H": np.full((1, 3), 2.0),
                "trace": np.zeros((1, 8)),
            },
            metrics={"relative_error": 0.0, "hoyer_sparseness_H": 0.0},
            n_components=1,
            seed=seed,
        )
    text = text_of(study)
    assert "Grey marks the 3 columns without variation" in text
    assert "the same in all seeds" in text


def test_factors_that_were_not_kept_are_not_missed(study: Any) -> None:
    """Without factors the report says that they were not kept."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    study.run({"fingerprint": fingerprint, "objective_value": 1.0})
    assert "its factors were not kept" in text_of(study)


def test_a_factors_file_that_is_gone_is_not_fatal(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large factors live in files; one that was lost costs its own part only."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    lost = {"path": "factors/lost.npz", "sha256": "0" * 64}
    record = {"fingerprint": fingerprint, "objective_value": 1.0, "factors": lost}
    study.run(record)
    assert "its factors were not kept" in text_of(study)


def test_offsets_are_part_of_the_model(study: Any) -> None:
    """WH on the page includes the offsets of rows and columns."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    W, H = np.ones((5, 1)), np.ones((1, 4))
    row, column = np.arange(5.0), np.arange(4.0) / 4
    study.run(
        {"fingerprint": fingerprint, "objective_value": 1.0},
        arrays={"W": W, "H": H, "row_offset": row, "column_offset": column},
        n_components=1,
    )
    text = text_of(study)
    last = Factors(W, H, row, column).reconstruct()[-1, -1]
    assert f"{last:.8f}" in text


def test_all_sweeps_can_be_told_together(study: Any, tmp_path: Any) -> None:
    """The last sweep by default; every run of the study on demand."""
    study.run({"objective_value": 1.0}, seed=0)
    study.close()
    again = type(study)(study.folder)
    again.run({"objective_value": 2.0}, seed=1)
    assert "The one planned run finished" in text_of(again)
    assert "All 2 planned runs finished" in text_of(again, all_sweeps=True)


def test_importing_nmflab_loads_no_chart_library() -> None:
    """Altair and pandas are paid for by reports only."""
    import subprocess
    import sys

    code = (
        "import nmflab, sys; print({'altair', 'pandas', 'jinja2'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
