"""Arrays and sparse matrices: .npy, .npz, .mat and .mtx."""

from __future__ import annotations

import difflib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab_datasets.reading.cells import gather
from nmflab_datasets.reading.source import check_signature, octets
from nmflab_datasets.reading.table import Table, attempt, refuse

if TYPE_CHECKING:
    from nmflab_datasets.file import File

SPARSE_KEYS = {"format", "shape", "data"}
"""What scipy.sparse.save_npz leaves in an archive, among others."""


def read_npy(path: Path, options: File) -> Table:
    """Return the array; memory-mapped where the file is not compressed."""
    if path.suffix.lower() == ".gz":
        content = io.BytesIO(octets(path))
        return _table(path, attempt(path, ".npy", lambda: _load(content)), options)
    check_signature(path, ".npy", _head(path))
    X = attempt(path, ".npy", lambda: np.load(path, mmap_mode="r", allow_pickle=False))
    return _table(path, X, options)


def read_npz(path: Path, options: File) -> Table:
    """Return one array of an archive, or the matrix of ``scipy.sparse.save_npz``."""
    import scipy.sparse

    check_signature(path, ".npz", _head(path))
    with path.open("rb") as file, attempt(path, ".npz", lambda: _load(file)) as archive:
        if set(archive.files) >= SPARSE_KEYS:
            X = attempt(path, "sparse .npz", lambda: scipy.sparse.load_npz(path))
            return _table(path, X, options)
        names = _wanted(archive.files, options)
        arrays = attempt(path, ".npz", lambda: {name: archive[name] for name in names})
    return _table(path, _chosen(path, arrays, archive.files, options), options)


def read_mat(path: Path, options: File) -> Table:
    """Return one variable of a MATLAB file (up to version 7), full or sparse."""
    import scipy.io

    content = io.BytesIO(octets(path))
    read: Any = scipy.io  # its types know paths only; it takes open files too
    there = [entry[0] for entry in attempt(path, ".mat", lambda: read.whosmat(content))]
    names = _wanted(there, options)
    content.seek(0)
    found = attempt(path, ".mat", lambda: read.loadmat(content, variable_names=names))
    arrays = {name: found[name] for name in names if name in found}
    return _table(path, _chosen(path, arrays, there, options), options)


def read_mtx(path: Path, options: File) -> Table:
    """Return the matrix of a MatrixMarket file; a coordinate file stays sparse."""
    import scipy.io

    content = octets(path)
    X: Any = attempt(path, ".mtx", lambda: scipy.io.mmread(io.BytesIO(content)))
    return _table(path, X, options)


def _table(path: Path, X: Any, options: File) -> Table:
    """Return a table of an array or a sparse matrix.

    Raises
    ------
    ValueError
        If it does not hold real numbers, is no matrix, or lists a cell twice.
    """
    from scipy.sparse import coo_array

    if X.dtype.kind not in "buif":
        advice = "take its absolute value" if X.dtype.kind == "c" else "convert it"
        raise refuse(
            path, f"it holds values of type {X.dtype}, not real numbers; {advice}"
        )
    if X.ndim != 2:
        raise refuse(
            path,
            f"it holds an array of shape {X.shape}; a matrix of samples and features"
            " has 2 dimensions",
        )
    if isinstance(X, np.ndarray):
        return Table(X)
    cells: Any = coo_array(X)
    rows, columns = cells.row.astype(np.intp), cells.col.astype(np.intp)

    def describe(one: int, other: int) -> str:
        cell = f"row {rows[one] + 1}, column {columns[one] + 1}"
        return f"entries {one + 1} and {other + 1} are both for {cell}"

    shape = (int(X.shape[0]), int(X.shape[1]))
    data = cells.data
    X, _ = gather(path, rows, columns, data, shape, options.duplicates, describe)
    return Table(X)


def _wanted(there: Sequence[str], options: File) -> list[str]:
    """Return the variable asked for if it is there, else all: one may be the matrix."""
    given = options.variable
    return [given] if given is not None and given in there else list(there)


def _chosen(
    path: Path, arrays: Mapping[str, Any], there: Sequence[str], options: File
) -> Any:
    """Return the variable asked for, or the only matrix."""
    listing = ", ".join(sorted(there)) or "nothing"
    if options.variable is not None:
        if options.variable in arrays:
            return arrays[options.variable]
        close = difflib.get_close_matches(options.variable, there, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise refuse(
            path,
            f"dataset.variable={options.variable}: no such array; there are"
            f" {listing}{hint}",
        )
    matrices = {name: X for name, X in arrays.items() if _is_matrix(X)}
    if len(arrays) == 1:
        matrices = dict(arrays)
    if len(matrices) == 1:
        return next(iter(matrices.values()))
    raise refuse(
        path,
        f"it holds {len(matrices)} matrices of real numbers; name one with"
        f" dataset.variable, out of {', '.join(sorted(matrices)) or listing}",
    )


def _is_matrix(X: Any) -> bool:
    """Whether X is a real matrix with more than one row and column."""
    return getattr(X, "ndim", 0) == 2 and min(X.shape) > 1 and X.dtype.kind in "buif"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)


def _load(source: Any) -> Any:
    return np.load(source, allow_pickle=False)
