"""Classic4: 7094 abstracts of four collections, as counts of words without names."""

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
    page="https://gitlab.com/ngillis/nmfbook",
    files=(
        DataFile(
            name="classic.mat",
            mirror="classic4/classic.mat",
            size=503_895,
            sha256="29c2dae72c675be02e84dff4829809cdbc7af7e0b6e099155a5b578b28d1e2f2",
        ),
    ),
    licence=(
        "None stated with the abstracts (SMART collections of Cornell University):"
        " research use, with citation. The file is from a collection under CC0."
    ),
    redistributable=False,
    citation="""\
@article{zhong2005generative,
  author = {Zhong, Shi and Ghosh, Joydeep},
  title = {Generative Model-Based Document Clustering: A Comparative Study},
  journal = {Knowledge and Information Systems},
  volume = {8},
  number = {3},
  pages = {374--384},
  year = {2005}
}""",
)

COLLECTIONS = np.array(["cranfield", "medline", "cacm", "cisi"])


@dataclass(frozen=True, kw_only=True)
class Classic4(DocumentOptions):
    """7094 abstracts of four collections: 41,681 words without names, as counts.

    Row labels are the collections: cranfield (1398 abstracts, on aeronautics), medline
    (1033, medicine), cacm (3203, computing) and cisi (1460, information science).

    Notes
    -----
    The file numbers the classes 1 to 4 and names none; the names here follow from the
    sizes of the collections (CACM has 3204, of which one is not in the file). It holds
    no vocabulary and no texts either, so there are neither names of columns nor
    ``tokens``. A full array would take 2.4 GB; X stays sparse.

    References
    ----------
    S. Zhong, J. Ghosh, "Generative Model-Based Document Clustering: A Comparative
    Study", Knowledge and Information Systems 8, 2005.
    G. Salton, "The SMART Retrieval System", 1971 (the collections).
    """

    def load(self, rng: np.random.Generator) -> Dataset:
        """Read the counts, sparse."""
        from scipy.io import loadmat
        from scipy.sparse import csr_array

        content = loadmat(fetch(ORIGIN.files[0], ORIGIN))
        X = csr_array(content["X"], dtype=np.float64)
        X.sum_duplicates()
        labels = COLLECTIONS[content["classid"].ravel().astype(np.intp) - 1]
        return arranged(Dataset(X=X, row_labels=labels), self)


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the abstracts."""
    yield DatasetSpec(name="classic4", dataset=Classic4, origin=ORIGIN)
