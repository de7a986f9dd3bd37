"""The problem that factors are scored on, from overrides as a run would have them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from nmflab import session
from nmflab.commands import spaces_of
from nmflab.config import PER_RUN, ConfigError, check_settings
from nmflab.executors import Limits, make
from nmflab.registry import Registry
from nmflab.run.prepared import Prepared, prepare
from nmflab.sweep.expand import Space
from nmflab.sweep.jobs import metric_parameters
from nmflab.sweep.materials import materialise_all
from nmflab.sweep.nodes import Labels, node_text

PROBLEM = ("dataset", "weighting", "split", "objective", "dtype")
"""The axes that make a problem; the others say how factors are found."""

NO_PART = (
    "solver",
    "init",
    "n_components",
    "seed",
    "restarts",
    "halving",
    "stop",
    "refit",
    "trace",
    "cases",
    "case",
    "retry",
    "save",
    "report",
    "dry_run",
    "fail_fast",
)
"""Keys that say how factors are found or kept."""


@dataclass(frozen=True)
class Posed:
    """A problem, the metrics to compute on it, and what it is called.

    Parameters
    ----------
    prepared : Prepared
    axes : mapping
        As of a run; those that say how factors are found are at their defaults.
    reading : mapping
        Settings that make another problem of the same data.
    metrics : mapping
        Parameters by name.
    n_threads : int
    title : str
    registry : Registry
    """

    prepared: Prepared
    axes: Mapping[str, Any]
    reading: Mapping[str, Any]
    metrics: Mapping[str, Mapping[str, Any]]
    n_threads: int
    title: str
    registry: Registry


def pose(overrides: Sequence[str]) -> Posed:
    """Return the one problem that overrides ask for.

    Raises
    ------
    ConfigError
        If they do not fit, ask for several problems or for a solver, or if the data
        cannot be loaded, weighted or split.
    """
    _refuse_solving(overrides)
    registry = session.registry()
    spaces, _ = spaces_of(overrides)
    check_settings(spaces[0].settings, registry)
    axes, settings = _only(spaces)
    prepared = _prepared(axes, settings, registry)
    return Posed(
        prepared=prepared,
        axes=axes,
        reading={"missing_as_zero": settings["missing_as_zero"]},
        metrics=_metrics(overrides, settings, registry),
        n_threads=settings["limits"]["threads"],
        title=_title(axes, spaces, registry, prepared),
        registry=registry,
    )


def _refuse_solving(overrides: Sequence[str]) -> None:
    for text in overrides:
        name = text.lstrip("+~").partition("=")[0].partition(".")[0]
        if name in NO_PART:
            raise ConfigError(
                f"score: {text} plays no part, since the factors are made already;"
                " leave it out"
            )


def _only(spaces: Sequence[Space]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return the axes and settings of the one problem there is."""
    found: dict[str, tuple[dict[str, Any], Mapping[str, Any]]] = {}
    for space in spaces:
        how = {name: space.settings[name] for name in PER_RUN}
        first = {axis: nodes[0] for axis, nodes in space.axes.items()}
        for nodes in product(*(space.axes[axis] for axis in PROBLEM)):
            chosen = dict(zip(PROBLEM, nodes, strict=True))
            text = node_text({**chosen, "missing_as_zero": how["missing_as_zero"]})
            found.setdefault(text, ({**first, **chosen}, space.settings))
    if len(found) > 1:
        raise ConfigError(
            f"score: these overrides ask for {len(found)} problems, which differ in"
            f" {_differing(found)}; factors are scored on one: give each of these keys"
            " a single value"
        )
    return next(iter(found.values()))


def _differing(found: Mapping[str, Any]) -> str:
    problems = [json.loads(text) for text in found]
    keys = [*PROBLEM, "missing_as_zero"]
    varied = [key for key in keys if any(p[key] != problems[0][key] for p in problems)]
    return ", ".join(varied)


def _prepared(
    axes: Mapping[str, Any], settings: Mapping[str, Any], registry: Registry
) -> Prepared:
    node = axes["dataset"]
    executor = make(settings["executor"]["name"], n_jobs=1, registry=registry)
    try:
        limits = Limits(**settings["limits"])
        data = materialise_all([node], registry, executor, limits)[node_text(node)]
    finally:
        executor.close()
    if data.error is not None:
        raise ConfigError(f"score: {data.error}")
    kept = {name: settings[name] for name in PER_RUN}
    job = {"data": str(data.folder), "axes": axes, "settings": kept}
    try:
        return prepare(job)
    except (ValueError, OSError) as error:
        raise ConfigError(f"score: {error}") from error


def _metrics(
    overrides: Sequence[str], settings: Mapping[str, Any], registry: Registry
) -> dict[str, Mapping[str, Any]]:
    """Return the metrics asked for, else all that one run has; the error in front."""
    parameters = metric_parameters(settings)
    if not any(text.partition("=")[0] == "metrics" for text in overrides):
        every = {**settings, "metrics": sorted(registry.metrics)}
        parameters = {
            name: values
            for name, values in metric_parameters(every).items()
            if registry.metrics[name].scope == "run"
        }
    error = metric_parameters({**settings, "metrics": ["relative_error"]})
    return {**error, **parameters}


def _title(
    axes: Mapping[str, Any],
    spaces: Sequence[Space],
    registry: Registry,
    prepared: Prepared,
) -> str:
    labels = Labels(spaces, registry)
    n, m = prepared.dataset.X.shape
    parts = [f"{labels.in_full('dataset', axes['dataset'])}: {n:,} x {m:,}"]
    for axis in ("weighting", "split"):
        label = labels.in_full(axis, axes[axis])
        parts += [f"{axis} {label}"] if label != "none" else []
    goal = axes["objective"]
    said = [f"{k}={v}" for k, v in goal.items() if k != "loss" and v not in (0, "none")]
    objective = " ".join([f"objective {goal['loss']}", *said])
    return ", ".join([*parts, objective])
