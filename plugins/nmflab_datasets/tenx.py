"""Gene counts of single cells, with many genes never seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets.choices import settle
from nmflab_datasets.views import prepared, selected, transposed, unique_names

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NMFLAB_CONTRACT = 1

N_GENES, N_CELLS = 507, 1107
COUNTS, GENES, CELLS = "matrix.mtx", "features.tsv", "barcodes.tsv"


def _file(name: str, size: int, sha256: str, content: str) -> DataFile:
    return DataFile(
        name=f"{name}.gz",
        mirror=f"tenx-small/filtered_feature_bc_matrix/{name}.gz",
        size=size,
        sha256=sha256,
        members={name: content},
    )


ORIGIN = Origin(
    page="https://www.10xgenomics.com/datasets",
    files=(
        _file(
            COUNTS,
            73_946,
            "0d40c3b07c32089c3b310d0914670b9513407bfad18d6529f20046fe4bbd4eaf",
            "8aa358d254db9ba21089688e7ade23dc1ddbe9179a3b1ab3f184743429cd07d0",
        ),
        _file(
            GENES,
            4_774,
            "a5ee587a04a1744a2922018e4c92626489908ad48870433c2095184542482fcd",
            "4f204acc87665b44d7bffe7cce65934be934b66392180b515d5062bfef8add95",
        ),
        _file(
            CELLS,
            6_423,
            "e3490ae2c4cbc0b8b4001cefa47e0d6efa23e59aa57e760aee593bd66605e90a",
            "9913a6daf1507d4b2b533f5fb5b4a169d5218417d9a03ab5d33f3f8c329db322",
        ),
    ),
    licence=(
        "CC BY 4.0 (10x Genomics public data); this subset comes from the tests of a"
        " BSD-3 package."
    ),
    redistributable=True,
    citation="""@misc{tenx,
  title = {Single Cell Gene Expression Datasets},
  author = {{10x Genomics}},
  url = {https://www.10xgenomics.com/datasets}
}""",
)


class Samples(Enum):
    """Which side of the counts is the sample."""

    cells = "cells"
    genes = "genes"


@dataclass(frozen=True, kw_only=True)
class TenxSmall:
    """Counts of 507 genes of chromosome 21 in 1107 cells: 1107 x 507, CSR, 1 to 36.

    Parameters
    ----------
    samples : {cells, genes}, default cells
    drop_empty : bool, default False
        Whether to leave out the 306 genes that no cell has a count of.

    Notes
    -----
    23,866 counts of unique molecules are stored; all else is a 0 that is known. Empty
    genes are kept by default, as a test of solvers: a column of zeros must do no harm
    to Kullback-Leibler updates. Genes are named by symbol, ``gene_ids`` holds their
    Ensembl ids. There are no labels.

    References
    ----------
    10x Genomics, https://www.10xgenomics.com/datasets.
    """

    samples: Samples = Samples.cells
    drop_empty: bool = False

    def __post_init__(self) -> None:
        settle(self, "samples", Samples)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the counts.

        Raises
        ------
        nmflab.fetching.FetchError
            If a file is not at hand.
        ValueError
            If one holds something else.
        """
        content = {
            name: member(fetch(file, ORIGIN), name)
            for file, name in zip(ORIGIN.files, (COUNTS, GENES, CELLS), strict=True)
        }
        X = counts(content[COUNTS])
        ids, symbols = genes(content[GENES])
        data = Dataset(
            X=X,
            row_names=content[CELLS].decode("ascii", errors="replace").split(),
            column_names=unique_names(symbols, ids),
            extras={"gene_ids": ids},
        )
        if self.drop_empty:
            data = without_empty(data)
        return data if self.samples is Samples.cells else transposed(data)


def counts(content: bytes) -> csr_array:
    """Return the counts of ``matrix.mtx``, cells in rows, ``(1107, 507)``.

    Raises
    ------
    ValueError
        If it is no such matrix.
    """
    from scipy.io import mmread
    from scipy.sparse import csr_array

    source: Any = BytesIO(content)  # which SciPy's stubs do not know
    try:
        found: Any = mmread(source)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{COUNTS} is no MatrixMarket file ({error}); it is not the published file"
        ) from error
    if found.shape != (N_GENES, N_CELLS):
        raise ValueError(
            f"{COUNTS} has the shape {found.shape}, and {(N_GENES, N_CELLS)} (genes,"
            " cells) was published; it is not the published file"
        )
    X = csr_array(found.T, dtype=np.float64)
    X.sort_indices()
    return X


def genes(content: bytes) -> tuple[list[str], list[str]]:
    """Return Ensembl id and symbol of each gene."""
    rows = [line.split("\t") for line in content.decode("utf-8").splitlines()]
    if len(rows) != N_GENES or any(len(row) != 3 for row in rows):
        raise ValueError(
            f"{GENES} has {len(rows)} lines or lines of other than 3 fields; {N_GENES}"
            " genes with id, symbol and type were published"
        )
    return [row[0] for row in rows], [row[1] for row in rows]


def without_empty(data: Dataset) -> Dataset:
    """Leave out the genes that no cell has a count of, and say so."""
    X: Any = data.X
    n_counts = np.bincount(X.indices, minlength=X.shape[1])
    kept = np.flatnonzero(n_counts)
    ids = data.extras["gene_ids"]
    smaller = selected(data, np.arange(X.shape[0]), kept)
    extras = {**smaller.extras, "gene_ids": [str(ids[at]) for at in kept]}
    n_empty = X.shape[1] - kept.size
    sentence = f"left out {n_empty} of {X.shape[1]} genes without a count"
    return prepared(replace(smaller, extras=extras), sentence)


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the counts."""
    yield DatasetSpec(name="tenx_small", dataset=TenxSmall, origin=ORIGIN)
