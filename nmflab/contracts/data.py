"""Data and factors: what is given, and what it is broken into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Matrix: TypeAlias = npt.NDArray[np.floating[Any]]
Mask: TypeAlias = npt.NDArray[np.bool_]
Missing: TypeAlias = Literal["none", "unstored", "mask"]
Extra: TypeAlias = "npt.NDArray[Any] | list[str] | str"

EXTRAS: Mapping[str, str] = {
    "tokens": "list of str: one document a sample, its tokens separated by blanks",
    "column_metadata": "list of str: labels of each column, separated by '|' (genres)",
    "row_metadata": "list of str: the same for each row",
    "column_labels": "array (n_features,): known classes of the columns",
    "timestamps": "array of int64 (n_stored,): seconds since 1970 of each stored cell",
    "folds": "array of int (n_stored,): the published test fold of each stored cell",
    "image_shape": "array of int (2,): height and width of an image held in a row",
    "sample_shape": "array of int (2,): of an image whose pixels are the rows",
    "frequencies": "array of float (n_features,): Hz",
    "times": "array of float (n_samples,): seconds",
    "preparation": "str: what the loader left out or changed, with counts",
    "wavelengths": "array of float (n_features,): micrometres",
    "licence": "str: the terms of use, shown before download and in the report",
    "citation": "str: how the data's authors ask to be cited (BibTeX where it exists)",
    "source": "str: where the data come from, a URL or a path",
    "rating_scale": "array of float (2,): lowest and highest possible value",
}
"""Documented vocabulary of `Dataset.extras`. Other keys are allowed and kept.

What is said of stored cells follows their order in X, in canonical CSR or C order; for
a dense X without missing cells that is every cell.
"""

CELL_EXTRAS = ("timestamps", "folds")
"""Extras that belong to the stored cells; a split may depend on them."""


@dataclass(frozen=True)
class Factors:
    """One factorization: ``X ≈ W H``, plus offsets where a model has them.

    Parameters
    ----------
    W : ndarray of shape (n_samples, n_components)
        In units of X when H is dimensionless (see `nmflab.numerics.canonical`).
    H : ndarray of shape (n_components, n_features)
    row_offset : ndarray of shape (n_samples,), optional
        Added to every cell of a row; may be negative where the solver says so.
    column_offset : ndarray of shape (n_features,), optional
        Added to every cell of a column.

    Notes
    -----
    A yielded pair may be overwritten by the solver's next step; the loop copies what it
    keeps.
    """

    W: Matrix
    H: Matrix
    row_offset: Matrix | None = None
    column_offset: Matrix | None = None

    @property
    def n_components(self) -> int:
        """Number of components, pruned ones (all zero) included."""
        return int(self.H.shape[0])

    def reconstruct(self) -> Matrix:
        """Return the dense ``W H`` plus offsets, ``(n_samples, n_features)``.

        Never called on large sparse data by the framework: see `predict`.
        """
        Y: Matrix = self.W @ self.H
        if self.row_offset is not None:
            Y = Y + self.row_offset[:, None]
        if self.column_offset is not None:
            Y = Y + self.column_offset
        return Y

    def predict(self, rows: npt.ArrayLike, columns: npt.ArrayLike) -> Matrix:
        """Return the modelled values of some cells, shape ``(len(rows),)``.

        Works in blocks, so that memory stays at a few MB however many cells are asked.
        """
        i, j = np.asarray(rows, dtype=np.intp), np.asarray(columns, dtype=np.intp)
        values = np.empty(i.shape, dtype=np.result_type(self.W, self.H))
        block = max(1, 2_000_000 // max(1, self.n_components))
        H_columns = np.ascontiguousarray(self.H.T)
        for at in range(0, i.size, block):
            cut = slice(at, at + block)
            np.einsum("ck,ck->c", self.W[i[cut]], H_columns[j[cut]], out=values[cut])
        if self.row_offset is not None:
            values += self.row_offset[i]
        if self.column_offset is not None:
            values += self.column_offset[j]
        return values

    def copy(self) -> Factors:
        """Return factors that share no memory with these."""
        return Factors(
            self.W.copy(),
            self.H.copy(),
            None if self.row_offset is None else self.row_offset.copy(),
            None if self.column_offset is None else self.column_offset.copy(),
        )


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A matrix with what is known about it.

    Parameters
    ----------
    X : ndarray or scipy.sparse.csr_array of shape (n_samples, n_features)
        Finite; at least 0 unless the data are signed.
    missing : {"none", "unstored", "mask"}
        What is unknown: nothing; the cells a CSR does not store (its explicit zeros are
        observed and never eliminated); or the cells where `mask` is False.
    mask : ndarray of bool of shape (n_samples, n_features), optional
        True where a cell is observed; needed with, and only with, ``missing="mask"``.
    row_names, column_names : sequences of str, optional
    row_labels : ndarray of shape (n_samples,), optional
        Known classes of the rows, for metrics that compare clusterings.
    truth : Factors, optional
        The factors that generated X, where they are known.
    extras : mapping
        See `EXTRAS` for the vocabulary.

    Raises
    ------
    ValueError
        If names, labels or mask do not fit X, naming the field.
    """

    X: Matrix | csr_array
    missing: Missing = "none"
    mask: Mask | None = None
    row_names: Sequence[str] | None = None
    column_names: Sequence[str] | None = None
    row_labels: npt.NDArray[Any] | None = None
    truth: Factors | None = None
    extras: Mapping[str, Extra] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.X.ndim != 2:
            raise ValueError(
                f"dataset: X has {self.X.ndim} dimension(s), not 2; give a table of"
                " samples in rows and features in columns"
            )
        n_samples, n_features = self.X.shape
        for what, length in (
            ("row_names", n_samples),
            ("column_names", n_features),
            ("row_labels", n_samples),
        ):
            names = getattr(self, what)
            if names is not None and len(names) != length:
                raise ValueError(
                    f"dataset: {what} has {len(names)} entries, X has {length};"
                    " give one each, or None"
                )
        if (self.missing == "mask") != (self.mask is not None):
            raise ValueError(
                f"dataset: missing={self.missing!r} with mask"
                f" {'given' if self.mask is not None else 'absent'}; a mask goes with"
                " missing='mask' and only with it"
            )
        if self.mask is not None and self.mask.shape != self.X.shape:
            raise ValueError(
                f"dataset: mask has shape {self.mask.shape}, X has {self.X.shape}"
            )
        if self.missing == "unstored" and isinstance(self.X, np.ndarray):
            raise ValueError(
                "dataset: missing='unstored' needs a CSR matrix, X is dense; convert it"
                " or give missing='mask' with a mask"
            )


@dataclass(frozen=True)
class Cells:
    """Some cells of X: three arrays of one length."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    values: Matrix

    def __len__(self) -> int:
        return int(self.rows.size)
