"""How far a run is from the factors that were published for its data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import (
    Factors,
    FittedRun,
    Matrix,
    MetricSpec,
    NotApplicable,
    ReportSection,
)
from nmflab.hookspecs import hookimpl
from nmflab.numerics import match_components

if TYPE_CHECKING:
    from nmflab.store import Store

NMFLAB_CONTRACT = 1

NAME = "published_agreement"


@dataclass(frozen=True, kw_only=True)
class PublishedAgreement:
    """Largest deviation ``max |published − found|`` from published factors; 0 is best.

    In units of what was published. A run with the same digits deviates by about half a
    unit of the last one: up to 5e-9 for eight decimals.

    Suffix "W", "H" or "WH" for each that the data carry in `Dataset.extras`:

    - ``published_W``, array of float (n_samples, n_components)
    - ``published_H``, array of float (n_components, n_features)
    - ``published_WH``, array of float (n_samples, n_features): the reconstruction

    Notes
    -----
    What scale and order of components hide is taken out first: components are matched
    with the published ones by the cosines of H (of W where H was not published) and
    scaled to their norms. A reconstruction has no n_components of its own; beside a
    published W or H it is taken for theirs.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise ValueError if nothing was published for data and size like these."""
        published = _published(run)
        aligned = _aligned(run.factors, published)
        found = {"W": aligned.W, "H": aligned.H}
        if "WH" in published:
            found["WH"] = run.factors.reconstruct()
        return {
            name: float(np.abs(found[name] - factor).max())
            for name, factor in published.items()
        }


def _published(run: FittedRun) -> dict[str, Matrix]:
    """Return the published factors, each checked to be of the run's shape."""
    factors = run.factors
    shapes = {
        "W": factors.W.shape,
        "H": factors.H.shape,
        "WH": (factors.W.shape[0], factors.H.shape[1]),
    }
    published: dict[str, Matrix] = {}
    for name, shape in shapes.items():
        given = run.dataset.extras.get(f"published_{name}")
        if given is None:
            continue
        factor = np.asarray(given, dtype=np.float64)
        if factor.shape != shape:
            raise NotApplicable(
                f"the published {name} has shape {factor.shape}, that of the run"
                f" {shape}"
            )
        published[name] = factor
    if not published:
        raise NotApplicable("no factors were published for these data")
    return published


def _aligned(factors: Factors, published: dict[str, Matrix]) -> Factors:
    """Return the same model in the order and scale of the published components."""
    rows = {"W": factors.W.T, "H": factors.H}
    targets = {"W": published["W"].T} if "W" in published else {}
    targets |= {"H": published["H"]} if "H" in published else {}
    if not targets:
        return factors
    leading = "H" if "H" in targets else "W"
    order = match_components(targets[leading], rows[leading]).permutation
    # Scale moves from W to H; where both were published, each has its say.
    logs = [
        _log_ratio(target, rows[name][order]) * (1 if name == "H" else -1)
        for name, target in targets.items()
    ]
    scale = np.exp(np.mean(logs, axis=0))
    return Factors(factors.W[:, order] / scale, factors.H[order] * scale[:, None])


def _log_ratio(target: Matrix, rows: Matrix) -> Matrix:
    """Return ``log ‖target_k‖ / ‖rows_k‖``; 0 where a component is zero in either."""
    wanted, given = np.linalg.norm(target, axis=1), np.linalg.norm(rows, axis=1)
    alive = wanted * given > 0
    ratio = np.divide(wanted, given, out=np.ones_like(given), where=alive)
    return np.asarray(np.log(ratio))


def section(store: Store) -> str:
    """Return a table of deviations, largest over seeds, as HTML; "" without any."""
    runs = store.runs()
    values = store.metric_table(runs["key"].tolist())
    names = [name for name in values.columns if name.startswith(f"{NAME}_")]
    if not names:
        return ""
    settings = ["dataset", "case", "solver", "init", "n_components"]
    measured = runs.join(values[names], on="key").dropna(subset=names, how="all")
    rows = []
    for _, group in measured.groupby(settings, sort=False):
        labels = [str(label) for label in group[settings].iloc[0]]
        for name, top in group[names].max().dropna().items():
            factor = str(name).removeprefix(f"{NAME}_")
            rows.append([*labels, factor, f"{top:.1e}"])
    head = [*settings, "factor", "largest deviation"]
    return (
        "<p>Largest absolute difference between the factors published for the data and"
        " those found, over all entries and seeds. At most half a unit of the last"
        " printed decimal means that every digit is the same: 5e-9 for eight"
        f" decimals.</p><table><thead>{_row(head, 'th')}</thead>"
        f"<tbody>{''.join(_row(row, 'td') for row in rows)}</tbody></table>"
    )


def _row(cells: list[str], tag: str) -> str:
    inner = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{inner}</tr>"


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Deviation from published factors, where the data carry them."""
    yield MetricSpec(
        name=NAME,
        metric=PublishedAgreement,
        direction="lower",
        range=(0.0, None),
        unit="units of the published factor",
        examples=(PublishedAgreement(),),
    )


@hookimpl
def nmflab_report_sections() -> Iterator[ReportSection]:
    """Deviations from published factors, in a table."""
    yield ReportSection(name=NAME, title="Published digits", render=section)
