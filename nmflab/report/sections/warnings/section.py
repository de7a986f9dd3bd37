"""The section of warnings: what happened, to which runs, what it means, how to mend."""

from __future__ import annotations

from collections.abc import Sequence

from nmflab.report.content import Prose, Section, Tone
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material
from nmflab.report.sections.merged.warnings import merge_warnings
from nmflab.report.sections.warnings import of_data, of_plugins, of_runs, of_times


def warnings_section(material: Material, groups: Sequence[Group]) -> Section:
    """Return every warning, the gravest first: wrong, then doubtful, then to be known.

    Red is what makes numbers mean something else than they seem to; notes leave them as
    they are.
    """
    found = [
        *merge_warnings(material),
        *of_data.zero_filled(material),
        *of_data.zeros_missing(material),
        *of_runs.invalid(material),
        *of_runs.failed(material),
        *of_runs.left(material),
        *of_data.unidentified_lines(material, groups),
        *of_runs.unconverged(material),
        *of_runs.dead(material),
        *of_runs.duplicates(material),
        *of_times.beside(material),
        *of_times.waiting(material),
        *of_plugins.not_loaded(material),
        *of_data.of_datasets(material),
        *of_runs.infinite(material),
        *of_runs.messages(material),
        *of_runs.reseeded(material),
        *of_runs.unmeasured(material),
    ]
    found.sort(key=lambda prose: _GRAVEST_FIRST.index(prose.tone))
    return Section("warnings", "Warnings", found or [Prose("None.")])


_GRAVEST_FIRST: tuple[Tone, ...] = ("danger", "warning", "note", "", "good")


def n_warnings(section: Section) -> int:
    """Return how many warnings a section holds; notes are none."""
    grave: tuple[Tone, ...] = ("warning", "danger")
    return sum(getattr(block, "tone", "") in grave for block in section.blocks)
