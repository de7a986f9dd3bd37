"""From a store to the files of a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nmflab import __version__
from nmflab.contracts import ReportSection
from nmflab.report.content import Block, Figure, Prose, Report, Section
from nmflab.report.drawing.charts import against_size, why_no_error
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.drawing.theme import colours
from nmflab.report.formats.figures import render_svg, write_whole
from nmflab.report.formats.markdown import markdown
from nmflab.report.formats.page import figures_of, page, pictures_of
from nmflab.report.reading.groups import Group, group_runs
from nmflab.report.reading.material import Material, gather
from nmflab.report.reading.measures import error_measure, sparseness_measure
from nmflab.report.sections.advice import advice_section, without_draws
from nmflab.report.sections.aligned.section import aligned_section
from nmflab.report.sections.asked import asked_section
from nmflab.report.sections.convergence import convergence, undrawn
from nmflab.report.sections.factors.section import factors_section
from nmflab.report.sections.failures import failures_section, skipped_section
from nmflab.report.sections.guests import guest_sections
from nmflab.report.sections.held_out.section import held_out_section
from nmflab.report.sections.provenance import environment, provenance_section
from nmflab.report.sections.recommendations import recommendations_section
from nmflab.report.sections.results import results_section
from nmflab.report.sections.stability.matching import stabilities
from nmflab.report.sections.stability.over_seeds import over_seeds_blocks
from nmflab.report.sections.stability.section import stability_section
from nmflab.report.sections.summary import headline, statuses
from nmflab.report.sections.tradeoff import against_sparseness
from nmflab.report.sections.warnings import n_warnings, warnings_section

if TYPE_CHECKING:
    from nmflab.store import Store


def build(
    store: Store, sections: Sequence[ReportSection] = (), *, all_sweeps: bool = False
) -> Path:
    """Write a study's report and return the path of its page.

    Beside ``report/index.html`` stand ``report.md``, ``figures/*.svg``, ``runs.csv``
    and ``environment.txt``; files of an earlier report are replaced.

    Parameters
    ----------
    store : Store
    sections : sequence of ReportSection
        From plugins; rendered after the stability over seeds, each guarded.
    all_sweeps : bool, default False
        Every run of the study, not of its last command only.

    Raises
    ------
    OSError
        If the report's folder cannot be written: says which, and why.
    """
    material = gather(store, all_sweeps=all_sweeps)
    report = composed(material, sections)
    folder = store.folder / "report"
    try:
        return _written(material, report, folder)
    except OSError as error:
        raise type(error)(
            f"cannot write the report to {folder}: {error.strerror or error}; the runs"
            " are safe in the study's store: make room or give rights there, then run"
            f" nmflab report {store.folder}"
        ) from error


def composed(material: Material, sections: Sequence[ReportSection]) -> Report:
    """Return the whole report, before it has a format."""
    planned, material = material, without_draws(material)
    groups = group_runs(material)
    pencil = Pencil(
        colours(sorted({group.variant for group in groups})),
        list(dict.fromkeys(group.init for group in groups)),
        "Case" if any(group.labels["case"] for group in groups) else "Solver",
    )
    error = error_measure(groups, material.info)
    stable = stabilities(material, groups)
    warned = warnings_section(material, groups)
    return Report(
        study=material.store.name,
        created=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        version=__version__,
        statuses=statuses(planned, n_warnings(warned)),
        headline=headline(material, groups, error, stable),
        sections=[
            asked_section(planned),
            *_present(advice_section(planned)),
            results_section(material, groups),
            *_present(held_out_section(material, pencil)),
            *_chart_sections(material, groups, pencil),
            factors_section(material, groups),
            *_present(recommendations_section(material)),
            stability_section(groups, stable, pencil, over_seeds_blocks(material)),
            *_present(aligned_section(material, groups)),
            *guest_sections(material.store, sections),
            warned,
            failures_section(planned),
            skipped_section(planned),
            provenance_section(planned),
        ],
    )


def _present(section: Section | None) -> list[Section]:
    """Return a section that only some studies have."""
    return [] if section is None else [section]


_TWO = "It takes two kinds of run"


def _chart_sections(
    material: Material, groups: Sequence[Group], pencil: Pencil
) -> list[Section]:
    error = error_measure(groups, material.info)
    sparseness = sparseness_measure(groups, material.info)
    shared = [group for group in groups if not group.own_objective]
    by_size = against_size(groups, error, pencil)
    one_size = by_size is not None and by_size.id == "error-by-solver"
    curves = convergence(material, shared, pencil)
    scatter = against_sparseness(groups, error, sparseness, pencil)
    return [
        Section(
            "error",
            "Error by solver" if one_size else "Error against the number of components",
            _or([by_size] if by_size else [], why_no_error(groups)),
        ),
        Section(
            "convergence",
            "Convergence",
            [*_or(curves, "No traces were kept."), *undrawn(shared, curves)],
        ),
        Section(
            "trade-off",
            "Error against sparseness",
            _or(
                [scatter] if scatter else [],
                f"{_TWO} with a measured sparseness to draw this chart.",
            ),
        ),
    ]


def _or(figures: Sequence[Figure], otherwise: str) -> list[Block]:
    return [*figures] if figures else [Prose(otherwise)]


def _written(material: Material, report: Report, folder: Path) -> Path:
    drawings = folder / "figures"
    drawings.mkdir(parents=True, exist_ok=True)
    svgs = {figure.id: render_svg(figure) for figure in figures_of(report)}
    drawn = {**svgs, **{one.id: one.svg for one in pictures_of(report)}}
    for old in drawings.glob("*.svg"):
        if old.stem not in drawn:
            old.unlink()
    for name, svg in drawn.items():
        write_whole(drawings / f"{name}.svg", svg)
    write_whole(folder / "runs.csv", runs_csv(material))
    write_whole(folder / "environment.txt", environment(material))
    write_whole(folder / "report.md", markdown(report))
    write_whole(folder / "index.html", page(report, svgs))
    return folder / "index.html"


def runs_csv(material: Material) -> str:
    """Return every planned run with its metrics, one line a run."""
    taken = set(material.runs.columns)
    metrics = material.metrics.rename(
        columns=lambda name: f"metric {name}" if name in taken else name
    )
    return material.runs.join(metrics, on="key").to_csv(
        index=False, lineterminator="\n"
    )
