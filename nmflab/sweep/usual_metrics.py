"""The metrics of a sweep that was told none, where cells are held out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nmflab.config import DEFAULT_METRICS
from nmflab.registry import Registry
from nmflab.selection import RESAMPLINGS
from nmflab.splits import SPLITS
from nmflab.sweep.expand import Space

ERRORS = ("held_out", "unidentified", "rating_baselines")
"""Of cells whose value is tested: the baselines stand beside every model."""

RANKINGS = ("ranking", "ranking_baselines")
"""Of events, which are to be found among all that a row does not know."""


def with_held_out_metrics(spaces: Sequence[Space], registry: Registry) -> list[Space]:
    """Return the spaces, with metrics of held-out cells where `metrics` is the default.

    A list given by the user is left as it is, and what is not installed is left out.
    """
    if any(tuple(space.settings["metrics"]) != DEFAULT_METRICS for space in spaces):
        return list(spaces)
    nodes = [node for space in spaces for node in space.axes["split"]]
    wanted = dict.fromkeys(name for node in nodes for name in _wanted(node))
    metrics = [*DEFAULT_METRICS, *(m for m in wanted if m in registry.metrics)]
    return [
        replace(space, settings={**space.settings, "metrics": metrics})
        for space in spaces
    ]


def _wanted(node: Mapping[str, Any]) -> Iterator[str]:
    split = SPLITS.get(node["name"])
    if split is None or not split.holds_out or node["name"] in RESAMPLINGS:
        return
    if node["name"] == "bi_cv":
        yield "held_out"
    elif node.get("cells") == "positive":
        yield from RANKINGS
    else:
        yield from ERRORS
