"""What ``advise=n_components`` plans, refuses, resumes and reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import nmflab
from nmflab.cli import main
from nmflab.commands import sweep
from nmflab.config import ConfigError
from nmflab.report.content import Figure, Report, Table
from nmflab.report.formats.figures import render_svg
from nmflab.report.formats.page import page
from nmflab.report.reading.material import gather
from nmflab.report.sections.advice import advice_section, without_draws
from nmflab.store import Store
from nmflab.sweep.outcome import DryRun
from tests.advice.conftest import TINY, planted, read

SYNTHETIC = (
    "dataset=synthetic",
    "dataset.n_samples=20",
    "dataset.n_features=12",
    "dataset.n_components=2",
)


def test_all_probes_are_one_study(study: Path) -> None:
    """3 sizes: 3 seeds, 8 blocks, a reference, 3 samples, 3 draws, 3 shuffles; 3 ARD.

    Held-out cells are left out: the solver takes no missing entries.
    """
    runs = nmflab.Study(study).runs
    assert set(runs["status"]) == {"ok"}
    assert len(runs) == 3 * (3 + 8 + 1 + 3 + 3 + 3) + 3
    assert runs["solver"].str.startswith("ard").sum() == 3


def test_draws_are_fitted_from_several_starts(study: Path) -> None:
    """With one start a local minimum passes for an unstable size."""
    with Store.open(study) as store:
        runs = store.runs()
        restarts = {
            str(row.split).partition("(")[0]: store.config(str(row.key))["restarts"]
            for row in runs.itertuples()
            if row.init == "random" and row.solver == "hals"
        }
    assert restarts["none"] == 1
    assert restarts["row_sample"] == 8
    assert restarts["bi_cv"] == restarts["shuffled"] == 4


def test_an_advised_study_resumes(study: Path) -> None:
    """The same command makes no run again."""
    done = nmflab.study(
        *TINY, "n_components=2,3,4", "seed=0,1,2", f"study={study}", X=planted()
    )
    assert done.runs["reused"].all()


def test_the_setting_changes_no_key(study: Path) -> None:
    """A fit that was made for advice serves a plain sweep."""
    done = nmflab.study(
        *TINY[1:], "n_components=3", "seed=1", f"study={study}-plain", X=planted()
    )
    keys = nmflab.Study(study).runs["key"]
    assert done.runs["key"][0] in set(keys)


def test_a_dry_run_counts_all_runs(tmp_path: Path) -> None:
    """3 sizes: 10 seeds, 8 blocks, a reference, 10 samples, 10 draws, 3 shuffles."""
    outcome, _ = sweep(
        [*SYNTHETIC, *TINY, "n_components=2,3,4", "dry_run=true", f"study={tmp_path}/s"]
    )
    assert isinstance(outcome, DryRun)
    assert outcome.n_runs == 3 * (10 + 8 + 1 + 10 + 10 + 3) + 5
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("n_components=3", "there is n_components=3 alone"),
        ("solver=hals,mu", "2 combinations of choices"),
        ("dataset.noise=0.1,0.2", "dataset takes 2 values"),
        ("split=bi_cv", "split=bi_cv: .* leave split out"),
    ],
)
def test_what_is_not_one_choice_of_sizes_is_refused(
    override: str, message: str, tmp_path: Path
) -> None:
    """The key is named, before anything is run."""
    sizes = [] if override.startswith("n_components") else ["n_components=2,3"]
    with pytest.raises(ConfigError, match=message):
        sweep([*SYNTHETIC, *TINY, *sizes, override, f"study={tmp_path}/s"])
    assert not (tmp_path / "s").exists()


def test_the_command_prints_the_panel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the outcome, as plain text where it is no terminal."""
    arguments = [*SYNTHETIC, *TINY, "n_components=2,3", "seed=0,1,2", "report=false"]
    assert main([*arguments, f"study={tmp_path}/s"]) == 0
    printed = capsys.readouterr().out
    assert "How many components: synthetic" in printed
    assert "Bi-cross-validation" in printed


def test_the_report_has_the_panel_as_tables_and_small_charts(study: Path) -> None:
    """Every criterion in the tables; one chart that is drawn without a script."""
    with Store.open(study) as store:
        section = advice_section(gather(store))
    assert section is not None
    assert section.title == "How many components"
    choices, values = (b for b in section.blocks if isinstance(b, Table))
    assert len(choices.rows) == 12
    assert [row[0].text for row in values.rows] == ["2", "3", "4"]
    [figure] = [b for b in section.blocks if isinstance(b, Figure)]
    svg = render_svg(figure)
    assert "Bi-cross-validation" in svg
    html = page(Report("s", "now", "0", [], [], [section]), {figure.id: svg})
    assert "nan" not in html.partition("<script")[0].lower().split()


def test_runs_on_draws_are_ranked_nowhere_else(study: Path) -> None:
    """They fit other data than the rest of the report is about."""
    with Store.open(study) as store:
        material = gather(store)
    kept = without_draws(material).runs["split"].str.partition("(")[0]
    assert set(kept) == {"none", "bi_cv"}
    assert len(kept) < len(material.runs)


def test_a_study_of_nothing_but_draws_is_shown(study: Path) -> None:
    """There is nothing else that they could be ranked against."""
    with Store.open(study) as store:
        material = gather(store)
    drawn = material.runs["split"].str.startswith(("bootstrap", "row_sample"))
    alone = replace(material, runs=material.runs[drawn])
    assert len(alone.runs) > 0
    assert without_draws(alone) is alone


def test_a_solver_with_its_own_start_is_advised_too(tmp_path: Path) -> None:
    """Without chance there is one seed, and no consensus: said, not failed."""
    done = nmflab.study(
        *TINY,
        "n_components=2,3",
        "seed=0,1,2",
        "solver=separable",
        f"study={tmp_path}/s",
        X=planted(20, 12, 2),
    )
    found = read(done.folder)
    by_name = {one.name: one for one in found.criteria}
    assert "three seeds" in by_name["cophenetic"].why
    assert np.isfinite(by_name["agreement"].values[2].value)


def test_data_that_cannot_be_loaded_have_no_panel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The runs say why; a table of dashes would not."""
    named = ["dataset=file", f"dataset.path={tmp_path}/none.csv", "report=false"]
    assert main([*named, *TINY, "n_components=2,3", f"study={tmp_path}/s"]) == 1
    printed = capsys.readouterr().out
    assert "no such file" in printed
    assert "How many components" not in printed
