"""Annotated heatmaps: X, WH, W and H of small data, and correlations of WH."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import numpy.typing as npt

from nmflab.contracts import Mask, Matrix
from nmflab.report.drawing.pencil import Records, Spec, spec_of
from nmflab.report.drawing.theme import BLUES, BORDER, DIVERGING, MISSING

ROOMY = 24.0
"""Width of a cell in pixels from which its number is written into it."""

WIDEST = 620.0
"""Width in pixels that a heatmap's cells share."""

BESIDE = 130.0
"""Pixels left of a heatmap's cells, for the names of its rows."""

ROOM = 920.0
"""Width in pixels of a drawing within which heatmaps stand side by side."""

TALL = 15
"""Rows beyond which they are drawn lower, so that a table of 40 fits a screen."""


@dataclass(frozen=True)
class Grid:
    """One heatmap.

    Parameters
    ----------
    title : str
    values : ndarray of shape (n_rows, n_columns)
        NaN is drawn as "·", no value.
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
    limits: tuple[float, float] | None = None


def heatmaps(grids: Sequence[Grid]) -> Spec:
    """Return several heatmaps as one chart, in pairs where they fit side by side."""
    wanted = max(_wanted_width(grid) for grid in grids)
    widths = [_cell_width(grid, wanted) for grid in grids]
    data, drawn = {}, []
    for at, (grid, width) in enumerate(zip(grids, widths, strict=True)):
        data[f"grid{at}"] = _cells(grid, written=width >= ROOMY)
        drawn.append(_heatmap(grid, f"grid{at}", width))
    if len(drawn) == 1:
        return spec_of(drawn[0], data)
    sides = [
        width * len(grid.columns) + BESIDE
        for grid, width in zip(grids, widths, strict=True)
    ]
    together = alt.concat(*drawn, columns=_side_by_side(sides), spacing=28)
    together = together.resolve_scale(x="independent", y="independent")
    together = together.resolve_scale(fill="independent", color="independent")
    return spec_of(together, data)


def _side_by_side(sides: Sequence[float]) -> int:
    """Return in how many columns heatmaps of these widths fit a page."""
    for n in range(len(sides), 1, -1):
        if sum(max(sides[at::n]) for at in range(n)) <= ROOM:
            return n
    return 1


def _wanted_width(grid: Grid) -> float:
    longest = max((len(text) for text in _texts(grid).ravel()), default=1)
    return max(30.0, 8.5 * longest + 8)


def _cell_width(grid: Grid, wanted: float) -> float:
    fitting = WIDEST / max(1, len(grid.columns))
    return wanted if fitting >= wanted else max(11.0, min(fitting, ROOMY - 1))


def _heatmap(grid: Grid, data: str, width: float) -> alt.LayerChart:
    written = width >= ROOMY
    base = alt.Chart(alt.NamedData(data)).encode(
        x=_columns_axis(grid, width), y=_rows_axis(grid, written)
    )
    layers: list[alt.Chart] = [_blank(base), _filled(base, grid, written)]
    if grid.outlined is not None and grid.outlined.any():
        border = base.transform_filter("datum.outlined")
        layers.append(border.mark_rect(fillOpacity=0, stroke=BORDER, strokeWidth=1.8))
    if written:
        white = {"test": _dark(grid), "value": "#ffffff"}
        ink = alt.ColorValue(value="#111111", condition=white)
        layers.append(base.mark_text(fontSize=12).encode(text="text:N", color=ink))
    chart = alt.LayerChart(layer=layers)
    chart.title = grid.title
    chart.width = round(width * len(grid.columns))
    row = width if not written else 17.0 if len(grid.rows) > TALL else 24.0
    chart.height = round(row * max(1, len(grid.rows)))
    return chart


def _filled(base: alt.Chart, grid: Grid, written: bool) -> alt.Chart:
    low, high = grid.limits or value_limits([grid.values])
    ramp = list(DIVERGING if low < 0 else BLUES)
    domain = [low + (high - low) * k / (len(ramp) - 1) for k in range(len(ramp))]
    if high <= low:  # all values are 0
        domain, ramp = [0.0, 1.0], ramp[:2]
    scale = alt.Scale(domain=domain, range=ramp, interpolate="rgb")
    ends = [domain[0], (domain[0] + domain[-1]) / 2, domain[-1]]
    key = alt.Legend(title="Value", gradientLength=200, values=ends, format="~g")
    value = alt.Fill("value:Q", scale=scale, legend=None if written else key)
    tooltip = [
        alt.Tooltip("row:N", title=grid.y_title or "row"),
        alt.Tooltip("column:N", title=grid.x_title or "column"),
        alt.Tooltip("value:Q", title="value", format=".8~g"),
    ]
    gap = 1.0 if written else 0.0
    cells: alt.Chart = base.mark_rect(stroke="#ffffff", strokeWidth=gap)
    encoded: alt.Chart = cells.encode(fill=value, tooltip=tooltip)
    return encoded


def _blank(base: alt.Chart) -> alt.Chart:
    """Return the cells without a value: not observed, or without variation."""
    empty = base.transform_filter("!isValid(datum.value)")
    grey: alt.Chart = empty.mark_rect(fill=MISSING, stroke="#ffffff", strokeWidth=1.0)
    return grey


def _dark(grid: Grid) -> str:
    """Return the test for cells so dark that their number is written in white."""
    low, high = grid.limits or value_limits([grid.values])
    if low < 0:
        return f"isValid(datum.value) && abs(datum.value) > {0.8 * high!r}"
    return f"isValid(datum.value) && datum.value > {low + 0.66 * (high - low)!r}"


def _rows_axis(grid: Grid, written: bool) -> alt.Y:
    return alt.Y(
        "row:N",
        sort=list(grid.rows),
        title=grid.y_title or None,
        axis=alt.Axis(
            labelLimit=150,
            labelFontSize=12 if written else 10,
            domain=False,
            ticks=False,
            labelOverlap=False,
        ),
    )


def _columns_axis(grid: Grid, width: float) -> alt.X:
    flat = max((len(name) for name in grid.columns), default=1) * 7 <= width
    crowded = width < ROOMY
    return alt.X(
        "column:N",
        sort=list(grid.columns),
        title=grid.x_title or None,
        axis=alt.Axis(
            orient="top",
            labelAngle=0 if flat else -90 if crowded else -40,
            labelAlign="center" if flat else "left",
            labelBaseline="middle" if crowded and not flat else "bottom",
            labelFontSize=10 if crowded else 12,
            labelLimit=130,
            domain=False,
            ticks=False,
            labelOverlap=False,
        ),
    )


def _cells(grid: Grid, written: bool) -> Records:
    unknown = _or_none(grid.unknown, grid.values)
    outlined = _or_none(grid.outlined, grid.values)
    texts = _texts(grid)
    cells: Records = []
    for i, row in enumerate(grid.rows):
        for j, column in enumerate(grid.columns):
            value = float(grid.values[i, j])
            shown = math.isfinite(value) and not unknown[i, j]
            digits = 10 if written else 4
            cell: dict[str, object] = {"row": row, "column": column}
            cell["value"] = float(f"{value:.{digits}g}") if shown else None
            if written:
                cell["text"] = texts[i, j]
            if outlined[i, j]:
                cell["outlined"] = True
            cells.append(cell)
    return cells


def _or_none(mask: Mask | None, values: Matrix) -> Mask:
    return np.zeros(values.shape, dtype=bool) if mask is None else mask


def _texts(grid: Grid) -> npt.NDArray[np.object_]:
    """Return what is written into each cell: as many decimals as the values need."""
    unknown = _or_none(grid.unknown, grid.values)
    doubtful = _or_none(grid.doubtful, grid.values)
    decimals = _decimals(grid.values[~unknown])
    texts = np.empty(grid.values.shape, dtype=object)
    for at, value in np.ndenumerate(grid.values):
        rounded = round(float(value), decimals) + 0.0 if math.isfinite(value) else value
        shown = f"{rounded:.{decimals}f}" if math.isfinite(value) else "·"
        texts[at] = "?" if unknown[at] else shown + (" ?" if doubtful[at] else "")
    return texts


def _decimals(values: Matrix) -> int:
    """Return 0 for whole numbers, else so many that the largest shows three digits."""
    finite = np.abs(values[np.isfinite(values)])
    if not finite.size or (finite == np.round(finite)).all():
        return 0
    top = float(finite.max())
    if top >= 0.1:
        return 2 if top < 100 else 1 if top < 1000 else 0
    return min(6, 2 - math.floor(math.log10(top)))


def value_limits(arrays: Sequence[Matrix]) -> tuple[float, float]:
    """Return one colour range for several arrays: from 0, or symmetric when signed."""
    finite = np.concatenate([array[np.isfinite(array)] for array in arrays])
    high = float(np.abs(finite).max()) if finite.size else 0.0
    return (-high, high) if finite.size and finite.min() < 0 else (0.0, high)
