"""What every metric here promises: declared fully, blind to scale and order."""

from __future__ import annotations

import dataclasses
import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmflab.contracts import CONTRACT_VERSION, MetricSpec

MODULES = [
    importlib.import_module(f"nmflab_metrics.{name}")
    for name in ("reconstruction", "sparseness", "overlap", "top_features")
]
SPECS = [spec for module in MODULES for spec in module.nmflab_metrics()]
EXAMPLES = [
    pytest.param(spec, example, id=f"{spec.name}-{index}")
    for spec in SPECS
    for index, example in enumerate(spec.examples)
]


def test_the_metrics_are_these():
    """Each name stands once."""
    assert sorted(spec.name for spec in SPECS) == [
        "component_overlap",
        "effective_features",
        "explained_variance",
        "hoyer_sparseness",
        "mse",
        "relative_error",
        "rmse",
        "top_features",
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_each_module_names_the_contract_it_was_written_for(module):
    """A later contract leaves these modules out rather than half using them."""
    assert module.NMFLAB_CONTRACT == CONTRACT_VERSION


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_each_metric_is_a_frozen_keyword_only_dataclass_with_examples(spec):
    """Parameters are data, and the contract tests have something to run."""
    assert dataclasses.is_dataclass(spec.metric)
    assert spec.metric.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(spec.metric))
    assert spec.examples
    assert all(isinstance(example, spec.metric) for example in spec.examples)


def values_of(metric, run) -> dict[str, float | str]:
    """Return the metric's values by suffix."""
    found = metric.compute(run)
    return found if isinstance(found, dict) else {"": found}


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
@pytest.mark.parametrize(("spec", "metric"), EXAMPLES)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_scaling_and_permuting_components_changes_no_value(
    make_run, spec: MetricSpec, metric, loss, seed
):
    """Factors that differ by scale and order only are measured alike."""
    rng = np.random.default_rng(seed)
    X, W, H = rng.random((6, 9)) + 0.1, rng.random((6, 3)), rng.random((3, 9))
    H[rng.random(H.shape) < 0.3] = 0.0
    H[:, :3] += np.eye(3)  # no component is zero
    D, order = 10.0 ** rng.uniform(-6, 6, 3), rng.permutation(3)
    moved = (W * D)[:, order], (H / D[:, None])[order]
    hidden = rng.random(X.shape) < 0.7
    cells = {"observed": hidden, "test": ~hidden, "loss": loss}
    a = values_of(metric, make_run(X, W, H, **cells))
    b = values_of(metric, make_run(X, *moved, **cells))
    assert a.keys() == b.keys()
    for suffix, value in a.items():
        expected = value if isinstance(value, str) else pytest.approx(value, rel=1e-10)
        assert b[suffix] == expected, suffix


@pytest.mark.parametrize(("spec", "metric"), EXAMPLES)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_values_lie_in_the_declared_range(make_run, spec: MetricSpec, metric, seed):
    """No value is outside what its spec says is possible."""
    rng = np.random.default_rng(seed)
    X, W = rng.random((5, 6)), rng.random((5, 3))
    H = np.where(rng.random((3, 6)) < 0.5, 0.0, 1.0) + np.eye(3, 6)
    lowest, highest = (
        (-np.inf if spec.range[0] is None else spec.range[0]),
        (np.inf if spec.range[1] is None else spec.range[1]),
    )
    for value in values_of(metric, make_run(X, W, H)).values():
        if isinstance(value, float):
            assert lowest <= value <= highest
