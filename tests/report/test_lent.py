"""Drawings that plugins lend to the report: what they may hold, what if they fail."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset, FeatureDrawing, Matrix
from nmflab.report.drawing.lent import Lent, checked, drawn_by
from nmflab.report.formats.markdown import markdown
from nmflab.report.formats.page import pictures_of
from nmflab.report.reading.material import gather
from nmflab.report.writing import composed

OPEN = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" viewBox="0 0 9 9">'
DOT = f'{OPEN}<circle r="1"/></svg>'


def film_svg(values: Matrix, names: Sequence[str]) -> str:
    """Return a picture that holds the heaviest film's name."""
    return f"{OPEN}<text>{names[int(np.argmax(values))]}</text></svg>"


def report_of(study: Any, **parts: Any) -> Any:
    """Return the report of one run on films that a plugin draws."""
    X = np.tile(study.RATINGS, (8, 10))  # larger than what is drawn cell by cell
    names = [f"{film} {part}" for part in range(1, 11) for film in study.FILMS]
    fingerprint = study.dataset("films", Dataset(X=X, column_names=names))
    study.fitted(X, fingerprint=fingerprint, k=2, seed=0, dataset="films")
    with study.read() as store:
        return composed(gather(store), [FeatureDrawing(**parts)])


def test_components_are_drawn_by_the_plugin_of_their_data(study: Any) -> None:
    """A card a component, with the picture that the plugin made of its row of H."""
    report = report_of(study, dataset="films", draw=film_svg)
    drawn = [picture.svg for picture in pictures_of(report)]
    assert len(drawn) >= 2
    assert any("Alien" in svg for svg in drawn)
    assert "as its plugin draws it" in markdown(report)


def test_a_drawing_of_other_data_changes_nothing(study: Any) -> None:
    """It is asked for its own data set only."""
    report = report_of(study, dataset="others", draw=film_svg)
    assert "as its plugin draws it" not in markdown(report)


def test_a_drawing_that_raises_costs_its_picture_only(study: Any) -> None:
    """The report stands, and says what the plugin said."""

    def broken(values: Matrix, names: Sequence[str]) -> str:
        raise KeyError("no such gene")

    report = report_of(study, dataset="films", draw=broken)
    assert "no such gene" in markdown(report)
    assert any("drawing failed" in one.svg for one in pictures_of(report))


def test_ids_within_a_drawing_are_made_its_own() -> None:
    """Two pictures with one gradient each do not share it."""
    svg = f'{OPEN}<g id="a"/><rect fill="url(#a)"/></svg>'
    picture = Lent(lambda values, names: svg, []).picture("p-1", np.ones(1), "One")
    assert 'id="p-1-a"' in picture.svg
    assert "url(#p-1-a)" in picture.svg


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ("<script>alert(1)</script>", "holds <script>"),
        ('<rect onload="alert(1)"/>', "runs a script"),
        ('<image href="https://example.org/a.png"/>', "outside it"),
        ('<rect fill="url(https://example.org/a)"/>', "refers outside it"),
        ("<style>@import 'a.css';</style>", "refers outside it"),
        ("<foreignObject/>", "may act or lead away"),
        ("<g>", "not well-formed"),
    ],
)
def test_a_drawing_that_acts_or_fetches_is_refused(inner: str, message: str) -> None:
    """The page asks nothing of a network and runs no script but its own."""
    with pytest.raises(ValueError, match=message):
        checked(f"{OPEN}{inner}</svg>")


def test_what_is_no_svg_is_refused() -> None:
    """Neither HTML nor anything but text."""
    with pytest.raises(ValueError, match="not an svg"):
        checked("<p>hello</p>")
    with pytest.raises(TypeError, match="not str"):
        checked(b"<svg/>")


def test_a_sound_drawing_is_kept() -> None:
    """Nothing of it is lost."""
    assert "<circle" in checked(DOT)


def test_no_drawings_leave_the_material_as_it_is(study: Any) -> None:
    """The same object, nothing is copied."""
    report_of(study, dataset="films", draw=film_svg)
    with study.read() as store:
        material = gather(store)
        assert drawn_by(material, []) is material
