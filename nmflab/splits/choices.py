"""The splits by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nmflab.splits.bi_cv import BiCrossValidation
from nmflab.splits.cells import NoSplit
from nmflab.splits.folds import KFolds, Predefined
from nmflab.splits.leave_n import LeaveN
from nmflab.splits.resampling import CountBootstrap, RowSample, ShuffledColumns
from nmflab.splits.speckled import Speckled
from nmflab.splits.temporal import Temporal

SPLITS: Mapping[str, type[Any]] = {
    "none": NoSplit,
    "speckled": Speckled,
    "k_folds": KFolds,
    "predefined": Predefined,
    "leave_n": LeaveN,
    "temporal": Temporal,
    "bi_cv": BiCrossValidation,
    "row_sample": RowSample,
    "bootstrap": CountBootstrap,
    "shuffled": ShuffledColumns,
}
"""The splits by name, as in ``split=speckled``."""
