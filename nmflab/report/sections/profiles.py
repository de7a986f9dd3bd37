"""Performance and data profiles: how often a solver was near the fastest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nmflab.report.content import Block, Figure, Prose, Section
from nmflab.report.drawing.pencil import Pencil, Records
from nmflab.report.numbers import count, listed, number
from nmflab.report.reading.contests import Line
from nmflab.report.reading.reached import Race
from nmflab.report.sections.targets.charts import Drawing, stepped, steps_figure
from nmflab.report.sections.targets.pools import Pool, pool_of
from nmflab.statistics.profiles import data_profile, performance_profile
from nmflab.statistics.targets import TAUS, Steps, Vector, expected_running_time

LEAST = 3
"""Comparisons that a profile is drawn of at least: fewer are told in the tables."""

SHOWN = (1e-1, 1e-3)
"""The accuracies profiles are drawn of."""


def profiles_section(race: Race, pencil: Pencil) -> Section:
    """Return performance and data profiles, where there are problems enough."""
    pool = pool_of(race)
    n = len(pool.contests) if pool else 0
    if pool is None or n < LEAST:
        text = (
            "A profile says on how many problems a solver is near the fastest: it takes"
            f" {LEAST} comparisons with targets, of the same solvers and starts; here"
            f" {'there is' if n == 1 else 'there are'} {n or 'none'}."
        )
        return Section("profiles", "Performance profiles", [Prose(text)])
    blocks: list[Block] = [Prose(_said(pool)), *_figures(pool, pencil)]
    return Section("profiles", "Performance profiles", blocks)


def _figures(pool: Pool, pencil: Pencil) -> list[Figure]:
    lines = pool.shown
    performance: Records = []
    data: Records = []
    for tau in SHOWN:
        panel = f"τ = {tau:g}"
        curves = performance_profile(_times(pool, lines, tau))
        performance += stepped(_some(lines, curves), panel)
        budgets = [_budget(pool, line, tau) for line in lines]
        data += stepped(_some(lines, budgets), panel)
    problems = (
        f"{len(pool.contests)} comparisons of {count(pool.n_datasets, 'data set')}"
    )
    drawings = (
        Drawing(
            "performance-profile",
            "Performance profile",
            f"Share of {problems} on which the expected time to the target is at most"
            " so many times that of the fastest (Dolan & Moré 2002): at the left edge,"
            " where it is the fastest. Problems not solved stay in the denominator."
            " Which others take part changes the curve.",
            f"{pool.clock}, as a multiple of the fastest",
            "Problems",
        ),
        Drawing(
            "data-profile",
            "Data profile",
            f"Share of {problems} solved within a budget of passes over the data (Moré"
            " & Wild 2009), with the best fit of one component in the place of a start;"
            " each problem counts once, shared by its seeds.",
            "Passes over the data",
            "Problems",
        ),
    )
    return [
        steps_figure(rows, pencil, drawing)
        for rows, drawing in zip((performance, data), drawings, strict=True)
        if rows
    ]


def _some(lines: Sequence[Line], curves: Sequence[Steps]) -> dict[Line, Steps]:
    pairs = zip(lines, curves, strict=True)
    return {line: steps for line, steps in pairs if steps.at.size}


def _times(pool: Pool, lines: Sequence[Line], tau: float) -> Vector:
    """Return ``(n_problems, n_solvers)`` expected running times to a target."""
    at = TAUS.index(tau)
    table = [
        [
            expected_running_time(
                pool.race.seconds(one, line)[:, at],
                [run.spent for run in one.of(line)],
            )
            for line in lines
        ]
        for one in pool.contests
    ]
    return np.array(table)


def _budget(pool: Pool, line: Line, tau: float) -> Steps:
    """Return the data profile of one curve; its runs share their problem's weight."""
    at = TAUS.index(tau)
    each = [pool.race.passes(one, line)[:, at] for one in pool.contests]
    weights = [np.full(hits.size, 1.0 / hits.size) for hits in each]
    return data_profile(np.concatenate(each), np.concatenate(weights))


def _said(pool: Pool) -> str:
    """Return how often each solver was the fastest, and solved at all."""
    tau = SHOWN[-1]
    times = _times(pool, pool.lines, tau)
    fastest = times.min(axis=1, keepdims=True)
    wins = ((times == fastest) & np.isfinite(times)).sum(axis=0)
    solved = np.isfinite(times).sum(axis=0)
    order = np.argsort(-wins, kind="stable")[:6]
    each = [
        f"{pool.named(pool.lines[i])} was fastest on {wins[i]} and got there on"
        f" {solved[i]}"
        for i in order
    ]
    return (
        f"To τ = {number(tau)}, by expected running time: of {len(pool.contests)}"
        f" comparisons ({count(pool.n_datasets, 'data set')}) {listed(each)}. A solver"
        " got there if any of its seeds did. These are the data sets of this study, not"
        " a sample of all data."
    )
