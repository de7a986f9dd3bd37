"""Criteria of error: of the fits, of what was left out, against shuffled data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nmflab.advice.panel import Criterion, Spread
from nmflab.advice.reading import Evidence, Run, by_size
from nmflab.advice.rules import falls_like_noise, knee, one_standard_error
from nmflab.advice.shared import measured, why_no_runs


def error(found: Evidence) -> Criterion:
    """Relative error of the fits; its knee."""
    return _fitted(
        found,
        Criterion(
            name="error",
            title="Relative error",
            direction="lower",
            over="seeds",
            rule="The knee: the size farthest from the line between the ends. The"
            " error of a best fit falls with every size, so a knee is weak evidence.",
            suits="Any data; never alone.",
        ),
        "relative_error",
    )


def explained_variance(found: Evidence) -> Criterion:
    """Explained variance of the fits; its knee."""
    return _fitted(
        found,
        Criterion(
            name="explained_variance",
            title="Explained variance",
            direction="higher",
            over="seeds",
            rule="Shown only: 1 minus the square of the relative error, so its knee"
            " would be no second opinion.",
            suits="Any data; never alone.",
            counts=False,
        ),
        "explained_variance",
    )


def _fitted(found: Evidence, blank: Criterion, metric: str) -> Criterion:
    values = _metric(found.fits, metric)
    if not values:
        return replace(blank, why="no fit has been measured")
    choice = knee({size: spread.value for size, spread in values.items()})
    why = "" if choice is not None else "its values have no knee"
    return replace(blank, values=values, choice=choice, why=why)


def _metric(runs: Sequence[Run], name: str) -> dict[int, Spread]:
    """Return the spread by size of a metric, whatever cells its name says it is of."""
    return {
        size: Spread.of(values)
        for size, members in by_size(runs).items()
        if (values := measured(members, name))
    }


def speckled_error(found: Evidence) -> Criterion:
    """Error of cells left out here and there."""
    blank = Criterion(
        name="held_out",
        title="Held-out error",
        direction="lower",
        over="ways to leave out a tenth of the cells",
        rule="One standard error: the smallest size whose root mean squared error is on"
        " average within one standard error of the least.",
        suits="Ratings and other data with missing cells.",
        source="Wold 1978",
    )
    why = "the solver cannot leave cells out (it takes no missing entries): see bi-CV"
    return _held_out(found.speckled, blank, why)


def block_error(found: Evidence) -> Criterion:
    """Error of blocks left out whole."""
    blank = Criterion(
        name="bi_cv",
        title="Bi-cross-validation",
        direction="lower",
        over="blocks of 2 x 2",
        rule="One standard error: the smallest size whose root mean squared error is on"
        " average within one standard error of the least.",
        suits="Dense, noise-like data.",
        source="Owen and Perry 2009",
    )
    why = why_no_runs(found)
    return _held_out(found.blocks, blank, why)


def _held_out(runs: Sequence[Run], blank: Criterion, why: str) -> Criterion:
    folds = {
        size: errors
        for size, members in by_size(runs).items()
        if (
            errors := [
                r.metrics["rmse_test"] for r in members if "rmse_test" in r.metrics
            ]
        )
    }
    if not folds:
        return replace(blank, why=why)
    values = {size: Spread.of(errors) for size, errors in folds.items()}
    return replace(blank, values=values, choice=one_standard_error(folds))


def noise_slope(found: Evidence) -> Criterion:
    """Fall of the error against its fall on data without structure."""
    blank = Criterion(
        name="noise_slope",
        title="Fall against shuffled data",
        direction="lower",
        over="seeds",
        rule="The first size from which the error of the best seed falls no faster than"
        " on X with each column shuffled (mean over shuffles).",
        suits="Dense data.",
        source="Frigyesi and Höglund 2008",
    )
    if not found.shuffled or not found.fits:
        why = why_no_runs(found)
        return replace(blank, why=why)
    chance = {
        size: float(np.mean([loss_of(run) for run in runs]))
        for size, runs in by_size(found.shuffled).items()
    }
    values = {}
    for size, runs in by_size(found.fits).items():
        losses = [loss_of(run) for run in runs]
        values[size] = Spread.of(losses, value=min(losses))
    least = {size: spread.value for size, spread in values.items()}
    choice = falls_like_noise(least, chance)
    why = "" if choice is not None else "it falls faster at every size"
    return replace(blank, values=values, reference=chance, choice=choice, why=why)


def loss_of(run: Run) -> float:
    """Return what falls with size: the squared relative error, or the divergence."""
    relative = measured([run], "relative_error")
    if run.config["objective"]["loss"] == "frobenius" and relative:
        return relative[0] ** 2
    return run.objective
