"""Random starting factors."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from nmflab.contracts import LOSSES, Factors, InitSpec, Matrix, Problem, Takes
from nmflab.hookspecs import hookimpl
from nmflab_inits._starts import finished, mean_observed

NMFLAB_CONTRACT = 1


class Distribution(StrEnum):
    """What the entries are drawn from, before they are scaled."""

    normal = "normal"
    uniform = "uniform"


@dataclass(frozen=True, kw_only=True)
class RandomStart:
    """Independent entries ``|N(0, 1)|·sqrt(mean(X) / n_components)``, then scaled.

    The mean is over the observed cells, of magnitudes where X is signed, so ``WH`` has
    about the size of X. W is drawn
    before H, in float64: float32 gets the same start, rounded.

    Parameters
    ----------
    distribution : {"normal", "uniform"}, default "normal"
        Absolute values of a standard normal, or uniform on [0, 1).
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss.

    References
    ----------
    N.-D. Ho, "Nonnegative Matrix Factorization Algorithms and Applications", PhD
    thesis, Université catholique de Louvain, 2008 (the scalar).
    """

    distribution: Distribution = Distribution.normal
    scale: bool = True

    def __post_init__(self) -> None:
        if self.distribution not in list(Distribution):
            raise ValueError(
                f"init.distribution must be one of {', '.join(Distribution)}, got"
                f" {self.distribution!r}"
            )

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return drawn factors; all zero where X is."""
        n_samples, n_features = problem.shape
        size = math.sqrt(mean_observed(problem) / n_components)
        W = size * self._draw((n_samples, n_components), rng)
        H = size * self._draw((n_components, n_features), rng)
        return finished(problem, W, H, scale=self.scale)

    def _draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Matrix:
        if self.distribution == Distribution.uniform:
            return rng.random(shape)
        return np.abs(rng.standard_normal(shape))


@hookimpl
def nmflab_initializations() -> Iterable[InitSpec]:
    """Random starts."""
    yield InitSpec(
        name="random",
        initialization=RandomStart,
        takes=Takes(
            losses=LOSSES,
            penalties=frozenset({"l1", "l2"}),
            missing=True,
            signed=True,
        ),
        examples=(
            RandomStart(),
            RandomStart(distribution=Distribution.uniform, scale=False),
        ),
    )
