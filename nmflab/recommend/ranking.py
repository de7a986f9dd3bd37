"""The best unseen items of a user, and the features that carry each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.recommend.model import Model

COLUMNS = (
    "user",
    "rank",
    "item",
    "predicted",
    "shown",
    "baseline",
    "features",
    "feature",
    "share",
    "n_known",
)
"""Of the table `nmflab.recommend.recommend` returns."""

_LEAST_SHARE = 0.1
_MOST_FEATURES = 3


def ranked(
    model: Model, user: int, top: int, min_known: int = 0
) -> Iterator[dict[str, Any]]:
    """Yield one record an item, best first, keyed by `COLUMNS`; values are plain.

    What the user knows is left out, and what fewer than `min_known` users know. Equal
    predictions stand in the items' order. Beside the columns, ``carriers`` holds the
    features named in words, counted from 1.
    """
    values = model.predict(user)
    base = model.baseline(user)
    labels = model.items.labels
    left_out = np.union1d(model.knows(user), np.flatnonzero(model.n_known < min_known))
    has_baseline = not (model.user_offset is None is model.item_offset)
    for rank, item in enumerate(best(values, left_out, top), start=1):
        shares = feature_shares(model, user, int(item))
        first = int(np.argmax(np.abs(shares))) if shares.any() else None
        yield {
            "user": model.users.labels[user],
            "rank": rank,
            "item": labels[item],
            "predicted": float(values[item]),
            "shown": clipped(float(values[item]), model.scale),
            "baseline": float(base[item]),
            "features": feature_text(shares, has_baseline=has_baseline),
            "carriers": [k + 1 for k in carriers(shares)],
            "feature": None if first is None else first + 1,
            "share": None if first is None else float(shares[first]),
            "n_known": int(model.n_known[item]),
        }


def best(values: Matrix, left_out: npt.NDArray[Any], top: int) -> npt.NDArray[np.intp]:
    """Return the indices of the `top` highest values not left out, in order."""
    open_to = np.ones(values.size, dtype=bool)
    open_to[left_out] = False
    items = np.flatnonzero(open_to)
    if top < items.size:
        edge = np.partition(values[items], items.size - top)[items.size - top]
        items = items[values[items] >= edge]
    order = np.argsort(-values[items], kind="stable")
    found: npt.NDArray[np.intp] = items[order][:top]
    return found


def clipped(value: float, scale: tuple[float, float] | None) -> float:
    """Return a value brought onto the data's scale, where they have one."""
    return value if scale is None else min(max(value, scale[0]), scale[1])


def feature_shares(model: Model, user: int, item: int) -> Matrix:
    """Return ``u_k v_kj / Σ_k |u_k v_kj|``; zeros where no feature says anything.

    The offsets are no feature: they are the baseline.
    """
    parts = model.U[user] * model.V[:, item]
    total = float(np.abs(parts).sum())
    shares: Matrix = parts / total if total > 0 else np.zeros_like(parts)
    return shares


def feature_text(shares: Matrix, *, has_baseline: bool = True) -> str:
    """Return ``Feature 2, 71 %; Feature 5, 20 %``: those that carry the most."""
    said = [f"Feature {k + 1}, {100 * shares[k]:.0f} %" for k in carriers(shares)]
    return "; ".join(said) or ("baseline alone" if has_baseline else "no feature")


def carriers(shares: Matrix) -> list[int]:
    """Return the features that carry most of an item: a tenth at least, or the first.

    Counted from 0; none where no feature says anything.
    """
    first = np.argsort(-np.abs(shares), kind="stable")[:_MOST_FEATURES]
    found = [int(k) for k in first if abs(shares[k]) >= _LEAST_SHARE]
    return found or [int(k) for k in first[:1] if shares[k]]


def feature_words(model: Model, feature: int, n: int = 3) -> str:
    """Return what a feature is called, where it has a name, and its first items.

    ``Children's (9 of 30, odds 14, q=2e-9): Babe, Aladdin, Dumbo``: the label that its
    top items bear beyond what chance and their popularity explain.

    Parameters
    ----------
    feature : int
        Counted from 1, as in the table.
    """
    name = model.feature_names[feature - 1]
    items = ", ".join(model.items.labels[j] for j in name.top[:n])
    label = name.enriched
    return items if label is None else f"{label.short_text}: {items}"
