"""The section on recommendations, and the page with it."""

from __future__ import annotations

from typing import Any

import numpy as np

import nmflab.report
from nmflab.contracts import Dataset
from nmflab.report.content import Bullets, Prose, Table
from nmflab.report.reading.material import gather
from nmflab.report.sections.recommendations import recommendations_section


def write(study: Any, *, n_stored: int | None = None) -> Any:
    """Write one masked run on ratings with a scale; the store of it."""
    masked = study.masked()
    extras = {**masked.extras, "rating_scale": np.array([1.0, 5.0])}
    data = Dataset(
        X=masked.X,
        missing="mask",
        mask=masked.mask,
        row_names=["<b>Ann</b>", "Bob", "Cleo", "Dan", "Eve"],
        column_names=study.FILMS,
        extras=extras,
    )
    print_of = study.dataset("ratings", data, n_stored=n_stored)
    study.fitted(
        masked.X, masked.mask, fingerprint=print_of, k=2, seed=0, dataset="ratings"
    )
    return study.read()


def test_data_without_users_and_items_have_no_recommendations(full_study: Any) -> None:
    """Of five samples and four features nothing says that they are ratings."""
    from nmflab.store import Store

    with Store.open(full_study) as store:
        assert recommendations_section(gather(store)) is None


def test_the_first_users_get_their_best_unseen_items(study: Any) -> None:
    """The seven cells without a rating, with what carries each."""
    section = recommendations_section(gather(write(study)))
    assert section is not None
    table = next(b for b in section.blocks if isinstance(b, Table))
    assert len(table.rows) == 7
    assert {row[0].text for row in table.rows} >= {"Bob", "Eve"}
    assert all(row[4].text.startswith("Feature ") for row in table.rows)
    bullets = next(b for b in section.blocks if isinstance(b, Bullets))
    assert any(item.startswith("Feature 1: ") for item in bullets.items)


def test_data_the_store_does_not_hold_are_told_of(study: Any) -> None:
    """The report is made of the store alone, and says what would help."""
    section = recommendations_section(gather(write(study, n_stored=10**8)))
    assert section is not None
    first = section.blocks[0]
    assert isinstance(first, Prose)
    assert "more than the study keeps" in first.text


def test_the_page_holds_the_section_and_escapes_names(study: Any) -> None:
    """It stands in the contents, and what users are called is text."""
    with write(study) as store:
        page = nmflab.report.build(store)
    html = page.read_text(encoding="utf-8")
    assert 'href="#recommendations"' in html
    assert "&lt;b&gt;Ann&lt;/b&gt;" in html
    assert "<b>Ann" not in html
    told = (page.parent / "report.md").read_text(encoding="utf-8")
    assert "## Recommendations" in told
