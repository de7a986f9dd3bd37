"""Data too large to draw: the top features of each component."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Factors, Matrix
from nmflab.report.content import Cell, Column, Table
from nmflab.report.numbers import number
from nmflab.report.observed import column_names, row_names

if TYPE_CHECKING:
    from nmflab.store import StoredDataset

MOST_COMPONENTS = 30
N_TOP = 8
N_TOP_ROWS = 3


def top_features(
    table_id: str, title: str, dataset: StoredDataset, factors: Factors
) -> Table:
    """Return one row a component: its share, its top features and its top samples.

    A feature's weight is its share of the component, ``h_kj / Σ_j |h_kj|``, and a
    component's share is ``‖w_k‖ ‖h_k‖`` out of their sum: neither depends on how scale
    is split between W and H.
    """
    features, samples = column_names(dataset), row_names(dataset)
    strength = component_strength(factors)
    order = np.argsort(-strength, kind="stable")[:MOST_COMPONENTS]
    rows = [
        [
            Cell(str(k + 1), sort=float(k + 1)),
            Cell(_percent(strength[k]), sort=float(strength[k])),
            Cell(_top(factors.H[k], features, N_TOP)),
            Cell(_top(factors.W[:, k], samples, N_TOP_ROWS, weights=False)),
        ]
        for k in order
    ]
    left = factors.n_components - len(rows)
    return Table(
        id=table_id,
        caption=f"Top features of each component: {title}",
        columns=[
            Column("Component"),
            Column("Share", True, "‖w‖ ‖h‖ of the component, out of their sum"),
            Column("Top features", hint="with their share of the component's weight"),
            Column("Strongest samples"),
        ],
        rows=rows,
        note=f"{left} weaker components are not listed." if left > 0 else "",
    )


def component_strength(factors: Factors) -> Matrix:
    """Return ``‖w_k‖ ‖h_k‖`` of each component as a share of their sum."""
    norms = np.linalg.norm(factors.W, axis=0) * np.linalg.norm(factors.H, axis=1)
    total = float(norms.sum())
    return np.asarray(norms / total if total > 0 else norms, dtype=np.float64)


def _top(values: Matrix, names: list[str], n: int, *, weights: bool = True) -> str:
    total = float(np.abs(values).sum())
    if total == 0:
        return "no weight: the component is dead"
    n = min(n, values.size)
    first = np.argpartition(-values, n - 1)[:n]
    first = first[np.argsort(-values[first], kind="stable")]
    return ", ".join(
        f"{names[j]} ({_percent(values[j] / total)})" if weights else names[j]
        for j in first
        if values[j] > 0
    )


def _percent(share: float) -> str:
    return f"{number(100 * float(share), 3 if share >= 0.001 else 2)}\u00a0%"
