"""Whether a factorization can be turned into another of the same product, a little.

``W H = (W T)(T^-1 H)`` for any invertible T. With ``T = I + tE`` and small t,

    W T = W + t W E,    T^-1 H = H − t E H + O(t²),

so that both stay nonnegative to first order exactly if ``(W E)_ij >= 0`` wherever
``W_ij = 0`` and ``(E H)_kj <= 0`` wherever ``H_kj = 0``. These E form a cone. Its
diagonal is the scale of the components and enters no condition; an entry ``e_kl`` off
the diagonal is *free* if some E of the cone has it other than 0: column l of W may then
take up, or give off, some of column k.

Where no entry is free, the factorization is unique near itself but for scale; another
may exist farther away. Where some are, it is not unique unless terms of higher order
forbid what the first allows.

Every other factorization of W H is such a W T only where W and H have full rank; where
they have not, those that are not are left out, and the verdict says so.

References
----------
R. Krone, K. Kubjas, "Uniqueness of Nonnegative Matrix Factorizations by Rigidity
Theory", SIAM Journal on Matrix Analysis and Applications 42(1), 2021.
H. Laurberg, M. G. Christensen, M. D. Plumbley, L. K. Hansen, S. H. Jensen, "Theorems on
Positive Data: On the Uniqueness of NMF", Computational Intelligence and Neuroscience,
2008.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors, Mask
from nmflab.numerics.canonical import canonical, unit_rows
from nmflab.numerics.cells import Float64
from nmflab.numerics.cone import Cone

MOST_COMPONENTS = 20
"""Largest n_components: the programme has the square of it as unknowns."""

ZERO = 1e-6
"""What counts as 0, as a share of the largest entry of the column of W or row of H."""

UNIQUE = "first-order unique"

DEFICIENT = "no direction is free, but W or H is short of full rank"
"""Instead of `UNIQUE`: factors that are no W T of these are not excluded."""

_RANK = 1e-6
"""Singular values up to this share of the largest count as 0, of unit components."""


@dataclass(frozen=True)
class Freedom:
    """Which perturbations of a factorization keep it feasible to first order.

    Parameters
    ----------
    free : ndarray of bool of shape (n_components, n_components)
        Entry ``[k, l]``: whether ``e_kl`` is free, so that column l of W may change by
        a multiple of column k, and row k of H by one of row l. The diagonal is False,
        and so is what concerns a component that is 0.
    alive : ndarray of bool of shape (n_components,)
        Components that are not 0.
    witness : ndarray of shape (n_components, n_components)
        An E of the cone, for the factors as given, with every free entry other than 0;
        dimensionless.
    is_full_rank : bool
        Whether W and H, without components that are 0, have full rank, so that every
        other factorization of W H is ``(W T)(T^-1 H)``.
    """

    free: Mask
    alive: Mask
    witness: Float64
    is_full_rank: bool

    @property
    def n_free(self) -> int:
        """Number of free directions."""
        return int(self.free.sum())

    @property
    def n_directions(self) -> int:
        """Number of directions: ``r (r − 1)`` for r components that are not 0."""
        alive = int(self.alive.sum())
        return alive * (alive - 1)

    @property
    def share(self) -> float:
        """``n_free / n_directions``; 0 where there is one component only."""
        return self.n_free / self.n_directions if self.n_directions else 0.0

    @property
    def per_component(self) -> npt.NDArray[np.intp]:
        """Free directions that change each component: its column of W or row of H."""
        return np.asarray(self.free.sum(axis=0) + self.free.sum(axis=1), dtype=np.intp)

    @property
    def verdict(self) -> str:
        """``first-order unique``, or ``free: 12 of 90 directions``; see `DEFICIENT`."""
        if not self.n_free:
            return UNIQUE if self.is_full_rank else DEFICIENT
        return f"free: {self.n_free} of {self.n_directions} directions"

    @property
    def verdicts(self) -> tuple[str, ...]:
        """One sentence a component: which others its column of W may take up.

        Components are counted from 1, in the order given.
        """
        return tuple(self._verdict(k) for k in range(len(self.alive)))

    def _verdict(self, k: int) -> str:
        if not self.alive[k]:
            return "0 everywhere"
        in_W, in_H = np.flatnonzero(self.free[:, k]), np.flatnonzero(self.free[k])
        parts = []
        if in_W.size:
            parts.append(f"W may mix with {_listed(in_W)}")
        if in_H.size:
            parts.append(f"H may mix with {_listed(in_H)}")
        return "; ".join(parts) or UNIQUE


def free_directions(factors: Factors, *, zero: float = ZERO) -> Freedom:
    """Return which off-diagonal ``e_kl`` of ``T = I + tE`` are free, to first order.

    Dense factors have every direction free. None is where H has a feature of its own
    for every component and, for every two, W has a sample that is 0 in the one and not
    in the other. Scale and order of the components do not matter; penalties, and how
    well the factors fit any data, are not looked at.

    Parameters
    ----------
    factors : Factors
        At least 0; offsets are not looked at.
    zero : float, default ZERO
        Entries up to this share of the largest of their column of W or row of H count
        as 0. Solvers with a floor, or stopped early, leave small values where an
        optimum has zeros; counted as positive they would make directions free.

    Raises
    ------
    ValueError
        If more than `MOST_COMPONENTS` components are not 0, or an entry is negative.

    Notes
    -----
    In units that give both vectors of a component one largest entry, with entries of E
    held to ``−1 <= e_kl <= 1``, an entry counts as free if it can reach 1e-5.
    """
    W, H, alive, scale = _balanced(factors, zero)
    r = len(scale)
    free = np.zeros((alive.size, alive.size), dtype=np.bool_)
    witness = np.zeros(free.shape)
    if r > 1:
        E = Cone(W, H).inner_point()
        at = np.ix_(alive, alive)
        free[at] = E != 0
        # W_balanced = W D, so that E = D E_balanced D^-1.
        witness[at] = E * scale[:, None] / scale
    full = _has_full_rank(W.T) and _has_full_rank(H)
    return Freedom(free, alive, witness, full)


def _balanced(
    factors: Factors, zero: float
) -> tuple[Float64, Float64, Mask, npt.NDArray[np.float64]]:
    """Return W D and D^-1 H of what is alive, small entries at 0; who is; and D.

    Each component's column of W and row of H get the same largest entry.
    """
    form = canonical(factors)
    order = np.argsort(form.permutation)
    W, H = np.asarray(form.W[:, order]), np.asarray(form.H[order])
    alive = form.sizes[order] > 0
    if (W < 0).any() or (H < 0).any():
        raise ValueError("free_directions: the factors must be at least 0")
    if alive.sum() > MOST_COMPONENTS:
        raise ValueError(
            f"free_directions: {alive.sum()} components; at most {MOST_COMPONENTS} are"
            " looked at, for the unknowns grow with their square"
        )
    W, H = W[:, alive], H[alive]
    tops = W.max(axis=0), H.max(axis=1)
    W = np.where(zero * tops[0] < W, W, 0.0)
    H = np.where(zero * tops[1][:, None] < H, H, 0.0)
    unit = np.sqrt(tops[1]) / np.sqrt(tops[0])
    given = form.scale[order][alive]  # W_canonical = W_given * scale
    return W * unit, H / unit[:, None], alive, unit * given


def _has_full_rank(rows: Float64) -> bool:
    if not len(rows):
        return True
    return int(np.linalg.matrix_rank(unit_rows(rows), rtol=_RANK)) == len(rows)


def _listed(components: npt.NDArray[np.intp]) -> str:
    names = [str(k + 1) for k in components]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
