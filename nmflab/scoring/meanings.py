"""Which way a value is better and between what limits it lies."""

from __future__ import annotations

from dataclasses import dataclass

from nmflab.registry import Registry

_AGAINST_CHANCE = {"chance", "adjusted"}
"""Suffixes of values that put a metric beside what chance gives."""


@dataclass(frozen=True)
class Meaning:
    """Direction, range and unit of a value.

    Parameters
    ----------
    better : {"lower", "higher", ""}
    range : pair of float or None
        None is unbounded.
    unit : str
    """

    better: str
    range: tuple[float | None, float | None]
    unit: str


OWN = {
    "objective": Meaning("lower", (None, None), "that of the loss"),
    "kappa": Meaning("lower", (0.0, None), "dimensionless"),
}
"""What the framework measures itself."""


def meaning_of(name: str, registry: Registry) -> Meaning:
    """Return the meaning of a metric's value; of ``<metric>_<suffix>`` its parent's.

    Chance itself is neither good nor bad, and what is adjusted for it has no lower end.
    """
    if name in OWN:
        return OWN[name]
    parent = name
    while parent not in registry.metrics:
        parent = parent.rpartition("_")[0]
    spec = registry.metrics[parent]
    suffixes = set(name.removeprefix(parent).split("_"))
    better = "" if spec.direction == "none" else spec.direction
    lowest, highest = spec.range
    if "chance" in suffixes:
        better = ""
    if suffixes & _AGAINST_CHANCE:
        lowest = None
    return Meaning(better, (lowest, highest), spec.unit)
