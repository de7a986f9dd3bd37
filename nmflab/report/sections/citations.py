"""What to cite: nmflab, and the sources of every plugin and data set of a study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nmflab.citing import Bibliography, Entry, bibliography, entries_of, given_entries
from nmflab.report.content import (
    Block,
    Cell,
    Code,
    Column,
    Details,
    Prose,
    Section,
    Table,
)
from nmflab.report.numbers import count, listed
from nmflab.report.reading.material import Material
from nmflab.store import Sweep

KINDS = ("dataset", "weighting", "split", "init", "solver", "metric")
"""In the order they are told in."""

_SOFTWARE = "nmflab"


@dataclass(frozen=True)
class Cited:
    """One thing that was used, and what is to be cited for it.

    Parameters
    ----------
    kind, name : str
    provided : str
        Distribution and version; "" where they were not recorded.
    entries : sequence of Entry
    why : str
        Why there is none; "" where there is one.
    """

    kind: str
    name: str
    provided: str
    entries: Sequence[Entry]
    why: str = ""


def citations_section(material: Material) -> Section | None:
    """Return what to cite; None for a study without runs."""
    if not material.sweeps:
        return None
    found = [*software(material), *used(material)]
    works = works_of(found)
    sourced = [one for one in found if one.entries]
    rest = [one for one in found if not one.entries]
    blocks: list[Block] = [
        Prose(
            "If you publish these results, please cite what they were made with."
            f" references.bib, beside this page, holds the"
            f" {count(len(works.entries), 'entry', 'entries')} for LaTeX."
        ),
        _uses(sourced, works),
        *_without(rest),
        *_unrecorded(material),
        _works(works),
        Details("references.bib", [Code(works.text())]),
    ]
    return Section("cite", "Cite", blocks)


def references_bib(material: Material) -> str:
    """Return everything to be cited as a ``.bib`` file."""
    return works_of([*software(material), *used(material)]).text()


def works_of(found: Sequence[Cited]) -> Bibliography:
    """Return the works that these cite, each once."""
    return bibliography((f"{one.kind} {one.name}", one.entries) for one in found)


def software(material: Material) -> Iterator[Cited]:
    """Yield nmflab, and the other distributions whose plugins were used."""
    versions: dict[str, str] = {_SOFTWARE: _version(material.sweeps)}
    for _, _, record in _records(material.sweeps):
        if record.get("distribution"):
            versions[str(record["distribution"])] = str(record.get("version", ""))
    for name, version in versions.items():
        fields = {
            "title": f"{{{name}{_TITLE if name == _SOFTWARE else ''}}}",
            "author": f"{{The {name} developers}}",
            **({"version": version} if version else {}),
            "note": "Computer software",
        }
        entry = Entry("misc", fields, name)
        yield Cited("software", name, f"{name} {version}".strip(), [entry])


_TITLE = ": a laboratory for non-negative matrix factorization"


def _version(sweeps: Sequence[Sweep]) -> str:
    versions = sweeps[-1].provenance.get("versions") if sweeps else None
    return str((versions or {}).get(_SOFTWARE, ""))


def used(material: Material) -> list[Cited]:
    """Return the data sets and plugins of a study, with what is to be cited."""
    recorded = {(k, name): record for k, name, record in _records(material.sweeps)}
    found = [
        _of_plugin(kind, name, record)
        for (kind, name), record in recorded.items()
        if kind != "dataset"
    ]
    prints = dict.fromkeys(material.runs["fingerprint"])
    for fingerprint in prints:
        if fingerprint not in material.datasets:
            continue
        data = material.datasets[fingerprint]
        labels = (data.label, data.label.split(" [")[0])
        record = next((r for x in labels if (r := recorded.get(("dataset", x)))), {})
        found.append(_of_data(data.label, data.citation, record))
    return sorted(found, key=lambda one: (KINDS.index(one.kind), one.name))


def _records(sweeps: Sequence[Sweep]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for sweep in sweeps:
        plugins = sweep.provenance.get("plugins")
        for kind, named in (plugins if isinstance(plugins, Mapping) else {}).items():
            if kind in KINDS:
                for name, record in named.items():
                    yield kind, name, record


def _of_plugin(kind: str, name: str, record: Mapping[str, Any]) -> Cited:
    references = [str(one) for one in record.get("references", [])]
    entries = [entry for one in references for entry in entries_of(one)]
    why = "" if entries else _NO_PAPER
    return Cited(kind, name, _provided(record), entries, why)


_NO_PAPER = "its documentation names no paper: cite the software it comes with"


def _of_data(label: str, citation: str | None, record: Mapping[str, Any]) -> Cited:
    given = given_entries(citation or "")
    references = [str(one) for one in record.get("references", [])]
    told = [entry for one in references for entry in entries_of(one)]
    # What could not be read as an entry says no more than what the authors gave.
    entries = [*given, *(one for one in told if not given or "title" in one.fields)]
    terms = str(record.get("terms", "unknown"))
    why = "" if entries else _NO_SOURCE.get(terms, _NO_SOURCE["unknown"])
    return Cited("dataset", label, _provided(record), entries, why)


_NO_SOURCE = {
    "generated": "made by nmflab's own code: cite the software",
    "unknown": "no publisher is recorded: cite the source you have the data from",
}


def _provided(record: Mapping[str, Any]) -> str:
    words = (record.get("distribution"), record.get("version"))
    return " ".join(str(word) for word in words if word)


def _uses(found: Sequence[Cited], works: Bibliography) -> Table:
    rows = [
        [
            Cell(one.name),
            Cell(one.kind),
            Cell(one.provided or "not recorded"),
            Cell(", ".join(works.keys[f"{one.kind} {one.name}"])),
        ]
        for one in found
    ]
    columns = [
        Column("What"),
        Column("Kind"),
        Column("Provided by"),
        Column("Cite", hint="keys of the works below"),
    ]
    return Table("citations", "What was used, and what to cite for it", columns, rows)


def _works(works: Bibliography) -> Table:
    rows = [[Cell(key), Cell(one.sentence())] for key, one in works.entries.items()]
    return Table("works", "The works", [Column("Key"), Column("Work")], rows)


def _without(found: Sequence[Cited]) -> list[Block]:
    reasons: dict[str, list[str]] = {}
    for one in found:
        reasons.setdefault(one.why, []).append(f"{one.kind} {one.name}")
    return [
        Prose(f"Without a source of their own: {listed(names, 40)} ({why}).", "note")
        for why, names in reasons.items()
    ]


def _unrecorded(material: Material) -> list[Block]:
    before = [s for s in material.sweeps if "plugins" not in s.provenance]
    if not before:
        return []
    text = (
        "The sources of solvers, starts and metrics were not recorded when these runs"
        " were made. Give the sweep's command again: finished runs are kept, and the"
        " sources are added; or see nmflab show solver NAME."
    )
    return [Prose(text, "note")]
