"""New entries for components that have died, taken from what is fitted worst.

A component with ``w_k = 0`` or ``h_k = 0`` has no gradient on the side that is 0 and
stays dead under most updates, though the objective could fall. It is given a new
direction: ``h`` is the positive part of the worst-fit row of ``R = X − WH``, and w the
exact non-negative least squares solution given h.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors, Mask, Matrix, Problem
from nmflab.numerics.cells import (
    Block,
    Float64,
    double,
    fitted_blocks,
    stored_blocks,
)
from nmflab.numerics.model import widened
from nmflab.numerics.penalties import Penalties, penalties_of

_N_ROWS = 8
"""Rows of largest residual looked at: the very largest may have no positive part."""


class Reseeder:
    """Gives dead components of a Frobenius problem new entries.

    A component is dead where ``max(w_k) max(h_k)`` is at most the precision of the
    dtype times the largest of these products: 0, or too small to be told from 0. What
    it is given never raises the objective, penalties included; where nothing lowers it
    (an exact fit, a penalty that pays for no further component) it is left as it is.

    Parameters
    ----------
    problem : Problem
        In the units the factors are in.
    most : int, default 3
        How often one component may be tried; a try that finds nothing counts too.

    Raises
    ------
    ValueError
        If the loss is not frobenius.

    Notes
    -----
    While no component is dead a call costs two maxima a component, and remembers
    nothing. A revival costs the products of X with H and with one vector; a dense WH is
    never formed for a sparse X.

    References
    ----------
    N. Gillis, "Nonnegative Matrix Factorization", SIAM, 2020, ch. 8 (components that
    become 0 in coordinate descent).
    """

    def __init__(self, problem: Problem, most: int = 3) -> None:
        if problem.objective.exponent != 2:
            raise ValueError(
                "reseeding is for objective.loss=frobenius, got"
                f" {problem.objective.loss}: other losses keep entries above a floor"
            )
        self._problem, self._most = problem, most
        self._n_tried: dict[int, int] = {}
        self._penalties: Penalties | None = None

    def revive(
        self,
        Wt: Matrix,
        H: Matrix,
        row_offset: Matrix | None = None,
        column_offset: Matrix | None = None,
    ) -> int:
        """Write new entries, in place, into dead components; return how many got some.

        Parameters
        ----------
        Wt : ndarray of shape (n_components, n_samples)
        H : ndarray of shape (n_components, n_features)
        row_offset, column_offset : ndarray, optional
            Of a model that has them.
        """
        sizes = double(Wt.max(axis=1)) * double(H.max(axis=1))
        largest = sizes.max()
        if not np.isfinite(largest):
            return 0
        dead = sizes <= float(np.finfo(H.dtype).eps) * largest
        if not dead.any():
            return 0
        tried = self._n_tried
        left = [
            int(k) for k in np.flatnonzero(dead) if tried.get(int(k), 0) < self._most
        ]
        if not left:
            return 0
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return self._revive(left, Wt, H, (row_offset, column_offset))

    def _revive(
        self,
        dead: list[int],
        Wt: Matrix,
        H: Matrix,
        offsets: tuple[Matrix | None, Matrix | None],
    ) -> int:
        if self._penalties is None:
            self._penalties = penalties_of(self._problem)
        precision = float(np.finfo(H.dtype).eps)
        W, B = np.array(Wt.T, np.float64, order="C"), np.array(H, np.float64)
        remains = {k: _length(W[:, k]) * _length(B[k]) for k in dead}
        W[:, dead], B[dead] = 0.0, 0.0  # what is left of them is no part of the model
        A, B = widened(Factors(W, B, *offsets), W, B)
        residual = _Residual(self._problem, A, B)
        n_revived = 0
        for k in dead:
            self._n_tried[k] = self._n_tried.get(k, 0) + 1
            found = self._component(residual, precision, remains[k])
            if found is None:
                continue
            Wt[k], H[k] = found
            residual.put(k, double(Wt[k]), double(H[k]))
            n_revived += 1
        return n_revived

    def _component(
        self, residual: _Residual, precision: float, remains: float
    ) -> tuple[Float64, Float64] | None:
        """Return w and h that lower the objective; None where none are found.

        What remains of the dead component, of length `remains`, is given up for them:
        that may raise the objective by ``‖R‖`` times this length, and no more.
        """
        h = residual.worst_row(precision)
        if h is None:
            return None
        slopes, squares = residual.products(h)
        # Both sides of equal length first: penalties depend on how a scale is shared.
        w = _nnls(slopes, squares)
        lengths = _length(w), _length(h)
        if not (lengths[0] > 0 and lengths[1] > 0):
            return None
        scale = self._share(*lengths)
        h, slopes, squares = h * scale, slopes * scale, squares * scale**2
        penalties = cast(Penalties, self._penalties)
        if self._problem.objective.unit == "none":
            l2 = np.broadcast_to(penalties.l2_W, (w.size, 1))[:, 0]
            w = _nnls(slopes - penalties.l1_W, squares + l2)
        else:
            w /= scale
        gain = float(w @ slopes - 0.5 * (w * squares) @ w)
        cost = penalties.value(Factors(w[:, None], h[None]), w[:, None], h[None])
        return (w, h) if gain > cost + residual.norm * remains else None

    def _share(self, w_length: float, h_length: float) -> float:
        """Return what to multiply h by, and to divide w by."""
        unit = self._problem.objective.unit
        if unit == "W":
            return w_length
        if unit == "H":
            return 1.0 / h_length
        return float(np.sqrt(w_length / h_length))


class _Parts(NamedTuple):
    slopes: Float64
    squares: Float64


class _Residual:
    """``R = X − AB`` over the fitted cells: its rows and products, never all of it.

    Parameters
    ----------
    problem : Problem
    A, B : ndarray
        W and H in float64, widened by the offsets; `put` writes into them.
    """

    def __init__(self, problem: Problem, A: Float64, B: Float64) -> None:
        self._problem, self._A, self._B = problem, A, B
        # Only there are the cells without an entry of X to be fitted too.
        self._by_gram = problem.is_sparse and problem.observed is None
        blocks = stored_blocks if problem.is_sparse else fitted_blocks
        self._blocks = blocks(problem)
        self._energies = self._measured()

    @property
    def norm(self) -> float:
        """``‖R‖_F``; units of X."""
        return float(np.sqrt(np.maximum(self._energies, 0.0).sum()))

    def worst_row(self, precision: float) -> Float64 | None:
        """Return the largest positive part among the worst rows; None at an exact fit.

        Rounding leaves about `precision` times the terms that a residual is made of.
        """
        n_rows = min(_N_ROWS, self._energies.size)
        at = np.argpartition(-self._energies, n_rows - 1)[:n_rows]
        best, best_length = None, 0.0
        for i in np.sort(at):
            row, terms = self._row(int(i))
            length = _length(np.maximum(row, 0.0, out=row))
            if length > 64 * precision * terms and length > best_length:
                best, best_length = row, length
        return best

    def products(self, h: Float64) -> _Parts:
        """Return ``R h`` and, for each row, ``Σ h²`` over its fitted cells."""
        slopes = np.empty(self._A.shape[0])
        squares = np.full(self._A.shape[0], float(h @ h))
        for block in self._blocks:
            rows = block.rows
            if self._by_gram:
                slopes[rows] = block.spread(block.x) @ h
                continue
            slopes[rows] = block.spread(self._errors(block)) @ h
            if self._problem.observed is not None:
                squares[rows] = block.spread(np.ones_like(block.x)) @ (h * h)
        if self._by_gram:
            slopes -= self._A @ (self._B @ h)
        return _Parts(slopes, squares)

    def put(self, k: int, w: Float64, h: Float64) -> None:
        """Add a component in the place of one that is 0."""
        slopes, squares = self.products(h)
        self._energies -= w * (2.0 * slopes - w * squares)
        self._A[:, k], self._B[k] = w, h

    def _measured(self) -> Float64:
        """Return ``‖r_i‖²`` of each row."""
        A, B = self._A, self._B
        energies = np.empty(A.shape[0])
        if self._by_gram:
            gram, B_T = B @ B.T, np.ascontiguousarray(B.T)
            for block in self._blocks:
                rows, X = block.rows, block.spread(block.x)
                inner = 0.5 * (A[rows] @ gram) - X @ B_T
                squares = _row_sums(block.spread(block.x * block.x))
                energies[rows] = squares + 2.0 * np.einsum("ik,ik->i", A[rows], inner)
            return energies
        for block in self._blocks:
            errors = self._errors(block)
            energies[block.rows] = _row_sums(block.spread(errors * errors))
        return energies

    def _errors(self, block: Block) -> Float64:
        errors = block.predict(self._A, self._B)
        return np.subtract(block.x, errors, out=errors)

    def _row(self, i: int) -> tuple[Float64, float]:
        """Return row i of R, 0 in cells not fitted, and the size of its terms."""
        X, observed = self._problem.X, self._problem.observed
        if isinstance(X, np.ndarray):
            x = np.array(X[i], np.float64)
            seen = True if observed is None else np.asarray(cast(Mask, observed)[i])
        else:
            cut = slice(int(X.indptr[i]), int(X.indptr[i + 1]))
            columns: npt.NDArray[np.integer] = X.indices[cut]
            x, seen = np.zeros(X.shape[1]), self._by_gram
            x[columns] = X.data[cut]
            if not self._by_gram:
                seen = np.zeros(X.shape[1], bool)
                seen[columns] = True
        y = self._A[i] @ self._B
        terms = _length(x) + float(np.abs(self._A[i]) @ _lengths(self._B))
        return np.where(seen, x - y, 0.0), terms


def _nnls(slopes: Float64, squares: Float64) -> Float64:
    """Return ``argmin_{w >= 0} ½ squares w² − slopes w``, entry by entry."""
    w = np.zeros_like(slopes)
    np.divide(slopes, squares, out=w, where=squares > 0)
    return np.maximum(w, 0.0, out=w)


def _row_sums(G: object) -> Float64:
    sums: Float64 = np.asarray(G.sum(axis=1)).ravel()  # type: ignore[attr-defined]
    return sums


def _length(vector: Float64) -> float:
    return float(np.linalg.norm(vector))


def _lengths(rows: Float64) -> Float64:
    lengths: Float64 = np.sqrt(np.einsum("kj,kj->k", rows, rows))
    return lengths
