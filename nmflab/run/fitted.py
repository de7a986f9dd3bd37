"""A finished run as metrics see it, from its problem and its factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nmflab.contracts import CELL_EXTRAS, Dataset, Factors, FittedRun, Mask
from nmflab.run.prepared import Prepared
from nmflab.run.record import factor_arrays
from nmflab.splits import Block
from nmflab.verify import freeze


def fitted_run(
    prepared: Prepared, factors: Factors, config: Mapping[str, Any]
) -> FittedRun:
    """Return what metrics are given; the factors become read-only.

    Parameters
    ----------
    prepared : Prepared
    factors : Factors
        Of all rows and columns of the dataset, also after a bi-cross-validation.
    config : mapping
        The run's axes.
    """
    freeze(*factor_arrays(factors).values())
    run = FittedRun(
        problem=prepared.problem,
        factors=factors,
        dataset=prepared.dataset,
        test=prepared.test,
        validation=prepared.validation,
        config=config,
    )
    block = prepared.block
    if block is None:
        return run
    seen = block.restrict(factors)
    freeze(*factor_arrays(seen).values())
    dataset = without_block(prepared.dataset, block)
    return replace(run, factors=seen, dataset=dataset, test_factors=factors)


def without_block(dataset: Dataset, block: Block) -> Dataset:
    """Return the dataset of the kept rows and columns; extras by length follow."""
    rows, columns = ~block.rows, ~block.columns
    X: Any = dataset.X[rows][:, columns]
    extras = {
        key: _kept(value, rows, columns)
        for key, value in dataset.extras.items()
        if key not in CELL_EXTRAS
    }
    truth = dataset.truth
    if truth is not None:
        truth = Factors(
            truth.W[rows],
            truth.H[:, columns],
            None if truth.row_offset is None else truth.row_offset[rows],
            None if truth.column_offset is None else truth.column_offset[columns],
        )
    return replace(
        dataset,
        X=X,
        row_names=_chosen(dataset.row_names, rows),
        column_names=_chosen(dataset.column_names, columns),
        row_labels=None if dataset.row_labels is None else dataset.row_labels[rows],
        truth=truth,
        extras=extras,
    )


def _kept(value: Any, rows: Mask, columns: Mask) -> Any:
    """Return an extra for the kept lines, told by its length; others as they are."""
    if isinstance(value, str):
        return value
    for kept in (columns, rows):
        if len(value) == kept.size and rows.size != columns.size:
            return (
                value[kept] if isinstance(value, np.ndarray) else _listed(value, kept)
            )
    return value


def _chosen(names: Sequence[str] | None, kept: Mask) -> list[str] | None:
    return None if names is None else _listed(names, kept)


def _listed(names: Sequence[str], kept: Mask) -> list[str]:
    return [names[int(at)] for at in np.flatnonzero(kept)]
