"""Where the numbers come from: machine, versions, seeds, data; how to repeat them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from nmflab.report.content import (
    Block,
    Cell,
    Code,
    Column,
    Details,
    Heading,
    Prose,
    Section,
    Table,
)
from nmflab.report.reading.material import Material
from nmflab.report.sections.asked import command, values
from nmflab.report.tables import flattened, key_values, plain
from nmflab.store import Sweep

CORE = (
    "nmflab",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "hydra-core",
    "omegaconf",
    "altair",
    "vl-convert-python",
)
"""Distributions named on the page; the others are folded away."""


def provenance_section(material: Material) -> Section:
    """Return machine, versions, seeds, data and the command to run it again."""
    blocks: list[Block] = []
    if not material.sweeps:
        blocks.append(Prose("Nothing was run, so there is nothing to trace."))
    else:
        blocks.append(Prose("To run it again, in a folder that has the same data:"))
        for sweep, tag, n in _last_ones(material):
            blocks += [Heading(tag)] if tag else []
            blocks += [
                Code(command(sweep)),
                *_checked(material, tag),
                key_values(f"machine{n}", "Machine and code", machine(sweep, material)),
                *_versions(sweep, n),
                *_origins(sweep, n),
                *_plugin_failures(sweep, n),
            ]
    blocks += _datasets(material)
    return Section("provenance", "Provenance", blocks)


def _checked(material: Material, tag: str) -> list[Block]:
    """Return the command that holds every figure of a study against new runs."""
    folder = material.store.folder.resolve()
    merge = material.store.merge
    if merge is not None:
        folder = next(s.folder for s in merge.studies if s.tag == tag).resolve()
    name = f"{'studies' if folder.parent.name == 'studies' else '.'}/{folder.name}"
    return [
        Prose(
            "To check every figure, run from the record and compared digit by digit;"
            " without sample=20 all runs, with it twenty, every solver and data set"
            " among them if they fit:"
        ),
        Code(shlex.join(["nmflab", "reproduce", name, "sample=20"])),
        Prose(
            f"{shlex.join(['nmflab', 'figures', name])} writes the figures and tables"
            f" for a paper, {shlex.join(['nmflab', 'export', name])} an archive for a"
            " repository."
        ),
    ]


def _last_ones(material: Material) -> list[tuple[Sweep, str, str]]:
    """Return the last command of each study merged, its name and an ending for ids."""
    merge = material.store.merge
    if merge is None:
        return [(material.sweeps[-1], "", "")]
    by_id = {sweep.id: sweep for sweep in material.sweeps}
    return [
        (by_id[study.sweeps[-1]], study.tag, f"-{study.number + 1}")
        for study in merge.studies
        if study.sweeps
    ]


_APART = ("versions", "git", "origins", "plugins")


def machine(sweep: Sweep, material: Material) -> list[tuple[str, str]]:
    """Return what is known of machine and code; versions and origins stand apart."""
    known = {k: v for k, v in sweep.provenance.items() if k not in _APART}
    rows = [(name, text) for name, text in flattened(known) if text != "none"]
    rows.append(("git", _git(sweep.provenance.get("git"))))
    if len(material.runs):
        rows.append(("seeds", values(material.runs["seed"])))
    return rows


def _git(state: Any) -> str:  # Any: what an older or newer nmflab recorded there
    if not isinstance(state, Mapping):
        return "not in a git repository"
    dirty = " with uncommitted changes" if state.get("dirty") else ", clean"
    return f"commit {state.get('commit', 'unknown')}{dirty}"


def _versions(sweep: Sweep, n: str) -> list[Block]:
    versions = sweep.provenance.get("versions")
    if not isinstance(versions, Mapping) or not versions:
        return []
    core = [(name, str(versions[name])) for name in CORE if name in versions]
    rest = [(str(k), str(v)) for k, v in versions.items() if k not in CORE]
    blocks: list[Block] = [key_values(f"versions{n}", "Versions", core, "Distribution")]
    if rest:
        table = key_values(
            f"other-versions{n}", "Other distributions installed", rest, "Distribution"
        )
        blocks.append(Details(f"{len(rest)} other distributions", [table]))
    return blocks


def _origins(sweep: Sweep, n: str) -> list[Block]:
    """Return what decides whether a finished run is used again."""
    origins = sweep.provenance.get("origins")
    if not isinstance(origins, Mapping) or not origins:
        return []
    rows = flattened(origins)
    table = key_values(
        f"origins{n}", "A change of any of these runs anew", rows, "What"
    )
    return [Details("What finished runs depend on", [table])]


def _plugin_failures(sweep: Sweep, n: str) -> list[Block]:
    if not sweep.plugin_failures:
        return []
    names = ("entry_point", "distribution", "version", "reason")
    rows = [
        [Cell(plain(failure.get(name))) for name in names]
        for failure in sweep.plugin_failures
    ]
    columns = [Column(name.replace("_", " ").capitalize()) for name in names]
    caption = "Plugins that could not be loaded"
    return [Table(f"plugin-failures{n}", caption, columns, rows)]


def _datasets(material: Material) -> list[Block]:
    used = dict.fromkeys(material.runs["fingerprint"])
    found = [material.datasets[f] for f in used if f in material.datasets]
    if not found:
        return []
    rows = [
        [
            Cell(dataset.label),
            Cell(f"{dataset.facts['n_samples']:,} × {dataset.facts['n_features']:,}"),
            Cell(str(dataset.facts.get("storage", ""))),
            Cell(dataset.licence or "not stated"),
            Cell(str(dataset.extras.get("source") or "not stated")),
            Cell(dataset.fingerprint[:16]),
        ]
        for dataset in found
    ]
    names = ("Dataset", "Shape", "Storage", "Licence", "Source", "Fingerprint")
    table = Table("data", "Data used", [Column(name) for name in names], rows)
    return [table]


def environment(material: Material) -> str:
    """Return the environment as text that ``pip install -r`` takes.

    Of studies merged, that of the first; those of the others stand there as comments.
    """
    if not material.sweeps:
        return "# no command was given to this study yet\n"
    lines: list[str] = []
    for n, (sweep, tag, _) in enumerate(_last_ones(material)):
        lines += [f"# {tag}"] if tag else []
        lines += [f"# {command(sweep)}"]
        lines += [f"# {name}: {text}" for name, text in machine(sweep, material)]
        versions = sweep.provenance.get("versions")
        if isinstance(versions, Mapping):
            mark = "# " if n else ""
            lines += [f"{mark}{name}=={version}" for name, version in versions.items()]
    return "\n".join(line.replace("\n", " ") for line in lines) + "\n"
