"""A data set in words: its shape, and what it leaves undetermined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nmflab.report.content import Block, Prose
from nmflab.report.numbers import count, listed, number
from nmflab.report.reading.material import is_masked
from nmflab.report.reading.observed import column_names, row_names, shape, unidentified

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from nmflab.store import StoredDataset


def described(dataset: StoredDataset) -> str:
    """Return the shape of a data set and how much of it is known, in a sentence."""
    n_samples, n_features = shape(dataset)
    facts = dataset.facts
    rows, columns = count(n_samples, "row"), count(n_features, "column")
    text = f"{rows} (samples), {columns} (features)"
    if is_masked(dataset):
        n = int(facts.get("n_observed", facts.get("n_stored", 0)))
        share = number(100 * n / max(1, n_samples * n_features), 3)
        text += f"; {n:,} of {n_samples * n_features:,} cells observed ({share} %)"
    if facts.get("minimum") is not None:
        low, high = number(facts["minimum"]), number(facts.get("maximum"))
        text += f"; values from {low} to {high}"
    return f"{text}."


def unidentified_notes(
    dataset: StoredDataset, sizes: Sequence[int], *, held_out: bool = False
) -> list[Block]:
    """Return a warning naming the rows and columns that the data leave undetermined.

    Parameters
    ----------
    dataset : StoredDataset
    sizes : sequence of int
        The n_components to warn of.
    held_out : bool, default False
        Whether a split held cells out, so that models saw fewer than are known.
    """
    blocks: list[Block] = []
    more = " (of which the split held some out)" if held_out else ""
    for size in sorted(set(sizes)):
        few = unidentified(dataset, size)
        if not few:
            continue
        rows, columns = row_names(dataset), column_names(dataset)
        named = [
            f"{what if at.size == 1 else what + 's'} {_some(names, at)}"
            for what, names, at in (
                ("row", rows, few.rows),
                ("column", columns, few.columns),
            )
            if at.size
        ]
        text = (
            f"Not identified at n_components {size}: {', and '.join(named)}. Fewer than"
            f" {count(size, 'cell')} known there{more}, so many factors fit equally"
            " well and the values predicted there (marked ?) are one choice among them."
        )
        blocks.append(Prose(text, "warning"))
    return blocks


def _some(names: Sequence[str], at: npt.NDArray[np.intp]) -> str:
    return listed([names[i] for i in at], most=5)
