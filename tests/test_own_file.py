"""The sweep `own_file` over real files, dense and sparse, shrunk."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

import nmflab
from nmflab.store import Store

SHRUNK = ("n_components=2,3", "seed=0,1", "stop.max_steps=5", "executor.name=serial")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of real data; work in an empty one."""
    named = os.environ.get("NMFLAB_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("NMFLAB_DATA names no folder of real data")
    folder = Path(named).resolve()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    return folder


def shrunken(*overrides: str) -> nmflab.Study:
    """Run the sweep for few steps; every solver, start, size and seed ends well."""
    study = nmflab.study("experiment=own_file", *overrides, *SHRUNK)
    runs = study.runs
    assert runs["status"].eq("ok").all()
    # nndsvda draws nothing: one run a solver and size, random two
    assert len(runs) == 3 * 2 * (1 + 2)
    assert runs["n_steps"].eq(5).all()
    # a start is worse than what five steps of any solver leave; 1 is WH = 0
    assert runs["objective_value"].lt(runs["objective_start"]).all()
    assert runs["relative_error_all"].between(0, 1, inclusive="neither").all()
    return study


@pytest.mark.data
def test_gene_expression_is_swept_from_a_compressed_text(data: Path) -> None:
    """ALL-AML: 38 samples once transposed; three components beat two."""
    path = data / "all-aml/ALL_AML_data.txt.gz"
    study = shrunken(f"dataset.path='{path}'", "dataset.transpose=true")
    with Store.open(study.folder) as store:
        (dataset,) = store.datasets()
    assert dataset.facts["storage"] == "dense"
    assert (dataset.facts["n_samples"], dataset.facts["n_features"]) == (38, 5000)
    best = study.runs.groupby("n_components")["relative_error_all"].min()
    assert best[3] < best[2]
    # scikit-learn 1.9.1 leaves 0.556367 and 0.502698 at convergence
    assert best[2] == pytest.approx(0.556, abs=0.02)


@pytest.mark.data
def test_term_counts_are_swept_without_filling_them_in(
    data: Path, tmp_path: Path
) -> None:
    """BBC: 286,774 counts of 2225 documents and 9635 terms stay sparse."""
    with zipfile.ZipFile(data / "bbc/bbc.zip") as archive:
        archive.extract("bbc.mtx", tmp_path)
    study = shrunken("dataset.path=bbc.mtx", "dataset.transpose=true")
    with Store.open(study.folder) as store:
        (dataset,) = store.datasets()
    facts = dataset.facts
    assert facts["storage"] == "csr"
    assert (facts["n_samples"], facts["n_features"]) == (2225, 9635)
    assert facts["n_stored"] == 286_774
