"""Bi-cross-validation: whole rows and columns left out together, then predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Cells, Factors, Mask, Matrix
from nmflab.numerics.nnls import nnls
from nmflab.splits.cells import HeldOut, ObservedCells

MAX_TEST_CELLS = 30_000_000
"""Most cells of one held-out block: 24 bytes each."""


@dataclass(frozen=True)
class Block:
    """The rows and columns left out, and what X shows of them.

    With ``X = [A B; C D]`` for the left-out rows and columns first, A is tested and D
    is what the solver was given.

    Parameters
    ----------
    rows, columns : ndarray of bool of shape (n_samples,), (n_features,)
        True where left out.
    B, C : ndarray or csr_array
        The left-out rows of the kept columns; the kept rows of the left-out columns.
    """

    rows: Mask
    columns: Mask
    B: Any
    C: Any

    def complete(self, factors: Factors) -> Factors:
        """Return factors of all rows and columns, from those of D.

        ``W_A = argmin ‖B − W H_D‖_F`` and ``H_A = argmin ‖C − W_D H‖_F``, both at
        least 0. Where a factor of D may be negative the other side is still found with
        non-negative least squares.

        Raises
        ------
        ValueError
            If the factors have offsets, which a left-out row or column would lack.
        """
        if factors.row_offset is not None or factors.column_offset is not None:
            raise ValueError(
                "split=bi_cv cannot complete a model with offsets for rows and columns"
                " it left out; switch the solver's offsets off"
            )
        W = np.zeros((self.rows.size, factors.n_components))
        H = np.zeros((factors.n_components, self.columns.size))
        W_D, H_D = factors.W.astype(np.float64), factors.H.astype(np.float64)
        W[~self.rows], H[:, ~self.columns] = W_D, H_D
        W[self.rows] = nnls(H_D @ H_D.T, _dense(self.B @ H_D.T).T).T
        if self.columns.any():
            H[:, self.columns] = nnls(W_D.T @ W_D, _dense(self.C.T @ W_D).T)
        return Factors(W, H)

    def restrict(self, factors: Factors) -> Factors:
        """Return the factors of D alone, from completed ones."""
        W = np.ascontiguousarray(factors.W[~self.rows])
        return Factors(W, np.ascontiguousarray(factors.H[:, ~self.columns]))


@dataclass(frozen=True, kw_only=True)
class BiCrossValidation:
    """A block of whole rows and columns left out of X and predicted from the rest.

    X is cut into ``row_folds x column_folds`` blocks at random; one is tested. The
    solver sees the cells outside its rows and columns; the factors of these are then
    found by non-negative least squares from the cells beside and below the block. Any
    solver can take part, since X without the block is complete. The data must be
    complete too.

    Parameters
    ----------
    row_folds : int, default 2
        In how many parts the rows are cut.
    column_folds : int, default 2
        In how many parts the columns are cut.
    fold : int, default 0
        Which block is tested, from 0 to ``row_folds * column_folds - 1``.

    Notes
    -----
    Errors for predicting A are larger than those of a model that saw all of X, as it
    was fitted to a part: compare sizes of model by it, not with other errors.

    References
    ----------
    A. B. Owen, P. O. Perry, "Bi-cross-validation of the SVD and the nonnegative matrix
    factorization", Annals of Applied Statistics 3(2), 2009.
    """

    row_folds: int = 2
    column_folds: int = 2
    fold: int = 0

    holds_out: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for key in ("row_folds", "column_folds"):
            if not getattr(self, key) >= 2:
                raise ValueError(
                    f"split.{key} must be >= 2, got {getattr(self, key)}; 2 is usual"
                )
        n_blocks = self.row_folds * self.column_folds
        if not 0 <= self.fold < n_blocks:
            raise ValueError(
                f"split.fold must be from 0 to {n_blocks - 1} for"
                f" {self.row_folds} x {self.column_folds} blocks, got {self.fold}"
            )

    def hold_out(self, observed: ObservedCells, rng: np.random.Generator) -> HeldOut:
        """Return the cells of the block."""
        rows, columns = self.block(observed.shape, rng)
        inside = rows[observed.rows] & columns[observed.columns]
        return HeldOut(np.empty(0, dtype=np.intp), np.flatnonzero(inside))

    def block(
        self, shape: tuple[int, int], rng: np.random.Generator
    ) -> tuple[Mask, Mask]:
        """Return which rows and which columns are left out.

        Raises
        ------
        ValueError
            If X has fewer rows or columns than folds.
        """
        for key, length in zip(("row_folds", "column_folds"), shape, strict=True):
            if length < getattr(self, key):
                raise ValueError(
                    f"split.{key}={getattr(self, key)} needs as many"
                    f" {key.removesuffix('_folds')}s; X has {length}"
                )
        row_fold, column_fold = divmod(self.fold, self.column_folds)
        in_rows = _folds(shape[0], self.row_folds, rng) == row_fold
        in_columns = _folds(shape[1], self.column_folds, rng) == column_fold
        return in_rows, in_columns

    def cut(self, X: Any, rng: np.random.Generator) -> tuple[Any, Cells, Block]:
        """Return D, the cells of A, and what completes factors of D.

        Raises
        ------
        ValueError
            If A has too many cells to be listed.
        """
        rows, columns = self.block(X.shape, rng)
        at, across = np.flatnonzero(rows), np.flatnonzero(columns)
        if at.size * across.size > MAX_TEST_CELLS:
            raise ValueError(
                f"split=bi_cv: a block of {at.size:,} x {across.size:,} cells is more"
                f" than {MAX_TEST_CELLS:,}; raise split.row_folds or split.column_folds"
            )
        left_out, kept = X[rows], X[~rows]
        A = _dense(left_out[:, columns])
        test = Cells(np.repeat(at, across.size), np.tile(across, at.size), A.ravel())
        block = Block(rows, columns, left_out[:, ~columns], kept[:, columns])
        return _sorted(kept[:, ~columns]), test, block


def _folds(length: int, n_folds: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Return the fold of each line; sizes differ by at most one."""
    folds = np.empty(length, dtype=np.intp)
    folds[rng.permutation(length)] = np.arange(length) % n_folds
    return folds


def _dense(X: Any) -> Matrix:
    """Return a float64 array of what is small, whatever its storage."""
    array = X if isinstance(X, np.ndarray) else X.toarray()
    return np.ascontiguousarray(array, dtype=np.float64)


def _sorted(X: Any) -> Any:
    if isinstance(X, np.ndarray):
        return np.ascontiguousarray(X)
    X.sort_indices()
    return X
