"""The faces on which non-negative factorization was shown to find parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Matrix, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets._images import pixel_names, row_major
from nmflab_datasets._matfiles import read_variables
from nmflab_datasets.choices import settle
from nmflab_datasets.views import transposed

NMFLAB_CONTRACT = 1

SIDE, N_IMAGES = 19, 2429
FILE = "CBCL.mat"
ORIGIN = Origin(
    page="https://gitlab.com/ngillis/nmfbook",
    files=(
        DataFile(
            name=FILE,
            mirror="cbcl/CBCL.mat",
            size=1_461_111,
            sha256="96c6356a2e99f65ce2194f3ce20a97f619ac89bdaf1c102ceaa74f2f742cfc1d",
        ),
    ),
    licence=(
        "MIT CBCL (http://cbcl.mit.edu/software-datasets/FaceData2.html) states no"
        " licence: research use, with citation. CBCL.mat is the copy in the data sets"
        " of N. Gillis's book."
    ),
    redistributable=False,
    citation="""@misc{cbcl,
  title = {{CBCL} Face Database \\#1},
  author = {{MIT Center For Biological and Computation Learning}},
  url = {http://www.ai.mit.edu/projects/cbcl}
}
@article{lee1999learning,
  title = {Learning the parts of objects by non-negative matrix factorization},
  author = {Lee, Daniel D. and Seung, H. Sebastian},
  journal = {Nature},
  volume = {401},
  pages = {788--791},
  year = {1999},
  doi = {10.1038/44565}
}""",
)


class Samples(Enum):
    """Which side of the faces is the sample."""

    images = "images"
    pixels = "pixels"


@dataclass(frozen=True, kw_only=True)
class Cbcl:
    """Faces of 19 x 19 grey pixels: 2429 images by 361 pixels, dense.

    Parameters
    ----------
    samples : {images, pixels}, default images
        ``pixels`` gives the 361 x 2429 matrix of Lee and Seung, whose W holds the
        parts.

    Notes
    -----
    Values are (grey + 1) / 256, from 1/256 to 1, so no cell is 0. The file holds each
    image column by column; here pixels go row by row, as ``image_shape`` means them.
    There are no labels. Lee and Seung took 49 components, and scaled the grey values
    of each image to mean and standard deviation 0.25 first, which this copy is not.

    References
    ----------
    D. D. Lee, H. S. Seung, "Learning the parts of objects by non-negative matrix
    factorization", Nature 401, 788-791, 1999.
    """

    samples: Samples = Samples.images

    def __post_init__(self) -> None:
        settle(self, "samples", Samples)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the faces.

        Raises
        ------
        nmflab.fetching.FetchError
            If the file is not at hand.
        ValueError
            If it holds something else.
        """
        data = Dataset(
            X=faces(member(fetch(ORIGIN.files[0], ORIGIN), FILE)),
            row_names=[f"face {i + 1}" for i in range(N_IMAGES)],
            column_names=pixel_names(SIDE, SIDE),
            extras={"image_shape": np.array([SIDE, SIDE])},
        )
        return data if self.samples is Samples.images else transposed(data)


def faces(content: bytes) -> Matrix:
    """Return the images of ``CBCL.mat``, pixels row by row, ``(2429, 361)``."""
    stored = read_variables(content, FILE, {"X": (SIDE**2, N_IMAGES)})["X"]
    return np.ascontiguousarray(stored[row_major(SIDE, SIDE)].T)


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the CBCL faces."""
    yield DatasetSpec(name="cbcl", dataset=Cbcl, origin=ORIGIN)
