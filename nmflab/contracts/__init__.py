"""What the core and the plugins share: data, problem, factors, steps and the specs.

Everything here is a frozen value. ``X ≈ W H`` throughout, with X of shape
``(n_samples, n_features)``, W ``(n_samples, n_components)`` and H
``(n_components, n_features)``. Only NumPy is imported: whoever reads a contract pays
for nothing else.
"""

from nmflab.contracts.data import (
    CELL_EXTRAS,
    EXTRAS,
    Cells,
    Dataset,
    Extra,
    Factors,
    Mask,
    Matrix,
    Missing,
)
from nmflab.contracts.origin import DataFile, Origin
from nmflab.contracts.problem import (
    LOSSES,
    TRACE_COLUMNS,
    DatasetLoader,
    FittedRun,
    Initialization,
    Loss,
    MetricValue,
    NotApplicable,
    Objective,
    Problem,
    RunMetric,
    SeedsMetric,
    Solver,
    Step,
)
from nmflab.contracts.specs import (
    DatasetSpec,
    FeatureDrawing,
    InitSpec,
    MetricSpec,
    Promises,
    ReportPart,
    ReportSection,
    SolverSpec,
    Spec,
    Takes,
    no_files,
)

CONTRACT_VERSION = 1
"""Version of the contracts here and of the hooks in `nmflab.hookspecs`.

A plugin module names the version it was written for as ``NMFLAB_CONTRACT = 1``; a
plugin for another version is reported and left out, never half used.
"""

__all__ = [
    "CELL_EXTRAS",
    "CONTRACT_VERSION",
    "EXTRAS",
    "LOSSES",
    "TRACE_COLUMNS",
    "Cells",
    "DataFile",
    "Dataset",
    "DatasetLoader",
    "DatasetSpec",
    "Extra",
    "Factors",
    "FeatureDrawing",
    "FittedRun",
    "InitSpec",
    "Initialization",
    "Loss",
    "Mask",
    "Matrix",
    "MetricSpec",
    "MetricValue",
    "Missing",
    "NotApplicable",
    "Objective",
    "Origin",
    "Problem",
    "Promises",
    "ReportPart",
    "ReportSection",
    "RunMetric",
    "SeedsMetric",
    "Solver",
    "SolverSpec",
    "Spec",
    "Step",
    "Takes",
    "no_files",
]
