"""Datasets made ready once per host: each a job, cached by what it was made from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from nmflab.caches import cache_dir
from nmflab.contracts import DatasetSpec
from nmflab.executors import Executor, Failed, Limits, Materialised
from nmflab.fetching import state_of
from nmflab.provenance import version_of
from nmflab.registry import Registry
from nmflab.sources import source_hash
from nmflab.sweep.downloads import Downloads
from nmflab.sweep.nodes import node_text, plugin_object
from nmflab.sweep.plan import Data


def data_folder(registry: Registry, node: Mapping[str, Any]) -> Path:
    """Return where a configured dataset lies once it is materialised.

    The name holds its parameters, the source of its plugin, the versions that needs,
    path, size and time of each file it reads, and the checksums of what it downloads.
    """
    spec, loader = plugin_object(registry, "dataset", node)
    assert isinstance(spec, DatasetSpec)
    origin = spec.origin_of(loader)
    made_from = [
        node_text(node),
        source_hash(spec.dataset.__module__),
        source_hash("nmflab.materialise"),
        *[f"{r}:{version_of(r)}" for r in ("numpy", "scipy", "pandas")],
        *[_state(path) for path in spec.files(loader)],
        *[state_of(file) for file in (origin.files if origin is not None else ())],
    ]
    digest = blake2b("\n".join(made_from).encode(), digest_size=16).hexdigest()
    return cache_dir() / "data" / f"{node['name']}-{digest}"


def _state(path: Path) -> str:
    try:
        state = path.expanduser().stat()
    except OSError:
        return f"{path} missing"
    return f"{path.expanduser().resolve()} {state.st_size} {state.st_mtime_ns}"


def materialise_all(
    nodes: Iterable[Mapping[str, Any]],
    registry: Registry,
    executor: Executor,
    limits: Limits,
) -> dict[str, Data]:
    """Return each dataset's `Data` by `node_text`, loading what is not cached.

    A dataset that fails, hangs or dies costs its own runs only: its `Data` says why.
    """
    data: dict[str, Data] = {}
    downloads = Downloads(registry)
    waiting: dict[str, tuple[str, dict[str, Any]]] = {}
    for node in {node_text(node): node for node in nodes}.values():
        folder = data_folder(registry, node)
        if (folder / "meta.json").exists():
            data[node_text(node)] = _opened(folder)
        elif (absent := downloads.missing(node)) is not None:
            data[node_text(node)] = absent
        else:
            waiting[str(folder)] = (node_text(node), _job(registry, node, folder))
    queue = list(waiting.values())
    while queue or executor.running():
        while queue and executor.n_free:
            executor.submit(queue.pop(0)[1], limits)
        for event in executor.events(timeout=1.0):
            if isinstance(event, Materialised):
                data[waiting[event.key][0]] = _opened(Path(event.key))
            elif isinstance(event, Failed):
                data[waiting[event.key][0]] = Data(
                    error=event.reason, traceback=event.traceback
                )
    return data


def _opened(folder: Path) -> Data:
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return Data(folder=folder, facts=meta["facts"])


def _job(registry: Registry, node: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    return {
        "type": "materialise",
        "dataset": dict(node),
        "plugins": [registry.owners["dataset", node["name"]].entry_point],
        "into": str(folder),
    }
