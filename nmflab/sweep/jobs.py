"""From a planned run to the job a child gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from nmflab.config import AXES, GROUPS, PER_RUN
from nmflab.contracts import MetricSpec
from nmflab.executors import Limits
from nmflab.provenance import version_of
from nmflab.registry import Registry
from nmflab.sources import source_hash
from nmflab.sweep.nodes import node_text
from nmflab.sweep.plan import Data

INLINE_BYTES = 1_000_000
"""Factors up to this size travel to the store; larger ones are files of their own."""


class Jobs:
    """Makes the jobs of one sweep.

    Parameters
    ----------
    base : mapping
        The resolved configuration that each run's changes are applied to.
    registry : Registry
    data : mapping
        `node_text` of each dataset node to its `Data`.
    folder : Path
        The study's folder.

    Attributes
    ----------
    metrics, group_metrics : dict
        Parameters of the metrics asked for, of one run and over seeds.
    limits : Limits
    """

    def __init__(
        self,
        base: Mapping[str, Any],
        registry: Registry,
        data: Mapping[str, Data],
        folder: Path,
    ) -> None:
        self._base, self._registry, self._data = base, registry, data
        self._factors = str((folder / "factors").absolute())
        asked = metric_parameters(base)
        over_seeds = {name for name in asked if _scope(registry, name) == "seeds"}
        self.metrics = {n: p for n, p in asked.items() if n not in over_seeds}
        self.group_metrics = {n: p for n, p in asked.items() if n in over_seeds}
        self.limits = Limits(**base["limits"])

    def config(self, changes: str) -> dict[str, Any]:
        """Return the full configuration of a run."""
        return {**self._base, **json.loads(changes)}

    def facts(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the facts of a run's dataset."""
        return self._data[node_text(config["dataset"])].facts

    def run(self, key: str, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the job of a run."""
        return self._job("run", key, config, self.metrics)

    def measurement(
        self, key: str, config: Mapping[str, Any], metrics: list[str]
    ) -> dict[str, Any]:
        """Return the job that computes metrics from a run's stored factors."""
        asked = {name: self.metrics[name] for name in metrics}
        return self._job("metrics", key, config, asked)

    def over_seeds(
        self,
        key: str,
        config: Mapping[str, Any],
        metrics: list[str],
        members: list[dict[str, Any]],
    ) -> dict[str, Any]:
        """Return the job that computes metrics over the runs of a group."""
        asked = {name: self.group_metrics[name] for name in metrics}
        return self._job("seeds", key, config, asked) | {"members": members}

    def _job(
        self,
        kind: str,
        key: str,
        config: Mapping[str, Any],
        metrics: Mapping[str, Any],
    ) -> dict[str, Any]:
        data = self._data[node_text(config["dataset"])]
        return {
            "type": kind,
            "key": key,
            "axes": {axis: config[axis] for axis in AXES},
            "settings": {name: config[name] for name in PER_RUN},
            "metrics": metrics,
            "data": str(data.folder),
            "plugins": self._plugins(config, metrics),
            "factors_folder": self._factors,
            "inline_bytes": INLINE_BYTES,
        }

    def _plugins(
        self, config: Mapping[str, Any], metrics: Mapping[str, Any]
    ) -> list[str]:
        owners = self._registry.owners
        kinds = [kind for kind in GROUPS if kind in ("init", "solver")]
        names = [(kind, config[kind]["name"]) for kind in kinds]
        names += [("metric", name) for name in metrics]
        return sorted({owners[name].entry_point for name in names})


def metric_parameters(base: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the metrics asked for with their parameters."""
    return {name: dict(base["metric"].get(name) or {}) for name in base["metrics"]}


def _scope(registry: Registry, name: str) -> str:
    spec = registry.get("metric", name)
    assert isinstance(spec, MetricSpec)
    return spec.scope


def metric_digests(
    metrics: Mapping[str, Mapping[str, Any]], registry: Registry
) -> dict[str, str]:
    """Return what each metric's values depend on beside the factors, as a hash."""
    return {
        name: _digest(node_text(parameters), registry.get("metric", name))
        for name, parameters in metrics.items()
    }


@cache
def _versions(requires: tuple[str, ...]) -> str:
    from packaging.requirements import Requirement

    return " ".join(version_of(Requirement(r).name) for r in requires)


def _digest(parameters: str, spec: Any) -> str:
    assert isinstance(spec, MetricSpec)
    made_of = (
        f"{parameters} {source_hash(spec.metric.__module__)} {_versions(spec.requires)}"
    )
    return blake2b(made_of.encode(), digest_size=16).hexdigest()


def metric_infos(
    metrics: Mapping[str, Any], registry: Registry
) -> dict[str, dict[str, Any]]:
    """Return direction, range, unit and first doc line of each metric."""
    infos = {}
    for name in metrics:
        spec = registry.get("metric", name)
        assert isinstance(spec, MetricSpec)
        infos[name] = {
            "direction": spec.direction,
            "range": list(spec.range),
            "unit": spec.unit,
            "doc": (spec.metric.__doc__ or "").strip().split("\n")[0],
            "scope": spec.scope,
        }
    return infos
