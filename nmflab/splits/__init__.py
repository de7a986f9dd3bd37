"""Splits: which cells are fitted, and which are kept back for validation and test.

A split is chosen by name (``split=speckled``) and is a frozen dataclass whose fields
are its parameters; ``split.seed`` is the framework's and arrives as the generator.
Held-out cells are taken from the observed ones. They depend on the pattern of the data,
on the split's parameters and on its seed; never on the size of a model, so that all
sizes of a sweep are tested on the same cells.
"""

from nmflab.splits.bi_cv import BiCrossValidation, Block
from nmflab.splits.cells import (
    RESAMPLINGS,
    Candidates,
    HeldOut,
    NoSplit,
    ObservedCells,
    Split,
    leaves_complete,
)
from nmflab.splits.choices import SPLITS
from nmflab.splits.folds import KFolds, Predefined
from nmflab.splits.leave_n import LeaveN
from nmflab.splits.partition import SplitCells, split
from nmflab.splits.problem import Posed, pose
from nmflab.splits.resampling import (
    CountBootstrap,
    Resampling,
    RowSample,
    ShuffledColumns,
    are_counts,
)
from nmflab.splits.speckled import Speckled
from nmflab.splits.temporal import Temporal

__all__ = [
    "RESAMPLINGS",
    "SPLITS",
    "BiCrossValidation",
    "Block",
    "Candidates",
    "CountBootstrap",
    "HeldOut",
    "KFolds",
    "LeaveN",
    "NoSplit",
    "ObservedCells",
    "Posed",
    "Predefined",
    "Resampling",
    "RowSample",
    "ShuffledColumns",
    "Speckled",
    "Split",
    "SplitCells",
    "Temporal",
    "are_counts",
    "leaves_complete",
    "pose",
    "split",
]
