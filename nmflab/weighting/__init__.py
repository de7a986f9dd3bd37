"""Weightings: what is done to X before it is split and fitted.

A weighting is chosen by name (``weighting=tfidf``) and is a frozen dataclass whose
fields are its parameters. It maps a dataset to another of the same shape and storage;
cells that are 0 stay 0. Loaders, solvers and metrics know nothing of it.
"""

from collections.abc import Mapping
from typing import Any

from nmflab.weighting.cellwise import Log1p, NoWeighting
from nmflab.weighting.protocol import Weighting
from nmflab.weighting.sums import ColumnSums, RowSums
from nmflab.weighting.text import NormalisedCut, Tfidf
from nmflab.weighting.unit_rows import UnitRows

__all__ = [
    "WEIGHTINGS",
    "ColumnSums",
    "Log1p",
    "NoWeighting",
    "NormalisedCut",
    "RowSums",
    "Tfidf",
    "UnitRows",
    "Weighting",
]

WEIGHTINGS: Mapping[str, type[Any]] = {
    "none": NoWeighting,
    "unit_rows": UnitRows,
    "row_sums": RowSums,
    "column_sums": ColumnSums,
    "log1p": Log1p,
    "tfidf": Tfidf,
    "normalised_cut": NormalisedCut,
}
"""The weightings by name, as in ``weighting=tfidf``."""
