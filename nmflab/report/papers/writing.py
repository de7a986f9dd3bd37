"""From a study to a folder of figures and tables for a paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nmflab.contracts import ReportPart
from nmflab.report.content import Cards, Figure, Report, Table
from nmflab.report.drawing.theme import colours
from nmflab.report.formats.figures import write_whole
from nmflab.report.papers import (
    captions,
    convergence,
    latex,
    latex_tables,
    pgf,
    sheets,
    tables,
)
from nmflab.report.papers.asked import Asked, FiguresError
from nmflab.report.papers.curves import all_curves
from nmflab.report.papers.fitting import COLUMN, PAGE, POINTS_PER_MM, TALLEST
from nmflab.report.papers.names import safe_name
from nmflab.report.papers.rendering import SMALLEST, Drawing, draw
from nmflab.report.papers.wanted import Wanted, things_in
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import Material, gather
from nmflab.report.sections.advice import without_draws
from nmflab.report.writing import composed

if TYPE_CHECKING:
    from nmflab.store import Store

WIDE = 1.2 * COLUMN
"""Millimetres from which a figure takes the width of a page in LaTeX."""

_ENDINGS = {"latex": "tex", "markdown": "md", "csv": "csv"}


@dataclass
class Written:
    """What was written.

    Parameters
    ----------
    folder : Path
    files : list of Path
        In order of writing.
    notes : list of str
        What the reader should know: letters made small, comparisons without a figure.
    """

    folder: Path
    files: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, content: str | bytes) -> None:
        """Write a file of the folder, whole or not at all."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
        self.files.append(path)


def figures(
    store: Store,
    asked: Asked,
    sections: Sequence[ReportPart] = (),
    *,
    out: Path | None = None,
    all_sweeps: bool = False,
) -> Written:
    """Write the figures and tables of a study's report for a paper.

    Parameters
    ----------
    store : Store
    asked : Asked
    sections : sequence of ReportPart
        From plugins.
    out : Path, optional
        The folder; by default ``figures/`` in the study's.
    all_sweeps : bool, default False
        Every run of the study, not of its last command only.

    Raises
    ------
    FiguresError
        If a name of ``only`` is not in the report, or the folder cannot be written.
    """
    material = gather(store, all_sweeps=all_sweeps)
    wanted = Wanted(asked.only)
    report = None
    if asked.only != (convergence.ID,):
        report = composed(material, sections)
        wanted.check(report)
    written = Written(out or store.folder / "figures")
    try:
        if report is not None:
            _report(report, asked, wanted, written)
        if wanted.takes(convergence.ID, convergence.ID):
            _convergence(material, asked, written)
    except OSError as error:
        raise FiguresError(
            f"cannot write to {written.folder}: {error.strerror or error}; make room or"
            " give rights there, or name another folder: out=FOLDER"
        ) from error
    return written


def _report(report: Report, asked: Asked, wanted: Wanted, written: Written) -> None:
    """Write what the report shows, and a LaTeX file that has it all."""
    environments: list[str] = []
    for section in report.sections:
        for thing in things_in(section):
            if not wanted.takes(section.id, thing.id):
                continue
            name = safe_name(thing.id)
            if isinstance(thing, Table):
                _table(thing, name, report, asked, written)
            elif asked.formats:
                environments.append(_figure(thing, name, asked, written))
    if environments and "pdf" in asked.formats:
        head = "% needs \\usepackage{graphicx}\n"
        written.add("figures.tex", head + "\n".join(environments))


def _figure(thing: Figure | Cards, name: str, asked: Asked, written: Written) -> str:
    """Write a figure, or a sheet of pictures; return its LaTeX."""
    if isinstance(thing, Figure):
        drawing = draw(thing, asked.width)
        said = f"{thing.title}. {thing.caption}"
    else:
        drawing = sheets.sheet(thing, asked.width)
        said = f"{thing.caption}. {thing.note}".rstrip(". ") + "."
        if asked.only:
            _pictures(thing, asked, written)
    _save(drawing, name, asked, written)
    return latex.figure(
        f"{name}.pdf", latex.escaped(said), name, wide=_is_wide(drawing)
    )


def _pictures(cards: Cards, asked: Asked, written: Written) -> None:
    """Write each picture by itself: there are hundreds, so only where asked for."""
    for card in cards.cards:
        for one in card.pictures:
            small = sheets.picture(one, asked.width)
            _save(small, f"pictures/{safe_name(one.id)}", asked, written)


def _is_wide(drawing: Drawing) -> bool:
    return drawing.millimetres > WIDE


def _save(drawing: Drawing, name: str, asked: Asked, written: Written) -> None:
    makers: dict[str, Callable[[], str | bytes]] = {
        "svg": drawing.as_svg,
        "pdf": drawing.as_pdf,
        "png": drawing.as_png,
    }
    for kind in asked.formats:
        written.add(f"{name}.{kind}", makers[kind]())
    narrow = asked.width is not None and asked.width < PAGE
    wider = "; width=page may suit it better" if narrow else ""
    if drawing.letters < SMALLEST:
        written.notes.append(
            f"{name} was made smaller to fit {drawing.millimetres:.0f} mm: its letters"
            f" are {drawing.letters:.1f} points high{wider}"
        )
    if drawing.height > TALLEST * POINTS_PER_MM:
        written.notes.append(
            f"{name} is {drawing.height / POINTS_PER_MM:.0f} mm high, more than a"
            f" page{wider}"
        )


def _table(
    table: Table, name: str, report: Report, asked: Asked, written: Written
) -> None:
    wide = asked.width is None or asked.width > WIDE
    makers = {
        "latex": lambda: latex_tables.table(table, name, wide=wide),
        "markdown": lambda: tables.markdown(table, report),
        "csv": lambda: tables.as_csv(table),
    }
    for kind in asked.tables:
        written.add(f"tables/{name}.{_ENDINGS[kind]}", makers[kind]())


def _convergence(material: Material, asked: Asked, written: Written) -> None:
    """Write the convergence figures of a paper, each with its LaTeX."""
    material = without_draws(material)
    groups = group_runs(material)
    found, missing = all_curves(material)
    written.notes += missing
    look = convergence.looks(colours(sorted({group.variant for group in groups})))
    width = asked.width or PAGE
    wide = width > WIDE
    for curves, name in zip(found, convergence.ids(found), strict=True):
        said = captions.caption(material, curves)
        plain = captions.plain(said)
        chart = convergence.figure(curves, name, look, plain)
        _save(draw(chart, width), name, asked, written)
        files = pgf.files(curves, name, look, said, width, wide=wide)
        for file, text in files.items():
            written.add(file, text)


def summary(written: Written) -> str:
    """Return what was written, for a terminal."""
    kinds: Mapping[str, int] = _counted(written.files)
    said = ", ".join(f"{n} .{kind}" for kind, n in kinds.items())
    lines = [f"{len(written.files)} files in {written.folder}: {said}"]
    if not written.files:
        lines = [f"nothing to write: {written.folder} was left as it is"]
    lines += [f"note: {note}" for note in dict.fromkeys(written.notes)]
    return "\n".join(lines)


def _counted(files: Sequence[Path]) -> dict[str, int]:
    kinds = sorted(path.suffix.removeprefix(".") for path in files)
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
