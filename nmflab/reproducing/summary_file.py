"""The runs of a study as its ``study.yaml`` says them, where there is no store."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from nmflab.config import AXES, PER_RUN, ConfigError
from nmflab.reproducing.recorded_runs import Record, RecordedRun, called, mapping_in
from nmflab.sweep.nodes import node_text

MOST_RUNS = 1_000_000
"""A summary that asks for more is not believed."""


def of_summary(path: Path) -> Record:
    """Return what a ``study.yaml`` says was run.

    Raises
    ------
    ConfigError
        If it is no summary of a study, or has been cut short or written to.
    """
    content = _loaded(path)
    base = content.get("config")
    if not isinstance(base, Mapping):
        raise ConfigError(f"{path}: config is missing; it is no summary of a study")
    absent = [axis for axis in AXES if axis not in base]
    if absent:
        raise ConfigError(
            f"{path}: config.{absent[0]} is missing; the file is cut short"
        )
    sweep, provenance = (mapping_in(content, name) for name in ("sweep", "provenance"))
    parts = sweep.get("spaces")
    data = sweep.get("data")
    prints = _fingerprints(data if isinstance(data, list) else [])
    return Record(
        title=str(path),
        base=base,
        provenance=provenance,
        plugins=mapping_in(sweep, "plugins"),
        started=str(sweep.get("started") or ""),
        runs=list(
            _runs(path, base, parts if isinstance(parts, list) else [{}], prints)
        ),
        store=None,
        is_whole=isinstance(parts, list),
    )


def _fingerprints(data: Collection[Any]) -> dict[str, str]:
    """Return fingerprints by the text of a node; Any: what a file may hold."""
    return {
        node_text(one["dataset"]): str(one["fingerprint"])
        for one in data
        if isinstance(one, Mapping) and {"dataset", "fingerprint"} <= set(one)
    }


def _loaded(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise ConfigError(f"{path} cannot be read: {said}") from error
    if not isinstance(content, Mapping):
        raise ConfigError(f"{path} is no summary of a study")
    return content


def _runs(
    path: Path,
    base: Mapping[str, Any],
    parts: Collection[Any],
    data: Mapping[str, str],
) -> Iterator[RecordedRun]:
    """Yield the runs of a summary: the product of the values of each part."""
    products = [_product(path, base, part) for part in parts]
    if sum(math.prod(map(len, axes.values())) for axes, _, _ in products) > MOST_RUNS:
        raise ConfigError(f"{path}: sweep asks for more than {MOST_RUNS:,} runs")
    for axes, settings, case in products:
        for values in itertools.product(*axes.values()):
            nodes = dict(zip(axes, values, strict=True))
            yield RecordedRun(
                key="",
                name=_name(nodes, case),
                dataset=called(nodes["dataset"]),
                solver=called(nodes["solver"]),
                axes=nodes,
                settings=settings,
                case=case,
                status="",
                fingerprint=data.get(node_text(nodes["dataset"])),
            )


def _product(
    path: Path, base: Mapping[str, Any], part: Any
) -> tuple[dict[str, list[Any]], dict[str, Any], str]:
    """Return axes, settings and case of one part; Any: what a file may hold."""
    if not isinstance(part, Mapping):
        raise ConfigError(f"{path}: sweep holds {part!r}, where axes are to stand")
    varied, changed = part.get("axes") or {}, part.get("settings") or {}
    if not isinstance(varied, Mapping) or not isinstance(changed, Mapping):
        raise ConfigError(f"{path}: sweep.axes and sweep.settings must be mappings")
    wrong = [name for name in varied if name not in AXES]
    wrong += [name for name in changed if name not in PER_RUN]
    wrong += [name for name, nodes in varied.items() if not isinstance(nodes, list)]
    if wrong:
        raise ConfigError(f"{path}: sweep.{wrong[0]} cannot be used as it stands")
    axes = {axis: list(varied.get(axis, [base[axis]])) for axis in AXES}
    settings = {name: base[name] for name in PER_RUN if name in base}
    return axes, {**settings, **changed}, str(part.get("case") or "")


def _name(nodes: Mapping[str, Any], case: str) -> str:
    parts = [called(nodes[axis]) for axis in ("dataset", "objective", "solver")]
    parts += [f"init {called(nodes['init'])}"]
    parts += [f"{axis} {nodes[axis]}" for axis in ("n_components", "seed")]
    return ", ".join([*parts, *([f"case {case}"] if case else [])])
