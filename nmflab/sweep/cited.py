"""What a sweep's plugins and data ask to be cited, kept for when they are gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from nmflab.citing import references_in
from nmflab.contracts import DatasetSpec
from nmflab.docstrings import split_docstring, summary
from nmflab.registry import KINDS, Registry
from nmflab.splits import SPLITS
from nmflab.sweep.expand import Space
from nmflab.sweep.nodes import plugin_object
from nmflab.weighting import WEIGHTINGS

Terms: TypeAlias = Literal["shared", "restricted", "generated", "unknown"]
"""Whether a data set may be passed on: its publisher says so, does not say so, nobody
published it since nmflab's own code makes it, or nothing is known (own data)."""

Cited: TypeAlias = dict[str, dict[str, dict[str, Any]]]
"""By kind and name: distribution, version, doc, references; of data also terms."""


def cited(
    spaces: Sequence[Space],
    datasets: Iterable[tuple[str, Mapping[str, Any]]],
    registry: Registry,
) -> Cited:
    """Return what is known of every plugin that a sweep asks for.

    Parameters
    ----------
    spaces : sequence of Space
    datasets : iterable of (label, node)
        As `nmflab.sweep.plan.Plan.datasets` returns them.
    registry : Registry
    """
    found: Cited = {
        "dataset": {label: _of_data(registry, node) for label, node in datasets}
    }
    for kind in ("init", "solver"):
        names = {str(node["name"]) for s in spaces for node in s.axes[kind]}
        found[kind] = {name: _of(registry, kind, name) for name in sorted(names)}
    metrics = {str(name) for space in spaces for name in space.settings["metrics"]}
    found["metric"] = {n: _of(registry, "metric", n) for n in sorted(metrics)}
    for kind, choices in (("weighting", WEIGHTINGS), ("split", SPLITS)):
        names = {str(node["name"]) for s in spaces for node in s.axes[kind]}
        named = {n: _documented(choices[n]) for n in sorted(names - {"none"})}
        found[kind] = named
    return found


def _of(registry: Registry, kind: str, name: str) -> dict[str, Any]:
    spec, owner = registry.get(kind, name), registry.owners[kind, name]
    return {
        "distribution": owner.distribution,
        "version": owner.version,
        **_documented(KINDS[kind].class_of(spec)),
    }


def _of_data(registry: Registry, node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": node["name"],
        **_of(registry, "dataset", node["name"]),
        "terms": terms_of_data(registry, node),
    }


def _documented(cls: type[Any]) -> dict[str, Any]:
    _, sections = split_docstring(cls)
    references = references_in(sections.get("References", ""))
    return {"doc": summary(cls), "references": references}


def terms_of_data(registry: Registry, node: Mapping[str, Any]) -> Terms:
    """Return whether a configured data set may be passed on.

    Data that are read from a file of the user's, handed over from Python, or brought by
    a plugin that names no publisher are "unknown".
    """
    name = str(node["name"])
    spec, dataset = plugin_object(registry, "dataset", node)
    assert isinstance(spec, DatasetSpec)
    origin = spec.origin_of(dataset)
    if origin is not None:
        return "shared" if origin.redistributable else "restricted"
    handed_over = name == "array" or any(True for _ in spec.files(dataset))
    own = registry.owners["dataset", name].distribution == "nmflab"
    return "generated" if own and not handed_over else "unknown"
