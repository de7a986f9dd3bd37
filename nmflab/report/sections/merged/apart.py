"""Sections about time, drawn for each machine by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from nmflab.report.content import Block, Cards, Details, Figure, Heading, Section, Table
from nmflab.report.reading.groups import Group, group_runs
from nmflab.report.reading.machines import on_machine
from nmflab.report.reading.material import Material


def by_machine(
    build: Callable[[Material, Sequence[Group]], Section | None],
    material: Material,
    groups: Sequence[Group],
) -> Section | None:
    """Return a section about time: as it is on one machine, else one after another.

    Parameters
    ----------
    build : callable
        Makes the section of a material and its groups.
    """
    if not material.clocks.several:
        return build(material, groups)
    found: Section | None = None
    for n, machine in enumerate(material.clocks.machines):
        part = on_machine(material, machine)
        section = build(part, group_runs(part))
        if section is None:
            continue
        blocks = [Heading(f"On {machine.label}"), *map(_numbered(n), section.blocks)]
        found = replace(
            found or section, blocks=[*(found.blocks if found else []), *blocks]
        )
    return found


def _numbered(n: int) -> Callable[[Block], Block]:
    """Return what gives blocks names of their own: they stand once for each machine."""

    def named(block: Block) -> Block:
        if isinstance(block, Figure | Table | Cards):
            return replace(block, id=f"{block.id}-{n + 1}") if n else block
        if isinstance(block, Details):
            return replace(block, blocks=[named(one) for one in block.blocks])
        return block

    return named
