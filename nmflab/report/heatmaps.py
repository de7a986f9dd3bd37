"""Annotated heatmaps: X, WH, W and H of small data, and correlations of WH."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import altair as alt
import numpy as np
import numpy.typing as npt

from nmflab.contracts import Mask, Matrix
from nmflab.report.charts import Records, Spec, spec_of
from nmflab.report.theme import GRID, INK, MISSING

BLUES = ["#f2f6fa", "#c3d9ec", "#86b4d9", "#3d87c0", "#0a5a9c", "#053a6b"]
DIVERGING = [
    "#b35806",
    "#f1a340",
    "#fee0b6",
    "#f4f5f7",
    "#c3d9ec",
    "#4b8dc4",
    "#0a5a9c",
]

MOST_ANNOTATED = 30
"""Columns up to which a heatmap has room for its numbers."""


@dataclass(frozen=True)
class Grid:
    """One heatmap.

    Parameters
    ----------
    title : str
    values : ndarray of shape (n_rows, n_columns)
        NaN is drawn as "no value".
    rows, columns : sequences of str
        Names, each once.
    unknown : ndarray of bool, optional
        Cells shown as "?" in place of a value.
    outlined : ndarray of bool, optional
        Cells drawn with a border: values predicted, not fitted.
    doubtful : ndarray of bool, optional
        Cells whose number is followed by "?".
    x_title, y_title : str
    limits : (low, high), optional
        Of the colour scale; of the values where None.
    """

    title: str
    values: Matrix
    rows: Sequence[str]
    columns: Sequence[str]
    unknown: Mask | None = None
    outlined: Mask | None = None
    doubtful: Mask | None = None
    x_title: str = ""
    y_title: str = ""
    limits: tuple[float, float] | None = field(default=None)


def heatmaps(grids: Sequence[Grid], columns: int = 2) -> Spec:
    """Return several heatmaps as one chart, side by side where they fit."""
    drawn = [_heatmap(grid) for grid in grids]
    wide = any(_cell_width(grid) * len(grid.columns) > 330 for grid in grids)
    if len(drawn) == 1:
        return spec_of(drawn[0])
    together = alt.concat(*drawn, columns=1 if wide else columns, spacing=28)
    return spec_of(together.resolve_scale(x="independent", y="independent"))


def _cell_width(grid: Grid) -> float:
    longest = max(len(text) for text in _texts(grid).ravel()) if grid.values.size else 1
    wanted = max(30.0, 8.5 * longest + 8)
    return max(14.0, min(wanted, 620 / max(1, len(grid.columns))))


def _heatmap(grid: Grid) -> alt.LayerChart:
    width = _cell_width(grid)
    base = alt.Chart(alt.InlineData(values=_cells(grid))).encode(
        x=_axis("x", "column", grid.columns, grid.x_title, width),
        y=_axis("y", "row", grid.rows, grid.y_title, width),
        tooltip=[
            alt.Tooltip("row:N", title=grid.y_title or "row"),
            alt.Tooltip("column:N", title=grid.x_title or "column"),
            alt.Tooltip("label:N", title="value"),
        ],
    )
    cells = base.mark_rect(strokeWidth=1.4).encode(
        fill=alt.Fill("fill:N", scale=None, legend=None),
        stroke=alt.Stroke("stroke:N", scale=None, legend=None),
    )
    layers: list[alt.Chart] = [cells]
    if width >= 22 and len(grid.columns) <= MOST_ANNOTATED:
        layers.append(
            base.mark_text(fontSize=12).encode(
                text="text:N", color=alt.Color("ink:N", scale=None, legend=None)
            )
        )
    return alt.layer(*layers).properties(
        title=grid.title,
        width=round(width * len(grid.columns)),
        height=24 * max(1, len(grid.rows)),
    )


def _axis(
    channel: str, name: str, names: Sequence[str], title: str, cell: float
) -> alt.X | alt.Y:
    longest = max((len(name) for name in names), default=1)
    if channel == "y":
        return alt.Y(
            f"{name}:N",
            sort=list(names),
            title=title or None,
            axis=alt.Axis(
                labelLimit=150, domain=False, ticks=False, labelOverlap=False
            ),
        )
    flat = longest * 7 <= cell
    return alt.X(
        f"{name}:N",
        sort=list(names),
        title=title or None,
        axis=alt.Axis(
            orient="top",
            labelAngle=0 if flat else -40,
            labelAlign="center" if flat else "left",
            labelLimit=130,
            domain=False,
            ticks=False,
            labelOverlap=False,
        ),
    )


def _cells(grid: Grid) -> Records:
    fills, inks = _colours(grid)
    texts = _texts(grid)
    unknown = _or_none(grid.unknown, grid.values)
    outlined = _or_none(grid.outlined, grid.values)
    return [
        {
            "row": row,
            "column": column,
            "text": texts[i, j],
            "label": "not observed" if unknown[i, j] else _exact(grid.values[i, j]),
            "fill": fills[i][j],
            "ink": inks[i][j],
            "stroke": INK if outlined[i, j] else GRID,
        }
        for i, row in enumerate(grid.rows)
        for j, column in enumerate(grid.columns)
    ]


def _or_none(mask: Mask | None, values: Matrix) -> Mask:
    return np.zeros(values.shape, dtype=bool) if mask is None else mask


def _exact(value: float) -> str:
    return f"{value:.8g}" if math.isfinite(value) else "no variation"


def _texts(grid: Grid) -> npt.NDArray[np.object_]:
    """Return what is written into each cell: as many decimals as the largest needs."""
    finite = np.abs(grid.values[np.isfinite(grid.values)])
    top = float(finite.max()) if finite.size else 0.0
    decimals = (
        2 if top == 0 else min(4, max(0, 2 - math.floor(math.log10(top * 1.0001))))
    )
    decimals = min(decimals, 2) if top >= 0.1 else decimals
    unknown = _or_none(grid.unknown, grid.values)
    doubtful = _or_none(grid.doubtful, grid.values)
    texts = np.empty(grid.values.shape, dtype=object)
    for at, value in np.ndenumerate(grid.values):
        shown = f"{value:.{decimals}f}" if math.isfinite(value) else "·"
        shown = shown.replace("-0.00", "0.00") if float(value) == 0 else shown
        texts[at] = "?" if unknown[at] else shown + (" ?" if doubtful[at] else "")
    return texts


def _colours(grid: Grid) -> tuple[list[list[str]], list[list[str]]]:
    low, high = grid.limits or value_limits([grid.values])
    ramp = DIVERGING if low < 0 else BLUES
    unknown = _or_none(grid.unknown, grid.values)
    fills, inks = [], []
    for i, row in enumerate(grid.values):
        hues = [
            _hue(v, low, high, ramp, bool(unknown[i, j])) for j, v in enumerate(row)
        ]
        fills.append(hues)
        inks.append([_ink(hue) for hue in hues])
    return fills, inks


def _hue(value: float, low: float, high: float, ramp: list[str], unknown: bool) -> str:
    if unknown or not math.isfinite(value):
        return MISSING
    share = (value - low) / (high - low) if high > low else 0.0
    at = min(max(share, 0.0), 1.0) * (len(ramp) - 1)
    first = min(int(at), len(ramp) - 2)
    return _mixed(ramp[first], ramp[first + 1], at - first)


def _mixed(a: str, b: str, share: float) -> str:
    parts = (
        round(int(a[k : k + 2], 16) * (1 - share) + int(b[k : k + 2], 16) * share)
        for k in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)


def _ink(fill: str) -> str:
    """Return black or white, whichever stands out more (relative luminance, WCAG)."""
    channels = [int(fill[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if luminance < 0.179 else "#111111"


def value_limits(arrays: Sequence[Matrix]) -> tuple[float, float]:
    """Return one colour range for several arrays: from 0, or symmetric when signed."""
    finite = np.concatenate([array[np.isfinite(array)] for array in arrays])
    high = float(np.abs(finite).max()) if finite.size else 0.0
    return (-high, high) if finite.size and finite.min() < 0 else (0.0, high)


def correlations(W: Matrix, H: Matrix) -> Matrix:
    """Return the Pearson correlations of the columns of ``W H``, without forming it.

    ``cov = Hᵀ cov(W) H``. Columns that do not vary (to rounding) get NaN, as a
    correlation with a constant has no meaning.

    Parameters
    ----------
    W : ndarray of shape (n_samples, n_components)
    H : ndarray of shape (n_components, n_features)
    """
    centred = W - W.mean(axis=0)
    half = centred @ H if W.shape[0] <= H.shape[0] else _root(centred) @ H
    variance = (half**2).sum(axis=0)
    level = W.shape[0] * (np.abs(W).mean(axis=0) @ np.abs(H)) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = half / np.sqrt(np.where(variance > 1e-20 * level, variance, np.nan))
    return np.clip(scaled.T @ scaled, -1.0, 1.0)


def _root(centred: Matrix) -> Matrix:
    """Return R with ``RᵀR = centredᵀ centred``, of n_components rows."""
    return np.asarray(np.linalg.qr(centred, mode="r"))


def correlation_heatmap(title: str, values: Matrix, names: Sequence[str]) -> Spec:
    """Return the heatmap of a correlation matrix; "·" where there is no variation."""
    return heatmaps([Grid(title, values, names, names, limits=(-1.0, 1.0))])
