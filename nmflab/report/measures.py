"""Which number stands for the error, which for sparseness, and how axes name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nmflab.report.groups import Group, Stat

_ERRORS = ("relative_error", "rel_fro")
_SPARSENESS = ("sparseness_H", "hoyer_H", "sparseness", "hoyer")


@dataclass(frozen=True)
class Measure:
    """A number every group may have: a metric, or the objective.

    Parameters
    ----------
    name : str
        The metric's name; "" is the objective.
    title : str
        For an axis, with its unit.
    """

    name: str
    title: str

    def of(self, group: Group) -> Stat | None:
        """Return the statistics of a group, where it has them."""
        return group.metrics.get(self.name) if self.name else group.objective


def words(name: str) -> str:
    """Return a metric's name as words: ``Relative error``, ``Sparseness H``."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def titled(name: str, info: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a metric's name with its unit, where the unit is known and is one."""
    unit = str(_about(name, info).get("unit", ""))
    return f"{words(name)} ({unit})" if unit else words(name)


def hint(name: str, info: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what a metric means and which way is better, in a sentence or two."""
    about = _about(name, info)
    better = {"lower": "Lower is better.", "higher": "Higher is better."}
    said = str(about.get("doc") or "").strip().split("\n\n")[0].replace("\n", " ")
    parts = (said, better.get(str(about.get("direction")), ""))
    return " ".join(part for part in parts if part)


def _about(name: str, info: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what is known of a metric; of its parent, for ``<metric>_<suffix>``."""
    while name:
        if name in info:
            return info[name]
        name = name.rpartition("_")[0]
    return {}


def error_measure(
    groups: Sequence[Group], info: Mapping[str, Mapping[str, Any]]
) -> Measure:
    """Return the relative error where it was measured, else the objective."""
    return _first(_ERRORS, groups, info) or Measure("", "Objective")


def sparseness_measure(
    groups: Sequence[Group], info: Mapping[str, Mapping[str, Any]]
) -> Measure | None:
    """Return the sparseness of H, or whichever was measured; None for neither."""
    return _first(_SPARSENESS, groups, info)


def _first(
    wanted: Sequence[str],
    groups: Sequence[Group],
    info: Mapping[str, Mapping[str, Any]],
) -> Measure | None:
    names = sorted({name for group in groups for name in group.metrics})
    for stem in wanted:
        found = [name for name in names if stem.lower() in name.lower()]
        if found:
            return Measure(found[0], titled(found[0], info))
    return None
