"""Warnings of how runs ended, and of what they found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from nmflab.report.content import Prose
from nmflab.report.numbers import count, listed, number
from nmflab.report.reading.material import FAILED, LIMITS, Material
from nmflab.report.sections.failures import where

MOST = 12


def invalid(material: Material) -> Iterator[Prose]:
    """Yield how many runs returned factors that cannot be believed."""
    runs = material.runs[material.runs["status"] == "invalid"]
    if runs.empty:
        return
    verb = "is" if len(runs) == 1 else "are"
    yield Prose(
        f"{count(len(runs), 'run')} returned factors that failed the checks and {verb}"
        f" not ranked ({where(runs)}). Negative entries, entries that are not finite or"
        " a wrong shape make an error meaningless; see Failures for what was wrong, and"
        " tell the solver's author.",
        "danger",
    )


def failed(material: Material) -> Iterator[Prose]:
    """Yield that means are over fewer runs than were planned."""
    runs = material.runs
    lost = runs[runs["status"].isin([s for s in FAILED if s != "invalid"])]
    if lost.empty:
        return
    kinds = Counter(lost["status"]).most_common()
    how = listed([f"{status} {n:,}" for status, n in kinds])
    tried = int((runs["status"] != "skipped").sum())
    yield Prose(
        f"{len(lost):,} of {count(tried, 'run')} did not finish ({how}; {where(lost)})."
        " Means are over the runs that did, and flatter a solver that fails where the"
        " problem is hard; shares of runs that reached a target count them as not"
        " reached. See Failures; once mended, the same command with"
        f" retry={','.join(sorted({status for status, _ in kinds}))} runs them again.",
        "warning",
    )


def left(material: Material) -> Iterator[Prose]:
    """Yield that a sweep was stopped before its end."""
    runs = material.runs[material.runs["status"] == "left"]
    if runs.empty:
        return
    verb = "was" if len(runs) == 1 else "were"
    yield Prose(
        f"{len(runs):,} of {count(len(material.runs), 'planned run')} {verb} not made:"
        " the sweep was stopped before its end, or is still running. Numbers may move"
        " when they are in. The same command goes on where it stopped.",
        "warning",
    )


def unconverged(material: Material) -> Iterator[Prose]:
    """Yield how many runs stopped at a limit."""
    runs = material.finished
    limited = runs[runs["stop"].isin(LIMITS)]
    if limited.empty:
        return
    stops = sorted(set(limited["stop"]))
    one = len(limited) == 1
    whose, results = ("it", "its objective") if one else ("they", "their objectives")
    raised = listed([f"stop.{stop}" for stop in stops])
    yield Prose(
        f"{len(limited):,} of {len(runs):,} finished runs ended at a limit"
        f" ({listed(stops)}) and not because {whose} had converged ({where(limited)}):"
        f" with more steps {results} would fall further, and a rank says who was"
        f" faster, not who ends lower. Raise {raised}{_set(material, stops)}.",
        "warning",
    )


def _set(material: Material, stops: list[str]) -> str:
    """Return the limits of the last sweep, in brackets; "" where it holds none."""
    base = material.sweeps[-1].base.get("stop") if material.sweeps else None
    known = [(stop, (base or {}).get(stop)) for stop in stops]
    told = [number(float(value)) for _, value in known if value is not None]
    return f" (now {listed(told)})" if told else ""


def dead(material: Material) -> Iterator[Prose]:
    """Yield how many runs lost components."""
    runs = material.finished
    found = runs[runs["n_active"] < runs["n_components"]]
    if found.empty:
        return
    fewest = int((found["n_components"] - found["n_active"]).max())
    those = "that run is" if len(found) == 1 else "those runs are"
    whose = "its" if len(found) == 1 else "their"
    yield Prose(
        f"{count(len(found), 'run')} ended with dead components, up to {fewest} of them"
        f" ({where(found)}): {those} smaller than {whose} n_components says. Solvers"
        " that choose the number themselves do so on purpose; for others take fewer"
        " components, a smaller penalty or another start.",
        "warning",
    )


def duplicates(material: Material) -> Iterator[Prose]:
    """Yield how many runs hold one component twice, where that was measured."""
    name = "duplicate_components"
    if name not in material.metrics.columns:
        return
    counts = material.metrics[name]
    keys = counts[counts > 0].index
    if keys.empty:
        return
    found = material.finished[material.finished["key"].isin(keys)]
    yield Prose(
        f"{count(len(keys), 'run')} found a component twice, up to"
        f" {int(counts.max())} of them alike in H ({where(found)}): one part is told as"
        " several, which raises coherence and says nothing new. Fewer components show"
        " whether anything is lost.",
        "warning",
    )


def infinite(material: Material) -> Iterator[Prose]:
    """Yield which values were infinite, and so stand in no mean."""
    if not material.infinite:
        return
    told = [
        f"{name} in {count(n, 'run')}" for name, n in sorted(material.infinite.items())
    ]
    yield Prose(
        f"Infinite values were left out: {listed(told, MOST)}. Means, charts and"
        " runs.csv hold the finite ones only. A value is infinite where it divides by"
        " 0: see what the metric is of, and whether it has a meaning on these data.",
        "warning",
    )


def reseeded(material: Material) -> Iterator[Prose]:
    """Yield how many components were given new entries on the way."""
    runs = material.finished
    found = runs[runs["n_reseeded"] > 0]
    if found.empty:
        return
    n = int(found["n_reseeded"].sum())
    verb = "was" if n == 1 else "were"
    yield Prose(
        f"{count(n, 'component')} {verb} re-seeded in {count(len(found), 'run')}"
        f" ({where(found)}): they had died, and were given new entries from the row"
        " that was fitted worst.",
        "note",
    )


def messages(material: Material) -> Iterator[Prose]:
    """Yield what runs warned of; sentences that differ in numbers only are one."""
    kinds: dict[str, list[str]] = {}
    examples: dict[str, str] = {}
    for key, said in material.warnings.items():
        for text in dict.fromkeys(said):
            kind = re.sub(r"\d[\d.e+-]*", "#", text)
            examples.setdefault(kind, text)
            kinds.setdefault(kind, []).append(key)
    found = sorted(kinds.items(), key=lambda item: -len(item[1]))
    for kind, keys in found[:MOST]:
        runs = material.runs[material.runs["key"].isin(keys)]
        yield Prose(
            f"{examples[kind]} ({count(len(set(keys)), 'run')}; {where(runs)})",
            "warning",
        )
    if len(found) > MOST:
        others = count(len(found) - MOST, "other kind")
        yield Prose(f"{others} of warning are in the study's store.", "note")


def unmeasured(material: Material) -> Iterator[Prose]:
    """Yield which metrics have no value, and why."""
    problems: pd.DataFrame = material.problems
    kinds = Counter(zip(problems["name"], problems["problem"], strict=True))
    for (name, problem), n in kinds.most_common(MOST):
        yield Prose(
            f"Metric {name} has no value in {count(n, 'run')}: {problem}", "note"
        )
    if len(kinds) > MOST:
        others = count(len(kinds) - MOST, "further reason", "further reasons")
        yield Prose(f"{others} why a metric has no value are in the store.", "note")
