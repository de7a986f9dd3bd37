"""Data from a Python session made into a dataset that children can open."""

from __future__ import annotations

import shutil
import tempfile
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from nmflab.caches import cache_dir
from nmflab.contracts import Dataset, Missing
from nmflab.materialise import materialise


def hand_over(X: Any, missing: str) -> tuple[Path, str]:
    """Write X into the cache once and return its folder and fingerprint.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
        Any: what NumPy can make an array of is wider than a type can say.
    missing : {"none", "nan", "zeros", "unstored"}

    Raises
    ------
    ValueError
        If X is not a finite matrix, or `missing` does not fit it.
    """
    return kept(as_dataset(X, missing))


def kept(dataset: Dataset) -> tuple[Path, str]:
    """Write a dataset into the cache once and return its folder and fingerprint.

    Raises
    ------
    ValueError
        If its X is not a finite matrix.
    """
    root = cache_dir() / "arrays"
    root.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=root))
    try:
        facts = materialise(dataset, beside / "data")
        fingerprint = str(facts["fingerprint"])
        # Equal cells may come under other names, which reports show.
        names = repr((dataset.row_names, dataset.column_names)).encode()
        folder = root / f"{fingerprint}-{blake2b(names, digest_size=8).hexdigest()}"
        if not folder.exists():
            (beside / "data").rename(folder)
        return folder, fingerprint
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def as_dataset(X: Any, missing: str) -> Dataset:
    """Return X with its names and what is unknown of it; see `hand_over`."""
    from scipy.sparse import issparse

    rows: list[str] | None = None
    columns: list[str] | None = None
    if type(X).__module__.partition(".")[0] == "pandas":
        rows = [str(name) for name in X.index]
        columns = [str(name) for name in X.columns]
        X = X.to_numpy()
    if issparse(X):
        return _sparse(X, missing)
    values = np.asarray(X)
    if values.dtype == object or values.dtype.kind not in "biuf":
        raise ValueError(
            f"X holds {values.dtype}, not numbers; give an array of numbers"
        )
    if values.ndim != 2:
        raise ValueError(f"X has {values.ndim} dimension(s); give a 2-D array")
    if missing == "none":
        return Dataset(X=values, row_names=rows, column_names=columns)
    if missing == "nan":
        mask = ~np.isnan(values)
        values = np.where(mask, values, 0.0)
    elif missing == "zeros":
        mask = values != 0
    else:
        raise ValueError(
            f"missing={missing!r} with a dense X: choose none, nan or zeros"
        )
    return Dataset(
        X=values,
        missing="mask",
        mask=mask,
        row_names=rows,
        column_names=columns,
    )


def _sparse(X: Any, missing: str) -> Dataset:
    from scipy.sparse import csr_array

    kinds: dict[str, Missing] = {"none": "none", "unstored": "unstored"}
    if missing not in kinds:
        raise ValueError(
            f"missing={missing!r} with a sparse X: choose none (what is not stored is"
            " 0) or unstored (it is unknown)"
        )
    return Dataset(X=csr_array(X), missing=kinds[missing])
