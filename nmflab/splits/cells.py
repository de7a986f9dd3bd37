"""What a split is given and what it returns: cells, by position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Extra

Positions: TypeAlias = npt.NDArray[np.intp]


class Candidates(Enum):
    """Which cells may be held out: all that are known, or those above 0."""

    observed = "observed"
    positive = "positive"


@dataclass(frozen=True)
class HeldOut:
    """Held-out cells, as sorted positions into the list of observed cells.

    Parameters
    ----------
    validation, test : ndarray of intp
    notes : tuple of str
        What a reader must know of the choice, in sentences.
    as_zero : bool
        Whether held-out cells count as 0 in training rather than as unknown: they are
        events that have not been seen yet, like all others that X does not show.
    """

    validation: Positions
    test: Positions
    notes: tuple[str, ...] = ()
    as_zero: bool = False


@dataclass(frozen=True, kw_only=True)
class ObservedCells:
    """The cells a split may choose from, in the order X holds them.

    Parameters
    ----------
    rows, columns : ndarray of intp of shape (n_cells,)
    values : ndarray of shape (n_cells,)
    shape : pair of int
        Of X.
    extras : mapping
        Of the dataset; `nmflab.contracts.CELL_EXTRAS` are of these cells.
    """

    rows: Positions
    columns: Positions
    values: npt.NDArray[Any]
    shape: tuple[int, int]
    extras: Mapping[str, Extra]

    def __len__(self) -> int:
        return int(self.rows.size)


class Split(Protocol):
    """A configured split."""

    holds_out: ClassVar[bool]
    """Whether any cell is held out; `hold_out` is called only then."""

    def hold_out(self, observed: ObservedCells, rng: np.random.Generator) -> HeldOut:
        """Choose among the cells that may be held out."""
        ...


@dataclass(frozen=True, kw_only=True)
class NoSplit:
    """Every observed cell is fitted."""

    holds_out: ClassVar[bool] = False

    def hold_out(self, observed: ObservedCells, rng: np.random.Generator) -> HeldOut:
        """Return no cells."""
        none = np.empty(0, dtype=np.intp)
        return HeldOut(none, none)


RESAMPLINGS = ("row_sample", "bootstrap", "shuffled")
"""Splits that fit another draw of X and hold out no cell."""


def leaves_complete(node: Mapping[str, Any]) -> bool:
    """Return whether a configured split leaves no unknown cell in complete data.

    Held-out events count as 0 in training, a block takes whole rows and columns, and
    another draw of X is complete.

    Parameters
    ----------
    node : mapping
        Its plain configuration, ``name`` included.
    """
    chosen = node.get("cells")
    positive = getattr(chosen, "value", chosen) == Candidates.positive.value
    return node["name"] in ("none", "bi_cv", *RESAMPLINGS) or positive
