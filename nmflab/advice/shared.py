"""What several criteria ask of the evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nmflab.advice.reading import Evidence, Run


def measured(runs: Sequence[Run], name: str) -> list[float]:
    """Return a metric of the fitted cells of each run that has it."""
    names = (f"{name}_all", f"{name}_train_observed", name)
    found = [next((r.metrics[n] for n in names if n in r.metrics), None) for r in runs]
    return [value for value in found if value is not None and math.isfinite(value)]


def why_no_runs(found: Evidence) -> str:
    """Return why there are no runs on blocks or draws."""
    if found.missing:
        return "it needs complete data"
    return "it has no finished runs"
