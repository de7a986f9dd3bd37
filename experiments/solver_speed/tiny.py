"""Tiny files in place of the real ones, so that all can be tried in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write_tiny(folder: Path) -> dict[str, Path]:
    """Write files like those of `prepare.SOURCES`, with planted components.

    Returns
    -------
    dict of str to Path
    """
    import scipy.io
    from scipy.sparse import coo_array

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    paths = {name: folder / name for name in ("orl.npy", "bbc.mtx", "u.data")}
    images = rng.random((20, 3)) @ rng.random((3, 60)) + 0.1 * rng.random((20, 60))
    np.save(paths["orl.npy"], images)
    counts = rng.poisson(rng.gamma(0.2, 2, (40, 3)) @ rng.gamma(0.2, 2, (3, 30)))
    scipy.io.mmwrite(paths["bbc.mtx"], coo_array(counts + np.eye(40, 30, dtype=int)))
    users, items = np.nonzero(rng.random((30, 25)) < 0.5)
    ratings = rng.integers(1, 6, users.size)
    rows = np.column_stack([users + 1, items + 1, ratings, ratings])
    np.savetxt(paths["u.data"], rows, fmt="%d", delimiter="\t")
    return paths
