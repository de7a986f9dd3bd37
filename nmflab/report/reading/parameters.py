"""Parameters that were swept: settings that agree in everything but one number."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material

_NODES = ("dataset", "weighting", "objective", "split", "init", "solver")
"""Axes whose nodes hold parameters."""

_REPLICATES = ("seed", "fold")
"""Parameters whose values are draws of the same thing, not more or less of it."""

_PAST = ("split",)
"""Axes of which only the family is told apart: folds are averaged."""

_Config: TypeAlias = Mapping[str, Any]  # Any: the values of JSON
_Node: TypeAlias = tuple[str, str]  # axis, plugin


@dataclass(frozen=True)
class Setting:
    """A group at one value of a swept parameter.

    Parameters
    ----------
    group : Group
    value : float
    curve : str
        What its curve agrees in, as text: settings of one curve differ in the value.
    """

    group: Group
    value: float
    curve: str


@dataclass(frozen=True)
class Swept:
    """A numeric parameter that took several values, all else being equal.

    Parameters
    ----------
    axis : str
        Whose parameter it is: "solver", "dataset"...
    plugin : str
        Of which plugin.
    names : tuple of str
        Usually one; several that were always set to the same number.
    settings : list of Setting
    """

    axis: str
    plugin: str
    names: tuple[str, ...]
    settings: list[Setting]

    @property
    def title(self) -> str:
        """``solver.alpha``; ``objective.l2_W = l2_H`` where both moved together."""
        return f"{self.axis}.{' = '.join(self.names)}"

    @property
    def values(self) -> list[float]:
        """The values it took, ascending."""
        return sorted({setting.value for setting in self.settings})


def swept_parameters(material: Material, groups: Sequence[Group]) -> list[Swept]:
    """Return every numeric parameter with two values or more along some curve.

    Read from the configurations in the store, in one query; labels hold a parameter
    only as text.
    """
    wanted = {group.keys[0]: group for group in groups if group.keys}
    configs = {key: config for key, config in material.store.configs() if key in wanted}
    pairs = [(group, configs[key]) for key, group in wanted.items() if key in configs]
    found: list[Swept] = []
    for (axis, plugin), names in _varied([config for _, config in pairs]).items():
        for same in _together(axis, plugin, names, configs.values()):
            settings = list(_settings(pairs, axis, plugin, same))
            if settings:
                found.append(Swept(axis, plugin, same, settings))
    return found


def _varied(configs: Sequence[_Config]) -> dict[_Node, list[str]]:
    """Return the numeric parameters that differ among the nodes of one plugin."""
    seen: dict[_Node, dict[str, set[float]]] = {}
    for config in configs:
        for axis in _NODES:
            node = config.get(axis) or {}
            values = seen.setdefault((axis, _called(node)), {})
            for name, value in node.items():
                number = _number(value)
                if name not in _REPLICATES and number is not None:
                    values.setdefault(name, set()).add(number)
    varied = {
        node: [name for name, numbers in values.items() if len(numbers) > 1]
        for node, values in seen.items()
    }
    return {node: names for node, names in varied.items() if names}


def _number(value: object) -> float | None:
    """Return a value as a number; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _called(node: Mapping[str, Any]) -> str:
    return str(node.get("loss", node.get("name", "")))


def _together(
    axis: str, plugin: str, names: Sequence[str], configs: Iterable[_Config]
) -> list[tuple[str, ...]]:
    """Return the names, those that are equal in every node as one."""
    nodes = [c[axis] for c in configs if _called(c.get(axis) or {}) == plugin]
    by: dict[tuple[Any, ...], list[str]] = {}
    for name in names:
        by.setdefault(tuple(node.get(name) for node in nodes), []).append(name)
    return [tuple(same) for same in by.values()]


def _settings(
    pairs: Sequence[tuple[Group, _Config]],
    axis: str,
    plugin: str,
    names: Sequence[str],
) -> Iterator[Setting]:
    """Yield the settings along curves of two values or more."""
    curves: dict[str, list[tuple[Group, float]]] = {}
    for group, config in pairs:
        node = config.get(axis) or {}
        value = _number(node.get(names[0]))
        if _called(node) == plugin and value is not None:
            rest = _rest(group, config, axis, names)
            curves.setdefault(rest, []).append((group, value))
    for rest, members in curves.items():
        if len({value for _, value in members}) > 1:
            for group, value in members:
                yield Setting(group, value, rest)


def _rest(group: Group, config: _Config, axis: str, names: Sequence[str]) -> str:
    """Return everything a curve agrees in, as text."""
    nodes = {
        name: {
            key: value
            for key, value in (config.get(name) or {}).items()
            if not (name == axis and key in names)
            and not (name in _PAST and key in _REPLICATES)
        }
        for name in _NODES
    }
    labels = group.labels
    told = [labels["n_components"], labels["dtype"], labels["zero_filled"]]
    if axis != "dataset":
        told.append(labels["fingerprint"])
    return json.dumps([nodes, [str(one) for one in told]], sort_keys=True)
