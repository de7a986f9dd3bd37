"""Studies with little or nothing in them each give a whole report."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nmflab.report
from nmflab.contracts import Dataset, Factors
from nmflab.store import Store
from tests.report import oddities
from tests.report.conftest import Study
from tests.report.visiting import Visit

Made = Callable[[str], Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return what builds the report of an odd study, once, and gives its page."""
    known = {oddity.__name__: oddity for oddity in oddities.ODDITIES}
    pages: dict[str, Path] = {}

    def page_of(name: str) -> Path:
        if name not in pages:
            study = Study(tmp_path_factory.mktemp(name) / "study")
            known[name.removeprefix("older_")](study)
            study.close()
            if name.startswith("older_"):
                oddities.made_older(study)
            with Store.open(study.folder) as store:
                pages[name] = nmflab.report.build(store, [])
        return pages[name]

    return page_of


NAMES = [
    *(oddity.__name__ for oddity in oddities.ODDITIES),
    *("older_one_run", "older_one_size"),
]


def told(page: Path) -> str:
    """Return the report beside a page, in Markdown."""
    return (page.parent / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_an_odd_study_gives_a_whole_report(made: Made, name: str) -> None:
    """A page, all sections, and no number that is none."""
    page = made(name)
    html = page.read_text(encoding="utf-8")
    for place in ("summary", "results", "warnings", "failures", "provenance"):
        assert f'id="{place}"' in html
    assert re.search(r"\b(nan|NaN|inf)\b", told(page)) is None


SAID = {
    "empty": ["This study is empty"],
    "failures_only": [
        "0 of 2 planned runs finished (2 failed)",
        "no reason was recorded",
    ],
    "skipped_only": ["cannot fit itakura\\_saito", "3 skipped"],
    "one_run": ["no conclusion", "factors-1-1.svg"],
    "half_made": ["8 of 12 planned runs were not made: the sweep was stopped"],
    "plugins_gone": ["lost\\_solver(depth=3)", "lost\\_init", "Lost metric"],
    "own_objectives": ["minimise an objective of their own"],
    "infinite_metrics": [
        "Infinite values were left out: always in 6 runs, below in 6 runs and"
        " now\\_and\\_then in 4 runs"
    ],
    "infinite_results": ["kappa in 2 runs and objective\\_value in 2 runs"],
}


@pytest.mark.parametrize("name", SAID)
def test_an_odd_study_says_what_is_odd_about_it(made: Made, name: str) -> None:
    """In its summary, its warnings or its tables."""
    text = told(made(name))
    assert [said for said in SAID[name] if said not in text] == []


def test_equal_results_are_called_equal(made: Made) -> None:
    """Where no objective ever differed nobody is the better one."""
    assert "better" not in re.split(r"^## ", told(made("constant")), flags=re.M)[1]


def test_fifty_solvers_are_told_apart_by_name(made: Made) -> None:
    """All of them are in the results, though there are fewer colours."""
    text = told(made("many_solvers"))
    assert [i for i in range(50) if f"solver\\_{i} " not in text] == []


def test_fifty_data_sets_are_all_told_of(made: Made) -> None:
    """Charts draw some of them; the results have every one."""
    text = told(made("many_sets"))
    assert [i for i in range(50) if f"data\\_{i} " not in text] == []


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_a_browser_shows_an_odd_study_in_silence(
    browser: Any, made: Made, name: str
) -> None:
    """No error, no dialog, no warning; every chart is drawn."""
    with Visit(browser, made(name).as_uri(), 1200) as visit:
        visit.unfold()
        visit.draw_all()
        assert visit.said == []
        assert visit.count('[data-spec]:not([data-state="live"])') == 0


def text_of(study: Any, **how: Any) -> str:
    """Return a study's report in Markdown, after building all of it."""
    with study.read() as store:
        page = nmflab.report.build(store, [], **how)
    assert "<h1" in page.read_text(encoding="utf-8")
    text: str = (page.parent / "report.md").read_text(encoding="utf-8")
    assert re.search(r"\b(nan|NaN|inf)\b", text) is None
    return text


def test_a_store_without_any_sweep_gives_a_report(study: Any) -> None:
    """A study folder in which no command was recorded yet."""
    study.writer.close()
    with Store.open(study.folder) as store:
        page = nmflab.report.build(store, [])
    assert "No command was given" in page.read_text(encoding="utf-8")


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
    assert "its factors are not kept here" in text_of(study)


def test_a_factors_file_that_is_gone_is_not_fatal(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large factors live in files; one that was lost costs its own part only."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    lost = {"path": "factors/lost.npz", "sha256": "0" * 64}
    record = {"fingerprint": fingerprint, "objective_value": 1.0, "factors": lost}
    study.run(record)
    assert "its factors are not kept here" in text_of(study)


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
