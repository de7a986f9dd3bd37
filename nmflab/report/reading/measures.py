"""Which number stands for the error, which for sparseness, and how axes name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nmflab.report.reading.groups import Group, Stat

_ERRORS = ("relative_error", "rel_fro")
_SPARSENESS = ("sparseness_H", "hoyer_H", "sparseness", "hoyer")
_HELD_OUT = ("test", "heldout", "validation")
_CELLS = {
    "_all": "all cells",
    "_train_observed": "observed training cells",
    "_observed": "observed cells",
    "_train": "training cells",
    "_test": "test cells",
}
"""Suffixes of metrics that say which cells they are of."""


@dataclass(frozen=True)
class Measure:
    """A number every group may have: a metric, or the objective.

    Parameters
    ----------
    names : tuple of str
        The metric's names, the first a group has is taken; empty is the objective.
    short : str
        For a sentence: ``Relative error``.
    title : str
        For an axis, with its unit.
    """

    names: tuple[str, ...]
    short: str
    title: str

    def of(self, group: Group) -> Stat | None:
        """Return the statistics of a group, where it has them."""
        if not self.names:
            return group.objective
        found = (group.metrics.get(name) for name in self.names)
        return next((stat for stat in found if stat is not None), None)

    def name_of(self, group: Group) -> str:
        """Return the metric that `of` takes from a group; empty for none."""
        return next((name for name in self.names if group.metrics.get(name)), "")


def words(name: str) -> str:
    """Return a metric's name as words: ``Relative error (all cells)``."""
    for suffix, cells in _CELLS.items():
        if name.endswith(suffix):
            return f"{words(name.removesuffix(suffix))} ({cells})"
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def hint(name: str, info: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what a metric means, its unit and which way is better."""
    known = about(name, info)
    better = {"lower": "Lower is better.", "higher": "Higher is better."}
    said = str(known.get("doc") or "").strip().split("\n\n")[0].replace("\n", " ")
    unit = str(known.get("unit") or "")
    parts = (
        said.replace("``", ""),
        f"Unit: {unit}." if unit else "",
        better.get(str(known.get("direction")), ""),
    )
    return " ".join(part for part in parts if part)


def about(name: str, info: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what is known of a metric; of its parent, for ``<metric>_<suffix>``."""
    while name:
        if name in info:
            return info[name]
        name = name.rpartition("_")[0]
    return {}


def error_measure(
    groups: Sequence[Group], info: Mapping[str, Mapping[str, Any]]
) -> Measure:
    """Return the relative error of the fit where it was measured, else the objective.

    It has one name where all cells are fitted and another where some are missing; no
    two of these are ever drawn in one panel, as they are not of the same data.
    """
    names = [
        name
        for name in _named(_ERRORS, groups)
        if not any(word in name for word in _HELD_OUT)
    ]
    return _measure(names, info) if names else Measure((), "Objective", "Objective")


def sparseness_measure(
    groups: Sequence[Group], info: Mapping[str, Mapping[str, Any]]
) -> Measure | None:
    """Return the sparseness of H, or whichever was measured; None for neither."""
    names = _named(_SPARSENESS, groups)[:1]
    return _measure(names, info) if names else None


def _named(wanted: Sequence[str], groups: Sequence[Group]) -> list[str]:
    """Return the metrics that hold the first of the wanted stems that any holds."""
    names = sorted({name for group in groups for name in group.metrics})
    for stem in wanted:
        found = [name for name in names if stem.lower() in name.lower()]
        if found:
            return found
    return []


def _measure(names: Sequence[str], info: Mapping[str, Mapping[str, Any]]) -> Measure:
    short = words(names[0])
    if len(names) > 1:
        short = short.partition(" (")[0]
    unit = str(about(names[0], info).get("unit") or "")
    return Measure(tuple(names), short, f"{short}, {unit}" if unit else short)
