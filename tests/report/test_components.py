"""Components as the report shows them: pictures, curves, lists, and their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset, Factors
from nmflab.report.content import Cards, Details, Report, Section
from nmflab.report.drawing.pictures import curve_svg, image_svg
from nmflab.report.formats.markdown import markdown
from nmflab.report.formats.page import page, pictures_of
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.factors.components import (
    drawn_component,
    gallery,
    is_drawable,
    peaks,
)
from nmflab.report.sections.factors.features import top_features
from nmflab.report.sections.factors.named import (
    feature_metadata,
    observed,
    sample_metadata,
)
from nmflab.report.sections.factors.section import factors_section
from nmflab.report.writing import build

H = np.array([[9.0, 1.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 4.0]])


def stored(study: Any, n_samples: int = 4, n_features: int = 6, **known: Any) -> Any:
    """Return a dataset as the store gives it."""
    X = np.random.default_rng(0).random((n_samples, n_features)) + 0.1
    fingerprint = study.dataset("data", Dataset(X=X, **known))
    with study.read() as store:
        return store.dataset(fingerprint)


def test_pixels_of_a_component_lie_row_by_row(study: Any) -> None:
    """image_shape says 2 rows of 3: entry 0 is on the top left, 5 at the far end."""
    data = stored(study, extras={"image_shape": np.array([2, 3])})
    cards = gallery("c", "t", data, Factors(np.ones((4, 2)), H)).cards
    images = ([[9.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0], [0.0, 0.0, 4.0]])
    for card, image in zip(cards, images, strict=True):
        picture = card.pictures[0]
        assert picture.svg == image_svg(np.array(image), picture.words)
    assert "heaviest in row 2, column 3" in cards[1].pictures[0].words


def test_samples_that_are_pixels_are_a_map(study: Any) -> None:
    """sample_shape draws the column of W, beside the spectrum of H."""
    extras = {"sample_shape": np.array([2, 2]), "wavelengths": np.arange(1.0, 7.0)}
    data = stored(study, extras=extras)
    W = np.array([[0.0, 1.0], [0.0, 1.0], [5.0, 1.0], [0.0, 1.0]])
    card = drawn_component(data, H[0], W[:, 0], card_id="a", title="Component 1")
    assert [one.id for one in card.pictures] == ["a-H", "a-W"]
    assert [one.caption for one in card.pictures] == ["spectrum", "map of samples"]
    curve, image = card.pictures
    x, title = np.arange(1.0, 7.0), "wavelength, µm"
    assert curve.svg == curve_svg(x, H[0], title, curve.words)
    assert image.svg == image_svg(np.array([[0.0, 0.0], [5.0, 0.0]]), image.words)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("wavelengths", "wavelength 10 to 60 µm, largest at 10 µm"),
        ("frequencies", "frequency 10 to 60 Hz, largest at 10 Hz"),
        ("column_times", "time 10 to 60 s, largest at 10 s"),
    ],
)
def test_curves_are_over_what_the_data_say(study: Any, key: str, said: str) -> None:
    """The words tell quantity, span, unit and where the curve is largest."""
    data = stored(study, extras={key: np.arange(10.0, 70.0, 10.0)})
    card = drawn_component(data, H[0], card_id="a", title="Component 1")
    assert card.pictures[0].words.endswith(said)


@pytest.mark.parametrize(
    "extras",
    [
        {},
        {"image_shape": np.array([2, 4])},
        {"wavelengths": np.arange(5.0)},
        {"frequencies": np.array([1.0, 2.0, 3.0, np.nan, 5.0, 6.0])},
    ],
)
def test_extras_that_do_not_fit_draw_nothing(study: Any, extras: Any) -> None:
    """A component is then told by the names of its features."""
    data = stored(study, extras=extras, column_names=list("abcdef"))
    assert not is_drawable(data)
    card = drawn_component(data, H[0], card_id="a", title="Component 1")
    assert card.pictures == []
    assert [list(one.names) for one in card.lists] == [["a", "b"]]


def test_components_are_drawn_largest_first_and_dead_ones_are_called_so(
    study: Any,
) -> None:
    """The number of a component stays the solver's."""
    data = stored(study, extras={"image_shape": np.array([2, 3])})
    W = np.ones((4, 3)) * [1.0, 0.0, 100.0]
    factors = Factors(W, np.vstack([H, H[1]]))
    cards = gallery("c", "t", data, factors).cards
    assert [card.title for card in cards] == [
        "Component 3",
        "Component 1",
        "Component 2",
    ]
    assert cards[2].detail == "no weight: the component is dead"


def test_the_scale_of_a_component_changes_no_picture(study: Any) -> None:
    """What is drawn does not depend on how W and H share a component's size."""
    data = stored(study, extras={"image_shape": np.array([2, 3])})
    W = np.random.default_rng(1).random((4, 2))
    one = gallery("c", "t", data, Factors(W, H))
    scale = np.array([8.0, 0.25])
    assert gallery("c", "t", data, Factors(W * scale, H / scale[:, None])) == one


def test_peaks_rise_from_their_surroundings() -> None:
    """A ripple on a flank is none; ends are; the highest come first."""
    values = np.array([3.0, 1.0, 0.0, 4.0, 8.0, 7.9, 8.05, 2.0, 0.0, 5.0])
    assert peaks(np.arange(10.0), values).tolist() == [6, 9, 0]
    assert peaks(np.arange(3.0), np.zeros(3)).tolist() == []


def _labelled(study: Any) -> tuple[Any, Factors]:
    """Return data of 100 items whose first 20 bear x, and factors that list them."""
    W = np.ones((30, 2))
    W[:15, 0] = W[15:, 1] = 9.0
    weights = np.full((2, 100), 1e-3)
    weights[0, :20] = np.linspace(2, 1, 20)
    weights[1, 3::5] = np.linspace(2, 1, 20)
    data = stored(
        study,
        30,
        100,
        extras={"column_metadata": ["x|z" if j < 20 else "z" for j in range(100)]},
    )
    return data, Factors(W, weights)


def test_a_component_is_called_by_what_its_features_share(study: Any) -> None:
    """The label, how many bear it, odds and q; without one the best that was found."""
    data, factors = _labelled(study)
    table = top_features("t", "t", data, factors)
    at = [column.title for column in table.columns].index("Name")
    by_number = {row[0].text: row[at] for row in table.rows}
    assert by_number["1"].text == "x"
    assert by_number["1"].detail.startswith("20 of 20, odds without bound, q=")
    assert by_number["2"].text == "no name"
    assert by_number["2"].detail.startswith("first: x (4 of 20")


def test_lists_by_weight_and_by_frex_stand_side_by_side(study: Any) -> None:
    """The heaviest feature of both components leads by weight, and not by FREX."""
    data = stored(study, column_names=list("abcdef"))
    shared = np.array([[9.0, 5.0, 4.0, 0.1, 0.1, 0.1], [9.0, 0.1, 0.1, 5.0, 4.0, 0.1]])
    table = top_features("t", "t", data, Factors(np.ones((4, 2)), shared))
    titles = [column.title for column in table.columns]
    row = table.rows[0]
    assert row[titles.index("Top features")].text.startswith("a (49.2")
    assert row[titles.index("By FREX")].text.startswith("b, ")


def test_samples_stand_for_components_with_what_they_share(study: Any) -> None:
    """Known classes of the samples are tested as labels of features are."""
    labels = np.array(["low"] * 50 + ["high"] * 50)
    W = np.full((100, 2), 0.01)
    W[:50, 0] = np.linspace(1, 2, 50)
    W[50:, 1] = np.linspace(1, 2, 50)
    data = stored(study, 100, 25, row_labels=labels)
    table = top_features("t", "t", data, Factors(W, np.ones((2, 25))))
    cells = {row[0].text: row[-1] for row in table.rows}
    assert cells["1"].text.startswith("row 50, row 49")
    assert cells["1"].detail.startswith("enriched: low (20 of 20")
    assert cells["2"].detail.startswith("enriched: high (20 of 20")


def test_classes_stand_in_where_there_is_no_metadata(study: Any) -> None:
    """column_labels name features, row_metadata samples; a wrong length is no label."""
    extras = {
        "column_labels": np.arange(6) % 2,
        "row_metadata": ["a", "b", "a|b", ""],
    }
    data = stored(study, extras=extras)
    assert feature_metadata(data) == ["0", "1", "0", "1", "0", "1"]
    assert sample_metadata(data) == ["a", "b", "a|b", ""]


def test_of_a_large_complete_matrix_every_cell_was_observed(study: Any) -> None:
    """The store keeps no large X; where some cells are missing it cannot tell."""
    X = np.ones((4, 6))
    complete = study.dataset("large", Dataset(X=X), n_stored=10**9)
    masked = study.dataset(
        "masked", Dataset(X=X, missing="mask", mask=X > 0), n_stored=10**9
    )
    with study.read() as store:
        found = observed(store.dataset(complete))
        assert observed(store.dataset(masked)) is None
    assert found is not None
    assert (found[0].tolist(), found[1].tolist()) == ([6] * 4, [4] * 6)


def _image_study(study: Any) -> None:
    X = np.random.default_rng(0).random((30, 25)) + 0.1
    data = Dataset(X=X, extras={"image_shape": np.array([5, 5])})
    fingerprint = study.dataset("faces", data)
    for at in range(2):
        study.fitted(
            X, fingerprint=fingerprint, k=2, seed=0, solver=f"s{at}", dataset="faces"
        )


def test_a_run_on_images_is_told_in_pictures(study: Any) -> None:
    """Each run shown has its gallery, all but the best folded away."""
    _image_study(study)
    with study.read() as store:
        material = gather(store)
        section = factors_section(material, group_runs(material))
    assert sum(isinstance(block, Cards) for block in section.blocks) == 1
    folded = [block for block in section.blocks if isinstance(block, Details)]
    assert folded[0].summary == "Components of the other runs shown"


def test_pictures_stand_on_the_page_and_beside_it(study: Any) -> None:
    """Inline in HTML, as files of the same name in Markdown; no id comes twice."""
    _image_study(study)
    with study.read() as store:
        path = build(store)
        material = gather(store)
        section = factors_section(material, group_runs(material))
    report = Report("s", "now", "1", [], [], [section])
    pictures = pictures_of(report)
    assert len({one.id for one in pictures}) == len(pictures) == 4
    html, text = path.read_text("utf-8"), (path.parent / "report.md").read_text("utf-8")
    for one in pictures:
        assert html.count(f'<figure id="{one.id}">{one.svg}') == 1
        assert f"](figures/{one.id}.svg)" in text
        file = path.parent / "figures" / f"{one.id}.svg"
        assert file.read_text("utf-8") == one.svg


def test_names_in_a_gallery_cannot_inject_markup(study: Any) -> None:
    """A sample's name is text in every format."""
    data = stored(
        study,
        row_names=["<b>one", "two", "three", "four"],
        extras={"image_shape": np.array([2, 3])},
    )
    cards = gallery("c", "<i>t</i>", data, Factors(np.eye(4, 2), H))
    report = Report("s", "now", "1", [], [], [Section("f", "F", [cards])])
    for text in (page(report, {}), markdown(report)):
        assert "<b>one" not in text
        assert "<i>t" not in text
        assert "&lt;b&gt;one" in text


def test_features_seldom_observed_are_in_no_name_and_no_list(study: Any) -> None:
    """The heaviest feature has 19 cells: a note counts it, the lists begin after it."""
    mask = np.ones((30, 100), dtype=bool)
    mask[:11, 0] = False
    metadata = ["x" if j < 20 else "z" for j in range(100)]
    data = stored(
        study,
        30,
        100,
        missing="mask",
        mask=mask,
        extras={"column_metadata": metadata},
    )
    weights = np.tile(np.linspace(2, 1, 100), (2, 1))
    table = top_features("t", "t", data, Factors(np.ones((30, 2)), weights))
    assert table.rows[0][3].text.startswith("column 2 (")
    assert table.note.startswith("1 feature observed in fewer than 20 cells is left")
