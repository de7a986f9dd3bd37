"""All criteria in the order they are shown, and those that count components."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from nmflab.advice.errors import (
    block_error,
    error,
    explained_variance,
    noise_slope,
    speckled_error,
)
from nmflab.advice.lasting import agreement, cophenetic, dispersions, silhouettes
from nmflab.advice.panel import Criterion, Spread
from nmflab.advice.reading import Evidence, by_size
from nmflab.advice.rules import commonest, lowest
from nmflab.advice.shared import measured


def all_criteria(found: Evidence) -> list[Criterion]:
    """Return every criterion, whether it could be computed or not."""
    makers: Sequence[Callable[[Evidence], Criterion]] = (
        error,
        explained_variance,
        speckled_error,
        block_error,
        cophenetic,
        dispersions,
        silhouettes,
        agreement,
        pruning,
        noise_slope,
        akaike,
        bayes,
    )
    return [make(found) for make in makers]


def pruning(found: Evidence) -> Criterion:
    """Components that automatic relevance determination keeps."""
    blank = Criterion(
        name="ard",
        title="Components kept by ARD",
        direction="none",
        over="seeds",
        rule="The commonest number of components that are left of the largest size.",
        suits="Counts; data whose noise is known or even.",
        source="Tan and Fevotte 2013",
    )
    kept = [run.n_active for run in found.pruned if run.size == found.sizes[-1]]
    if not kept:
        return replace(
            blank,
            why="its noise must be known: counts with Kullback-Leibler, or complete"
            " data with Frobenius",
        )
    value = commonest(kept)
    spread = Spread.of([float(n) for n in kept], value=value)
    return replace(blank, values={found.sizes[-1]: spread}, choice=value)


def akaike(found: Evidence) -> Criterion:
    """Akaike's criterion for Gaussian noise."""
    return _information(found, "aic", "AIC (Gaussian)", lambda _: 2.0)


def bayes(found: Evidence) -> Criterion:
    """Bayes' criterion for Gaussian noise."""
    return _information(found, "bic", "BIC (Gaussian)", math.log)


def _information(
    found: Evidence, name: str, title: str, weight: Callable[[float], float]
) -> Criterion:
    """Return ``nm log(RSS/nm) + weight r (n + m − r)`` of the best fit of each size."""
    blank = Criterion(
        name=name,
        title=title,
        direction="lower",
        over="",
        rule="Shown only: the least value. Its count of parameters ignores that they"
        " are at least 0, so it is not reliable for NMF.",
        suits="None; shown because it is often asked for.",
        counts=False,
    )
    if found.loss != "frobenius" or found.missing:
        return replace(blank, why="it is for complete data with the Frobenius loss")
    values = {}
    for size, runs in by_size(found.fits).items():
        factors, errors = found.factors(runs[0]), measured(runs, "rmse")
        if factors is not None and errors and min(errors) > 0:
            n, m = factors.W.shape[0], factors.H.shape[1]
            penalty = weight(float(n * m)) * size * (n + m - size)
            value = n * m * 2 * math.log(min(errors)) + penalty
            values[size] = Spread(value, value, value, len(errors))
    if not values:
        return replace(blank, why="the fits leave no error to weigh")
    choice = lowest({size: spread.value for size, spread in values.items()})
    return replace(blank, values=values, choice=choice)
