"""Deviation from published factors: closed forms, and what scale and order hide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from nmflab_metrics import published
from nmflab_metrics.published import PublishedAgreement

from nmflab.contracts import CONTRACT_VERSION, Factors, NotApplicable
from nmflab.registry import load
from nmflab.run.measure import measure

W = np.array([[3.0, 0.0], [1.0, 2.0], [0.0, 4.0]])
H = np.array([[1.0, 0.5, 0.0, 2.0], [0.0, 3.0, 1.0, 0.25]])


@pytest.fixture
def published_run(make_run):
    """Return a function that builds a run whose data carry published factors."""

    def build(found_W=W, found_H=H, **published):
        run = make_run(W @ H, found_W, found_H)
        extras = {f"published_{name}": factor for name, factor in published.items()}
        return replace(run, dataset=replace(run.dataset, extras=extras))

    return build


def test_the_published_factors_themselves_deviate_by_nothing(published_run):
    """All three are compared; the logarithm of the scale may cost some ulps."""
    found = PublishedAgreement().compute(published_run(W=W, H=H, WH=W @ H))
    assert found.keys() == {"W", "H", "WH"}
    assert max(found.values()) < 1e-14


def test_the_deviation_is_that_of_the_worst_entry(published_run):
    """One entry of the reconstruction is off by a quarter, another by less."""
    WH = W @ H
    WH[0, 1] += 0.25
    WH[2, 2] -= 0.125
    assert PublishedAgreement().compute(published_run(WH=WH)) == {"WH": 0.25}


def test_rounded_digits_deviate_by_half_a_unit_of_the_last(published_run):
    """Factors printed to three decimals, from random ones: at most 0.0005 each way.

    Rescaling to the printed norms can add no more than as much again.
    """
    rng = np.random.default_rng(3)
    mine_W, mine_H = rng.random((6, 2)), rng.random((2, 5))
    run = published_run()
    run = replace(
        run,
        factors=Factors(mine_W, mine_H),
        dataset=replace(
            run.dataset,
            extras={"published_W": mine_W.round(3), "published_H": mine_H.round(3)},
        ),
    )
    found = PublishedAgreement().compute(run)
    assert 1e-4 < found["W"] < 1e-3
    assert 1e-4 < found["H"] < 1e-3


@pytest.mark.parametrize(
    "names", [("W",), ("H",), ("WH",), ("W", "H"), ("H", "WH")], ids="-".join
)
def test_scale_and_order_of_components_do_not_count(published_run, names):
    """The same model in another scale and order deviates by the same."""
    given = {"W": W + 0.01, "H": H + 0.02, "WH": W @ H + 0.04}
    published = {name: given[name] for name in names}
    scale, order = np.array([1e-3, 40.0]), [1, 0]
    straight = PublishedAgreement().compute(published_run(**published))
    turned = PublishedAgreement().compute(
        published_run((W * scale)[:, order], (H / scale[:, None])[order], **published)
    )
    assert turned == pytest.approx(straight, rel=1e-12)
    assert min(straight.values()) > 1e-3


def test_another_model_deviates(published_run):
    """Components that are not the published ones are not taken for them."""
    other = np.array([[1.0, 0.0, 0.0, 2.0], [0.0, 3.0, 1.0, 1.0]])
    found = PublishedAgreement().compute(published_run(found_H=other, H=H))
    assert found["H"] > 0.4


def test_a_zero_component_keeps_its_scale(published_run):
    """A pruned component is compared as it is, without a division by zero."""
    pruned_W, pruned_H = W * [1, 0], H * [[1], [0]]
    found = PublishedAgreement().compute(published_run(pruned_W, pruned_H, H=H))
    assert found == {"H": 3.0}


def test_data_without_published_factors_are_not_applicable(published_run):
    """The message says that nothing is wrong with the run."""
    with pytest.raises(NotApplicable, match="no factors were published"):
        PublishedAgreement().compute(published_run())


@pytest.mark.parametrize("name", ["W", "H", "WH"])
def test_factors_published_for_another_size_are_not_applicable(published_run, name):
    """Both shapes are named."""
    with pytest.raises(
        NotApplicable, match=rf"the published {name} .*\(7, 7\).*run \("
    ):
        PublishedAgreement().compute(published_run(**{name: np.ones((7, 7))}))


def test_a_reconstruction_is_taken_for_the_size_published_beside_it(published_run):
    """A WH of two components is not compared with that of three."""
    three_W, three_H = np.ones((3, 3)), np.ones((3, 4))
    with pytest.raises(NotApplicable, match="the published H"):
        PublishedAgreement().compute(published_run(three_W, three_H, H=H, WH=W @ H))


def test_a_run_records_the_problem_and_its_other_metrics(published_run):
    """Nothing but the value itself is missing where it does not apply."""
    metrics = {"published_agreement": {}, "relative_error": {}}
    measured = measure(
        metrics, load(["metric.published", "metric.reconstruction"]), published_run()
    )
    assert measured.values.keys() == {"relative_error_all"}
    assert "not applicable" in measured.problems["published_agreement"]


def test_the_metric_is_declared():
    """For this contract, lower is better, never below 0."""
    (spec,) = published.nmflab_metrics()
    assert spec.name == "published_agreement"
    assert (spec.direction, spec.range) == ("lower", (0.0, None))
    assert spec.examples == (PublishedAgreement(),)
    assert published.NMFLAB_CONTRACT == CONTRACT_VERSION


class FakeStore:
    """What the section reads of a store."""

    def __init__(self, values: pd.DataFrame) -> None:
        self.values = values

    def runs(self) -> pd.DataFrame:
        """Return two seeds of one setting and a run of another."""
        rows = [["a", "<b>", "hals", "random", 2]] * 2 + [["a", "c", "mu", "random", 2]]
        columns = ["dataset", "case", "solver", "init", "n_components"]
        return pd.DataFrame(rows, columns=columns).assign(key=["k1", "k2", "k3"])

    def metric_table(self, keys: list[str]) -> pd.DataFrame:
        """Return the values of the keys asked for."""
        return self.values[self.values.index.isin(keys)]


def test_the_report_shows_the_largest_deviation_over_seeds():
    """One row a setting and factor that has a value; names are escaped."""
    nan = float("nan")
    values = pd.DataFrame(
        {
            "published_agreement_H": [1e-9, 4e-9, nan, 1.0],
            "published_agreement_W": [nan, nan, nan, 1.0],
            "rmse": [1.0, 2.0, 3.0, 4.0],
        },
        index=["k1", "k2", "k3", "of another sweep"],
    )
    html = published.section(FakeStore(values))
    assert html.count("<tr>") == 2  # the head and one row
    assert "<td>&lt;b&gt;</td>" in html
    assert "<td>H</td><td>4.0e-09</td>" in html


def test_a_report_without_published_factors_has_no_such_section():
    """An empty text leaves it out."""
    values = pd.DataFrame({"rmse": [1.0]}, index=["k1"])
    assert published.section(FakeStore(values)) == ""
    (section,) = published.nmflab_report_sections()
    assert section.render is published.section
