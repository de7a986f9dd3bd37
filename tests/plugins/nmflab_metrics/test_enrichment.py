"""The metric enrichment: what it says of a run, and when it does not apply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from nmflab_metrics.enrichment import LabelEnrichment, Order, nmflab_metrics

from nmflab.contracts import Factors, FittedRun, NotApplicable


@pytest.fixture
def planted(make_run: Callable[..., FittedRun]) -> FittedRun:
    """Return a run of 2 components on 100 items, the first listing all of "x"."""
    rng = np.random.default_rng(0)
    H = np.full((2, 100), 1e-3)
    H[0, :10] = np.linspace(2, 1, 10)
    H[1, 10:100:9] = np.linspace(2, 1, 10)
    metadata = ["x" if j < 10 else "y" if j % 2 else "z" for j in range(100)]
    W = rng.random((30, 2)) + 0.5
    return make_run(W @ H + 0.1, W, H, extras={"column_metadata": metadata})


def test_components_with_a_label_are_counted(planted: FittedRun) -> None:
    """One of two, under either null: all items are equally popular."""
    found = LabelEnrichment(n_top=10).compute(planted)
    assert found[""] == found["popularity"] == 0.5
    assert found["n"] == found["n_popularity"] == found["distinct"] == 1.0


def test_each_component_has_its_sentence(planted: FittedRun) -> None:
    """Suffixes count from 1 in canonical order."""
    found = LabelEnrichment(n_top=10).compute(planted)
    assert str(found["1"]).startswith("x (10 of 10, odds without bound, q=")
    assert str(found["2"]).startswith("no name; first ")


def test_order_may_be_given_as_a_word(planted: FittedRun) -> None:
    """Python's users write order="frex"; another word is refused with the choices."""
    assert LabelEnrichment(order="frex").order is Order.frex  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="choose weight or frex"):
        LabelEnrichment(order="size")  # type: ignore[arg-type]


def test_frex_order_leaves_out_what_all_components_share(
    make_run: Callable[..., FittedRun],
) -> None:
    """Ten heavy items of both components bear "all"; FREX lists the others."""
    H = np.random.default_rng(0).uniform(1e-4, 1e-3, size=(2, 100))
    H[:, :10] = 5.0
    H[0, 10:20] = H[1, 20:30] = 4.0
    names = ["all"] * 10 + ["first"] * 10 + ["second"] * 10 + ["rest"] * 70
    W = np.ones((30, 2))
    run = make_run(W @ H, W, H, extras={"column_metadata": names})
    by_weight = LabelEnrichment(n_top=10).compute(run)
    by_frex = LabelEnrichment(n_top=10, order=Order.frex).compute(run)
    assert str(by_weight["1"]).startswith("all (10 of 10")
    assert str(by_frex["1"]).startswith("first (10 of 10")
    assert str(by_frex["2"]).startswith("second (10 of 10")


def test_without_a_universe_it_does_not_apply(planted: FittedRun) -> None:
    """The sentence names the parameter that made it empty."""
    with pytest.raises(NotApplicable, match="min_observed"):
        LabelEnrichment(min_observed=31).compute(planted)


@pytest.mark.parametrize("wrong", [{"n_top": 0}, {"min_observed": -1}, {"n_strata": 0}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    """The message names the key."""
    with pytest.raises(ValueError, match=rf"metric\.enrichment\.{next(iter(wrong))}"):
        LabelEnrichment(**wrong)


def test_components_have_no_order_and_no_scale(planted: FittedRun) -> None:
    """Every value, texts included, is that of the canonical form."""
    scale = np.array([40.0, 0.25])
    given = planted.factors
    turned = Factors((given.W * scale)[:, ::-1], (given.H / scale[:, None])[::-1])
    for metric in next(nmflab_metrics()).examples:
        other = replace(planted, factors=turned)
        assert metric.compute(planted) == metric.compute(other)


def test_factors_of_zeros_have_no_answer(planted: FittedRun) -> None:
    """The error says what happened, not that no label is enriched."""
    nothing = Factors(np.zeros((30, 2)), np.zeros((2, 100)))
    with pytest.raises(ValueError, match="every component is 0"):
        LabelEnrichment().compute(replace(planted, factors=nothing))


def test_data_without_metadata_are_told_what_is_missing(
    make_run: Callable[..., FittedRun],
) -> None:
    """As the spec declares it."""
    run = make_run(np.ones((30, 4)), np.ones((30, 2)), np.ones((2, 4)))
    with pytest.raises(NotApplicable, match="needs metadata"):
        LabelEnrichment().compute(run)
