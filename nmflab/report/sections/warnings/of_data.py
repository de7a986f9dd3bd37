"""Warnings of what was taken for data: zeros and missing cells, lines too empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nmflab.report.content import Prose
from nmflab.report.numbers import count, listed
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material
from nmflab.report.reading.observed import shape, unidentified
from nmflab.report.sections.failures import where

MOST = 12
"""Warnings of one kind that are told one by one."""


def zero_filled(material: Material) -> Iterator[Prose]:
    """Yield that cells nobody observed were taken as 0."""
    runs = material.runs[material.runs["zero_filled"]]
    if runs.empty:
        return
    those = "This run was" if len(runs) == 1 else "These runs were"
    yield Prose(
        f"Missing cells were taken as 0 in {count(len(runs), 'run')}"
        f" (missing_as_zero=true; {where(runs)}). {those} told that what nobody"
        " observed is 0: training errors average over such inventions and are never"
        " ranked together with those of masked runs. Use missing_as_zero=false, with"
        " solvers that take missing cells.",
        "danger",
    )


def zeros_missing(material: Material) -> Iterator[Prose]:
    """Yield of which data sets the zeros were taken as not observed."""
    used = set(material.runs["fingerprint"])
    for fingerprint, dataset in material.datasets.items():
        if fingerprint not in used or dataset.config.get("zeros") != "missing":
            continue
        n_samples, n_features = shape(dataset)
        n = n_samples * n_features - int(dataset.facts.get("n_observed", 0))
        if n == 0:
            continue
        runs = material.runs[material.runs["fingerprint"] == fingerprint]
        yield Prose(
            f"{dataset.label}: {count(n, 'cell')} of {n_samples * n_features:,}"
            f" {'is' if n == 1 else 'are'} unknown, because zeros were taken as missing"
            f" (dataset.zeros=missing; {count(len(runs), 'run')}). That is right where"
            " a 0 says that nobody looked, and wrong where it is a measurement: then"
            " the fit never sees the smallest values and errors leave them out. Use"
            " dataset.zeros=values for measured zeros.",
            "danger",
        )


def unidentified_lines(material: Material, groups: Sequence[Group]) -> Iterator[Prose]:
    """Yield where rows and columns have fewer cells than unknowns, size by size.

    Training cells are counted where a run measured them (metric ``unidentified``), and
    known cells otherwise: these are the same where no split keeps cells back.
    """
    found: dict[tuple[str, int, str], list[tuple[int, int]]] = {}
    for group in groups:
        if not group.labels["zero_filled"]:
            cells, n_rows, n_columns = _too_few(material, group)
            if n_rows or n_columns:
                at = (group.dataset, group.n_components, cells)
                found.setdefault(at, []).append((n_rows, n_columns))
    if not found:
        return
    told = [
        f"{label}, n_components {size}: {_named(counts)} with fewer {cells}"
        for (label, size, cells), counts in found.items()
    ]
    more = f"; and {count(len(told) - MOST, 'more setting')}" * (len(told) > MOST)
    yield Prose(
        f"Rows or columns have fewer cells than unknowns. {'; '.join(told[:MOST])}"
        f"{more}. Predictions there are not identified by the data: many factors fit"
        " equally well, and the start or a penalty chose among them. Fewer components,"
        " or a penalty (objective.l2_W, objective.l2_H), settle them; rows and columns"
        " this empty can also be left out of the data.",
        "warning",
    )


_METRIC = ["unidentified_rows", "unidentified_columns"]


def _too_few(material: Material, group: Group) -> tuple[str, int, int]:
    """Return which cells were counted, and how many rows and columns have too few."""
    is_split = group.labels["split"] not in ("", "none")
    if set(_METRIC) <= set(group.metrics):
        worst = material.metrics.loc[list(group.keys), _METRIC].max()
        cells = "training cells (held-out ones do not count)"
        return (
            cells if is_split else "known cells",
            int(worst.iloc[0]),
            int(worst.iloc[1]),
        )
    dataset = material.datasets.get(str(group.labels["fingerprint"]))
    few = unidentified(dataset, group.n_components) if dataset else None
    n_rows, n_columns = (few.rows.size, few.columns.size) if few else (0, 0)
    cells = "known cells"
    if is_split:
        cells += ", before the split held some out (so at least so many)"
    return cells, n_rows, n_columns


def _named(counts: Sequence[tuple[int, int]]) -> str:
    """Return ``3 rows and 10 to 12 columns``: the lowest and highest of several."""
    parts = []
    for at, word in enumerate(("row", "column")):
        low, high = min(n[at] for n in counts), max(n[at] for n in counts)
        if high:
            text = count(high, word)
            parts.append(text if low == high else f"{low:,} to {text}")
    return " and ".join(parts)


def of_datasets(material: Material) -> Iterator[Prose]:
    """Yield what was found odd when the data were loaded."""
    used = set(material.runs["fingerprint"])
    told: dict[str, list[str]] = {}
    for fingerprint, dataset in material.datasets.items():
        if fingerprint in used:
            for said in dataset.facts.get("warnings", []):
                told.setdefault(str(said), []).append(dataset.label)
    for said, labels in list(told.items())[:MOST]:
        yield Prose(f"{listed(labels, 4)}: {said}", "warning")
    if len(told) > MOST:
        left = count(len(told) - MOST, "further warning")
        yield Prose(f"{left} of data sets are in the study's store.", "note")
