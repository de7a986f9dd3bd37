"""Numerics the core and the plugins share: the objective, stationarity, comparison.

Imports `nmflab.contracts`, NumPy and, where it is needed, SciPy.
"""

from nmflab.numerics.alignment import (
    Matching,
    Stability,
    match_components,
    stability,
)
from nmflab.numerics.canonical import CanonicalFactors, canonical, unit_rows
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

__all__ = [
    "CanonicalFactors",
    "Matching",
    "ObjectiveEvaluator",
    "Reseeder",
    "Stability",
    "canonical",
    "data_norm",
    "gradients",
    "kappa",
    "match_components",
    "n_fitted",
    "objective_value",
    "optimal_scale",
    "projected_gradient_norm",
    "residual_norm",
    "stability",
    "unit_rows",
]
