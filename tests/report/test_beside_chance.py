"""Interpretability against size, with what chance gives beside it."""

from typing import Any

import pytest

from nmflab.contracts import Dataset
from nmflab.report.content import Details, Figure, Section, Table
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.beside_chance import beside_chance_section

PENCIL = Pencil({"mu": "#000000"}, ["random"])


def section_of(study: Any, sizes: tuple[int, ...], **scores: float) -> Section | None:
    """Return the section of two seeds a size; seed 1 measures 0.1 more of each."""
    fingerprint = study.dataset("one", Dataset(X=study.RATINGS))
    for k in sizes:
        for seed in range(2):
            values = {
                name: value + 0.1 * seed * ("_" not in name)
                for name, value in scores.items()
            }
            study.fitted(
                study.RATINGS, fingerprint=fingerprint, k=k, seed=seed, metrics=values
            )
    with study.read() as store:
        material = gather(store)
        return beside_chance_section(material, group_runs(material), PENCIL)


SCORES = {
    "purity": 0.6,
    "purity_chance": 0.3,
    "purity_chance_sd": 0.05,
    "purity_adjusted": 0.5,
}


def test_one_size_has_nothing_to_be_compared_across(study: Any) -> None:
    """No section."""
    assert section_of(study, (2,), **SCORES) is None


def test_a_score_without_chance_is_not_drawn_against_size(study: Any) -> None:
    """It would be compared raw."""
    assert section_of(study, (2, 3), purity=0.6) is None


def test_the_band_is_two_standard_deviations_of_the_draws(study: Any) -> None:
    """Chance 0.3 ± 0.05 is drawn from 0.2 to 0.4; the score is the mean of seeds."""
    section = section_of(study, (2, 3), **SCORES)
    assert section is not None
    (figure,) = (block for block in section.blocks if isinstance(block, Figure))
    rows = figure.spec["datasets"]["rows"]
    assert [row["n_components"] for row in rows] == [2, 3]
    for row in rows:
        assert row["value"] == pytest.approx(0.65)
        assert (row["chance_low"], row["chance_high"]) == pytest.approx((0.2, 0.4))


def test_the_table_tells_value_chance_and_what_is_adjusted(study: Any) -> None:
    """One row a solver and size."""
    section = section_of(study, (2, 3), **SCORES)
    assert section is not None
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    value, chance, adjusted = table.rows[0][-3:]
    assert (value.text, chance.text, adjusted.text) == ("0.65", "0.3", "0.5")
    assert chance.detail == "± 0.05"


def test_a_score_of_which_no_best_is_known_has_no_adjusted_value(study: Any) -> None:
    """A dash, never nan."""
    scores = {name: SCORES[name] for name in ("purity", "purity_chance")}
    section = section_of(study, (2, 3), **scores)
    assert section is not None
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert table.rows[0][-1].text == "–"


def test_a_score_without_variation_is_not_drawn(study: Any) -> None:
    """A flat line tells nothing: here `known_flat`, which no seed changes."""
    flat = {"known_flat": 0.4, "known_flat_chance": 0.1}
    section = section_of(study, (2, 3), **SCORES, **flat)
    assert section is not None
    figures = [block.id for block in section.blocks if isinstance(block, Figure)]
    assert figures == ["by-size-purity"]


def test_more_than_two_scores_are_folded(study: Any) -> None:
    """Two are open, the others are one click away."""
    names = ("purity", "ari", "npmi")
    scores = {f"{n}{end}": 0.4 for n in names for end in ("", "_chance")}
    section = section_of(study, (2, 3), **scores)
    assert section is not None
    (folded,) = (block for block in section.blocks if isinstance(block, Details))
    assert [type(block) for block in folded.blocks] == [Figure]
