"""The convergence figure as a pgfplots picture in the fonts of its document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nmflab.report.papers.captions import Maths
from nmflab.report.papers.convergence import Look, marked
from nmflab.report.papers.curves import TITLES, Axis, Curves
from nmflab.report.papers.fitting import POINTS_PER_PIXEL
from nmflab.report.papers.latex import PATH, UNICODE, environment, escaped

LABELS = 16.0
"""Millimetres left of an axis for its labels."""

_MARKS = {
    "circle": "mark=*",
    "square": "mark=square*",
    "triangle-up": "mark=triangle*",
    "diamond": "mark=diamond*",
    "cross": "mark=+",
    "triangle-down": "mark=triangle*",
}
_TURNED = {"triangle-down": ", rotate=180", "cross": ", very thick"}


def files(
    curves: Curves,
    name: str,
    look: Mapping[str, Look],
    said: Sequence[str | Maths],
    width: float,
    *,
    wide: bool,
) -> dict[str, str]:
    """Return the figure's files by name: data, picture, document, environment.

    Parameters
    ----------
    name : str
        Of the figure.
    said : sequence of str or Maths
        Its caption.
    width : float
        Millimetres.
    wide : bool
        Whether the panels stand side by side, over a page of two columns.
    """
    shown = [variant for variant in look if variant in curves.shared.keys]
    data = {f"{name}-{_short(axis)}.dat": _data(axis, shown) for axis in curves.axes}
    picture = _picture(curves, list(data), shown, look, width, wide=wide)
    caption = "".join(m.tex if isinstance(m, Maths) else escaped(m) for m in said)
    body = f"\\input{{\\nmflabpath {name}.tikz}}"
    return {
        **data,
        f"{name}.tikz": picture,
        # Its PDF must not take the place of the drawing's, which has the figure's name.
        f"{name}-standalone.tex": _DOCUMENT.format(picture=f"{name}.tikz"),
        f"{name}-figure.tex": _PREAMBLE + environment(body, caption, name, wide=wide),
    }


_PREAMBLE = (
    "% needs \\usepackage{pgfplots}\\pgfplotsset{compat=1.16}"
    "\\usepgfplotslibrary{groupplots}\n"
)
_DOCUMENT = (
    "% Compiles by itself; in another document \\input the .tikz, or the figure.\n"
    "\\documentclass[border=1pt]{{standalone}}\n"
    "\\usepackage{{pgfplots}}\n"
    "\\pgfplotsset{{compat=1.16}}\n"
    "\\usepgfplotslibrary{{groupplots}}\n"
    "\\begin{{document}}\n"
    "\\input{{{picture}}}\n"
    "\\end{{document}}\n"
)


def _short(axis: Axis) -> str:
    return "iterations" if axis.clock == "step" else "time"


def _data(axis: Axis, shown: Sequence[str]) -> str:
    """Return a table for pgfplots: the clock, then a column a solver."""
    lines = [f"# line{nth}: {' '.join(v.split())}" for nth, v in enumerate(shown, 1)]
    lines.append(" ".join([axis.clock, *(f"line{n + 1}" for n in range(len(shown)))]))
    nothing = np.full(axis.at.size, np.nan)
    columns = [axis.at, *(axis.lines.get(name, nothing) for name in shown)]
    for row in zip(*columns, strict=True):
        if row[0] > 0 or not axis.log:
            lines.append(" ".join(f"{value:.6g}" for value in row))
    return "\n".join(lines) + "\n"


def _picture(
    curves: Curves,
    data: Sequence[str],
    shown: Sequence[str],
    look: Mapping[str, Look],
    width: float,
    *,
    wide: bool,
) -> str:
    inner = (width - 2 * LABELS - 7) / 2 if wide else width - LABELS - 5
    high = min(0.72 * inner, 48.0)
    lines = [
        _PREAMBLE.rstrip("\n"),
        PATH,
        UNICODE,
        r"\begin{tikzpicture}",
        *(
            f"\\definecolor{{nmflab{n}}}{{HTML}}{{{look[v].colour[1:].upper()}}}"
            for n, v in enumerate(shown, 1)
        ),
        *_group(inner, high, _columns(shown, width), wide=wide),
    ]
    # The legend stands below both panels: between them, or under the lower.
    place = (0, (inner + (LABELS + 3) / 2) / inner) if wide else (len(data) - 1, 0.5)
    for nth, (axis, file) in enumerate(zip(curves.axes, data, strict=True)):
        lines += _panel(axis, file, shown, look, curves.scale.kind)
        if nth == place[0]:
            lines += _legend(shown, f"{place[1]:.3f}", high)
    lines += [r"\end{groupplot}", r"\end{tikzpicture}%"]
    return "\n".join(lines) + "\n"


def _group(inner: float, high: float, columns: int, *, wide: bool) -> list[str]:
    """Return the beginning of the group of panels: their size and look."""
    grid = "2 by 1" if wide else "1 by 2"
    gap = f"horizontal sep={LABELS + 3:.0f}mm" if wide else "vertical sep=14mm"
    return [
        r"\begin{groupplot}[",
        f"  group style={{group size={grid}, {gap}}},",
        f"  scale only axis, width={inner:.1f}mm, height={high:.1f}mm,",
        "  ymode=log, unbounded coords=jump, grid=major,",
        "  grid style={black!12, very thin},",
        "  every axis plot/.append style={line width=0.8pt, mark size=1.6pt},",
        "  tick label style={font=\\footnotesize}, label style={font=\\small},",
        "  legend cell align=left,",
        "  legend style={draw=none, font=\\small, anchor=north,",
        f"    legend columns={columns},",
        "    /tikz/every even column/.append style={column sep=2.5mm}},",
        "]",
    ]


def _panel(
    axis: Axis, file: str, shown: Sequence[str], look: Mapping[str, Look], kind: str
) -> list[str]:
    time = "xmode=log, " if axis.log else ""
    lines = [
        f"\\nextgroupplot[{time}xlabel={{{escaped(TITLES[axis.clock])}}},"
        f" ylabel={{{_ERRORS[kind]}}}]"
    ]
    places = marked(axis, shown)
    for nth, name in enumerate(shown, 1):
        lines.append(
            f"\\addplot[{_style(nth, look[name], places.get(name, []))}]"
            f" table[x={axis.clock}, y=line{nth}] {{\\nmflabpath {file}}};"
        )
    return lines


_ERRORS = {
    "frobenius": r"$\|X - WH\|_F / \|X\|_F - e_{\min}$",
    "rank_one": r"$D(X, WH) / D_1 - e_{\min}$",
    "start": r"$D(X, WH) / D_0 - e_{\min}$",
}


def _style(nth: int, look: Look, places: Sequence[int]) -> str:
    strokes = [f"{length * POINTS_PER_PIXEL:.3g}pt" for length in look.dash]
    dash = " ".join(
        f"{'off' if at % 2 else 'on'} {length}" for at, length in enumerate(strokes)
    )
    full = look.dash[1] == 0
    pattern = "" if full else f"dash pattern={dash}, "
    stride = places[1] - places[0] if len(places) > 1 else 1
    options = f"solid{_TURNED.get(look.shape, '')}"
    return (
        f"nmflab{nth}, {pattern}{_MARKS[look.shape]}, mark options={{{options}}},"
        f" mark repeat={stride}, mark phase={max(1, stride * nth // 6)}"
    )


def _legend(shown: Sequence[str], at: str, high: float) -> list[str]:
    below = 11.5 / high
    place = f"\\pgfplotsset{{legend style={{at={{({at},-{below:.3f})}}}}}}"
    return [place, *(f"\\addlegendentry{{{escaped(name)}}}" for name in shown)]


def _columns(shown: Sequence[str], width: float) -> int:
    entry = 14 + 1.8 * max(map(len, shown))
    return max(1, min(len(shown), int(width // entry)))
