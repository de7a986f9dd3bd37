"""What is run to advise on a number of components; the panel reads it back by this."""

from __future__ import annotations

ADVISE = "n_components"
"""The value of the setting ``advise`` that a study's panel is asked for with."""

N_SEEDS = 10
"""Seeds, and draws of the data, where the command gives one seed."""

N_SPECKLED = 5
N_BI_CV = 2
"""Ways to leave cells out, and to cut X into 2 x 2 blocks of which each is tested."""

N_SHUFFLED = 3
N_ARD = 5

HELD_OUT_RESTARTS = 4
"""Starts of each fit whose error is compared: a local minimum says nothing of size."""

DRAWN_RESTARTS = 8
"""Starts of each fit to a draw of the data.

On 21 genomes with four mutational processes one start made them look unstable: the
least silhouette at 4 fell from 0.92 to 0.26.
"""

STABILITY_SHARE = 0.8
"""Share of the rows in a sample for stability (Greene et al. 2014)."""

DISTINCT = 0.632
"""Share of distinct rows in a bootstrap of rows, ``1 − 1/e``."""

METRICS = ("relative_error", "explained_variance", "rmse")
"""What the panel reads, besides factors."""
