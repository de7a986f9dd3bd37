"""Components in words: their names, their top features, their samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Factors, Matrix
from nmflab.numerics.enrichment import MIN_OBSERVED
from nmflab.numerics.naming import ComponentName, Representatives
from nmflab.report.content import Cell, Column, Table
from nmflab.report.numbers import NOTHING, count, number
from nmflab.report.reading.observed import column_names, row_names
from nmflab.report.sections.factors.named import named, observed, represented

if TYPE_CHECKING:
    from nmflab.store import StoredDataset

MOST_COMPONENTS = 30
N_TOP = 8
N_TOP_ROWS = 3


def top_features(
    table_id: str, title: str, dataset: StoredDataset, factors: Factors
) -> Table:
    """Return one row a component: its share, its name, its features and its samples.

    A feature's weight is its share of the component, ``h_kj / Σ_j |h_kj|``, and a
    component's share is ``‖w_k‖ ‖h_k‖`` out of their sum: neither depends on how scale
    is split between W and H.
    """
    strength = component_strength(factors)
    order = np.argsort(-strength, kind="stable")[:MOST_COMPONENTS]
    names = named(dataset, factors, n_top=N_TOP)
    samples = represented(dataset, factors, n_top=N_TOP_ROWS)
    labelled = any(name.label is not None for name in names)
    rows = [
        [
            Cell(str(k + 1), sort=float(k + 1)),
            Cell(percent(strength[k]), sort=float(strength[k])),
            *([_name_cell(names[k])] if labelled else []),
            *_feature_cells(dataset, factors.H[k], names[k]),
            _sample_cell(row_names(dataset), samples[k]),
        ]
        for k in order
    ]
    left = factors.n_components - len(rows)
    return Table(
        id=table_id,
        caption=f"Top features of each component: {title}",
        columns=_columns(labelled=labelled),
        rows=rows,
        note=" ".join(_notes(dataset, left, labelled=labelled)),
    )


def _notes(dataset: StoredDataset, left: int, *, labelled: bool) -> list[str]:
    """Return what is not listed: components that are weak, features seldom observed."""
    said = [f"{left} weaker components are not listed."] if left > 0 else []
    counts = observed(dataset) if labelled else None
    few = 0 if counts is None else int((counts[1] < MIN_OBSERVED).sum())
    if few:
        said.append(
            f"{count(few, 'feature')} observed in fewer than {MIN_OBSERVED} cells"
            f" {'is' if few == 1 else 'are'} left out of names and lists: what so few"
            " cells determine may have any weight."
        )
    return said


def _columns(*, labelled: bool) -> list[Column]:
    return [
        Column("Component"),
        Column("Share", True, "‖w‖ ‖h‖ of the component, out of their sum"),
        *([Column("Name", hint=_NAME)] if labelled else []),
        Column("Top features", hint="with their share of the component's weight"),
        Column("By FREX", hint="heavy here and light in the other components"),
        Column("Representative samples", hint="strong here and weak elsewhere"),
    ]


_NAME = (
    "the label that the 30 top features bear most beyond chance: how many of them,"
    " the odds against the rest, and the corrected probability among features that"
    " are as often observed"
)


def _name_cell(name: ComponentName) -> Cell:
    """Return the label a component is called by; else the best, as no name."""
    if name.enriched is not None:
        label, _, detail = name.enriched.short_text.partition(" (")
        by_frex = "" if name.enriched is name.label else ", by FREX"
        return Cell(label, detail.rstrip(")") + by_frex)
    first = "" if name.label is None else f"first: {name.label.short_text}"
    return Cell("no name", first, sort="")


def _feature_cells(
    dataset: StoredDataset, h: Matrix, name: ComponentName
) -> tuple[Cell, Cell]:
    names, total = column_names(dataset), float(np.abs(h).sum())
    if total == 0:
        return Cell("no weight: the component is dead"), Cell(NOTHING)
    weighty = ", ".join(f"{names[j]} ({percent(h[j] / total)})" for j in name.top)
    own = ", ".join(names[j] for j in name.own)
    return Cell(weighty or NOTHING), Cell(own or NOTHING)


def _sample_cell(names: list[str], found: Representatives) -> Cell:
    text = ", ".join(names[i] for i in found.samples) or NOTHING
    label = found.label
    enriched = label is not None and label.is_enriched
    return Cell(text, f"enriched: {label.short_text}" if label and enriched else "")


def component_strength(factors: Factors) -> Matrix:
    """Return ``‖w_k‖ ‖h_k‖`` of each component as a share of their sum."""
    norms = np.linalg.norm(factors.W, axis=0) * np.linalg.norm(factors.H, axis=1)
    total = float(norms.sum())
    return np.asarray(norms / total if total > 0 else norms, dtype=np.float64)


def percent(share: float) -> str:
    """Return a share as ``12.5 %``."""
    return f"{number(100 * float(share), 3 if share >= 0.001 else 2)}\u00a0%"
