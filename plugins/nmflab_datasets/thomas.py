"""The smallest matrix whose non-negative rank is not its rank."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1

CIRCULANT = ((1, 1, 0, 0), (0, 1, 1, 0), (0, 0, 1, 1), (1, 0, 0, 1))
SOURCE = (
    'L. B. Thomas, "Rank factorization of nonnegative matrices (A. Berman)", SIAM'
    " Review 16(3), 393-394, 1974"
)


@dataclass(frozen=True, kw_only=True)
class Thomas:
    """The 4 x 4 circulant of ``(1, 1, 0, 0)``: rank 3, non-negative rank 4; dense.

    Notes
    -----
    Row 1 less row 2 plus row 3 is row 4, so the rank is 3. No two cells of the diagonal
    lie in one rectangle of nonzero cells (a fooling set), so that each needs a
    non-negative component of its own: four. With three, the smallest relative error
    that is known is ``√((2 − √2) / 8) = 0.2706``: a test of whether a solver knows that
    no exact factorization is there to be found. With four, ``W = X`` with ``H = I``
    and ``W = I`` with ``H = X`` are exact: there is no single truth.

    References
    ----------
    L. B. Thomas, "Rank factorization of nonnegative matrices (A. Berman)", SIAM Review
    16(3), 393-394, 1974.
    """

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the circulant."""
        return Dataset(
            X=np.array(CIRCULANT, dtype=np.float64),
            extras={"source": SOURCE},
        )


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the circulant."""
    yield DatasetSpec(name="thomas", dataset=Thomas, examples=(Thomas(),))
