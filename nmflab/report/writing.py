"""From a store to the files of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from altair.utils.schemapi import debug_mode

from nmflab import __version__
from nmflab.contracts import ReportPart
from nmflab.report.content import Figure, Report, Section
from nmflab.report.drawing.lent import drawn_by
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.drawing.theme import colours
from nmflab.report.formats.drawer import drawer, drawings
from nmflab.report.formats.figures import write_whole
from nmflab.report.formats.markdown import markdown
from nmflab.report.formats.page import figures_in, figures_of, page, pictures_of
from nmflab.report.reading.groups import Group, group_runs
from nmflab.report.reading.material import Material, gather
from nmflab.report.reading.measures import error_measure
from nmflab.report.sections.advice import advice_section, without_draws
from nmflab.report.sections.aligned.section import aligned_section
from nmflab.report.sections.asked import asked_section
from nmflab.report.sections.beside_chance import beside_chance_section
from nmflab.report.sections.by_parameter import by_parameter_section
from nmflab.report.sections.citations import citations_section, references_bib
from nmflab.report.sections.comparisons.section import comparisons_section
from nmflab.report.sections.error import error_section
from nmflab.report.sections.factors.section import factors_section
from nmflab.report.sections.failures import failures_section, skipped_section
from nmflab.report.sections.guests import guest_sections
from nmflab.report.sections.held_out.section import held_out_section
from nmflab.report.sections.merged.section import merged_section
from nmflab.report.sections.over_time import over_time_sections
from nmflab.report.sections.provenance import environment, provenance_section
from nmflab.report.sections.recommendations import recommendations_section
from nmflab.report.sections.results.section import results_section
from nmflab.report.sections.runs import filters_of, runs_section
from nmflab.report.sections.stability.consensus import consensus_blocks
from nmflab.report.sections.stability.over_seeds import over_seeds_blocks
from nmflab.report.sections.stability.section import stability_section
from nmflab.report.sections.summary.complete import statuses
from nmflab.report.sections.summary.findings import Findings
from nmflab.report.sections.summary.recommended import recommended
from nmflab.report.sections.summary.section import headline
from nmflab.report.sections.tradeoff.section import tradeoff_section
from nmflab.report.sections.warnings.section import n_warnings, warnings_section

if TYPE_CHECKING:
    from nmflab.store import Store


def build(
    store: Store,
    sections: Sequence[ReportPart] = (),
    *,
    all_sweeps: bool = False,
    into: Path | None = None,
    created: str | None = None,
) -> Path:
    """Write a study's report and return the path of its page.

    Beside ``report/index.html`` stand ``report.md``, ``figures/*.svg``, ``runs.csv``
    and ``environment.txt``; files of an earlier report are replaced.

    Parameters
    ----------
    store : Store
    sections : sequence of ReportPart
        From plugins; rendered after the stability over seeds, each guarded.
    all_sweeps : bool, default False
        Every run of the study, not of its last command only.
    into : Path, optional
        The report's folder; by default ``report/`` in the study's.
    created : str, optional
        When it was made, as it is told; by default now.

    Raises
    ------
    OSError
        If the report's folder cannot be written: says which, and why.
    """
    drawing = drawer()  # what draws starts while the store is read
    material = gather(store, all_sweeps=all_sweeps)
    begun: dict[str, Future[str | None]] = {}
    report = composed(
        material,
        sections,
        lambda figures: begun.update({one.id: drawing.draw(one) for one in figures}),
    )
    if created is not None:
        report = replace(report, created=created)
    folder = into or store.folder / "report"
    try:
        return _written(material, report, folder, begun)
    except OSError as error:
        raise type(error)(
            f"cannot write the report to {folder}: {error.strerror or error}; the runs"
            " are safe in the study's store: make room or give rights there, or give"
            " nmflab report another folder, out=FOLDER"
        ) from error


def composed(
    material: Material,
    sections: Sequence[ReportPart],
    made: Callable[[Sequence[Figure]], None] = lambda figures: None,
) -> Report:
    """Return the whole report, before it has a format.

    Parameters
    ----------
    material : Material
    sections : sequence of ReportPart
        As in `build`.
    made : callable, optional
        Called with the figures of each section as soon as it is composed.
    """
    material = drawn_by(material, sections)
    planned, material = material, without_draws(material)
    groups = group_runs(material)
    pencil = Pencil(
        colours(sorted({group.variant for group in groups})),
        list(dict.fromkeys(group.init for group in groups)),
        "Case" if any(group.labels["case"] for group in groups) else "Solver",
    )
    found = Findings(planned, material, groups)
    warned = warnings_section(material, groups)

    def parts() -> Iterator[Section]:
        yield asked_section(planned)
        yield from _present(merged_section(planned))
        yield from _present(advice_section(planned, found.advised))
        yield results_section(material, groups, recommended(found))
        yield comparisons_section(material, pencil, found.families)
        yield from _present(held_out_section(material, pencil, found.families))
        yield from _chart_sections(material, groups, pencil)
        yield factors_section(material, groups, found.leading)
        yield from _present(recommendations_section(material))
        yield stability_section(
            groups,
            found.stable,
            pencil,
            [*consensus_blocks(material, groups), *over_seeds_blocks(material)],
        )
        yield from _present(aligned_section(material, groups, found.aligned))
        yield from guest_sections(material.store, sections)
        yield warned
        yield failures_section(planned)
        yield skipped_section(planned)
        yield runs_section(planned, pencil.title)
        yield provenance_section(planned)
        yield from _present(citations_section(planned))

    with debug_mode(False):  # the specifications are checked by tests, not each time
        shown = list(_handed_on(parts(), made))
    return Report(
        study=material.store.name,
        created=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        version=__version__,
        statuses=statuses(planned, n_warnings(warned)),
        headline=headline(found, shown),
        sections=shown,
        filters=filters_of(planned, pencil.title),
    )


def _handed_on(
    sections: Iterable[Section], made: Callable[[Sequence[Figure]], None]
) -> Iterator[Section]:
    for section in sections:
        made(figures_in(section.blocks))
        yield section


def _present(section: Section | None) -> list[Section]:
    """Return a section that only some studies have."""
    return [] if section is None else [section]


def _chart_sections(
    material: Material, groups: Sequence[Group], pencil: Pencil
) -> list[Section]:
    error = error_measure(groups, material.info)
    return [
        *over_time_sections(material, groups, pencil),
        error_section(groups, error, pencil),
        *_present(by_parameter_section(material, groups, error, pencil)),
        tradeoff_section(groups, error, material.info, pencil),
        *_present(beside_chance_section(material, groups, pencil)),
    ]


def _written(
    material: Material,
    report: Report,
    folder: Path,
    begun: Mapping[str, Future[str | None]],
) -> Path:
    folder_of_drawings = folder / "figures"
    folder_of_drawings.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "runs.csv", runs_csv(material))
    write_whole(folder / "environment.txt", environment(material))
    write_whole(folder / "references.bib", references_bib(material))
    svgs = drawings(figures_of(report), begun)
    drawn = {**svgs, **{one.id: one.svg for one in pictures_of(report)}}
    for old in folder_of_drawings.glob("*.svg"):
        if old.stem not in drawn:
            old.unlink()
    for name, svg in drawn.items():
        write_whole(folder_of_drawings / f"{name}.svg", svg)
    write_whole(folder / "report.md", markdown(report))
    write_whole(folder / "index.html", page(report, svgs))
    return folder / "index.html"


def runs_csv(material: Material) -> str:
    """Return every planned run with its metrics, one line a run.

    Where several machines made them, each run with its own times, and those that one
    machine repeated of another, too.
    """
    runs, metrics = material.runs, material.metrics
    if material.clocks.several:
        runs = material.clocks.runs
        metrics = material.store.metric_table().reindex(runs["key"])
        metrics = metrics.dropna(axis="columns", how="all")
    taken = set(runs.columns)
    metrics = metrics.rename(
        columns=lambda name: f"metric {name}" if name in taken else name
    )
    return runs.join(metrics, on="key").to_csv(index=False, lineterminator="\n")
