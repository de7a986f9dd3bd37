"""A user the run never saw, from a few ratings: least squares against the items."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.numerics.nnls import nnls
from nmflab.recommend.errors import RecommendationError
from nmflab.recommend.model import Model
from nmflab.recommend.names import Names

Items: TypeAlias = npt.NDArray[np.intp]

NEW = "new user"

_RATING = re.compile(r"\s*(.+?)\s*=\s*([^=,;\s]+)\s*(?:[,;]|$)")


def parsed(text: str) -> dict[str, float]:
    """Return ratings by item from ``Toy Story (1995)=5, Usual Suspects, The=4``.

    A name may hold commas: it ends at the ``=`` before a number that ends the rating.

    Raises
    ------
    RecommendationError
        If the text is not a list of these.
    """
    ratings: dict[str, float] = {}
    at = 0
    while at < len(text.rstrip()):
        found = _RATING.match(text, at)
        value = _value(found.group(2)) if found else None
        if found is None or value is None:
            raise RecommendationError(
                f"new: '{text[at:].strip()}' is not a rating; write name=value,"
                ' separated by commas, as in new="Toy Story (1995)=5, Fargo (1996)=4"'
            )
        ratings[found.group(1)] = value
        at = found.end()
    if not ratings:
        raise RecommendationError("new: no ratings; give at least one, as name=value")
    return ratings


def _value(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def new_user(model: Model, ratings: Mapping[str, float]) -> Model:
    """Return the model of one user who gave these ratings, in place of all others.

    Their weights u and offset b minimise, over u >= 0,
    ``½ Σ_j (x_j − u·v_j − b − c_j)² + l1 Σ u + ½ l2 ‖u‖² + ½ l2_b (b − mean)²`` with
    the run's penalties. The sum is over the rated items where the run fitted known
    cells only, else over all items, the others counting as 0.

    Raises
    ------
    RecommendationError
        If an item is unknown, naming near ones, or is rated twice; if a rating is
        outside the scale; or if the run fits weighted data.
    """
    from scipy.sparse import csr_array

    if model.weighting != "none":
        raise RecommendationError(
            f"new: the run fits X weighted by {model.weighting}, and so the ratings of"
            " a new user cannot be set against its items; choose a run with"
            " weighting=none (run=...)"
        )
    items, values = _rated(model, ratings)
    weights, offset = fold_in(model, items, values)
    known: Any = csr_array(
        (values, (np.zeros(items.size, dtype=np.intp), items)),
        shape=(1, model.items.n),
    )
    return replace(
        model,
        users=Names("user", 1, [NEW]),
        U=weights[None, :],
        user_offset=None if model.user_offset is None else np.array([offset]),
        known=known,
        notes=(*model.notes, *_said_of(model, weights)),
    )


def _rated(model: Model, ratings: Mapping[str, float]) -> tuple[Items, Matrix]:
    found: dict[int, float] = {}
    for name, value in ratings.items():
        item = model.items.find(name)
        if item in found:
            raise RecommendationError(
                f"new: '{model.items.labels[item]}' is rated twice; give one value"
            )
        if model.scale is not None and not model.scale[0] <= value <= model.scale[1]:
            low, high = model.scale
            raise RecommendationError(
                f"new: {name}={value:g} is outside the data's scale, {low:g} to"
                f" {high:g}"
            )
        found[item] = value
    return np.array(list(found), dtype=np.intp), np.array(list(found.values()))


def fold_in(model: Model, items: Items, values: Matrix) -> tuple[Matrix, float]:
    """Return the weights and the offset of a user; see `new_user`."""
    V = model.V[:, items] if model.observed_only else model.V
    x = values
    if not model.observed_only:
        x = np.zeros(model.items.n)
        x[items] = values
    if model.item_offset is not None:
        x = x - (model.item_offset[items] if model.observed_only else model.item_offset)
    penalty = model.penalty
    l2 = penalty.l2 * (x.size if penalty.per_count else 1)
    gram = V @ V.T + l2 * np.eye(len(V))
    products = V @ x - penalty.l1
    if model.user_offset is None:
        return nnls(gram, products[:, None])[:, 0], 0.0
    # The best offset for given weights is linear in them: put in, it leaves a least
    # squares problem in the weights alone.
    n, sums = x.size + penalty.l2_offset, V.sum(axis=1)
    pulled = x.sum() + penalty.l2_offset * penalty.target
    reduced = gram - np.outer(sums, sums) / n
    weights = nnls(reduced, (products - sums * (pulled / n))[:, None])[:, 0]
    offset = float(pulled - sums @ weights) / n
    if offset < 0 and penalty.nonneg_offset:
        # Convex: where the free optimum is below 0, the bound one lies at 0.
        return nnls(gram, products[:, None])[:, 0], 0.0
    return weights, offset


def _said_of(model: Model, weights: Matrix) -> list[str]:
    notes = []
    if model.loss != "frobenius":
        notes.append(
            f"The run minimises {model.loss}; a new user's weights are found by least"
            " squares all the same."
        )
    if not weights.any():
        notes.append(
            "These ratings give the new user no feature at all: what is shown is the"
            " baseline, the same for everyone."
        )
    return notes
