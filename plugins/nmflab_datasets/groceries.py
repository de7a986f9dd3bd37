"""Groceries: what went into the baskets of a shop in a month."""

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
    viewed,
)

NMFLAB_CONTRACT = 1

CITATION = """\
@incollection{hahsler2006implications,
  author = {Hahsler, Michael and Hornik, Kurt and Reutterer, Thomas},
  title = {Implications of Probabilistic Data Modeling for Mining Association Rules},
  booktitle = {From Data and Information Analysis to Knowledge Engineering},
  editor = {Spiliopoulou, M. and Kruse, R. and Borgelt, C. and N{\\"u}rnberger, A. and
            Gaul, W.},
  series = {Studies in Classification, Data Analysis, and Knowledge Organization},
  pages = {598--605},
  publisher = {Springer},
  year = {2006}
}"""

ORIGIN = Origin(
    page="https://cran.r-project.org/package=arules",
    files=(
        DataFile(
            name="Groceries.data.gz",
            mirror="groceries/Groceries.data.gz",
            size=76_760,
            members={
                "Groceries.data": (
                    "72b386dd752cc0b7395702a60e8165290cc203a88556bf209223f12847c3fdb4"
                )
            },
        ),
        DataFile(
            name="Groceries.labels",
            mirror="groceries/Groceries.labels",
            size=5_280,
            sha256="f3c3d5c682aeef4298b2f21a380e028eebb77fecb8a34418cc2fc42c3a977994",
        ),
        DataFile(
            name="Groceries.cat1.labels",
            mirror="groceries/Groceries.cat1.labels",
            size=303,
            sha256="110a177de48783f4933550cfc369c49110a7b0b58631859793405a3cbe2c7cc1",
        ),
        DataFile(
            name="Groceries.cat2.labels",
            mirror="groceries/Groceries.cat2.labels",
            size=1_789,
            sha256="434d1afe18fd391fc9f325fea87eb6454706fc44bb72a8b789c15eea101a15e2",
        ),
    ),
    licence="GPL-3, as data of the R package arules; cite the paper below.",
    redistributable=True,
    citation=CITATION,
)


class Samples(Enum):
    """Which side the rows of X are."""

    baskets = "baskets"
    items = "items"


@dataclass(frozen=True, kw_only=True)
class Groceries:
    """Groceries: 9835 baskets of 169 kinds of goods, sold by a shop in 30 days.

    Parameters
    ----------
    view : {implicit, binary}, default implicit
        How often a kind is in a basket (1 to 7), or whether at all. Other cells are 0.
    samples : {baskets, items}, default baskets
        What the rows of X are.
    min_row_count, min_column_count : int, default 0
        Drop rows and columns of X with fewer stored cells, until both hold. With
        ``min_row_count=2`` baskets of one kind go, which say nothing of what is bought
        together.

    Notes
    -----
    X has 43,367 stored cells, 2.6 %. The transactions the R package offers are the
    binary view; the counts are in the raw files it is made from. Extras: group and
    department of each kind (55 and 10; the first digits of its code).

    The publisher has no address for these files alone; they are taken from the folder
    that ``NMFLAB_DATA`` names, or put into the cache by hand.

    References
    ----------
    M. Hahsler, K. Hornik, T. Reutterer, "Implications of Probabilistic Data Modeling
    for Mining Association Rules", in From Data and Information Analysis to Knowledge
    Engineering, Springer, 2006.
    """

    view: CountView = CountView.implicit
    samples: Samples = Samples.baskets
    min_row_count: int = 0
    min_column_count: int = 0

    def __post_init__(self) -> None:
        settle(self, "view", CountView)
        settle(self, "samples", Samples)
        check_min_counts(self)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the baskets."""
        texts = (
            member(fetch(file, ORIGIN), file.name.removesuffix(".gz"))
            for file in ORIGIN.files
        )
        return viewed(
            parse(*texts),
            binary=self.view is CountView.binary,
            transpose=self.samples is Samples.items,
            min_row_count=self.min_row_count,
            min_column_count=self.min_column_count,
        )


def parse(table: bytes, items: bytes, departments: bytes, groups: bytes) -> Dataset:
    """Return baskets by items, of the texts of the four files."""
    import io

    import pandas as pd

    frame: Any = pd.read_csv(io.BytesIO(table), sep="\t", header=None, dtype="int64")
    counts = frame.to_numpy()
    rows, columns = np.nonzero(counts)
    X, _ = csr_from_triplets(rows, columns, counts[rows, columns], counts.shape)
    group_of, department_of = _labels(groups), _labels(departments)
    coded = _labels(items)
    return Dataset(
        X=X,
        row_names=[f"basket {at + 1}" for at in range(X.shape[0])],
        column_names=list(coded.values()),
        extras={
            "column_metadata": [
                f"{group_of[code[:2]]}|{department_of[code[:1]]}" for code in coded
            ]
        },
    )


def _labels(text: bytes) -> dict[str, str]:
    """Return English labels by code; each line holds code, English and German."""
    lines = (line.split("\t") for line in text.decode("latin-1").split("\n") if line)
    return {code: english.strip() for code, english, *_ in lines}


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the baskets."""
    yield DatasetSpec(name="groceries", dataset=Groceries, origin=ORIGIN)
