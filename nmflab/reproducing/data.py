"""The data of recorded runs: loaded here, or taken from the study that keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nmflab.contracts import CELL_EXTRAS, Dataset
from nmflab.executors import Limits, make
from nmflab.handover import kept
from nmflab.materialise import fingerprint as fingerprint_of
from nmflab.registry import Registry
from nmflab.reproducing.plugins import why_no_node
from nmflab.reproducing.recorded_runs import Record, RecordedRun, called
from nmflab.store import StoredDataset
from nmflab.sweep.materials import materialise_all
from nmflab.sweep.nodes import node_text
from nmflab.sweep.plan import Data


class StudyData:
    """The data of some runs: loaded here and compared with what they were."""

    def __init__(
        self,
        record: Record,
        registry: Registry,
        settings: Mapping[str, Any],
        runs: Sequence[RecordedRun],
    ) -> None:
        self._record, self._registry = record, registry
        self.notes: list[str] = []
        self._why: dict[str, str] = {}
        self._instead: dict[str, dict[str, Any]] = {}
        nodes = {node_text(run.axes["dataset"]): run for run in runs}
        unknown = {
            text: why
            for text, run in nodes.items()
            if (why := why_no_node(record, registry, "dataset", run.axes["dataset"]))
        }
        loadable = [r.axes["dataset"] for t, r in nodes.items() if t not in unknown]
        found = _loaded(loadable, registry, settings)
        for text, run in nodes.items():
            self._settle(text, run, found.get(text), unknown.get(text))

    def _settle(
        self, text: str, run: RecordedRun, found: Data | None, why: str | None
    ) -> None:
        """Note why a data set cannot be used, or what is used in its place."""
        if found is not None:
            why = _changed(run, found)
        if why is None:
            return
        stored = self._stored(run)
        if stored is None:
            self._why[text] = why
            return
        folder, fingerprint = stored
        self._instead[text] = {
            "name": "array",
            "folder": str(folder),
            "fingerprint": fingerprint,
            "seed": 0,
        }
        self.notes.append(
            f"data set {called(run.axes['dataset'])}: taken from the study, which keeps"
            f" it whole ({why})"
        )

    def _stored(self, run: RecordedRun) -> tuple[Path, str] | None:
        """Return the data as the study keeps them, if they are what the run had."""
        store = self._record.store
        if store is None or run.fingerprint is None:
            return None
        known = {one.fingerprint: one for one in store.datasets()}
        dataset = known.get(run.fingerprint)
        built = None if dataset is None else rebuilt(dataset)
        if built is None:
            return None
        try:
            return kept(built) if fingerprint_of(built) == run.fingerprint else None
        except ValueError:  # what it keeps is no dataset: cut short, or written to
            return None

    def why_not(self, run: RecordedRun) -> str | None:
        """Return why a run has no data."""
        return self._why.get(node_text(run.axes["dataset"]))

    def on_it(self, run: RecordedRun) -> RecordedRun:
        """Return a run with the data it is to use."""
        instead = self._instead.get(node_text(run.axes["dataset"]))
        return (
            run
            if instead is None
            else replace(run, axes={**run.axes, "dataset": instead})
        )


def _changed(run: RecordedRun, found: Data) -> str | None:
    """Return why loaded data are not those of a run."""
    name = called(run.axes["dataset"])
    if found.error is not None:
        return f"data set {name} could not be loaded here: {found.error}"
    now = str(found.facts.get("fingerprint"))
    if run.fingerprint is not None and now != run.fingerprint:
        return (
            f"data set {name} has changed: its fingerprint was {run.fingerprint} and"
            f" is {now}"
        )
    return None


def _loaded(
    nodes: Sequence[Mapping[str, Any]],
    registry: Registry,
    settings: Mapping[str, Any],
) -> dict[str, Data]:
    chosen = settings["executor"]
    executor = make(chosen["name"], n_jobs=chosen["n_jobs"], registry=registry)
    try:
        return materialise_all(nodes, registry, executor, Limits(**settings["limits"]))
    finally:
        executor.close()


def rebuilt(stored: StoredDataset) -> Dataset | None:
    """Return a dataset made of what a study keeps of it; None where X was too large."""
    if stored.X is None:
        return None
    extras = {
        name: np.asarray(value) if name in CELL_EXTRAS else value
        for name, value in stored.extras.items()
    }
    return Dataset(
        X=stored.X,
        missing=stored.facts.get("missing", "none"),
        mask=stored.mask,
        row_names=stored.row_names,
        column_names=stored.column_names,
        row_labels=stored.row_labels,
        extras=extras,
    )
