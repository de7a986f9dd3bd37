"""Last.fm: how often people listened to artists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets.choices import settle
from nmflab_datasets.views import (
    CountView,
    check_min_counts,
    csr_from_triplets,
    unique_names,
    viewed,
)

NMFLAB_CONTRACT = 1

ARCHIVE = "https://files.grouplens.org/datasets/hetrec2011/hetrec2011-lastfm-2k.zip"
ARCHIVE_SHA256 = "6738f48195667ff03caaab4d32ca9a3133d8cc026b7c3cdaf6ce1010e913c59c"

CITATION = """\
@inproceedings{cantador2011hetrec,
  author = {Cantador, Iv{\\'a}n and Brusilovsky, Peter and Kuflik, Tsvi},
  title = {2nd Workshop on Information Heterogeneity and Fusion in Recommender Systems
           ({HetRec} 2011)},
  booktitle = {Proceedings of the 5th {ACM} Conference on Recommender Systems},
  series = {RecSys 2011},
  year = {2011},
  location = {Chicago, IL, USA},
  publisher = {ACM},
  address = {New York, NY, USA}
}"""

ORIGIN = Origin(
    page="https://grouplens.org/datasets/hetrec-2011/",
    files=(
        DataFile(
            name="hetrec2011-lastfm-2k.zip",
            mirror="lastfm-2k/user_artists.dat.gz",
            size=421_569,
            url=ARCHIVE,
            sha256=ARCHIVE_SHA256,
            members={
                "user_artists.dat": (
                    "254272fa721c3935e8be286d28c051b206844307128698ab4eaa41d483379416"
                )
            },
        ),
        DataFile(
            name="hetrec2011-lastfm-2k-artists.zip",
            mirror="lastfm-2k/artists.dat.gz",
            size=450_287,
            url=ARCHIVE,
            sha256=ARCHIVE_SHA256,
            members={
                "artists.dat": (
                    "c173881362c6b28551368fecb3c0be5a6a30a6cd859e1f5775413dfe46d48648"
                )
            },
        ),
    ),
    licence=(
        "Last.fm, through GroupLens (HetRec 2011): non-commercial use; acknowledge"
        " Last.fm and cite the workshop. No word on passing the data on."
    ),
    redistributable=False,
    citation=CITATION,
)


class Samples(Enum):
    """Which side the rows of X are."""

    users = "users"
    artists = "artists"


@dataclass(frozen=True, kw_only=True)
class LastFM:
    """Last.fm 2K: how often 1892 users played 17,632 artists; 92,834 counts.

    Parameters
    ----------
    view : {implicit, binary}, default implicit
        How often a user played an artist, or whether at all. Other cells are 0.
    samples : {users, artists}, default users
        What the rows of X are.
    min_row_count, min_column_count : int, default 0
        Drop rows and columns of X with fewer stored cells, until both hold.

    Notes
    -----
    The counts have a very heavy tail, from 1 to 352,698: under the Frobenius loss a few
    cells decide every feature. Fit with ``weighting=log1p``, or with the loss
    ``kullback_leibler``. For each user only the most played artists are listed, about
    50, so that a 0 means "not among them".

    User and artist ids have gaps and are numbered anew; ``user 2`` is the user the
    publisher calls 2. The publisher has one archive for both files, which is downloaded
    once.

    References
    ----------
    I. Cantador, P. Brusilovsky, T. Kuflik, "2nd Workshop on Information Heterogeneity
    and Fusion in Recommender Systems (HetRec 2011)", RecSys 2011.
    """

    view: CountView = CountView.implicit
    samples: Samples = Samples.users
    min_row_count: int = 0
    min_column_count: int = 0

    def __post_init__(self) -> None:
        settle(self, "view", CountView)
        settle(self, "samples", Samples)
        check_min_counts(self)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the counts."""
        counts, artists = (fetch(file, ORIGIN) for file in ORIGIN.files)
        return viewed(
            parse(member(counts, "user_artists.dat"), member(artists, "artists.dat")),
            binary=self.view is CountView.binary,
            transpose=self.samples is Samples.artists,
            min_row_count=self.min_row_count,
            min_column_count=self.min_column_count,
        )


def parse(counts: bytes, artists: bytes) -> Dataset:
    """Return users by artists, of the texts of the two files."""
    import io

    import pandas as pd

    frame: Any = pd.read_csv(io.BytesIO(counts), sep="\t", dtype="int64")
    users, rows = np.unique(frame["userID"].to_numpy(), return_inverse=True)
    played, columns = np.unique(frame["artistID"].to_numpy(), return_inverse=True)
    weights = frame["weight"].to_numpy()
    X, _ = csr_from_triplets(rows, columns, weights, (users.size, played.size))
    # Split at line feeds and tabs only: names hold quotes and other line ends.
    lines = artists.decode("utf-8").split("\n")[1:]
    fields = (line.split("\t") for line in lines if line)
    names = {int(row[0]): row[1].strip() for row in fields}
    ids = [int(artist) for artist in played]
    return Dataset(
        X=X,
        row_names=[f"user {user}" for user in users],
        column_names=unique_names([names[artist] for artist in ids], ids),
    )


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the counts."""
    yield DatasetSpec(name="lastfm", dataset=LastFM, origin=ORIGIN)
