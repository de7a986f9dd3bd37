"""The features that weigh most in each component, and how much they carry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Dataset, FittedRun, MetricSpec
from nmflab.hookspecs import hookimpl
from nmflab.numerics import canonical

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class TopFeatures:
    """Share of mass ``Σ_{top n} |h| / Σ|h|`` of the top features, and their names.

    Suffix "mass": the mean share over the components that are not 0; dimensionless.
    Suffixes "1", "2", ...: the names of each component's top features, heaviest first,
    components in canonical order (see `nmflab.numerics.canonical`). Features with
    weight 0 are not named; of equal ones the earlier column comes first. Unnamed
    columns are called "feature 12", counted from 0.

    Parameters
    ----------
    n_top : int, default 10
        Features named and counted per component; at least 1.
    """

    n_top: int = 10

    def __post_init__(self) -> None:
        if not self.n_top >= 1:
            raise ValueError(
                f"metric.top_features.n_top must be at least 1, got {self.n_top}; 5, 10"
                " and 20 are usual"
            )

    def compute(self, run: FittedRun) -> dict[str, float | str]:
        """Raise ValueError if H is 0."""
        H = np.abs(canonical(run.factors, run.problem.objective.loss).H)
        order = np.argsort(-H, axis=1, kind="stable")[:, : self.n_top]
        top = np.take_along_axis(H, order, axis=1)
        alive = H.any(axis=1)
        if not alive.any():
            raise ValueError(
                "metric top_features: every component is 0; the run found nothing, look"
                " at its start and its stop reason"
            )
        shares = top[alive].sum(axis=1) / H[alive].sum(axis=1)
        values: dict[str, float | str] = {"mass": min(1.0, float(shares.mean()))}
        for k, (columns, weights) in enumerate(zip(order, top, strict=True), start=1):
            names = [_name(run.dataset, int(j)) for j in columns[weights > 0]]
            values[str(k)] = ", ".join(names) if names else "(zero component)"
        return values


def _name(dataset: Dataset, column: int) -> str:
    if dataset.column_names is None:
        return f"feature {column}"
    return str(dataset.column_names[column])


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Top features of each component and the share of mass they carry."""
    yield MetricSpec(
        name="top_features",
        metric=TopFeatures,
        direction="higher",
        range=(0.0, 1.0),
        examples=(TopFeatures(), TopFeatures(n_top=3)),
    )
