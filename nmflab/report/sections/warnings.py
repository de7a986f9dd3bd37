"""What a reader must know before believing a number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from nmflab.report.content import Prose, Section, Tone
from nmflab.report.numbers import count, listed
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import LIMITS, Material
from nmflab.report.reading.observed import unidentified
from nmflab.report.sections.failures import where

_MOST = 12


def warnings_section(material: Material, groups: Sequence[Group]) -> Section:
    """Return every warning, the gravest first."""
    found = [
        *_zero_filled(material),
        *_invalid(material),
        *_unidentified(material, groups),
        *_unconverged(material.finished),
        *_dead(material.finished),
        *_reseeded(material.finished),
        *_beside(material),
        *_of_datasets(material),
        *_of_runs(material),
        *_unmeasured(material),
    ]
    blocks = found or [Prose("None.")]
    return Section("warnings", "Warnings", blocks)


def n_warnings(section: Section) -> int:
    """Return how many warnings a section holds."""
    grave: tuple[Tone, ...] = ("warning", "danger")
    return sum(getattr(block, "tone", "") in grave for block in section.blocks)


def _zero_filled(material: Material) -> list[Prose]:
    runs = material.runs[material.runs["zero_filled"]]
    if runs.empty:
        return []
    text = (
        f"Missing cells were taken as 0 in {count(len(runs), 'run')}"
        f" (missing_as_zero=true; {where(runs)}). These runs were told that what nobody"
        " observed is 0; their training errors average over such inventions and are"
        " never ranked together with those of masked runs."
    )
    return [Prose(text, "danger")]


def _invalid(material: Material) -> list[Prose]:
    runs = material.runs[material.runs["status"] == "invalid"]
    if runs.empty:
        return []
    verb = "is" if len(runs) == 1 else "are"
    text = (
        f"{count(len(runs), 'run')} returned factors that failed the checks and {verb}"
        f" not ranked ({where(runs)}); see Failures."
    )
    return [Prose(text, "danger")]


def _unidentified(material: Material, groups: Sequence[Group]) -> list[Prose]:
    found: list[Prose] = []
    pairs = {
        (str(g.labels["fingerprint"]), g.n_components): g.dataset
        for g in groups
        if not g.labels["zero_filled"]
    }
    for (fingerprint, size), label in sorted(pairs.items(), key=lambda p: p[0][1]):
        dataset = material.datasets.get(fingerprint)
        few = unidentified(dataset, size) if dataset else None
        if few:
            named = [
                count(n, word)
                for n, word in ((few.rows.size, "row"), (few.columns.size, "column"))
                if n
            ]
            text = (
                f"{label}, n_components {size}: {' and '.join(named)} with fewer than"
                f" {size} observed cells. Predictions there are not identified by the"
                " data; see The factors."
            )
            found.append(Prose(text, "warning"))
    return found[:_MOST]


def _unconverged(runs: pd.DataFrame) -> list[Prose]:
    limited = runs[runs["stop"].isin(LIMITS)]
    if limited.empty:
        return []
    stops = listed(sorted(set(limited["stop"])))
    one = len(limited) == 1
    whose, results = ("it", "its objective") if one else ("they", "their objectives")
    text = (
        f"{len(limited):,} of {len(runs):,} finished runs ended at a limit ({stops})"
        f" and not because {whose} had converged ({where(limited)}): with more steps"
        f" {results} would fall further."
    )
    return [Prose(text, "warning")]


def _dead(runs: pd.DataFrame) -> list[Prose]:
    dead = runs[runs["n_active"] < runs["n_components"]]
    if dead.empty:
        return []
    fewest = int((dead["n_components"] - dead["n_active"]).max())
    those = "that run is" if len(dead) == 1 else "those runs are"
    whose = "its" if len(dead) == 1 else "their"
    text = (
        f"{count(len(dead), 'run')} ended with dead components, up to {fewest} of them"
        f" ({where(dead)}): {those} smaller than {whose} n_components says."
    )
    return [Prose(text, "warning")]


def _reseeded(runs: pd.DataFrame) -> list[Prose]:
    reseeded = runs[runs["n_reseeded"] > 0]
    if reseeded.empty:
        return []
    n = int(reseeded["n_reseeded"].sum())
    verb = "was" if n == 1 else "were"
    text = (
        f"{count(n, 'component')} {verb} re-seeded in {count(len(reseeded), 'run')}"
        f" ({where(reseeded)}): they had died, and were given new entries from the row"
        " that was fitted worst."
    )
    return [Prose(text, "note")]


def _beside(material: Material) -> list[Prose]:
    n = int((material.finished["beside"] > 0).sum())
    if not n:
        return []
    text = (
        f"{count(n, 'run')} shared the machine with other runs of the sweep. Wall-clock"
        " seconds are then no basis for a comparison of speed; convergence is drawn"
        " against CPU seconds where runs have one thread. Use executor.n_jobs=1 to"
        " compare times."
    )
    return [Prose(text, "warning")]


def _of_datasets(material: Material) -> list[Prose]:
    used = set(material.runs["fingerprint"])
    return [
        Prose(f"{dataset.label}: {said}", "warning")
        for fingerprint, dataset in material.datasets.items()
        if fingerprint in used
        for said in dataset.facts.get("warnings", [])
    ][:_MOST]


def _of_runs(material: Material) -> list[Prose]:
    """Return what runs warned of; sentences that differ in numbers only are one."""
    examples: dict[str, str] = {}
    counts: dict[str, int] = {}
    for said in material.warnings.values():
        for text in said:
            kind = re.sub(r"\d[\d.e+-]*", "#", text)
            examples.setdefault(kind, text)
            counts[kind] = counts.get(kind, 0) + 1
    found = sorted(counts.items(), key=lambda item: -item[1])
    prose = [
        Prose(f"{examples[kind]} ({count(n, 'run')})", "warning")
        for kind, n in found[:_MOST]
    ]
    if len(found) > _MOST:
        left = count(len(found) - _MOST, "other kind")
        prose.append(Prose(f"{left} of warning are in the study's store.", "note"))
    return prose


def _unmeasured(material: Material) -> list[Prose]:
    problems = material.problems
    kinds = Counter(zip(problems["name"], problems["problem"], strict=True))
    return [
        Prose(f"Metric {name} has no value in {count(n, 'run')}: {problem}", "note")
        for (name, problem), n in kinds.most_common(_MOST)
    ]
