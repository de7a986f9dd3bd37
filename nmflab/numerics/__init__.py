"""Numerics the core and the plugins share: the objective, stationarity, comparison.

Imports `nmflab.contracts`, NumPy and, where it is needed, SciPy.
"""

from nmflab.numerics.alignment import (
    Alignment,
    Directions,
    Matching,
    Stability,
    align,
    directions,
    factor_match_score,
    match_components,
    stability,
)
from nmflab.numerics.canonical import CanonicalFactors, canonical, unit_rows
from nmflab.numerics.census import Census, EqualError, census, equal_errors
from nmflab.numerics.consensus import (
    UNLABELLED,
    argmax_labels,
    consensus_matrix,
    consensus_order,
    cophenetic_correlation,
    dispersion,
)
from nmflab.numerics.lineage import Lineage, lineage
from nmflab.numerics.objective import (
    ObjectiveEvaluator,
    data_norm,
    gradients,
    n_fitted,
    objective_value,
    optimal_scale,
    residual_norm,
)
from nmflab.numerics.reseed import Reseeder
from nmflab.numerics.stationarity import kappa, projected_gradient_norm
from nmflab.numerics.uniqueness import Freedom, free_directions

__all__ = [
    "UNLABELLED",
    "Alignment",
    "CanonicalFactors",
    "Census",
    "Directions",
    "EqualError",
    "Freedom",
    "Lineage",
    "Matching",
    "ObjectiveEvaluator",
    "Reseeder",
    "Stability",
    "align",
    "argmax_labels",
    "canonical",
    "census",
    "consensus_matrix",
    "consensus_order",
    "cophenetic_correlation",
    "data_norm",
    "directions",
    "dispersion",
    "equal_errors",
    "factor_match_score",
    "free_directions",
    "gradients",
    "kappa",
    "lineage",
    "match_components",
    "n_fitted",
    "objective_value",
    "optimal_scale",
    "projected_gradient_norm",
    "residual_norm",
    "stability",
    "unit_rows",
]
