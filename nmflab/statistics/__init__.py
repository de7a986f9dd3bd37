"""Statistics of benchmarks: what differs, by how much, and how sure that is.

Seeds are averaged within a data set first, for they are not independent data sets:
within a data set they give an interval, over data sets they give one value. What is
tested and when, with formulas and sources: ``docs/statistics.md``.
"""

from nmflab.statistics.arranged import Scale
from nmflab.statistics.bayesian import Posterior, bayesian_signed_rank
from nmflab.statistics.comparing import compare
from nmflab.statistics.comparison import Comparison
from nmflab.statistics.effects import a12, cliffs_delta, magnitude
from nmflab.statistics.friedman import (
    Friedman,
    critical_difference,
    friedman,
    holm,
    ranks,
)
from nmflab.statistics.intervals import Interval
from nmflab.statistics.pairs import Pair
from nmflab.statistics.signed_rank import (
    hodges_lehmann,
    shift_interval,
    smallest_p,
    wilcoxon,
)
from nmflab.statistics.ties import EXACT, ROPE, is_tie, margin

__all__ = [
    "EXACT",
    "ROPE",
    "Comparison",
    "Friedman",
    "Interval",
    "Pair",
    "Posterior",
    "Scale",
    "a12",
    "bayesian_signed_rank",
    "cliffs_delta",
    "compare",
    "critical_difference",
    "friedman",
    "hodges_lehmann",
    "holm",
    "is_tie",
    "magnitude",
    "margin",
    "ranks",
    "shift_interval",
    "smallest_p",
    "wilcoxon",
]
