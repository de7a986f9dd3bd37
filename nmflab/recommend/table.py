"""Recommendations as a table, for Python, the command line and a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nmflab.recommend.choice import choose_run
from nmflab.recommend.errors import RecommendationError
from nmflab.recommend.known import Reopen
from nmflab.recommend.model import Model, model_of
from nmflab.recommend.ranking import COLUMNS, feature_words, ranked
from nmflab.recommend.unseen import new_user, parsed

if TYPE_CHECKING:
    import pandas as pd

    from nmflab.store import Store

FIRST_USERS = 5
"""Users shown where none is asked for."""


def recommend(
    study: Path | str | Store,
    *,
    user: str | int | None = None,
    new: Mapping[str, float] | str | None = None,
    top: int = 10,
    min_known: int = 0,
    run: str | None = None,
    side: str | None = None,
    first: int | None = FIRST_USERS,
    reopen: Reopen | None = None,
) -> pd.DataFrame:
    """Return the best unseen items of some users, with what carries each.

    Parameters
    ----------
    study : Path, str or Store
        A study's folder, or its store.
    user : str or int, optional
        A user's name or number, counted from 1. None: the `first` users.
    new : mapping of item to value, or text, optional
        The ratings of a user the run never saw; as text ``"Alien=5, Dune=4"``.
    top : int, default 10
        Items for each user.
    min_known : int, default 0
        Leave out items that fewer users of the data know.
    run : str, optional
        The run; None takes the best (see `choose_run`).
    side : {"rows", "columns"}, optional
        Where the users are in X; None asks the data set.
    first : int, optional
        How many users where none is asked for; None: all.
    reopen : callable, optional
        Opens a data set whose X the store does not hold.

    Returns
    -------
    DataFrame
        One row an item: user, rank, item, predicted, shown (brought onto the rating
        scale), baseline (what offsets alone give), features (in words), feature and
        share (of the one that carries most; counted from 1), n_known (how many users
        have it). ``attrs`` hold run, title, why, notes, features (in words, by number)
        and n_left_out (by user).

    Raises
    ------
    RecommendationError
        If a name is unknown or the study allows no recommendation.
    StoreError
        If there is no study, or its factors are gone.
    """
    if top < 1:
        raise RecommendationError(f"top={top}: give at least 1, the items for a user")
    if user is not None and new is not None:
        raise RecommendationError("give user or new, not both: they are two users")
    with _opened(study) as store:
        chosen = choose_run(store, run)
        model = model_of(store, chosen.key, chosen.factors, side=side, reopen=reopen)
    if new is not None:
        model = new_user(model, parsed(new) if isinstance(new, str) else new)
    frame = _table(model, _users(model, user, first), top, min_known)
    frame.attrs |= {"run": chosen.key, "title": chosen.title, "why": chosen.why}
    return frame


@contextmanager
def _opened(study: Path | str | Store) -> Iterator[Store]:
    from nmflab.store import Store

    if isinstance(study, Store):
        yield study
        return
    with Store.open(Path(study)) as store:
        yield store


def _users(model: Model, user: str | int | None, first: int | None) -> Sequence[int]:
    if user is not None:
        return [model.users.find(user)]
    return range(model.users.n if first is None else min(first, model.users.n))


def _table(
    model: Model, users: Sequence[int], top: int, min_known: int
) -> pd.DataFrame:
    import pandas as pd

    records = [
        record for user in users for record in ranked(model, user, top, min_known)
    ]
    frame = pd.DataFrame.from_records(records, columns=list(COLUMNS))
    frame["feature"] = frame["feature"].astype("Int64")
    named = sorted({k for record in records for k in record["carriers"]})
    frame.attrs = {
        "notes": list(model.notes),
        "features": {k: feature_words(model, k) for k in named},
        "n_left_out": {model.users.labels[u]: len(model.knows(u)) for u in users},
        "n_components": len(model.V),
        "has_baseline": not (model.user_offset is None is model.item_offset),
    }
    return frame
