"""Rows of X that the others are mixtures of: SPA and SNPA.

A nonnegative X is separable where ``X = W H`` and the rows of H are rows of X (pure
pixels, anchor documents). Both algorithms pick one row after the other, the one that
what is picked so far explains worst. Columns are picked by giving X transposed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Matrix
from nmflab.numerics.scaled_rows import Float64, Indices, ScaledRows
from nmflab.numerics.simplex import simplex_least_squares

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Squared residuals this close to the largest count as equal to it.
_TIE = 1e-6
# Squared lengths found by subtraction lose the digits they shrink by: below this part
# of what they were subtracted from they are computed anew, from residuals.
_STALE = 1e-6
# A row this close to a mixture, relative to the longest row, counts as explained by it.
_EXPLAINED = 1e-6
# Rows whose distance to the mixtures is found together.
_BATCH = 512


def spa(
    X: Matrix | csr_array, n_components: int, *, sum_to_one: bool = True
) -> Indices:
    """Return the rows that the successive projection algorithm picks, in its order.

    ``j = argmax ‖r_j‖, u = r_j/‖r_j‖, R ← R − (R u') u``, from ``R = X``. Where X is
    separable these are the rows of H, exactly; noise moves them in proportion.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n_samples, n_features)
        Finite; any dtype; not written to. A CSR is never made dense.
    n_components : int
        How many rows to pick, at least 1.
    sum_to_one : bool, default True
        Divide each row by the sum of its absolute values first, so that rows that
        differ by a factor count as one: the guarantee above then holds for any W >= 0.
        False takes X as it is, and needs rows of W that sum to at most 1.

    Returns
    -------
    ndarray of intp
        Different rows, none of them all zero. Fewer than ``n_components`` where the
        picked rows already span all others, to rounding in X's dtype: never more than
        the rank of X; none if X is 0.

    Raises
    ------
    ValueError
        If ``n_components`` is less than 1.

    Notes
    -----
    One product of X with a vector a pick. Of residuals equally long (their squares
    within 1e-6 of the largest) the row longest at the start is taken, then the first.

    References
    ----------
    M. C. U. Araújo et al., "The successive projections algorithm for variable selection
    in spectroscopic multicomponent analysis", Chemometrics and Intelligent Laboratory
    Systems 57(2), 2001.
    N. Gillis, S. A. Vavasis, "Fast and Robust Recursive Algorithms for Separable
    Nonnegative Matrix Factorization", IEEE TPAMI 36(4), 2014.
    """
    rows = _scaled(X, n_components, sum_to_one=sum_to_one)
    start = lengths = rows.square_lengths()
    negligible, fresh = rows.rounding * _largest(start), _largest(start)
    directions = np.empty((0, rows.n_features))
    coordinates = np.empty((rows.n_samples, 0))
    picked: list[int] = []
    while len(picked) < n_components:
        if _largest(lengths) < _STALE * fresh:
            lengths = rows.square_distances(coordinates, directions)
            lengths[picked] = 0
            fresh = _largest(lengths)
        if not _largest(lengths) > negligible:
            break
        picked.append(_longest(lengths, start))
        directions = np.vstack([directions, _outside(rows[picked[-1]], directions)])
        along = rows.times(directions[-1])
        coordinates = np.column_stack([coordinates, along])
        lengths = np.maximum(lengths - along**2, 0)
        lengths[picked] = 0
    return np.array(picked, dtype=np.intp)


def snpa(
    X: Matrix | csr_array, n_components: int, *, sum_to_one: bool = True
) -> Indices:
    """Return the rows that the successive *nonnegative* projection algorithm picks.

    As `spa`, but the residual of a row is its distance to the mixtures
    ``{Σ h_k s_k : h >= 0, Σ h <= 1}`` of the rows picked so far, not to their span. It
    withstands more noise than SPA, and goes on where X has low rank but more corners.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n_samples, n_features)
        Nonnegative and finite; any dtype; not written to. A CSR is never made dense.
    n_components : int
        How many rows to pick, at least 1.
    sum_to_one : bool, default True
        As in `spa`.

    Returns
    -------
    ndarray of intp
        Different rows, none of them all zero. Fewer than ``n_components`` where all
        others are mixtures of the picked ones, to 1e-6 of the longest row (4e-6 or so
        in float32); possibly more than the rank of X; none if X is 0.

    Raises
    ------
    ValueError
        If ``n_components`` is less than 1.

    Notes
    -----
    Besides SPA's product of X with a vector, each pick solves a small least-squares
    problem (`nmflab.numerics.simplex.simplex_least_squares`) for every row that may be
    the next.

    References
    ----------
    N. Gillis, "Successive Nonnegative Projection Algorithm for Robust Nonnegative Blind
    Source Separation", SIAM Journal on Imaging Sciences 7(2), 2014.
    """
    rows = _scaled(X, n_components, sum_to_one=sum_to_one)
    start = rows.square_lengths()
    negligible = max(rows.rounding, _EXPLAINED**2) * _largest(start)
    mixtures = _Mixtures(rows, start)
    while len(mixtures.picked) < n_components:
        lengths = mixtures.longest_known()
        if not _largest(lengths) > negligible:
            break
        mixtures.pick(_longest(lengths, start))
    return np.array(mixtures.picked, dtype=np.intp)


class _Mixtures:
    """Squared distances of all rows to the mixtures of the picked ones, on demand.

    A distance never grows, so an old one is a bound: only rows whose bound reaches the
    longest distance are looked at again.
    """

    def __init__(self, rows: ScaledRows, start: Float64) -> None:
        self.picked: list[int] = []
        self._rows, self._start, self._lengths = rows, start, start.copy()
        self._S: Matrix = np.empty((0, rows.n_features))
        self._C: Matrix = np.empty((0, rows.n_samples))
        self._weights: Matrix = np.empty((0, rows.n_samples))

    def pick(self, index: int) -> None:
        """Add a row to those mixed."""
        rows = self._rows
        self.picked.append(index)
        self._S = np.vstack([self._S, rows[index]])
        self._C = np.vstack([self._C, rows.times(self._S[-1])])
        self._weights = np.vstack([self._weights, np.zeros(rows.n_samples)])
        self._lengths[index] = 0

    def longest_known(self) -> Float64:
        """Return the squared distances; exact wherever they may be the longest."""
        lengths = self._lengths
        known = np.full(lengths.size, not self.picked)
        known[self.picked] = True
        while True:
            bound = (1 - _TIE) * _largest(lengths)
            in_doubt = np.flatnonzero(~known & (lengths >= bound))
            if not (in_doubt.size and bound > 0):
                return lengths
            # Those with the next longest bounds are likely to be asked for soon.
            others = np.flatnonzero(~known)
            if others.size > _BATCH:
                others = others[np.argpartition(-lengths[others], _BATCH)[:_BATCH]]
            at = np.union1d(in_doubt, others)
            self._measure(at)
            known[at] = True

    def _measure(self, at: Indices) -> None:
        G, C = self._S @ self._S.T, self._C[:, at]
        weights = simplex_least_squares(G, C, self._weights[:, at], at_most=True)
        lengths = self._start[at] + np.einsum("kj,kj->j", G @ weights - 2 * C, weights)
        close = np.flatnonzero(lengths < _STALE * self._start[at])
        if close.size:
            lengths[close] = self._rows.square_distances(
                weights[:, close].T, self._S, at[close]
            )
        self._weights[:, at], self._lengths[at] = weights, lengths


def _scaled(
    X: Matrix | csr_array, n_components: int, *, sum_to_one: bool
) -> ScaledRows:
    if not n_components >= 1:
        raise ValueError(
            f"n_components must be at least 1, got {n_components}: it counts the rows"
            " to pick"
        )
    return ScaledRows.of(X, sum_to_one=sum_to_one)


def _largest(values: Matrix) -> float:
    return float(values.max(initial=0.0))


def _longest(lengths: Float64, start: Float64) -> int:
    """Return the row of the longest residual, breaking ties as `spa` says."""
    tied = lengths >= (1 - _TIE) * lengths.max()
    return int(np.where(tied, start, -1.0).argmax())


def _outside(row: Float64, directions: Float64) -> Float64:
    """Return the unit vector along what of a row is orthogonal to all directions."""
    for _ in range(2):  # once leaves rounding of the row's size, twice of its own
        row = row - (row @ directions.T) @ directions
        row = row / np.linalg.norm(row)
    return row
