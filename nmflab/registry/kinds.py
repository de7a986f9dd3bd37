"""The four kinds of plugin: their words, hooks, records and methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nmflab.contracts import DatasetSpec, InitSpec, MetricSpec, SolverSpec, Spec

NEEDS = frozenset(
    {"heldout", "tokens", "labels", "truth", "metadata", "complete", "nonnegative"}
)
"""What a metric may need, as `nmflab.contracts.MetricSpec` documents it."""


@dataclass(frozen=True)
class Kind:
    """One kind of plugin.

    Parameters
    ----------
    word : str
        As users write it: "dataset", "init", "solver", "metric".
    plural : str
    hook : str
    record : type
        What the hook yields.
    attribute : str
        Field of the record that holds the plugin's class.
    method : str
        What the class must have.
    config_key : str
        Where a configuration names a plugin of this kind.
    reserved : frozenset of str
        Field names the framework keeps for itself.
    """

    word: str
    plural: str
    hook: str
    record: type[Any]
    attribute: str
    method: str
    config_key: str
    reserved: frozenset[str] = frozenset({"name"})

    def class_of(self, spec: Spec) -> type[Any]:
        """Return the plugin's class, out of its record."""
        found: type[Any] = getattr(spec, self.attribute)
        return found


KINDS: dict[str, Kind] = {
    kind.word: kind
    for kind in (
        Kind(
            "dataset",
            "datasets",
            "nmflab_datasets",
            DatasetSpec,
            "dataset",
            "load",
            "dataset",
            frozenset({"name", "seed"}),  # dataset.seed makes the rng of `load`
        ),
        Kind(
            "init",
            "initializations",
            "nmflab_initializations",
            InitSpec,
            "initialization",
            "start",
            "init",
        ),
        Kind(
            "solver",
            "solvers",
            "nmflab_solvers",
            SolverSpec,
            "solver",
            "iterate",
            "solver",
        ),
        Kind(
            "metric",
            "metrics",
            "nmflab_metrics",
            MetricSpec,
            "metric",
            "compute",
            "metrics",
        ),
    )
}
"""The four kinds of plugin, by the word a configuration uses."""
