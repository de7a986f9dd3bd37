"""The contract tests that plugin authors run, run here over the bundled plugins."""

from __future__ import annotations

from nmflab.testing import (
    test_datasets,
    test_inits,
    test_invariance,
    test_metrics,
    test_solvers,
)

_MODULES = (test_datasets, test_inits, test_invariance, test_metrics, test_solvers)

# Under names of their own: two modules may each have a test of one name.
globals().update(
    {
        f"test_{module.__name__.rpartition('_')[2]}_{name.removeprefix('test_')}": check
        for module in _MODULES
        for name, check in vars(module).items()
        if name.startswith("test_")
    }
)
