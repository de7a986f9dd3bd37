"""BBC news: 2225 stories in five sections, as counts of stemmed words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets._text_options import DocumentOptions, arranged
from nmflab_datasets.views import csr_from_triplets

NMFLAB_CONTRACT = 1

ORIGIN = Origin(
    page="http://mlg.ucd.ie/datasets/bbc.html",
    files=(
        DataFile(
            name="bbc.zip",
            mirror="bbc/bbc.zip",
            size=883_408,
            url="http://mlg.ucd.ie/files/datasets/bbc.zip",
            members={
                "bbc.mtx": "dd056da69c67f942f1be354163754a43"
                "d5cf3d9fdb62746be1f3231803983539",
                "bbc.terms": "6c369196ff6de6bb2cd7f60b11a51a38"
                "e73f522f2b656f3dde20d6d45729d7c6",
                "bbc.docs": "25c526968363d75009113594e2441011"
                "b921ff9eb4b835d221cd47390e22ec50",
                "bbc.classes": "9c509b0f32e428868c040b2c40e353d8"
                "2ba3910453a3ed4065f3e496e52ebce3",
            },
        ),
    ),
    licence=(
        "For non-commercial and research purposes only. All rights, including"
        " copyright, in the content of the original articles are owned by the BBC."
    ),
    redistributable=False,
    citation="""\
@inproceedings{greene2006practical,
  author = {Greene, Derek and Cunningham, P{\\'a}draig},
  title = {Practical Solutions to the Problem of Diagonal Dominance in Kernel
           Document Clustering},
  booktitle = {Proceedings of the 23rd International Conference on Machine Learning},
  pages = {377--384},
  year = {2006},
  doi = {10.1145/1143844.1143892}
}""",
)


@dataclass(frozen=True, kw_only=True)
class Bbc(DocumentOptions):
    """2225 stories of the BBC's news site, 2004-2005: 9635 words in five sections.

    Counts of words as published: stemmed (Porter), without stop words, without words
    that occur fewer than three times. Row labels are the sections, business (510),
    entertainment (386), politics (417), sport (511) and tech (401).

    Notes
    -----
    The file holds terms by documents; X is documents by terms. It holds no texts, so
    there is no extra ``tokens``: coherence over windows cannot be had of it.
    The publisher's page of 2009 speaks of 9636 terms; the file has 9635.

    References
    ----------
    D. Greene, P. Cunningham, "Practical Solutions to the Problem of Diagonal Dominance
    in Kernel Document Clustering", ICML 2006.
    """

    def load(self, rng: np.random.Generator) -> Dataset:
        """Read the counts, sparse."""
        from scipy.io import mmread

        path = fetch(ORIGIN.files[0], ORIGIN)
        terms: Any = mmread(BytesIO(member(path, "bbc.mtx")), spmatrix=False)
        n_terms, n_documents = terms.shape
        X, _ = csr_from_triplets(
            terms.col, terms.row, terms.data, (n_documents, n_terms)
        )
        dataset = Dataset(
            X=X,
            row_names=member(path, "bbc.docs").decode().split(),
            column_names=member(path, "bbc.terms").decode().split(),
            row_labels=_sections(member(path, "bbc.classes").decode()),
        )
        return arranged(dataset, self)


def _sections(classes: str) -> npt.NDArray[np.str_]:
    """Return the section of each document, from lines ``document class``.

    The names are in a comment above: ``%Clusters 5 business,entertainment,...``.
    """
    lines = classes.splitlines()
    heading = next(line for line in lines if line.startswith("%Clusters"))
    names = np.array(heading.split()[2].split(","))
    pairs = [line.split() for line in lines if line and not line.startswith("%")]
    labels = np.empty(len(pairs), dtype=names.dtype)
    labels[[int(document) for document, _ in pairs]] = names[
        [int(section) for _, section in pairs]
    ]
    return labels


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the stories."""
    yield DatasetSpec(name="bbc", dataset=Bbc, origin=ORIGIN)
