"""The files of MovieLens as arrays and lists: ratings, films, users, test sets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Dataset, Extra
from nmflab_datasets.views import csr_from_triplets, unique_names

Ints: TypeAlias = npt.NDArray[np.int64]

OCCUPATIONS = (
    "other",
    "academic/educator",
    "artist",
    "clerical/admin",
    "college/grad student",
    "customer service",
    "doctor/health care",
    "executive/managerial",
    "farmer",
    "homemaker",
    "K-12 student",
    "lawyer",
    "programmer",
    "retired",
    "sales/marketing",
    "scientist",
    "self-employed",
    "technician/engineer",
    "tradesman/craftsman",
    "unemployed",
    "writer",
)
"""Of the codes 0 to 20 in users.dat of the 1M set, after its README."""

AGES = {
    "1": "under 18",
    "18": "18-24",
    "25": "25-34",
    "35": "35-44",
    "45": "45-49",
    "50": "50-55",
    "56": "56+",
}
"""Of the codes in users.dat of the 1M set, after its README."""


@dataclass(frozen=True)
class Ratings:
    """One entry a rating: ids as published, stars, and seconds since 1970."""

    users: Ints
    films: Ints
    stars: npt.NDArray[np.float64]
    times: Ints


@dataclass(frozen=True)
class Films:
    """Titles and genres (joined by ``|``) by id."""

    titles: Mapping[int, str]
    genres: Mapping[int, str]


def read_ratings(text: bytes, separator: str, *, header: bool = False) -> Ratings:
    """Return user, film, stars and time of each line.

    Parameters
    ----------
    separator : str
        Of several characters, too, as the ``::`` of the 1M set.
    """
    import pandas as pd

    if len(separator) > 1:  # pandas' fast reader takes one character only
        text = text.replace(separator.encode(), b"\t")
        separator = "\t"
    frame: Any = pd.read_csv(
        io.BytesIO(text),
        sep=separator,
        header=0 if header else None,
        names=["user", "film", "stars", "time"],
        dtype={"user": "int64", "film": "int64", "stars": "float64", "time": "int64"},
    )
    return Ratings(*(frame[name].to_numpy() for name in frame.columns))


def read_flags(text: bytes, genres: bytes) -> Films:
    """Return the films of ``u.item``, whose last 19 fields are flags of ``u.genre``."""
    lines = (line.split("|") for line in genres.decode("ascii").split("\n"))
    names = [name for name, *rest in lines if rest]
    fields = _fields(text.decode("latin-1"), "|")
    rows = [(row[0], row[1], row[-len(names) :]) for row in fields]
    return Films(
        {int(film): title.strip() for film, title, _ in rows},
        {
            int(film): "|".join(
                name for name, flag in zip(names, flags, strict=True) if flag == "1"
            )
            for film, _, flags in rows
        },
    )


def read_csv_films(text: bytes) -> Films:
    """Return the films of ``movies.csv``; titles with commas stand in quotes."""
    lines = csv.reader(io.StringIO(text.decode("utf-8"), newline=""))
    next(lines)
    return _listed_films(lines)


def read_dat_films(text: bytes) -> Films:
    """Return the films of ``movies.dat``: id, title and genres between ``::``."""
    return _listed_films(_fields(text.decode("latin-1"), "::"))


def read_users(text: bytes) -> dict[int, str]:
    """Return age, gender and occupation of ``u.user`` by user id."""
    fields = _fields(text.decode("latin-1"), "|")
    return {int(row[0]): f"age {row[1]}|{row[2]}|{row[3]}" for row in fields}


def read_dat_users(text: bytes) -> dict[int, str]:
    """Return age group, gender and occupation of ``users.dat`` by user id."""
    return {
        int(user): f"age {AGES[age]}|{gender}|{OCCUPATIONS[int(occupation)]}"
        for user, gender, age, occupation, *_ in _fields(text.decode("latin-1"), "::")
    }


def which(ratings: Ratings, test: Ratings) -> npt.NDArray[np.intp]:
    """Return the positions of test ratings among all ratings.

    Raises
    ------
    ValueError
        If a test rating is not among them.
    """
    width = int(max(ratings.films.max(), test.films.max())) + 1
    known = ratings.users * width + ratings.films
    asked = test.users * width + test.films
    order = np.argsort(known, kind="stable")
    at = np.minimum(np.searchsorted(known, asked, sorter=order), known.size - 1)
    found = order[at]
    if not (known[found] == asked).all():
        miss = int(np.argmin(known[found] == asked))
        raise ValueError(
            f"a published test set holds a rating of film {test.films[miss]} by user"
            f" {test.users[miss]} that is not among the ratings; fetch the archive"
            " again"
        )
    return found


def fold_of_each(ratings: Ratings, tests: Sequence[Ratings]) -> Ints:
    """Return which test set, from 1, each rating stands in.

    Raises
    ------
    ValueError
        Unless each rating stands in one and only one.
    """
    found = [which(ratings, test) for test in tests]
    times = np.bincount(np.concatenate(found), minlength=ratings.users.size)
    if (times != 1).any():
        raise ValueError(
            f"the published test sets hold {int((times == 0).sum())} ratings never and"
            f" {int((times > 1).sum())} more than once, and each belongs in one; fetch"
            " the archive again"
        )
    folds = np.zeros(ratings.users.size, dtype=np.int64)
    for fold, at in enumerate(found, start=1):
        folds[at] = fold
    return folds


def assemble(
    ratings: Ratings,
    films: Films,
    *,
    scale: tuple[float, float],
    people: Mapping[int, str] | None = None,
    **cell_extras: npt.NDArray[Any],
) -> Dataset:
    """Return users by rated films, with names, genres and the time of each rating.

    Parameters
    ----------
    people : mapping of int to str, optional
        What is known of each user.
    **cell_extras : ndarray of shape (n_ratings,)
        In the order of `ratings`.
    """
    users, rows = np.unique(ratings.users, return_inverse=True)
    shown, columns = np.unique(ratings.films, return_inverse=True)
    X, cells = csr_from_triplets(
        rows,
        columns,
        ratings.stars,
        (users.size, shown.size),
        duplicates="refuse",
        timestamps=ratings.times,
        **cell_extras,
    )
    listed = [int(film) for film in shown]
    extras: dict[str, Extra] = {
        **cells,
        "column_metadata": [films.genres[film] for film in listed],
        "rating_scale": np.array(scale),
    }
    if people is not None:
        extras["row_metadata"] = [people[int(user)] for user in users]
    n_unseen = len(films.titles) - shown.size
    if n_unseen:
        extras["preparation"] = (
            f"left out {n_unseen:,} of {len(films.titles):,} listed films that nobody"
            " rated"
        )
    return Dataset(
        X=X,
        missing="unstored",
        row_names=[f"user {user}" for user in users],
        column_names=unique_names([films.titles[film] for film in listed], listed),
        extras=extras,
    )


def _listed_films(rows: Iterable[Sequence[str]]) -> Films:
    kept = [(int(film), title.strip(), genres) for film, title, genres in rows]
    return Films(
        {film: title for film, title, _ in kept},
        # Words for "none" are no genre.
        {film: "" if genres.startswith("(no") else genres for film, _, genres in kept},
    )


def _fields(text: str, separator: str) -> list[list[str]]:
    # Not str.splitlines: Latin-1 has line ends of its own that names may hold.
    lines = (line.rstrip("\r") for line in text.split("\n"))
    return [line.split(separator) for line in lines if line]
