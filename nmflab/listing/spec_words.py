"""What a plugin's record says, in lines to read; empty where a kind has none."""

from __future__ import annotations

from collections.abc import Iterable

from nmflab.contracts import (
    InitSpec,
    MetricSpec,
    Promises,
    SolverSpec,
    Spec,
    Takes,
)


def takes_of(spec: Spec) -> list[str]:
    """Return what a solver or an initialization can be given."""
    if not isinstance(spec, SolverSpec | InitSpec):
        return []
    takes: Takes = spec.takes
    storage = [word for word in ("dense", "sparse") if getattr(takes, word)]
    lines = []
    if isinstance(spec, SolverSpec):
        lines.append(f"losses: {_words(takes.losses)}")
        lines.append(f"penalties: {_words(takes.penalties)}")
    lines.append(f"storage of X: {_words(storage)}")
    missing = "honoured" if takes.missing else "refused"
    lines.append(f"unobserved cells: {missing if takes.complete else 'needed'}")
    lines.append(f"negative entries in X: {'yes' if takes.signed else 'no'}")
    if isinstance(spec, InitSpec) and spec.limit == "min_shape":
        lines.append("n_components: up to the smaller side of X")
    return lines


def promises_of(spec: Spec) -> list[str]:
    """Return what a solver or an initialization guarantees."""
    if isinstance(spec, InitSpec):
        return [f"random: {_random(spec.random)}"]
    if not isinstance(spec, SolverSpec):
        return []
    promises: Promises = spec.promises
    return [
        f"no negative entries in: {_words(promises.nonnegative)}",
        f"objective never rises: {'yes' if promises.monotone else 'not promised'}",
        f"random: {_random(promises.random)}",
        f"starting factors: {'as given' if promises.init == 'given' else 'its own'}",
        f"minimises: the {promises.minimises} objective",
    ]


def _random(random: object) -> str:
    if callable(random):
        return "depends on its parameters"
    return "yes" if random else "no"


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
