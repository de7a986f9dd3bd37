"""Aligned factors: which runs are compared, what is found, and what is said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.report.content import Block, Cards, Details, Figure, Prose, Table
from nmflab.report.formats.markdown import markdown
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.aligned import reading as aligned_reading
from nmflab.report.sections.aligned.found import AlignedRuns
from nmflab.report.sections.aligned.gallery import gallery, match_heatmap
from nmflab.report.sections.aligned.reading import aligned_runs
from nmflab.report.sections.aligned.section import aligned_section
from nmflab.report.writing import composed

W = np.array([[3.0, 1], [2, 2], [1, 3], [1, 1]])
H = np.array([[3.0, 2, 1], [1, 2, 3]])
TURN = np.array([[1.0, -0.3], [-0.3, 1.0]])
SAME, TURNED = (W, H), (W @ TURN, np.linalg.inv(TURN) @ H)
COPY = (W[:, ::-1] * [5, 0.1], H[::-1] / [[5], [0.1]])
WORDS = ["apple", "bread", "cheese"]


def recorded(study: Any, runs: list[dict[str, Any]], **extras: Any) -> None:
    """Record runs of the rank-2 data: each with factors, and what it says of itself."""
    data = Dataset(X=W @ H, column_names=WORDS, extras=extras)
    fingerprint = study.dataset("data", data)
    for at, run in enumerate(runs):
        factors = run.pop("factors", SAME)
        given = {"seed": at, "n_components": factors[1].shape[0], **run}
        record = {
            "fingerprint": fingerprint,
            "objective_value": given.pop("objective_value", 1.0),
            "objective_start": 9.0,
            "kappa": given.pop("kappa", 1e-5),
        }
        study.run(record, arrays={"W": factors[0], "H": factors[1]}, **given)


def found(study: Any) -> AlignedRuns:
    """Return what is aligned of the runs recorded."""
    with study.read() as store:
        material = gather(store)
        return aligned_runs(material, group_runs(material))


def section_of(study: Any) -> Any:
    """Return the section, or None."""
    with study.read() as store:
        material = gather(store)
        return aligned_section(material, group_runs(material))


def flat(blocks: Any) -> list[Block]:
    """Return all blocks, those folded away included."""
    every: list[Block] = []
    for block in blocks:
        every += [block, *(flat(block.blocks) if isinstance(block, Details) else [])]
    return every


def texts(section: Any) -> str:
    """Return the prose of a section."""
    return " ".join(b.text for b in flat(section.blocks) if isinstance(b, Prose))


def tables(section: Any) -> dict[str, Table]:
    """Return the tables of a section by their ids."""
    return {b.id: b for b in flat(section.blocks) if isinstance(b, Table)}


def test_equal_errors_with_different_factors_are_a_finding(study: Any) -> None:
    """Two exact fits of one matrix that share no component: with both numbers."""
    recorded(study, [{"solver": "a"}, {"solver": "b", "factors": TURNED}])
    (comparison,) = found(study).comparisons
    (finding,) = comparison.findings
    assert finding.difference == 0.0
    assert finding.match_score < 0.95
    said = texts(section_of(study))
    assert "Equal error, different factors." in said
    assert f"only {finding.match_score:.3f}" in said


def test_copies_are_no_finding_and_that_is_said(study: Any) -> None:
    """The same factors in another scale and order, from two solvers."""
    recorded(study, [{"solver": "a"}, {"solver": "b", "factors": COPY}])
    (comparison,) = found(study).comparisons
    assert comparison.findings == []
    np.testing.assert_allclose(comparison.match_scores, 1.0)
    assert "their factors are the same too" in texts(section_of(study))


def test_runs_with_other_objectives_are_not_compared(study: Any) -> None:
    """Each minimises something else, so that no error equals another."""
    runs = [{"objective": "frobenius"}, {"objective": "kullback_leibler"}]
    recorded(study, runs)
    assert found(study).comparisons == []
    assert section_of(study) is None


def test_a_pair_that_stopped_early_is_named(study: Any) -> None:
    """Its kappa is above its tolerance, 1e-4 in these studies."""
    runs = [{"solver": "a"}, {"solver": "b", "factors": TURNED, "kappa": 0.1}]
    recorded(study, runs)
    assert "(b stopped before converging)" in texts(section_of(study))


def test_the_census_counts_optima_of_converged_seeds(study: Any) -> None:
    """Three seeds at two optima; a fourth, of the same factors, did not converge."""
    runs = [{}, {"factors": COPY}, {"factors": TURNED}, {"kappa": 1.0}]
    recorded(study, runs)
    (counted,) = found(study).counted
    assert counted.census.sentence == "4 seeds, 2 optima: 2, 1; 1 not converged"
    assert counted.tolerance == 1e-4
    (row,) = tables(section_of(study))["census"].rows
    assert row[4].text == counted.census.sentence


def test_a_run_without_kappa_did_not_converge(study: Any) -> None:
    """What is not known is not counted."""
    recorded(study, [{"kappa": None}, {"kappa": None}])
    (counted,) = found(study).counted
    assert counted.census.not_converged == (0, 1)


def test_seeds_of_a_single_group_are_shown_by_optimum(study: Any) -> None:
    """The best seed beside one of the other optimum; copies are not repeated."""
    recorded(study, [{}, {"factors": COPY}, {"factors": TURNED}])
    (comparison,) = found(study).comparisons
    assert [entry.name for entry in comparison.entries] == ["seed 0", "seed 2"]


def test_partners_stand_in_one_row(study: Any) -> None:
    """The second solver's components come in the other order, and are put right."""
    recorded(study, [{"solver": "a"}, {"solver": "b", "factors": COPY}])
    table = tables(section_of(study))["aligned-1"]
    assert [column.title for column in table.columns[1:]] == ["a", "b"]
    for row in table.rows:
        assert row[1].text == row[2].text
        partner = 3 - int(row[0].text)
        assert row[2].detail == (f"its {partner}, match 1.000 (H 1.000, W 1.000)")


def test_a_component_without_a_partner_is_said(study: Any) -> None:
    """The second run's second component is dead."""
    dead = (W * [1, 0], H)
    recorded(study, [{"solver": "a"}, {"solver": "b", "factors": dead}])
    section = section_of(study)
    (cell,) = [
        row[2]
        for row in tables(section)["aligned-1"].rows
        if row[2].text == "no partner"
    ]
    assert cell.tone == "warning"


def test_images_are_drawn_beside_each_other(study: Any) -> None:
    """A card a component, a picture a run, the match below; words are folded away."""
    runs = [{"solver": "a"}, {"solver": "b", "factors": COPY}]
    recorded(study, runs, image_shape=np.array([1, 3]))
    (cards,) = [b for b in section_of(study).blocks if isinstance(b, Cards)]
    assert len(cards.cards) == 2
    captions = [picture.caption for picture in cards.cards[0].pictures]
    assert captions[0] == "a"
    assert captions[1].startswith("b: its ")
    assert captions[1].endswith("match 1.000")
    ids = [picture.id for card in cards.cards for picture in card.pictures]
    assert len(set(ids)) == 4


def test_three_runs_have_a_heatmap_of_match_scores_and_two_have_none(
    study: Any,
) -> None:
    """Two are told in a number; of more, every pair is drawn."""
    solvers = [{"solver": name, "factors": TURNED} for name in "bc"]
    recorded(study, [{"solver": "a"}, *solvers])
    (comparison,) = found(study).comparisons
    figure = match_heatmap("scores", comparison)
    assert isinstance(figure, Figure)
    texts = {cell["text"] for cell in figure.spec["datasets"]["grid0"]}
    assert "1.00" in texts
    comparison.entries.pop()
    assert match_heatmap("scores", comparison) is None


def test_large_sweeps_are_cut_and_that_is_said(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three comparisons one is looked at."""
    monkeypatch.setattr(aligned_reading, "MOST_COMPARISONS", 1)
    weightings = ["none", "tfidf", "log1p"]
    runs = [{"weighting": w, "solver": s} for w in weightings for s in "ab"]
    recorded(study, runs)
    aligned_of = found(study)
    assert (len(aligned_of.comparisons), aligned_of.n_left_out) == (1, 2)
    assert "2 further comparisons not drawn" in texts(section_of(study))


def test_factors_that_were_not_kept_are_not_compared(study: Any) -> None:
    """Without any there is no section."""
    fingerprint = study.dataset("data", Dataset(X=W @ H))
    for solver in "ab":
        record = {"fingerprint": fingerprint, "objective_value": 1.0}
        study.run(record, solver=solver)
    assert section_of(study) is None


def test_the_lineage_says_what_splits(study: Any) -> None:
    """One component of two becomes two of three: a figure, and a table without it."""
    three = (np.eye(4, 3), np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]))
    two = (np.eye(4, 2), np.array([[1.0, 0, 0], [0, 1, 1.2]]))
    recorded(study, [{"factors": two, "seed": 0}, {"factors": three, "seed": 0}])
    section = section_of(study)
    table = tables(section)["lineage-table-1"]
    assert [row[2].text for row in table.rows] == ["kept", "split"]
    assert table.rows[1][4].text == "3 (0.55), 2 (0.45)"
    (figure,) = [b for b in flat(section.blocks) if isinstance(b, Figure)]
    assert figure.id == "lineage-1"
    assert len(figure.spec["datasets"]["bands"]) == 3
    assert len(figure.spec["datasets"]["nodes"]) == 5


def test_the_section_stands_in_the_report_and_in_markdown(study: Any) -> None:
    """After the stability over seeds, with its finding in words."""
    recorded(study, [{"solver": "a"}, {"solver": "b", "factors": TURNED}])
    with study.read() as store:
        report = composed(gather(store), [])
    ids = [section.id for section in report.sections]
    assert ids.index("aligned") == ids.index("stability") + 1
    assert "Equal error, different factors" in markdown(report)


def test_components_beyond_the_most_are_counted(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two components one is shown, and the other said."""
    monkeypatch.setattr("nmflab.report.sections.aligned.gallery.MOST_COMPONENTS", 1)
    recorded(study, [{"solver": "a"}, {"solver": "b"}])
    with study.read() as store:
        material = gather(store)
        (comparison,) = aligned_runs(material, group_runs(material)).comparisons
        (dataset,) = material.datasets.values()
        (table,) = gallery("1", dataset, comparison)
    assert isinstance(table, Table)
    assert len(table.rows) == 1
    assert table.note.startswith("1 smaller component of the first run not shown")


def test_solvers_are_told_apart_by_their_start_where_need_be(study: Any) -> None:
    """One solver from two starts."""
    recorded(study, [{"init": "random"}, {"init": "nndsvd"}])
    (comparison,) = found(study).comparisons
    names = [entry.name for entry in comparison.entries]
    assert sorted(names) == ["mu from nndsvd", "mu from random"]


@pytest.mark.parametrize(
    ("factors", "said"),
    [
        (SAME, "free: 2 of 2 directions, in components 1 and 2. To first order"),
        ((np.eye(4, 2), np.eye(2, 3)), "first-order unique. No other factors"),
    ],
    ids=["dense", "diagonal"],
)
def test_the_certificate_of_the_best_run_is_told(
    study: Any, factors: Any, said: str
) -> None:
    """Dense factors can move, diagonal ones cannot."""
    recorded(study, [{"solver": s, "factors": factors} for s in "ab"])
    assert f"Certificate of non-uniqueness, a: {said}" in texts(section_of(study))


def test_no_more_runs_are_counted_of_large_data_than_the_bound_allows(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three seeds of 14 entries each, two fit into 28."""
    monkeypatch.setattr(aligned_reading, "MOST_COUNTED", 28)
    recorded(study, [{}, {}, {}])
    (counted,) = found(study).counted
    assert (counted.census.n_runs, counted.n_left_out) == (2, 1)
    assert "Not counted: seeds beyond" in tables(section_of(study))["census"].note


def test_no_more_runs_are_kept_of_large_data_than_the_bound_allows(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of three solvers fit into 28 entries; the other is said to be left out."""
    monkeypatch.setattr(aligned_reading, "MOST_KEPT", 28)
    recorded(study, [{"solver": solver} for solver in "abc"])
    (comparison,) = found(study).comparisons
    assert (len(comparison.entries), comparison.n_left_out) == (2, 1)
    assert (
        "1 further run not shown" in tables(section_of(study))["aligned-1"].note.lower()
    )
