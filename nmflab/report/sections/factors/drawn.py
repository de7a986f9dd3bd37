"""Small data, drawn cell by cell: X, WH, W and H, and their digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Factors, Mask, Matrix
from nmflab.report.content import Cell, Column, Figure, Table
from nmflab.report.numbers import listed
from nmflab.report.reading.observed import (
    column_names,
    dense,
    known_cells,
    row_names,
    unidentified,
)
from nmflab.report.sections.factors.heatmaps import Grid, heatmaps, value_limits

if TYPE_CHECKING:
    from nmflab.store import StoredDataset

_COMPONENT = "component"


def component_names(n_components: int) -> list[str]:
    """Return ``1``, ``2``...: components in the order the solver returned them."""
    return [str(k + 1) for k in range(n_components)]


def drawn_data(
    figure_id: str,
    dataset: StoredDataset,
    weightings: Sequence[str],
    limits: tuple[float, float],
) -> Figure:
    """Return the heatmap of X, as it was before any weighting."""
    rows, columns = row_names(dataset), column_names(dataset)
    known = known_cells(dataset)
    unknown = None if known is None else ~known
    grid = Grid("X", dense(dataset), rows, columns, unknown=unknown, limits=limits)
    parts = ["The data"]
    if weightings:
        named = listed(list(weightings))
        parts = [
            f"X before weighting {named}; WH of the runs with that weighting models the"
            " weighted X, and is coloured on a scale of its own"
        ]
    if unknown is not None:
        parts.append("? marks a cell that was not observed")
    return Figure(figure_id, "X, the data", ". ".join(parts) + ".", heatmaps([grid]))


def shared_limits(
    dataset: StoredDataset, models: Sequence[Factors]
) -> tuple[float, float]:
    """Return one colour range for X and the models of it."""
    X, known = dense(dataset), known_cells(dataset)
    seen = X if known is None else np.where(known, X, 0.0)
    return value_limits([seen, *(factors.reconstruct() for factors in models)])


def drawn_factors(
    figure_id: str,
    title: str,
    dataset: StoredDataset,
    factors: Factors,
    *,
    zero_filled: bool,
    weighting: str = "none",
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Return the heatmaps of WH, W and H of one run.

    Parameters
    ----------
    limits : (low, high), optional
        Colour range shared with X; of WH alone where None, as for weighted data.
    """
    rows, columns = row_names(dataset), column_names(dataset)
    components = component_names(factors.n_components)
    known = known_cells(dataset)
    unknown = None if known is None else ~known
    doubtful = None if zero_filled else _doubtful(dataset, factors, unknown)
    grids = [
        Grid(
            "WH, the model",
            factors.reconstruct(),
            rows,
            columns,
            outlined=None if zero_filled else unknown,
            doubtful=doubtful,
            limits=limits,
        ),
        Grid("W", factors.W, rows, components, x_title=_COMPONENT),
        Grid("H", factors.H, components, columns, y_title=_COMPONENT),
    ]
    parts = [_scales(weighting, shared=limits is not None)]
    parts += _marks(factors, unknown, doubtful, zero_filled)
    return Figure(figure_id, title, " ".join(parts), heatmaps(grids))


def _doubtful(
    dataset: StoredDataset, factors: Factors, unknown: Mask | None
) -> Mask | None:
    few = unidentified(dataset, factors.n_components)
    if unknown is None or not few:
        return None
    doubtful = np.zeros(unknown.shape, dtype=bool)
    doubtful[few.rows, :] = True
    doubtful[:, few.columns] = True
    return doubtful & unknown


def _scales(weighting: str, *, shared: bool) -> str:
    text = (
        "Factors as the solver returned them; how scale is shared between W and H is"
        " arbitrary, WH is not."
    )
    if weighting != "none":
        return (
            f"{text} WH models X weighted by {weighting}, not the X drawn above, and"
            " has its own colour scale."
        )
    return f"{text} WH has the colour scale of X." if shared else text


def _marks(
    factors: Factors, unknown: Mask | None, doubtful: Mask | None, zero_filled: bool
) -> list[str]:
    parts = []
    if unknown is not None and zero_filled:
        parts.append("Cells marked ? in X were fitted as if they were 0.")
    elif unknown is not None:
        parts.append("Bordered in WH: predicted, not fitted.")
    if doubtful is not None and doubtful.any():
        parts.append("A number followed by ?: not identified by the data.")
    if factors.row_offset is not None or factors.column_offset is not None:
        parts.append("WH includes the offsets of rows and columns.")
    return parts


def digits(
    table_id: str, title: str, dataset: StoredDataset, factors: Factors
) -> list[Table]:
    """Return W, H and WH as tables of eight decimals."""
    rows, columns = row_names(dataset), column_names(dataset)
    components = component_names(factors.n_components)
    return [
        _digits(f"{table_id}-W", f"W of {title}", factors.W, rows, components),
        _digits(f"{table_id}-H", f"H of {title}", factors.H, components, columns),
        _digits(
            f"{table_id}-WH", f"WH of {title}", factors.reconstruct(), rows, columns
        ),
    ]


def _digits(
    table_id: str,
    caption: str,
    values: Matrix,
    rows: Sequence[str],
    columns: Sequence[str],
) -> Table:
    # Rounded first, so that −1e-12 reads 0.00000000 and not −0.00000000.
    rounded = np.round(values, 8) + 0.0
    return Table(
        id=table_id,
        caption=caption,
        columns=[Column(""), *(Column(name, numeric=True) for name in columns)],
        rows=[
            [Cell(name), *(Cell(f"{v:.8f}", sort=float(v)) for v in line)]
            for name, line in zip(rows, rounded, strict=True)
        ],
    )
