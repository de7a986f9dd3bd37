"""The sections about time: convergence, time to target, profiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from nmflab.report.content import Section
from nmflab.report.drawing.pencil import Pencil, panel_names
from nmflab.report.reading.contests import contests
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material
from nmflab.report.reading.reached import Race, race
from nmflab.report.sections.convergence.section import convergence_section
from nmflab.report.sections.merged.apart import by_machine
from nmflab.report.sections.profiles import profiles_section
from nmflab.report.sections.targets.section import targets_section


def over_time_sections(
    material: Material, groups: Sequence[Group], pencil: Pencil
) -> list[Section]:
    """Return these sections, each machine's runs by themselves where there are several.

    Traces are read once for all three where there is one machine.
    """
    whole = None if material.clocks.several else _raced(material, groups)

    def drawn(
        build: Callable[[Race, Pencil], Section],
        part: Material,
        made: Sequence[Group],
    ) -> Section:
        return build(_raced(part, made) if whole is None else whole, pencil)

    builds = (convergence_section, targets_section, profiles_section)
    found = (by_machine(partial(drawn, one), material, groups) for one in builds)
    return [section for section in found if section is not None]


def _raced(material: Material, groups: Sequence[Group]) -> Race:
    return race(material.store, contests(material, groups, panel_names(groups)))
