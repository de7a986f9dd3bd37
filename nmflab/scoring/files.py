"""A factor as some other program left it: .npy, .npz, .mat, or text of numbers."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nmflab.config import ConfigError
from nmflab.contracts import Matrix
from nmflab.scoring.delimited import read_text

TEXT = (".csv", ".tsv", ".tab", ".txt")
ENDINGS = (".npy", ".npz", ".mat", *TEXT)


@dataclass(frozen=True)
class Factor:
    """One factor as it was given, with the names its file has for its lines.

    Parameters
    ----------
    source : str
        What it is called in sentences: ``W=W.csv``.
    values : ndarray of shape (n_rows, n_columns)
        float64, C order.
    row_names, column_names : sequences of str, optional
    """

    source: str
    values: Matrix
    row_names: Sequence[str] | None = None
    column_names: Sequence[str] | None = None

    @property
    def T(self) -> Factor:  # noqa: N802 (as of arrays)
        """The same transposed."""
        return replace(
            self,
            values=np.ascontiguousarray(self.values.T),
            row_names=self.column_names,
            column_names=self.row_names,
        )

    @property
    def shape_text(self) -> str:
        """Its shape as a reader writes it: ``200 x 3``."""
        return " x ".join(map(str, self.values.shape))


def read_factor(key: str, given: object, variable: str | None = None) -> Factor:
    """Return a factor from an array, a table of pandas, or a file.

    Parameters
    ----------
    key : str
        "W" or "H": how errors call it, and the variable taken where a file has several.
    given : str, Path, DataFrame or array-like of shape (n_rows, n_columns)
    variable : str, optional
        The variable of a .mat or .npz.

    Raises
    ------
    ConfigError
        If it cannot be read, or does not hold finite real numbers.
    """
    if isinstance(given, str | Path):
        return _read_file(key, Path(given).expanduser(), variable)
    rows = columns = None
    if type(given).__module__.partition(".")[0] == "pandas":
        frame: Any = given
        rows, columns = [
            [str(name) for name in a] for a in (frame.index, frame.columns)
        ]
    return Factor(key, _matrix(key, given), rows, columns)


def _read_file(key: str, path: Path, variable: str | None) -> Factor:
    source = f"{key}={path}"
    _refuse(key, path, variable)
    ending = path.suffix.lower()
    try:
        if ending in TEXT:
            rows, columns, values = read_text(path, source)
            return Factor(source, _matrix(source, values), rows, columns)
        found = {".npy": _read_npy, ".npz": _read_npz, ".mat": _read_mat}[ending](path)
    except OSError as error:
        raise ConfigError(f"{source}: {error.strerror or error}") from error
    except ConfigError:
        raise
    except (ValueError, TypeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{source}: {_unreadable(ending, error)}") from error
    return Factor(source, _matrix(source, _chosen(source, key, found, variable)))


def _refuse(key: str, path: Path, variable: str | None) -> None:
    """Raise ConfigError for what cannot be a factor by its name alone."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ConfigError(
            f"{key}={path}: the ending {path.suffix or 'of its name'!r} is not one of"
            f" {', '.join(ENDINGS)}; write the factor to one of these"
        )
    if variable is not None and ending not in (".npz", ".mat"):
        raise ConfigError(
            f"{key}.variable={variable} goes with a .mat or .npz, not with {path.name};"
            " leave it out"
        )
    if not path.is_file():
        raise ConfigError(
            f"{key}={path}: no such file (looked in {path.parent.resolve()})"
        )


def _read_npy(path: Path) -> dict[str, Any]:
    return {"": np.load(path, allow_pickle=False)}


def _read_npz(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _read_mat(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        found = loadmat(path)
    except MatReadError as error:
        raise ValueError(str(error)) from error
    return {name: value for name, value in found.items() if name[:2] != "__"}


def _unreadable(ending: str, error: Exception) -> str:
    """Return what is wrong with a file, and how another is written."""
    how = {
        ".npy": "write it with numpy.save, as an array of numbers",
        ".npz": "write it with numpy.savez, as arrays of numbers",
        ".mat": "save it from MATLAB with -v7 (version 7.3 is not read)",
    }[ending]
    return f"it cannot be read as a {ending} ({' '.join(str(error).split())}); {how}"


def _chosen(
    source: str, key: str, found: Mapping[str, Any], variable: str | None
) -> Any:
    """Return the variable asked for, else the one called W or H, else the only one."""
    wanted = key if variable is None else variable
    if wanted in found:
        return found[wanted]
    listing = ", ".join(sorted(found)) or "nothing"
    if variable is not None:
        raise ConfigError(
            f"{source}: {key}.variable={variable}: no such variable; it holds {listing}"
        )
    matrices = [v for v in found.values() if getattr(v, "ndim", 0) == 2]
    if len(found) == 1 or len(matrices) == 1:
        return (matrices or list(found.values()))[0]
    raise ConfigError(
        f"{source}: none of its variables is called {key}, and it holds {listing}; name"
        f" one, as in {key}.variable={next(iter(sorted(found)), key)}"
    )


def _matrix(source: str, given: Any) -> Matrix:
    """Return finite float64 values in C order; given: whatever NumPy can read."""
    from scipy.sparse import issparse

    sparse: Any = given  # whose types do not say that it becomes an array
    values = sparse.toarray() if issparse(given) else np.asarray(given)
    if values.dtype.kind not in "biuf":
        raise ConfigError(
            f"{source}: it holds {values.dtype}, not real numbers; a factor is a matrix"
            " of numbers"
        )
    if values.ndim != 2 or 0 in values.shape:
        raise ConfigError(
            f"{source}: it has shape {values.shape}; a factor is a matrix, W of samples"
            " by components and H of components by features"
        )
    # C order, because sums taken in another order differ in their last bits.
    matrix = np.array(values, dtype=np.float64, order="C")
    if not np.isfinite(matrix).all():
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        raise ConfigError(
            f"{source}: {matrix[row, column]} in row {row + 1}, column {column + 1};"
            " every entry of a factor must be a finite number"
        )
    return matrix
