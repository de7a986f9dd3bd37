"""Runs that did not end well, and pairs that were not run, by reason."""

from __future__ import annotations

import re

import pandas as pd

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
from nmflab.report.numbers import listed
from nmflab.report.reading.material import FAILED, Material

MOST_ROWS = 100


def failures_section(material: Material) -> Section:
    """Return the runs that did not end well, by reason."""
    runs = material.runs[material.runs["status"].isin(FAILED)]
    if runs.empty:
        return Section("failures", "Failures", [Prose("No run failed.")])
    blocks: list[Block] = []
    rows = []
    for (status, _), frame in _by_reason(runs):
        rows.append(_failure(str(status), frame))
        first = str(frame["key"].iloc[0])
        if said := material.store.traceback(first):
            blocks.append(
                Details(f"Traceback of run {first[:12]} ({status})", [Code(said)])
            )
    table = Table(
        id="failures-table",
        caption="Runs that did not end well",
        columns=[
            Column("Status"),
            Column("Runs", True),
            Column("Example message"),
            Column("Where"),
            Column("Keys"),
        ],
        rows=rows,
    )
    return Section("failures", "Failures", [table, *blocks])


def _failure(status: str, frame: pd.DataFrame) -> list[Cell]:
    return [
        Cell(status, tone="danger"),
        Cell(f"{len(frame):,}", sort=len(frame)),
        Cell(str(frame["reason"].iloc[0] or "no reason was recorded")),
        Cell(where(frame)),
        Cell(listed([key[:12] for key in frame["key"]], 4)),
    ]


def _by_reason(runs: pd.DataFrame) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    """Return the runs by status and reason, reasons that differ in numbers as one."""
    kinds = [re.sub(r"\d[\d.e+-]*", "#", str(reason)) for reason in runs["reason"]]
    parts = runs.groupby([runs["status"].to_numpy(), kinds], sort=False)
    found = [((str(a), str(b)), frame) for (a, b), frame in parts]
    return sorted(found, key=lambda part: -len(part[1]))


def skipped_section(material: Material) -> Section:
    """Return the pairs that were not run because they do not fit, with the reason."""
    runs = material.runs[material.runs["status"] == "skipped"]
    if runs.empty:
        text = "Nothing was skipped: every pair asked for could be run."
        return Section("skipped", "Skipped", [Prose(text)])
    rows = [
        [
            Cell(str(reason or "no reason was recorded")),
            Cell(f"{len(frame):,}", sort=len(frame)),
            Cell(where(frame)),
        ]
        for reason, frame in runs.groupby("reason", sort=False, dropna=False)
    ]
    rows.sort(key=lambda row: -float(row[1].sort or 0))
    columns = [Column("Reason"), Column("Runs", True), Column("Where")]
    table = Table("skipped-table", "Pairs that were not run", columns, rows[:MOST_ROWS])
    return Section("skipped", "Skipped", [table])


def where(runs: pd.DataFrame) -> str:
    """Return the labels of some runs axis by axis: ``solver hals and mu; init ...``."""
    parts = []
    for axis in ("dataset", "solver", "init", "n_components"):
        labels = sorted({str(label) for label in runs[axis] if str(label)})
        if labels:
            parts.append(f"{axis} {listed(labels, 4)}")
    return "; ".join(parts)
