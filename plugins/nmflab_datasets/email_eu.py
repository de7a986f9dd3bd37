"""Who wrote to whom in a research institution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Extra, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets.choices import settle
from nmflab_datasets.views import csr_from_triplets, transposed

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NMFLAB_CONTRACT = 1

N_PEOPLE = 1005
EDGES, LABELS = "email-Eu-core.txt", "email-Eu-core-department-labels.txt"
ORIGIN = Origin(
    page="https://snap.stanford.edu/data/email-Eu-core.html",
    files=(
        DataFile(
            name=f"{EDGES}.gz",
            mirror=f"email-eu-core/{EDGES}.gz",
            size=79_635,
            url=f"https://snap.stanford.edu/data/{EDGES}.gz",
            sha256="84189cdd8a8774f9c1e8c90bd5d5fc3fecd31811521944b832aad22d05c28dc8",
            members={
                EDGES: "23e0ca0bce21a053025e78f7e9691ac9"
                "210ae806a0689bd5edff3c3bac572d4c"
            },
        ),
        DataFile(
            name=f"{LABELS}.gz",
            mirror=f"email-eu-core/{LABELS}.gz",
            size=2_663,
            url=f"https://snap.stanford.edu/data/{LABELS}.gz",
            sha256="86697e0c6c1ce08850263532b0fb8feda12b91add3bb0e1618bcb8d3b5ff1803",
            members={
                LABELS: "91a089f21ee35eb224066456fa5322c8"
                "ad57c0f07b2da7a58a3220c72b5d54b5"
            },
        ),
    ),
    licence="None is stated (Stanford SNAP): research use, with citation.",
    redistributable=False,
    citation="""@inproceedings{yin2017local,
  title = {Local Higher-Order Graph Clustering},
  author = {Yin, Hao and Benson, Austin R. and Leskovec, Jure and Gleich, David F.},
  booktitle = {Proceedings of the 23rd {ACM} {SIGKDD} International Conference on
    Knowledge Discovery and Data Mining},
  pages = {555--564},
  year = {2017},
  doi = {10.1145/3097983.3098069}
}
@article{leskovec2007graph,
  title = {Graph Evolution: Densification and Shrinking Diameters},
  author = {Leskovec, Jure and Kleinberg, Jon and Faloutsos, Christos},
  journal = {{ACM} Transactions on Knowledge Discovery from Data},
  volume = {1},
  number = {1},
  year = {2007},
  doi = {10.1145/1217299.1217301}
}""",
)


class Samples(Enum):
    """Whether rows are those who wrote or those who were written to."""

    senders = "senders"
    recipients = "recipients"


@dataclass(frozen=True, kw_only=True)
class EmailEu:
    """Who e-mailed whom among 1005 people: a graph as a CSR of 0 and 1.

    Parameters
    ----------
    samples : {senders, recipients}, default senders
    symmetric : bool, default False
        Whether an edge counts in both directions; as published, 25,571 edges go from
        sender to recipient.
    self_loops : bool, default True
        Whether to keep the 642 edges of people who wrote to themselves.

    Notes
    -----
    ``x_ij`` is 1 where person i wrote to person j at least once; all else is a 0 that
    is known. Labels, of rows and of columns, are the 42 departments, 0 to 41. 137
    people wrote to nobody and 14 were written to by nobody: empty rows and columns.

    References
    ----------
    H. Yin, A. R. Benson, J. Leskovec, D. F. Gleich, "Local Higher-Order Graph
    Clustering", KDD, 2017.
    J. Leskovec, J. Kleinberg, C. Faloutsos, "Graph Evolution: Densification and
    Shrinking Diameters", ACM TKDD 1(1), 2007.
    """

    samples: Samples = Samples.senders
    symmetric: bool = False
    self_loops: bool = True

    def __post_init__(self) -> None:
        settle(self, "samples", Samples)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the graph.

        Raises
        ------
        nmflab.fetching.FetchError
            If a file is not at hand.
        ValueError
            If one holds something else.
        """
        edges, labels = (
            member(fetch(file, ORIGIN), name)
            for file, name in zip(ORIGIN.files, (EDGES, LABELS), strict=True)
        )
        senders, recipients = _pairs(edges, EDGES).T
        extras: dict[str, Extra] = {"column_labels": departments(labels)}
        if not self.self_loops:
            is_kept = senders != recipients
            extras["preparation"] = f"left out {(~is_kept).sum()} edges to oneself"
            senders, recipients = senders[is_kept], recipients[is_kept]
        if self.symmetric:
            senders, recipients = np.r_[senders, recipients], np.r_[recipients, senders]
        people = [f"person {i}" for i in range(N_PEOPLE)]
        data = Dataset(
            X=_adjacency(senders, recipients, is_symmetric=self.symmetric),
            row_names=people,
            column_names=people,
            row_labels=departments(labels),
            extras=extras,
        )
        return data if self.samples is Samples.senders else transposed(data)


def departments(content: bytes) -> npt.NDArray[np.int64]:
    """Return the department of each person, ``(1005,)``.

    Raises
    ------
    ValueError
        If people other than 0 to 1004, once each, are listed.
    """
    pairs = _pairs(content, LABELS)
    labels = np.full(N_PEOPLE, -1, dtype=np.int64)
    labels[pairs[:, 0]] = pairs[:, 1]
    if len(pairs) != N_PEOPLE or (labels < 0).any():
        raise ValueError(
            f"{LABELS} has {len(pairs)} lines, and one for each of {N_PEOPLE} people"
            " was published; it is not the published file"
        )
    return labels


def _adjacency(
    rows: npt.NDArray[Any], columns: npt.NDArray[Any], *, is_symmetric: bool
) -> csr_array:
    """Return 1 where there is an edge; where both directions count, once."""
    X, _ = csr_from_triplets(
        rows,
        columns,
        np.ones(rows.size),
        (N_PEOPLE, N_PEOPLE),
        duplicates="last" if is_symmetric else "refuse",
    )
    return X


def _pairs(content: bytes, name: str) -> npt.NDArray[np.int64]:
    """Return the two whole numbers of each line, ``(n_lines, 2)``.

    Raises
    ------
    ValueError
        If a line holds something else, or the first number is no person.
    """
    text = content.decode("ascii", errors="replace")
    try:
        pairs = np.array([line.split() for line in text.splitlines()], dtype=np.int64)
    except ValueError as error:
        raise ValueError(
            f"{name} is no list of pairs of whole numbers ({error}); it is not the"
            " published file"
        ) from error
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.min() < 0:
        raise ValueError(
            f"{name} should hold two whole numbers from 0 a line; it is not the"
            " published file"
        )
    if pairs[:, 0].max() >= N_PEOPLE:
        raise ValueError(
            f"{name} names person {pairs[:, 0].max()}, and there are {N_PEOPLE},"
            " counted from 0; it is not the published file"
        )
    return pairs


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the graph."""
    yield DatasetSpec(name="email_eu", dataset=EmailEu, origin=ORIGIN)
