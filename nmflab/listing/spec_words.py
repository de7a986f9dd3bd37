"""What a plugin's record says, in lines to read; empty where a kind has none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nmflab.compatibility import class_of
from nmflab.contracts import (
    InitSpec,
    MetricSpec,
    Promises,
    SolverSpec,
    Spec,
)
from nmflab.instances import changes, default_object


def takes_of(spec: Spec) -> list[str]:
    """Return what a solver or an initialization can be given.

    Where that depends on parameters: what it takes by default, and below it what is
    otherwise with the parameters of its examples.
    """
    if not isinstance(spec, SolverSpec | InitSpec):
        return []
    (_, usual), *others = _variants(spec)
    lines = _takes_lines(spec, usual)
    said = set(lines)
    for words, plugin in others:
        differing = [line for line in _takes_lines(spec, plugin) if line not in said]
        said.update(differing)
        lines += [f"{line} (with {words})" for line in differing]
    return lines


def _variants(spec: SolverSpec | InitSpec) -> list[tuple[str, Any]]:
    """Return configured plugins with what sets them apart from the first, in words."""
    if not (callable(spec.takes) or callable(getattr(spec, "limit", None))):
        return [("", None)]
    first, *others = [
        plugin
        for plugin in (default_object(class_of(spec)), *spec.examples)
        if plugin is not None
    ]
    named = [(", ".join(changes(first, other)), other) for other in others]
    return [("", first), *sorted(named, key=lambda pair: len(pair[0]))]


def _takes_lines(spec: SolverSpec | InitSpec, plugin: Any) -> list[str]:
    takes = spec.takes_of(plugin)
    storage = [word for word in ("dense", "sparse") if getattr(takes, word)]
    lines = []
    if isinstance(spec, SolverSpec):
        lines.append(f"losses: {_words(takes.losses)}")
        lines.append(f"penalties: {_words(takes.penalties)}")
    lines.append(f"storage of X: {_words(storage)}")
    missing = "honoured" if takes.missing else "refused"
    lines.append(f"unobserved cells: {missing if takes.complete else 'needed'}")
    lines.append(f"negative entries in X: {'yes' if takes.signed else 'no'}")
    if isinstance(spec, InitSpec) and spec.limit_of(plugin) == "min_shape":
        lines.append("n_components: up to the smaller side of X")
    return lines


def promises_of(spec: Spec) -> list[str]:
    """Return what a solver or an initialization guarantees."""
    if isinstance(spec, InitSpec):
        return [f"random: {_whether(spec.random)}"]
    if not isinstance(spec, SolverSpec):
        return []
    promises: Promises = spec.promises
    return [
        f"no negative entries in: {_words(promises.nonnegative)}",
        f"objective never rises: {_whether(promises.monotone, 'not promised')}",
        f"random: {_whether(promises.random)}",
        f"indifferent to the unit of X: {_whether(promises.unit_free)}",
        f"starting factors: {'as given' if promises.init == 'given' else 'its own'}",
        f"minimises: the {promises.minimises} objective",
    ]


def _whether(promise: object, no: str = "no") -> str:
    if callable(promise):
        return "depends on its parameters"
    return "yes" if promise else no


def value_of(spec: Spec) -> list[str]:
    """Return what a metric's value can be, and what it needs."""
    if not isinstance(spec, MetricSpec):
        return []
    low, high = spec.range
    better = {"lower": "lower is better", "higher": "higher is better"}
    over = {"run": "one run", "seeds": "runs that differ by seed only"}
    return [
        f"{better.get(spec.direction, 'neither direction is better')}; {spec.unit}",
        f"from {'-inf' if low is None else low} to {'inf' if high is None else high}",
        f"computed over {over[spec.scope]}",
        f"needs: {_words(spec.needs)}",
    ]


def _words(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"
