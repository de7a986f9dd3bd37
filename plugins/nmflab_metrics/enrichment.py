"""Whether the top items of components share what is known of them: their labels.

Labels come from the extra ``column_metadata`` (genres, departments, gene sets).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from nmflab.contracts import FittedRun, Matrix, MetricSpec, MetricValue, NotApplicable
from nmflab.hookspecs import hookimpl
from nmflab.numerics import canonical
from nmflab.numerics.enrichment import Enrichment, enrichment
from nmflab.numerics.label_test import LabelTest
from nmflab.numerics.popularity import observed_cells
from nmflab.numerics.top_features import as_distributions, own_frex
from nmflab_metrics.top_lists import check_n_top

NMFLAB_CONTRACT = 1


class Order(Enum):
    """What puts an item into a component's list."""

    weight = "weight"
    frex = "frex"


@dataclass(frozen=True, kw_only=True)
class LabelEnrichment:
    """Share of components whose top items are enriched for a label, q < 0.05.

    From 0 to 1; dimensionless. The t top items of a component, x of them with a label,
    are held against all draws of t items from a universe of N, K with the label:
    ``P(X >= x; N, K, t)``, X hypergeometric, corrected over all components and labels
    (Benjamini and Hochberg). The most popular items alone are enriched for something:
    suffix "popularity" holds the list against draws of items as popular, by permuting
    labels within strata of popularity, and is the share to trust.

    Suffixes "n" and "n_popularity" are these numbers of components, "distinct" counts
    the different labels that components are called by (3 items bear it at least), and
    "1", "2"... say each component's label of lowest q at equal popularity, components
    in canonical order (see `nmflab.numerics.canonical`).

    Parameters
    ----------
    n_top : int, default 30
        t, length of the lists; at most a fifth of the universe.
    order : {weight, frex}, default weight
        Lists by weight in H, or by FREX, which prefers what other components lack.
    min_observed : int, default 20
        The universe: items observed in at least so many cells; of data without missing
        cells, items that are not 0 so often.
    n_strata : int, default 10
        Parts that the universe is cut into by popularity.

    References
    ----------
    I. Rivals, L. Personnaz, L. Taing, M.-C. Potier, "Enrichment or depletion of a GO
    category within a class of genes: which test?", Bioinformatics 23(4), 2007.
    Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate: A Practical and
    Powerful Approach to Multiple Testing", JRSS B 57(1), 1995.
    """

    n_top: int = 30
    order: Order = Order.weight
    min_observed: int = 20
    n_strata: int = 10

    def __post_init__(self) -> None:
        check_n_top("enrichment", self.n_top)
        object.__setattr__(self, "order", _order(self.order))
        for name, least in (("min_observed", 0), ("n_strata", 1)):
            value = getattr(self, name)
            if not value >= least:
                raise ValueError(
                    f"metric.enrichment.{name} must be at least {least}, got {value};"
                    f" {type(self).__dataclass_fields__[name].default} is usual"
                )

    def compute(self, run: FittedRun) -> dict[str, MetricValue]:
        """Raise NotApplicable if no label tells apart items observed often enough.

        ValueError if every component is 0.
        """
        H = canonical(run.factors, run.problem.objective.loss).H
        if not H.any():
            raise ValueError(
                "metric enrichment: every component is 0; the run found nothing, look"
                " at its start and its stop reason"
            )
        found = self._tested(run, H)
        n = len(H)
        values: dict[str, MetricValue] = {
            "": found.n_enriched / n,
            "popularity": found.n_beyond_popularity / n,
            "n": float(found.n_enriched),
            "n_popularity": float(found.n_beyond_popularity),
            "distinct": float(found.n_distinct),
        }
        for k in range(n):
            values[str(k + 1)] = _said(found.best(k))
        return values

    def _tested(self, run: FittedRun, H: Matrix) -> Enrichment:
        given, data = run.dataset.extras.get("column_metadata"), run.dataset
        if given is None:
            raise NotApplicable("needs metadata")
        _, popularity = observed_cells(data.X, data.missing, data.mask)
        found = enrichment(
            self._scores(as_distributions(np.maximum(H, 0.0))),
            [str(text) for text in given],
            popularity,
            n_top=self.n_top,
            min_observed=self.min_observed,
            n_strata=self.n_strata,
        )
        if found is None:
            raise NotApplicable(
                "needs a label that some items have and others lack, among those"
                f" observed at least {self.min_observed} times"
                " (metric.enrichment.min_observed)"
            )
        return found

    def _scores(self, H: Matrix) -> Matrix:
        return own_frex(H) if self.order is Order.frex else H


def _order(given: Order | str) -> Order:
    """Return the member of a name, as Python's users write it."""
    name = given.value if isinstance(given, Order) else given
    if name not in Order.__members__:
        raise ValueError(
            f"metric.enrichment.order is '{name}'; choose weight or frex, what puts an"
            " item into a component's list"
        )
    return Order[name]


def _said(best: LabelTest | None) -> str:
    if best is None:
        return "no weight on any item"
    return best.text if best.is_enriched else f"no name; first {best.text}"


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Enrichment of item metadata in the lists of components."""
    yield MetricSpec(
        name="enrichment",
        metric=LabelEnrichment,
        needs=frozenset({"metadata"}),
        direction="higher",
        range=(0.0, None),
        examples=(
            LabelEnrichment(),
            LabelEnrichment(min_observed=1),
            LabelEnrichment(n_top=3, order=Order.frex, min_observed=1, n_strata=2),
        ),
    )
