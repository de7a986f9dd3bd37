"""The section on the factors."""

from typing import Any

import numpy as np

from nmflab.contracts import Dataset
from nmflab.report.content import Details, Figure, Prose, Table
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.factors.section import MOST_DRAWN, factors_section


def blocks(study: Any, X: np.ndarray, solvers: int, **labels: Any) -> list[Any]:
    """Return the section's blocks for a study of several solvers on X."""
    fingerprint = study.dataset("data", Dataset(X=X))
    for at in range(solvers):
        given = {"k": 2, "seed": 0, "solver": f"s{at}", "steps": 10 + at, **labels}
        study.fitted(X, fingerprint=fingerprint, **given)
    with study.read() as store:
        material = gather(store)
        return list(factors_section(material, group_runs(material)).blocks)


def figures(found: list[Any]) -> list[str]:
    """Return the ids of the figures among blocks."""
    return [block.id for block in found if isinstance(block, Figure)]


def test_x_is_drawn_once_and_never_in_a_runs_figure(study: Any) -> None:
    """One heatmap of X, three of each run: WH, W and H."""
    found = blocks(study, study.RATINGS, 3)
    names = figures(found)
    assert names == [
        "data-1",
        *(f"factors-1-{n}" for n in (1, 2, 3)),
        "correlation-1",
    ]
    grids = [len(b.spec["datasets"]) for b in found if isinstance(b, Figure)]
    assert grids == [1, 3, 3, 3, 1]


def test_of_longer_tables_only_the_best_runs_are_drawn(study: Any) -> None:
    """The rest are told by their top features, folded away."""
    X = np.random.default_rng(0).random((20, 12)) + 0.1
    found = blocks(study, X, 5)
    assert sum(name.startswith("factors-") for name in figures(found)) == MOST_DRAWN
    folded = [
        b for b in found if isinstance(b, Details) and "Top features" in b.summary
    ]
    assert len(folded) == 1
    assert len(folded[0].blocks) == 3
    assert sum(isinstance(block, Table) for block in found) == MOST_DRAWN


def test_kinds_of_run_left_out_are_named(study: Any) -> None:
    """A reader learns which solvers and sizes to look for elsewhere."""
    found = blocks(study, study.RATINGS, 10)
    said = [b.text for b in found if isinstance(b, Prose) and "Not shown" in b.text]
    assert len(said) == 1
    assert "8 of 10 kinds of run" in said[0]
    assert said[0].count("(n_components 2)") == 2


def test_models_of_x_share_its_colours_and_weighted_ones_do_not(study: Any) -> None:
    """The colour range of X is that of WH, unless WH models something else."""
    found = blocks(study, study.RATINGS, 1, weighting="tfidf")
    captions = {b.id: b.caption for b in found if isinstance(b, Figure)}
    assert "before weighting tfidf" in captions["data-1"]
    assert "not the X drawn above" in captions["factors-1-1"]


def test_runs_on_all_the_data_are_shown_and_not_those_on_its_folds(study: Any) -> None:
    """Two sizes of all the data; four folds of each would crowd them out."""
    X = study.RATINGS
    fingerprint = study.dataset("data", Dataset(X=X))
    for k in (2, 3):
        for split in ("none", *(f"bi_cv(fold={fold})" for fold in range(4))):
            study.fitted(X, fingerprint=fingerprint, k=k, seed=0, split=split)
    with study.read() as store:
        material = gather(store)
        section = factors_section(material, group_runs(material))
    titles = [one.title for one in section.blocks if isinstance(one, Figure)]
    assert sum("n_components 2" in title for title in titles) == 1
    assert sum("n_components 3" in title for title in titles) == 1
    assert not any("fold" in title for title in titles)
    said = [one.text for one in section.blocks if isinstance(one, Prose)]
    assert "Runs on part of the data, with cells held out, are not shown." in said


def test_what_the_summary_speaks_of_is_shown_first(study: Any) -> None:
    """Of two sizes the second, where it stands first among those named."""
    X = study.RATINGS
    fingerprint = study.dataset("data", Dataset(X=X))
    for k in (2, 3):
        study.fitted(X, fingerprint=fingerprint, k=k, seed=0)
    with study.read() as store:
        material = gather(store)
        groups = group_runs(material)
        section = factors_section(material, groups, [groups[1]])
    runs = [b for b in section.blocks if getattr(b, "id", "").startswith("factors-")]
    assert isinstance(runs[0], Figure)
    assert "n_components 3" in runs[0].title
