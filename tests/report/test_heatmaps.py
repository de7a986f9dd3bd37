"""Annotated heatmaps."""

from typing import Any

import numpy as np

from nmflab.contracts import Dataset, Factors
from nmflab.report.sections.factors.drawn import digits, drawn_data, drawn_factors
from nmflab.report.sections.factors.features import component_strength, top_features
from nmflab.report.sections.factors.heatmaps import Grid, heatmaps, value_limits

W = np.array([[1.0, 0.0], [0.5, 0.1], [0.0, 1.0], [0.0, 0.9], [0.1, 0.8]])
H = np.array([[5.0, 3.0, 0.0, 1.0], [0.0, 0.5, 4.0, 5.0]])


def cells(spec: Any, grid: int) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the cells of one heatmap by row and column."""
    return {(c["row"], c["column"]): c for c in spec["datasets"][f"grid{grid}"]}


def drawn(study: Any, **how: Any) -> Any:
    """Return the figure of a run on the masked ratings."""
    fingerprint = study.dataset("data", study.masked())
    with study.read() as store:
        data = store.dataset(fingerprint)
    return drawn_factors("f", "t", data, Factors(W, H), **{"zero_filled": False, **how})


def test_cells_not_observed_are_marked(study: Any) -> None:
    """A missing cell shows a question mark and carries no value."""
    fingerprint = study.dataset("data", study.masked())
    with study.read() as store:
        X = cells(drawn_data("x", store.dataset(fingerprint), [], (0.0, 5.0)).spec, 0)
    assert (X["Ann", "Casablanca"]["text"], X["Ann", "Casablanca"]["value"]) == (
        "?",
        None,
    )
    assert (X["Ann", "Alien"]["text"], X["Ann", "Alien"]["value"]) == ("5", 5.0)


def test_predictions_are_outlined_and_doubtful_ones_marked(study: Any) -> None:
    """Casablanca has one rating: with two components it is not identified."""
    WH = cells(drawn(study).spec, 0)
    assert WH["Ann", "Casablanca"]["outlined"]
    assert WH["Ann", "Casablanca"]["text"] == "0.00 ?"
    assert WH["Bob", "Brazil"]["text"] == "1.55"
    assert WH["Eve", "Casablanca"]["text"] == "3.20"


def test_zero_filled_runs_predict_nothing(study: Any) -> None:
    """What was fitted as 0 is neither outlined nor doubtful."""
    WH = cells(drawn(study, zero_filled=True).spec, 0)
    assert not any("outlined" in cell or "?" in cell["text"] for cell in WH.values())


def test_a_weighted_model_is_not_set_beside_x_as_if_alike(study: Any) -> None:
    """The captions say what is weighted and what is not."""
    assert "WH models X weighted by tfidf" in drawn(study, weighting="tfidf").caption
    again = type(study)(study.folder.parent / "again")
    fingerprint = again.dataset("data", Dataset(X=again.RATINGS))
    with again.read() as store:
        figure = drawn_data("x", store.dataset(fingerprint), ["tfidf"], (0.0, 5.0))
    assert figure.caption.startswith("X before weighting tfidf;")


def test_values_without_meaning_are_never_printed_as_nan() -> None:
    """NaN, as for a correlation with a constant, is a dot without a value."""
    spec = heatmaps([Grid("", np.array([[np.nan, 1.0]]), ["r"], ["a", "b"])])
    assert cells(spec, 0)["r", "a"] == {
        "row": "r",
        "column": "a",
        "value": None,
        "text": "·",
    }


def test_colours_span_all_arrays_given() -> None:
    """From 0 for what is nonnegative, symmetric for what is signed."""
    assert value_limits([H, 2 * H]) == (0.0, 10.0)
    assert value_limits([H, -H]) == (-5.0, 5.0)


def test_wide_heatmaps_leave_the_numbers_out() -> None:
    """Fifty columns have no room for numbers: colour, and a legend."""
    names = [f"c{j}" for j in range(50)]
    spec = heatmaps([Grid("", np.ones((2, 50)), ["a", "b"], names)])
    assert "text" not in cells(spec, 0)["a", "c0"]


def test_digits_are_given_to_eight_decimals(study: Any) -> None:
    """A published digit can be compared with the page."""
    fingerprint = study.dataset("data", study.masked())
    with study.read() as store:
        tables = digits("d", "t", store.dataset(fingerprint), Factors(W / 3, H))
    assert [row[1].text for row in tables[0].rows[:2]] == ["0.33333333", "0.16666667"]


def test_top_features_do_not_depend_on_how_scale_is_split(study: Any) -> None:
    """Moving scale from W to H changes no share and no order."""
    fingerprint = study.dataset("data", study.masked())
    scale = np.array([100.0, 0.01])
    with study.read() as store:
        data = store.dataset(fingerprint)
    one = top_features("t", "t", data, Factors(W, H))
    two = top_features("t", "t", data, Factors(W * scale, H / scale[:, None]))
    assert one == two
    assert one.rows[1][2].text.startswith("Alien (55.6\u00a0%), Brazil (33.3\u00a0%)")


def test_dead_components_are_called_dead(study: Any) -> None:
    """A component of zeros has no top features, and a share of 0."""
    dead = Factors(W * [1, 0], H * [[1], [0]])
    fingerprint = study.dataset("data", study.masked())
    with study.read() as store:
        table = top_features("t", "t", store.dataset(fingerprint), dead)
    np.testing.assert_allclose(component_strength(dead), [1, 0])
    assert table.rows[1][2].text == "no weight: the component is dead"
