"""Splits: which cells are fitted, and which are kept back for validation and test.

A split is chosen by name (``split=speckled``) and is a frozen dataclass whose fields
are its parameters; ``split.seed`` is the framework's and arrives as the generator.
Held-out cells are taken from the observed ones. They depend on the pattern of the data,
on the split's parameters and on its seed; never on the size of a model, so that all
sizes of a sweep are tested on the same cells.
"""

from nmflab.splits.choices import SPLITS, HeldOut, NoSplit, Speckled, Split
from nmflab.splits.problem import SplitCells, make_problem, split

__all__ = [
    "SPLITS",
    "HeldOut",
    "NoSplit",
    "Speckled",
    "Split",
    "SplitCells",
    "make_problem",
    "split",
]
