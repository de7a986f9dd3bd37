"""The caption of a paper's convergence figure, written from the study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nmflab.report.numbers import count, listed, number
from nmflab.report.papers.curves import FLOOR, TITLES, Axis, Curves
from nmflab.report.reading.material import Material
from nmflab.report.reading.observed import shape


class Maths(NamedTuple):
    """A formula, for readers of plain text and for LaTeX."""

    plain: str
    tex: str


def caption(material: Material, curves: Curves) -> list[str | Maths]:
    """Return the caption, written from the data: sentences and formulas in turn."""
    shared = curves.shared
    clocks = [TITLES[axis.clock].partition(" (")[0] for axis in curves.axes]
    clocks = [c if c.startswith("CPU") else c.lower() for c in clocks]
    n = len(shared.seeds)
    starts = f"the mean over {count(n, 'start')}" if n > 1 else "one start"
    each = ", the same for every solver" if len(shared.keys) > 1 else ""
    return [
        f"Error above the best known on {curves.name}{_size(material, curves)}"
        f" against {' and '.join(clocks)}: ",
        _formula(curves),
        f", {starts} (init {group_init(shared.init)}, {_seeds(shared.seeds)}){each}. ",
        *_best(curves),
        *_notes(curves),
        f" Time is that of the iterations alone, on {_threads(curves)}"
        f" of {_machine(material)}; nmflab {_version(material)}.",
    ]


def _notes(curves: Curves) -> list[str]:
    """Return what is to be known of the lines, a sentence each."""
    notes = [" A run that has stopped counts with its last value."]
    if any(_falls_out(axis) for axis in curves.axes):
        notes.append(f" A line ends where it falls to {FLOOR:.0e}.")
    if curves.several_starts:
        notes.append(" Of a run with several starts the one that came lowest is drawn.")
    if curves.shared.left_out:
        said = [f"{name} ({why})" for name, why in curves.shared.left_out.items()]
        notes.append(f" Not drawn: {listed(said)}.")
    return notes


def _threads(curves: Curves) -> str:
    return count(int(curves.group.labels["threads"]), "thread")


def _falls_out(axis: Axis) -> bool:
    """Return whether a line reached the best known before its last run stopped."""
    ends = [axis.at[np.isfinite(line)][-1] for line in axis.lines.values()]
    return any(end < stop for end, stop in zip(ends, axis.ends.values(), strict=True))


def plain(parts: Sequence[str | Maths]) -> str:
    """Return a caption as plain text."""
    return "".join(one.plain if isinstance(one, Maths) else one for one in parts)


def group_init(init: str) -> str:
    """Return what an initialization is called; the solver's own has no label."""
    return init or "of the solver's own"


def _size(material: Material, curves: Curves) -> str:
    dataset = material.datasets.get(str(curves.group.labels["fingerprint"]))
    if dataset is None:
        return ""
    n_samples, n_features = shape(dataset)
    return f" ({n_samples:,} × {n_features:,})"


def _formula(curves: Curves) -> Maths:
    if curves.scale.kind == "frobenius":
        return Maths(
            "‖X − WH‖_F / ‖X‖_F − e_min",
            r"$\|X - WH\|_F / \|X\|_F - e_{\min}$",
        )
    if curves.scale.kind == "rank_one":
        return Maths(
            "D(X, WH) / D_1 − e_min, with D_1 that of the best fit of rank one",
            r"$D(X, WH) / D_1 - e_{\min}$, with $D_1$ that of the best fit of rank one",
        )
    return Maths(
        "D(X, WH) / D_0 − e_min, with D_0 the mean of the starts",
        r"$D(X, WH) / D_0 - e_{\min}$, with $D_0$ the mean of the starts",
    )


def _best(curves: Curves) -> list[str | Maths]:
    best = curves.contest.best
    value = number(curves.scale.least, 5)
    where = f"{best.variant} from {best.init}" if best.init else best.variant
    earlier = ", made by an earlier command" if best.earlier else ""
    return [
        Maths("e_min", r"$e_{\min}$"),
        f" = {value} is the lowest of all runs of the study on these data, objective"
        f" and size ({where}, seed {best.seed}{earlier}).",
    ]


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    if list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"seeds {seeds[0]} to {seeds[-1]}"
    return f"seeds {listed([str(seed) for seed in seeds], most=12)}"


def _machine(material: Material) -> str:
    told = sorted({machine.cpu for machine in material.clocks.machines})
    return listed(told) if told else "a machine not recorded"


def _version(material: Material) -> str:
    told = {
        str(sweep.provenance.get("versions", {}).get("nmflab") or "")
        for sweep in material.sweeps
    }
    return listed(sorted(told - {""})) if told - {""} else "of unknown version"
