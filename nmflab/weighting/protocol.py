"""What every weighting is."""

from __future__ import annotations

from typing import ClassVar, Protocol

from nmflab.contracts import Dataset


class Weighting(Protocol):
    """A configured weighting."""

    elementwise: ClassVar[bool]
    """Whether each cell depends on itself alone, so that no held-out cell leaks."""

    def apply(self, dataset: Dataset, seen: Dataset | None = None) -> Dataset:
        """Return the reweighted dataset; the given one is not changed.

        Parameters
        ----------
        dataset : Dataset
        seen : Dataset, optional
            What lengths, sums and frequencies are computed from, of the shape of
            `dataset`: the same data with held-out events at 0. None: `dataset` itself.
            Rows and columns that are 0 in it are scaled by no length or sum.
        """
        ...
