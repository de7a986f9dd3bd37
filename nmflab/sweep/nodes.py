"""Nodes of a configuration: their text, their plugins, and short labels for them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from nmflab.config import GROUPS, ConfigError
from nmflab.contracts import DatasetSpec, InitSpec, Objective, SolverSpec, Spec
from nmflab.instances import build
from nmflab.registry import Registry
from nmflab.splits import SPLITS
from nmflab.sweep.expand import Space
from nmflab.weighting import WEIGHTINGS


def node_text(node: Any) -> str:
    """Return a node as canonical JSON."""
    return json.dumps(node, sort_keys=True)


def plugin_object(
    registry: Registry, kind: str, node: Mapping[str, Any]
) -> tuple[Spec, Any]:
    """Return a plugin's spec and its configured object.

    Raises
    ------
    ConfigError
        If the plugin refuses its parameters.
    """
    spec = registry.get(kind, node["name"])
    try:
        return spec, build(class_of(spec), node, kind)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def class_of(spec: Spec) -> type[Any]:
    """Return the class a spec declares."""
    if isinstance(spec, DatasetSpec):
        return spec.dataset
    if isinstance(spec, InitSpec):
        return spec.initialization
    return spec.solver if isinstance(spec, SolverSpec) else spec.metric


class Labels:
    """Short names of nodes: the plugin's, plus the parameters that differ.

    Differ from one another within the sweep, and from the default: `hals` beside
    `hals(inner=1)`.
    """

    def __init__(self, spaces: Sequence[Space], registry: Registry) -> None:
        self._registry = registry
        self._seen: dict[tuple[str, str], dict[str, set[str]]] = {}
        self._stems: dict[str | None, set[str]] = {}
        for space in spaces:
            for axis in GROUPS:
                for node in space.axes[axis]:
                    self._note(axis, node)
            for node in space.axes["dataset"]:
                stem = self._file_stem(node)
                self._stems.setdefault(stem, set()).add(str(node.get("path")))

    def _note(self, axis: str, node: Mapping[str, Any]) -> None:
        values = self._seen.setdefault((axis, _called(node)), {})
        for key, value in node.items():
            values.setdefault(key, set()).add(node_text(value))

    def of(self, axis: str, node: Any) -> Any:
        """Return the label of a node; plain values are their own."""
        if axis not in GROUPS:
            return node
        values = self._seen[axis, _called(node)]
        usual = self._defaults(axis, node)
        differing = {
            k: v
            for k, v in node.items()
            if len(values.get(k, ())) > 1 and v != usual.get(k)
        }
        name = _called(node)
        if axis == "dataset" and (stem := self._file_stem(node)) is not None:
            name = stem
            if len(self._stems[stem]) == 1:
                differing.pop("path", None)
        return _labelled(name, differing)

    def in_full(self, axis: str, node: Mapping[str, Any]) -> str:
        """Return the plugin's name and every parameter that is not at its default."""
        usual = {"name": node["name"], **self._defaults(axis, node)}
        changed = {k: v for k, v in node.items() if v != usual.get(k)}
        return _labelled(_called(node), changed)

    def _defaults(self, axis: str, node: Mapping[str, Any]) -> dict[str, Any]:
        """Return the default of each parameter as it stands in a node."""
        defaults: dict[str, Any] = {"seed": 0}
        for f in dataclasses.fields(self._class(axis, node)):
            if f.default is not dataclasses.MISSING:
                value = f.default
                defaults[f.name] = value.name if isinstance(value, Enum) else value
        return defaults

    def _class(self, axis: str, node: Mapping[str, Any]) -> type[Any]:
        if axis == "objective":
            return Objective
        if axis == "split":
            return SPLITS[node["name"]]
        if axis == "weighting":
            return WEIGHTINGS[node["name"]]
        return class_of(self._registry.get(axis, node["name"]))

    def _file_stem(self, node: Mapping[str, Any]) -> str | None:
        """Return what a dataset read from one file is known by: the file's name."""
        spec, loader = plugin_object(self._registry, "dataset", node)
        assert isinstance(spec, DatasetSpec)
        files = list(spec.files(loader))
        return files[0].name.partition(".")[0] or None if files else None


def _labelled(name: str, parameters: Mapping[str, Any]) -> str:
    if not parameters:
        return name
    return f"{name}({', '.join(f'{k}={v}' for k, v in parameters.items())})"


def _called(node: Mapping[str, Any]) -> str:
    return str(node["loss"] if "loss" in node else node["name"])
