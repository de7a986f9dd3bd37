"""Two methods over data sets: the Bayesian signed-rank test with practical equality.

References
----------
A. Benavoli, G. Corani, J. Demšar, M. Zaffalon, "Time for a Change: a Tutorial for
Comparing Multiple Classifiers Through Bayesian Analysis", JMLR 18, 2017, section 4.2.
A. Benavoli, F. Mangili, G. Corani, M. Zaffalon, F. Ruggeri, "A Bayesian Wilcoxon
Signed-Rank Test Based on the Dirichlet Process", ICML 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PRIOR = 0.5
"""Weight of the prior's one observation, a difference of 0, against 1 a data set."""

DRAWS = 20_000
"""Samples of the posterior: probabilities are then known to 0.01."""


@dataclass(frozen=True)
class Posterior:
    """Probabilities that the difference lies below, within and above the ROPE."""

    left: float
    rope: float
    right: float


def bayesian_signed_rank(
    differences: npt.ArrayLike, rope: float, *, draws: int = DRAWS, seed: int = 0
) -> Posterior:
    """Return the probability of each of three regions being the likeliest.

    With ``z₀ = 0`` and z₁..z_N the differences, weights are drawn from a Dirichlet
    distribution, ``w ~ Dir(PRIOR, 1, ..., 1)``; a region's chance is
    ``Σᵢⱼ wᵢ wⱼ [(zᵢ + zⱼ)/2 in it]``, and its probability the share of draws in which
    that chance is the largest of the three (equations 12 and 13 of the tutorial).

    Parameters
    ----------
    differences : array_like of float, shape (n_datasets,)
    rope : float
        Half width of the region of practical equality, in the differences' unit.
    draws, seed : int
        Samples of the posterior, and of the generator that draws them.
    """
    z = np.concatenate([[0.0], np.asarray(differences, dtype=float)])
    middles = (z[:, None] + z[None, :]) / 2
    strengths = np.r_[PRIOR, np.ones(z.size - 1)]
    weights = np.random.default_rng(seed).dirichlet(strengths, size=draws)
    left, right = (
        np.einsum("si,ij,sj->s", weights, region.astype(float), weights, optimize=True)
        for region in (middles < -rope, middles > rope)
    )
    likeliest = np.argmax(np.stack([left, 1 - left - right, right]), axis=0)
    shares = np.bincount(likeliest, minlength=3) / draws
    return Posterior(*(float(share) for share in shares))
