"""What the data of an advised sweep are like, which decides what can be probed."""

from __future__ import annotations

from typing import Any

import numpy as np

from nmflab.instances import build
from nmflab.materialise import open_dataset
from nmflab.numerics.noise import noise_variance
from nmflab.splits import are_counts
from nmflab.sweep.expand import Space
from nmflab.sweep.plan import Data
from nmflab.weighting import WEIGHTINGS


def has_counts(space: Space, data: Data) -> bool:
    """Return whether X as it is fitted, weighted, holds counts, and more than 0 and 1.

    False where cells are missing.
    """
    if data.facts["missing"] != "none":
        return False
    X = _fitted(space, data)
    cells = X if isinstance(X, np.ndarray) else X.data
    return are_counts(cells) and bool(cells.max(initial=0) > 1)


def noise_dispersion(space: Space, data: Data) -> float | None:
    """Return the dispersion of the noise that ARD is to be told; None if not known.

    1 for counts with the Kullback-Leibler loss (Poisson); with the Frobenius loss the
    variance that the largest size leaves over (`nmflab.numerics.noise`).
    """
    if data.facts["missing"] != "none":
        return None
    loss = space.axes["objective"][0]["loss"]
    if loss == "kullback_leibler" and has_counts(space, data):
        return 1.0
    if loss != "frobenius":
        return None
    return noise_variance(_fitted(space, data), max(space.axes["n_components"])) or None


def _fitted(space: Space, data: Data) -> Any:  # an array or a CSR
    """Return X as it is fitted: weighted."""
    assert data.folder is not None
    node = space.axes["weighting"][0]
    weighting = build(WEIGHTINGS[node["name"]], node, "weighting")
    return weighting.apply(open_dataset(data.folder)).X
