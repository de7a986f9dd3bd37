"""What makes runs of different studies unlike, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from nmflab.report.content import Prose, Tone
from nmflab.report.numbers import listed, number
from nmflab.report.reading.material import Material
from nmflab.report.sections.failures import where

if TYPE_CHECKING:
    from nmflab.store import Merge, Sweep
    from nmflab.store.merging import Conflict, Renamed

_FIGURES = {
    "objective_value": "the final objective",
    "objective_start": "the objective of the start",
    "own_objective": "the solver's own objective",
    "n_steps": "the number of steps",
    "stop": "the reason to stop",
    "start_hash": "the start",
    "validation": "the validation error",
    "n_active": "the number of active components",
}


def merge_warnings(material: Material) -> list[Prose]:
    """Return the warnings of a merge, the gravest first; none for a study by itself."""
    merge = material.store.merge
    if merge is None:
        return []
    return [
        *_conflicts(merge),
        *(Prose(_renamed(one), _tone(one)) for one in merge.renamed),
        *_metrics(merge),
        *_versions(material, merge),
    ]


def _conflicts(merge: Merge) -> Iterator[Prose]:
    pairs: dict[tuple[str, str], list[Conflict]] = {}
    for one in merge.conflicts:
        pairs.setdefault(one.studies, []).append(one)
    for (first, other), found in pairs.items():
        n = len(found)
        runs = "1 run was" if n == 1 else f"{n:,} runs were"
        both = "Both versions are kept" if n == 1 else "Both versions of each are kept"
        labels = pd.DataFrame([one.labels for one in found])
        yield Prose(
            f"{runs} made in {first} and in {other} with different digits"
            f" ({where(labels)}; {_apart(found)}). {both}, those of {other} under the"
            f" name that ends in [{other}].",
            "danger",
        )


def _apart(found: Sequence[Conflict]) -> str:
    """Return which figures differ, and by how much at most."""
    columns: dict[str, list[Conflict]] = {}
    for one in found:
        columns.setdefault(one.column, []).append(one)
    said = []
    for column, those in columns.items():
        shares = [one.relative for one in those if one.relative is not None]
        most = f" by up to {number(max(shares), 2)} of its value" if shares else ""
        said.append(f"{_FIGURES.get(column, column)} differs{most}")
    return ", ".join(said)


def _tone(one: Renamed) -> Tone:
    return "danger" if one.why == "data" else "warning"


def _renamed(one: Renamed) -> str:
    names = [f"{name} ({listed(list(tags))})" for name, tags in one.names.items()]
    what = {
        "data": "different data (their fingerprints differ)",
        "code": "different code (its source, or nmflab's own loop, has changed)",
        "parameters": "different parameters or settings",
    }[one.why]
    return (
        f"{one.axis} {one.name} stands for {what} in the studies merged and is not"
        f" pooled: {listed(names, 12)}."
    )


def _metrics(merge: Merge) -> Iterator[Prose]:
    if merge.metrics:
        verb = "was" if len(merge.metrics) == 1 else "were"
        yield Prose(
            f"{listed(list(merge.metrics))} {verb} not computed by the same code and"
            " parameters in all studies; nmflab computes metrics anew from stored"
            " factors when the sweep is given again.",
            "warning",
        )


def _versions(material: Material, merge: Merge) -> Iterator[Prose]:
    """Say which libraries that results depend on differ; runs are pooled over them."""
    sweeps = {sweep.id: sweep for sweep in material.sweeps}
    last = {
        study.tag: sweeps[study.sweeps[-1]] for study in merge.studies if study.sweeps
    }
    depended = {name: None for sweep in last.values() for name in _origins(sweep)}
    for name in depended:
        if name.startswith(("the ", "nmflab's")):
            continue  # code and data: said above, by what they are called
        held: dict[str, list[str]] = {}
        for tag, sweep in last.items():
            if name in _origins(sweep):
                held.setdefault(_origins(sweep)[name], []).append(tag)
        if len(held) > 1:
            told = [f"{v} in {listed(tags)}" for v, tags in held.items()]
            yield Prose(
                f"{name} differs: {listed(told)}. Runs with different seeds are pooled"
                " over the versions; digits may depend on them.",
                "warning",
            )


def _origins(sweep: Sweep) -> Mapping[str, str]:
    found = sweep.provenance.get("origins")
    return found if isinstance(found, Mapping) else {}
