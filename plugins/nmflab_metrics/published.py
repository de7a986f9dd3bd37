"""How far a run is from the factors that were published for its data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Factors, FittedRun, Matrix, MetricSpec
from nmflab.hookspecs import hookimpl
from nmflab.numerics import match_components

NMFLAB_CONTRACT = 1


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
            raise ValueError(
                f"not applicable: the published {name} has shape {factor.shape}, that"
                f" of the run {shape}"
            )
        published[name] = factor
    if not published:
        raise ValueError("not applicable: no factors were published for these data")
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


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Deviation from published factors, where the data carry them."""
    yield MetricSpec(
        name="published_agreement",
        metric=PublishedAgreement,
        direction="lower",
        range=(0.0, None),
        unit="units of the published factor",
        examples=(PublishedAgreement(),),
    )
