"""Several studies or machines: who made what, what was made twice, how long it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nmflab.report.content import Block, Bullets, Cell, Column, Prose, Section, Table
from nmflab.report.numbers import count, listed, moment
from nmflab.report.reading.material import Material
from nmflab.report.sections.merged.times import times_table

if TYPE_CHECKING:
    from nmflab.store import Merge


def merged_section(material: Material) -> Section | None:
    """Return who made which runs; None for one study made on one machine."""
    merge = material.store.merge
    if merge is None and not material.clocks.several:
        return None
    blocks: list[Block] = [Prose(_opening(material, merge))]
    if merge is not None:
        blocks += [_studies(material, merge), *_notes(merge)]
    blocks.append(_machines(material))
    if material.clocks.several:
        blocks += [Prose(_ONE_CLOCK.format(material.clocks.machines[0].label))]
        blocks += times_table(material)
    title = "Studies and machines" if merge is not None else "Machines"
    return Section("machines-and-studies", title, blocks)


_ONE_CLOCK = (
    "Objectives and metrics of all machines are compared with each other; times are"
    " not. The tables of this report hold the times of {} only, and the sections about"
    " time show each machine by itself."
)


def _opening(material: Material, merge: Merge | None) -> str:
    n = len(material.clocks.machines)
    if merge is None:
        return f"The runs of this study were made on {n} machines."
    where = f"made on {count(n, 'machine')}" if n else "without a finished run"
    return f"This report merges {len(merge.studies)} studies, {where}."


def _studies(material: Material, merge: Merge) -> Table:
    runs = material.clocks.runs
    of = material.store.studies_of()
    tags = runs["key"].map({key: study.tag for key, study in of.items()})
    sweeps = {sweep.id: sweep for sweep in material.sweeps}
    rows = []
    for study in merge.studies:
        mine = runs[tags == study.tag]
        done = mine[mine["status"] == "ok"]
        last = sweeps[study.sweeps[-1]] if study.sweeps else None
        versions = last.provenance.get("versions") or {} if last else {}
        rows.append(
            [
                Cell(study.tag),
                Cell(listed([m for m in dict.fromkeys(done["machine"]) if m])),
                Cell(f"{len(done):,}", sort=len(done)),
                Cell(moment(last.started) if last else "never"),
                *(Cell(str(versions.get(name, "unknown"))) for name in _VERSIONS),
            ]
        )
    columns = [
        Column("Study"),
        Column("Machine"),
        Column("Finished runs", True),
        Column("Asked"),
        *map(Column, _VERSIONS),
    ]
    return Table("studies", "The studies", columns, rows)


_VERSIONS = ("nmflab", "numpy", "scipy")


def _notes(merge: Merge) -> list[Block]:
    notes = [
        f"{_runs_were(n)} made in {one} and in {other} with the same digits:"
        " counted once, the times of both kept."
        for (one, other), n in merge.twins.items()
    ]
    by: dict[tuple[str, str, str], int] = {}
    for one in merge.stood:
        by[one.study, one.other, one.status] = (
            by.get((one.study, one.other, one.status), 0) + 1
        )
    notes += [
        f"{_runs_were(n)} finished in {study} but not in {other} ({status}): the"
        " finished one counts."
        for (study, other, status), n in by.items()
    ]
    return [Bullets(notes)] if notes else []


def _runs_were(n: int) -> str:
    return "1 run was" if n == 1 else f"{n:,} runs were"


def _machines(material: Material) -> Table:
    rows = [
        [
            Cell(machine.label),
            Cell(machine.cpu),
            Cell(machine.cores),
            Cell(machine.blas),
            Cell(_threads(material, machine.label)),
            Cell(f"{n:,}", sort=n),
        ]
        for machine in material.clocks.machines
        for n in [int((material.clocks.of(machine)["status"] == "ok").sum())]
    ]
    columns = [
        Column("Machine"),
        Column("Processor"),
        Column("Cores", True),
        Column("Linear algebra"),
        Column("Threads of a run"),
        Column("Finished runs", True),
    ]
    return Table("machines", "The machines", columns, rows)


def _threads(material: Material, label: str) -> str:
    runs = material.clocks.runs
    done = runs[(runs["machine"] == label) & (runs["status"] == "ok")]
    return listed([str(n) for n in sorted(set(done["threads"])) if n]) or "unknown"
