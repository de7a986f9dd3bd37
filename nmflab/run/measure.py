"""Metrics of finished runs; each that fails costs nothing but its own value."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from nmflab.contracts import FittedRun, MetricSpec, MetricValue, NotApplicable
from nmflab.instances import build
from nmflab.registry import Registry
from nmflab.run.guard import message, said

_HAS: Mapping[str, Callable[[FittedRun], bool]] = {
    "heldout": lambda run: bool(run.test),
    "tokens": lambda run: "tokens" in run.dataset.extras,
    "labels": lambda run: run.dataset.row_labels is not None,
    "truth": lambda run: run.dataset.truth is not None,
    "metadata": lambda run: "column_metadata" in run.dataset.extras,
    "complete": lambda run: run.problem.observed is None,
    "nonnegative": lambda run: bool(
        run.factors.W.min() >= 0 and run.factors.H.min() >= 0
    ),
}


LEAST_SEEDS = 2
"""Runs that a metric over seeds is given at least."""

NEEDS_SEEDS = f"{LEAST_SEEDS} seeds"
"""What a group of fewer runs lacks."""


@dataclass(frozen=True)
class Measured:
    """Values by name, and why a metric has none, in a sentence by name."""

    values: dict[str, MetricValue] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def measure(
    metrics: Mapping[str, Mapping[str, Any]], registry: Registry, run: FittedRun
) -> Measured:
    """Compute the metrics of scope "run"; those over seeds are left out.

    Parameters
    ----------
    metrics : mapping
        Parameters by the metric's name.
    """
    return _measured(metrics, registry, "run", [run])


def measure_over_seeds(
    metrics: Mapping[str, Mapping[str, Any]],
    registry: Registry,
    runs: Sequence[FittedRun],
) -> Measured:
    """Compute the metrics of scope "seeds"; those of one run are left out.

    Parameters
    ----------
    metrics : mapping
        Parameters by the metric's name.
    runs : sequence of FittedRun
        They differ by seed only.
    """
    return _measured(metrics, registry, "seeds", runs)


def metrics_message(
    job: Mapping[str, Any], measured: Measured, seconds: float, warned: list[str]
) -> dict[str, Any]:
    """Return the message "metrics" of a job (see docs/architecture.md)."""
    return {
        "type": "metrics",
        "key": job["key"],
        "values": measured.values,
        "problems": measured.problems,
        "seconds": seconds,
        "warnings": warned,
    }


def _measured(
    metrics: Mapping[str, Mapping[str, Any]],
    registry: Registry,
    scope: Literal["run", "seeds"],
    runs: Sequence[FittedRun],
) -> Measured:
    measured = Measured()
    for name, parameters in metrics.items():
        try:
            spec = registry.get("metric", name)
            if spec.scope == scope:
                _compute(name, spec, parameters, runs, measured)
        except NotApplicable as error:
            measured.problems[name] = f"not applicable: {error}"
        except MemoryError:
            measured.problems[name] = f"metric {name} ran out of memory"
        except LookupError as error:
            measured.problems[name] = message(error)
        except (Exception, SystemExit) as error:
            text = message(error) if isinstance(error, ValueError) else said(error)
            measured.problems[name] = f"metric {name} failed: {text}"
    return measured


def _compute(
    name: str,
    spec: MetricSpec,
    parameters: Mapping[str, Any],
    runs: Sequence[FittedRun],
    into: Measured,
) -> None:
    lacking = [
        need
        for need in sorted(spec.needs)
        if not all(_is_there(need, run) for run in runs)
    ]
    if spec.scope == "seeds" and len(runs) < LEAST_SEEDS:
        lacking = [NEEDS_SEEDS]
    if lacking:
        into.problems[name] = f"not applicable: needs {', '.join(lacking)}"
        return
    metric = build(spec.metric, parameters, f"metric.{name}")
    result = metric.compute(runs if spec.scope == "seeds" else runs[0])
    if not isinstance(result, Mapping):
        result = {"": result}
    for suffix, value in result.items():
        full = f"{name}_{suffix}" if suffix else name
        _keep(full, value, into)


def _is_there(need: str, run: FittedRun) -> bool:
    has = _HAS.get(need)
    # A need outside the vocabulary can only be an extra of the dataset's own.
    return has(run) if has is not None else need in run.dataset.extras


def _keep(name: str, value: object, into: Measured) -> None:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, str):
        into.values[name] = str(value)
    elif isinstance(value, (numbers.Real, np.bool_)):
        number = float(value)
        if math.isfinite(number):
            into.values[name] = number
        else:
            into.problems[name] = f"metric {name} gave {number}"
    else:
        into.problems[name] = (
            f"metric {name} returned a {type(value).__name__}; a metric returns a"
            " number, a text, or a mapping of these by suffix"
        )
