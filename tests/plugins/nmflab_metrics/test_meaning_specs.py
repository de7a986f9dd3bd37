"""What every metric of meaning promises: a declaration, a range, no scale or order."""

from __future__ import annotations

import dataclasses
import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmflab.contracts import CONTRACT_VERSION, Factors, MetricSpec, NotApplicable

MODULES = [
    importlib.import_module(f"nmflab_metrics.{name}")
    for name in (
        "shape",
        "clustering",
        "topics",
        "exclusivity",
        "coherence",
        "c_v",
        "readability",
        "recovery",
        "identifiability",
        "certificate",
        "gaming",
    )
]
SPECS = [spec for module in MODULES for spec in module.nmflab_metrics()]
EXAMPLES = [
    pytest.param(spec, example, id=f"{spec.name}-{index}")
    for spec in SPECS
    for index, example in enumerate(spec.examples)
]
few = settings(max_examples=8, deadline=None, derandomize=True)
WORDS = ["ash", "bay", "cob", "dew", "elm", "fen", "gum", "hop", "7"]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_each_module_names_the_contract_it_was_written_for(module):
    """A later contract leaves these modules out rather than half using them."""
    assert module.NMFLAB_CONTRACT == CONTRACT_VERSION


def test_no_name_stands_twice():
    """Values are stored by these names."""
    names = [spec.name for spec in SPECS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_each_metric_is_a_frozen_keyword_only_dataclass_with_examples(spec):
    """Parameters are data, and the contract tests have something to run."""
    assert spec.metric.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(spec.metric))
    assert spec.examples
    assert all(isinstance(example, spec.metric) for example in spec.examples)


def factors_of(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return factors with zeros, and no zero component."""
    rng = np.random.default_rng(seed)
    W, H = rng.random((12, 3)), rng.random((3, 9))
    W[rng.random(W.shape) < 0.4] = 0.0
    H[rng.random(H.shape) < 0.4] = 0.0
    W[:3] += np.eye(3)
    H[:, :3] += np.eye(3)
    return W, H


def run_of(make_run, seed: int, W, H, loss="frobenius"):
    """Return a run on data with everything that a metric may need."""
    rng = np.random.default_rng([seed, 1])
    true_W, true_H = rng.dirichlet(np.ones(3), 12), rng.gamma(0.5, size=(3, 9))
    X = np.where(rng.random((12, 9)) < 0.4, 0.0, true_W @ true_H)
    X[0] = true_W[0] @ true_H  # no feature is absent
    tokens = [" ".join(rng.permutation(WORDS)[:5]) for _ in range(12)]
    return make_run(
        X,
        W,
        H,
        loss=loss,
        names=WORDS,
        row_labels=np.arange(12) % 3,
        truth=Factors(true_W, true_H),
        extras={"tokens": tokens, "column_labels": np.arange(9) % 2},
    )


def values_of(metric, run) -> dict[str, float | str]:
    """Return the metric's values by suffix; skip where gensim is not installed."""
    try:
        found = metric.compute(run)
    except NotApplicable as error:
        if "gensim" not in str(error):
            raise
        pytest.skip(str(error))
    return found if isinstance(found, dict) else {"": found}


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
@pytest.mark.parametrize(("spec", "metric"), EXAMPLES)
@given(seed=st.integers(0, 10**6))
@few
def test_scaling_and_permuting_components_changes_no_value(
    make_run, spec: MetricSpec, metric, loss, seed
):
    """Factors that differ by scale and order only are measured alike."""
    W, H = factors_of(seed)
    rng = np.random.default_rng([seed, 2])
    D, order = 10.0 ** rng.uniform(-6, 6, 3), rng.permutation(3)
    before = values_of(metric, run_of(make_run, seed, W, H, loss))
    moved = (W * D)[:, order], (H / D[:, None])[order]
    after = values_of(metric, run_of(make_run, seed, *moved, loss))
    assert before.keys() == after.keys()
    for suffix, value in before.items():
        if not isinstance(value, str):  # abs: squares cancel where X is fitted exactly
            value = pytest.approx(value, rel=1e-9, abs=1e-9)
        assert after[suffix] == value, suffix


@pytest.mark.parametrize(("spec", "metric"), EXAMPLES)
@given(seed=st.integers(0, 10**6))
@few
def test_values_lie_in_the_declared_range(make_run, spec: MetricSpec, metric, seed):
    """No value is outside what its spec says is possible."""
    lowest = -np.inf if spec.range[0] is None else spec.range[0]
    highest = np.inf if spec.range[1] is None else spec.range[1]
    for value in values_of(metric, run_of(make_run, seed, *factors_of(seed))).values():
        if not isinstance(value, str):
            assert lowest <= value <= highest


@pytest.mark.parametrize(("spec", "metric"), EXAMPLES)
def test_a_zero_component_more_is_no_reason_to_fail(make_run, spec, metric):
    """A pruned component leaves every metric with finite values."""
    W, H = factors_of(5)
    W, H = np.column_stack([W, np.zeros(12)]), np.vstack([H, np.zeros(9)])
    for value in values_of(metric, run_of(make_run, 5, W, H)).values():
        assert isinstance(value, str) or np.isfinite(value)


@pytest.mark.parametrize(("spec", "metric"), EXAMPLES)
def test_a_metric_without_what_it_needs_says_so(make_run, spec, metric):
    """On bare data each gives finite values, or is declared or says not to apply."""
    if spec.needs & {"tokens", "labels", "truth"}:
        return  # asked for by the framework before the metric is
    W, H = factors_of(3)
    said = ""
    values: list[float | str] = []
    try:
        found = metric.compute(make_run(W @ H, W, H))
        values = list(found.values()) if isinstance(found, dict) else [found]
    except NotApplicable as error:
        said = str(error)
    assert values or said.startswith("needs ")
    assert all(isinstance(value, str) or np.isfinite(value) for value in values)
