"""Factors made elsewhere, in R, MATLAB or another tool, under the metrics of a run.

    score("W.csv", "H.csv", "dataset=samson", "weighting=row_sums")

The problem is posed as for a run: the same data, weighting, split and objective. The
values are those that a run with these factors would have in its record.
"""

from nmflab.scoring.command import OPTIONS, scored
from nmflab.scoring.meanings import Meaning
from nmflab.scoring.scores import COLUMNS, Score, score
from nmflab.scoring.text import plain_text, rich_text

__all__ = [
    "COLUMNS",
    "OPTIONS",
    "Meaning",
    "Score",
    "plain_text",
    "rich_text",
    "score",
    "scored",
]
