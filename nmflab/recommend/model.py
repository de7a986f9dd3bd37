"""A run seen from its users: factors, offsets, names, and what is known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors, Matrix
from nmflab.numerics.naming import ComponentName, component_names
from nmflab.recommend.errors import RecommendationError
from nmflab.recommend.known import Reopen, known_cells
from nmflab.recommend.names import Names

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from nmflab.store import Store, StoredDataset

ITEMS_IN_ROWS = frozenset({"items", "products", "artists", "films", "movies"})
USERS_IN_ROWS = frozenset({"users", "customers", "baskets", "listeners"})
"""Words of a data set's ``samples`` that say what its rows are."""


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """What the run's objective asks of the weights of one user.

    ``l1 Σ u + ½ l2 ‖u‖² + ½ l2_offset (offset − target)²``, with `l2` counted once for
    each rating where `per_count` is set.
    """

    l1: float = 0.0
    l2: float = 0.0
    per_count: bool = False
    l2_offset: float = 0.0
    target: float = 0.0
    nonneg_offset: bool = False


@dataclass(frozen=True, kw_only=True)
class Model:
    """The factors of a run with users in rows, whichever way X was laid out.

    Parameters
    ----------
    users, items : Names
    U : ndarray of shape (n_users, n_components)
    V : ndarray of shape (n_components, n_items)
    user_offset, item_offset : ndarray of shape (n_users,) and (n_items,), optional
    known : csr_array of shape (n_users, n_items)
        Its stored cells are known; they are never recommended. Zeros may be among them.
    n_known : ndarray of int of shape (n_items,)
        How many users of the data know each item.
    scale : (low, high), optional
        Between which values are shown; None where a value is no rating.
    observed_only : bool
        Whether the run fitted the known cells alone. False: the others counted as 0.
    weighting, loss : str
    penalty : Penalty
    notes : tuple of str
        What a reader must know of the values, in sentences.
    item_metadata : sequence of str, optional
        Of each item its labels, separated by '|'.
    """

    users: Names
    items: Names
    U: Matrix
    V: Matrix
    user_offset: Matrix | None
    item_offset: Matrix | None
    known: csr_array
    n_known: npt.NDArray[np.intp]
    scale: tuple[float, float] | None
    observed_only: bool
    weighting: str
    loss: str
    penalty: Penalty
    notes: tuple[str, ...] = ()
    item_metadata: Sequence[str] | None = None

    @cached_property
    def feature_names(self) -> list[ComponentName]:
        """What each feature is called, by the labels its top items share."""
        return component_names(self.V, self.item_metadata, self.n_known)

    def baseline(self, user: int) -> Matrix:
        """Return what the offsets alone give a user for each item, ``(n_items,)``."""
        base = np.zeros(self.V.shape[1])
        if self.user_offset is not None:
            base = base + self.user_offset[user]
        return base if self.item_offset is None else base + self.item_offset

    def predict(self, user: int) -> Matrix:
        """Return the modelled value of every item for a user, ``(n_items,)``."""
        values: Matrix = self.U[user] @ self.V + self.baseline(user)
        return values

    def knows(self, user: int) -> npt.NDArray[np.intp]:
        """Return the items a user knows already, as indices."""
        known: Any = self.known
        indices: npt.NDArray[np.intp] = known.indices[
            known.indptr[user] : known.indptr[user + 1]
        ]
        return indices


def is_recommendable(dataset: StoredDataset) -> bool:
    """Return whether a data set holds ratings, purchases or the like."""
    config = dataset.config
    return (
        "rating_scale" in dataset.extras
        or config.get("view") in ("explicit", "implicit", "binary")
        or config.get("samples") in ITEMS_IN_ROWS | USERS_IN_ROWS
    )


def model_of(
    store: Store,
    key: str,
    factors: Factors,
    *,
    side: str | None = None,
    reopen: Reopen | None = None,
) -> Model:
    """Return the model of a run.

    Parameters
    ----------
    store : Store
    key : str
    factors : Factors
        The run's.
    side : {"rows", "columns"}, optional
        Where the users are; None asks the data set's ``samples``, else takes rows.
    reopen : callable, optional
        See `Reopen`.

    Raises
    ------
    RecommendationError
        If X is at hand nowhere, or `side` is neither.
    """
    runs = store.runs(all_sweeps=True).set_index("key")
    dataset = store.dataset(str(runs.loc[key, "fingerprint"]))
    config = store.config(key)
    _check_shape(dataset, factors)
    cells = known_cells(dataset, reopen)
    known: Any = cells
    mean = float(known.data.mean()) if known.data.size else 0.0
    by_rows = _users_in_rows(dataset.config, side)
    model = _oriented(dataset, factors, cells, by_rows=by_rows)
    masked = dataset.facts.get("missing", "none") != "none"
    zero_filled = masked and config.get("missing_as_zero") is True
    observed_only = masked and not zero_filled
    weighting = str(config.get("weighting", {}).get("name", "none"))
    return replace(
        model,
        scale=_scale(dataset) if observed_only and weighting == "none" else None,
        observed_only=observed_only,
        weighting=weighting,
        loss=str(config.get("objective", {}).get("loss", "frobenius")),
        penalty=_penalty(config, mean, by_rows=by_rows),
        notes=_notes(weighting, zero_filled=zero_filled),
    )


def _check_shape(dataset: StoredDataset, factors: Factors) -> None:
    expected = (int(dataset.facts["n_samples"]), int(dataset.facts["n_features"]))
    found = (factors.W.shape[0], factors.H.shape[1])
    if found != expected:
        raise RecommendationError(
            f"the run's factors are of {found[0]:,} rows and {found[1]:,} columns, its"
            f" data of {expected[0]:,} and {expected[1]:,}: its split left whole rows"
            " and columns out; choose a run that saw all of them (run=...)"
        )


def _users_in_rows(config: Mapping[str, Any], side: str | None) -> bool:
    if side is not None and side not in ("rows", "columns"):
        raise RecommendationError(
            f"side={side}: choose rows or columns, where the users are in X"
        )
    if side is not None:
        return side == "rows"
    return config.get("samples") not in ITEMS_IN_ROWS


def _oriented(
    dataset: StoredDataset, factors: Factors, known: Any, *, by_rows: bool
) -> Model:
    """Return the model without what its run's configuration says."""
    W, H = factors.W, factors.H
    names = [dataset.row_names, dataset.column_names]
    offsets = [factors.row_offset, factors.column_offset]
    if not by_rows:
        W, H, known = H.T, W.T, known.T.tocsr()
        known.sort_indices()
        names, offsets = names[::-1], offsets[::-1]
    return Model(
        users=Names("user", W.shape[0], names[0]),
        items=Names("item", H.shape[1], names[1]),
        U=np.ascontiguousarray(W),
        V=np.ascontiguousarray(H),
        user_offset=offsets[0],
        item_offset=offsets[1],
        known=known,
        n_known=np.bincount(known.indices, minlength=H.shape[1]),
        scale=None,
        observed_only=False,
        weighting="none",
        loss="frobenius",
        penalty=Penalty(),
        item_metadata=_metadata(dataset, H.shape[1], by_rows=by_rows),
    )


def _metadata(
    dataset: StoredDataset, n_items: int, *, by_rows: bool
) -> list[str] | None:
    """Return the labels of each item; None where the data have others, or none."""
    given = dataset.extras.get("column_metadata" if by_rows else "row_metadata")
    if given is None or len(given) != n_items:
        return None
    return [str(text) for text in given]


def _scale(dataset: StoredDataset) -> tuple[float, float] | None:
    given = dataset.extras.get("rating_scale")
    if given is None:
        return None
    low, high = (float(end) for end in given)
    return low, high


def _penalty(config: Mapping[str, Any], mean: float, *, by_rows: bool) -> Penalty:
    objective = config.get("objective", {})
    factor, line = ("W", "row") if by_rows else ("H", "column")
    return Penalty(
        l1=float(objective.get(f"l1_{factor}", 0.0)),
        l2=float(objective.get(f"l2_{factor}", 0.0)),
        per_count=bool(objective.get("l2_per_count", False)),
        l2_offset=float(objective.get(f"l2_{line}_offset", 0.0)),
        # The row offset holds the mean of X, and is pulled towards it; see Objective.
        target=mean if by_rows else 0.0,
        nonneg_offset=config.get("solver", {}).get("offsets") == "nonneg",
    )


def _notes(weighting: str, *, zero_filled: bool) -> tuple[str, ...]:
    notes = []
    if weighting != "none":
        notes.append(
            f"The run fits X weighted by {weighting}: the values are in those units,"
            " not in the data's."
        )
    if zero_filled:
        notes.append(
            "The run took missing cells as 0, so its values are no ratings: they lie"
            " far below, and only their order says something."
        )
    return tuple(notes)
