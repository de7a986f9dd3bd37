"""Whether what a record names is installed here, and where it came from then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nmflab.config import ConfigError, check_objective
from nmflab.contracts import Objective
from nmflab.instances import build
from nmflab.registry import Registry, UnknownPlugin
from nmflab.reproducing.recorded_runs import Record, called
from nmflab.splits import SPLITS
from nmflab.sweep.nodes import plugin_object
from nmflab.weighting import WEIGHTINGS

_CHOICES: Mapping[str, Mapping[str, type[Any]]] = {
    "split": SPLITS,
    "weighting": WEIGHTINGS,
}


def absent(record: Record, registry: Registry, kind: str, name: str) -> str:
    """Return the sentence that a plugin is not there: whence it came, how to get it."""
    origin = record.plugins.get(f"{kind} {name}")
    said = f"{kind} '{name}' is not installed"
    if origin is None:
        said += "; the record does not say which distribution it came from"
    else:
        distribution, _, version = str(origin).rpartition(" ")
        said += f"; it came from {distribution} {version}"
        now = {one.distribution: one.version for one in registry.plugins}
        if distribution in now:
            said += f", and {distribution} {now[distribution]} here has none"
        else:
            said += f": pip install '{distribution}=={version}'"
    failed = [one for one in registry.failures if f"{kind} {name}" in one.lost]
    return said + "".join(f"; {one}" for one in failed)


def why_no_node(record: Record, registry: Registry, axis: str, node: Any) -> str | None:
    """Return why a node cannot be used here; None where it can. Any: as recorded."""
    if not isinstance(node, Mapping):
        return f"{axis}={node!r} is no configuration of it"
    try:
        if axis == "objective":
            build(Objective, node, axis)
            check_objective(node)
        elif axis in _CHOICES:
            build(_CHOICES[axis][node["name"]], node, axis)
        else:
            plugin_object(registry, axis, node)
    except UnknownPlugin:
        return absent(record, registry, axis, called(node))
    except KeyError:
        return f"{axis} '{called(node)}' is not known to this nmflab"
    except (ConfigError, ValueError, TypeError) as error:
        return f"its configuration is refused: {error}"
    return None
