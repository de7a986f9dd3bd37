"""BASEHOCK: 1993 posts on baseball and on hockey, as counts of words without names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Origin
from nmflab.fetching import fetch
from nmflab.hookspecs import hookimpl
from nmflab_datasets._text_options import DocumentOptions, arranged

NMFLAB_CONTRACT = 1

ORIGIN = Origin(
    page="https://jundongl.github.io/scikit-feature/datasets.html",
    files=(
        DataFile(
            name="BASEHOCK.mat",
            mirror="20news-basehock/BASEHOCK.mat",
            size=279_059,
            url="https://jundongl.github.io/scikit-feature/files/datasets/BASEHOCK.mat",
            sha256="e0452e0f3c0fefdc5cb6352165e4ba4a25c3a2a7b5a5b4d44e103742d6317aa0",
        ),
    ),
    licence=(
        "None stated with the file. The UCI repository lists Twenty Newsgroups, which"
        " the posts are from, under CC BY 4.0."
    ),
    redistributable=False,
    citation="""\
@article{li2018feature,
  author = {Li, Jundong and Cheng, Kewei and Wang, Suhang and Morstatter, Fred and
            Trevino, Robert P. and Tang, Jiliang and Liu, Huan},
  title = {Feature Selection: A Data Perspective},
  journal = {ACM Computing Surveys},
  volume = {50},
  number = {6},
  pages = {94:1--94:45},
  year = {2018},
  doi = {10.1145/3136625}
}""",
)

GROUPS = np.array(["rec.sport.baseball", "rec.sport.hockey"])


@dataclass(frozen=True, kw_only=True)
class Basehock(DocumentOptions):
    """1993 posts to two newsgroups, baseball and hockey: counts of 4862 words.

    Row labels are the groups: rec.sport.baseball (994 posts), rec.sport.hockey (999).

    Notes
    -----
    The file holds a full array of bytes of which 1.4 % are not 0; X is sparse. It
    numbers the classes 1 and 2; the names follow from the sizes of the two groups in
    the collection by date. There is no vocabulary and no text, so there are neither
    names of columns nor ``tokens``.

    References
    ----------
    J. Li et al., "Feature Selection: A Data Perspective", ACM Computing Surveys 50(6),
    2018.
    K. Lang, "NewsWeeder: Learning to Filter Netnews", ICML 1995 (the posts).
    """

    def load(self, rng: np.random.Generator) -> Dataset:
        """Read the counts and make them sparse."""
        from scipy.io import loadmat
        from scipy.sparse import csr_array

        content = loadmat(fetch(ORIGIN.files[0], ORIGIN))
        # Sparse first: as float64 the full array would take eight times its memory.
        X = csr_array(content["X"]).astype(np.float64)
        labels = GROUPS[content["Y"].ravel().astype(np.intp) - 1]
        return arranged(Dataset(X=X, row_labels=labels), self)


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the posts."""
    yield DatasetSpec(name="basehock", dataset=Basehock, origin=ORIGIN)
