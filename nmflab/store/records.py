"""What a store tells of a sweep and of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from nmflab.contracts import Mask, Matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """One command: what was asked, where it ran, and what its plan said.

    Parameters
    ----------
    id : int
    started, finished : str
        ISO 8601, UTC; `finished` is None for a sweep that was interrupted.
    command : list of str
        The overrides, as typed.
    base : mapping
        The resolved configuration that the runs' changes are applied to.
    provenance : mapping
        Versions, host, CPU, BLAS, threads, git commit.
    notes : list of str
        Collapsed axes, reused runs, caps.
    plugin_failures : list of mapping
    """

    id: int
    started: str
    finished: str | None
    command: list[str]
    base: Mapping[str, Any]
    provenance: Mapping[str, Any]
    notes: list[str]
    plugin_failures: list[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class StoredDataset:
    """A dataset as the store keeps it; X and mask only where they are small."""

    fingerprint: str
    label: str
    config: Mapping[str, Any]
    facts: Mapping[str, Any]
    row_names: list[str] | None
    column_names: list[str] | None
    row_labels: npt.NDArray[Any] | None
    extras: Mapping[str, Any]
    X: Matrix | csr_array | None
    mask: Mask | None
    draw: Callable[[Matrix, Sequence[str]], str] | None = None
    """How a plugin draws its features; never stored, lent by whoever shows it."""

    @property
    def licence(self) -> str | None:
        """The terms of use, where the data state them."""
        return self.extras.get("licence")

    @property
    def citation(self) -> str | None:
        """How the data's authors ask to be cited."""
        return self.extras.get("citation")
