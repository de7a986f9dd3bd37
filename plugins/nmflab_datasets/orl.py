"""Forty people's faces, ten pictures each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Matrix, Origin
from nmflab.fetching import fetch, members
from nmflab.hookspecs import hookimpl
from nmflab_datasets._images import pixel_names, read_pgm
from nmflab_datasets.choices import settle
from nmflab_datasets.views import transposed

NMFLAB_CONTRACT = 1

N_PEOPLE, N_POSES = 40, 10
HEIGHT, WIDTH = 112, 92
ORIGIN = Origin(
    page="https://cam-orl.co.uk/facedatabase.html",
    files=(
        DataFile(
            name="att_faces.zip",
            mirror="orl/att_faces.zip",
            size=3_801_749,
            url="https://www.cl.cam.ac.uk/Research/DTG/attarchive/pub/data/att_faces.zip",
            sha256="47ecb705eb4de74bd7cc9cbf7f104c3e22764571f569ae1aab30d35a3909c855",
            contents="4afcb1655251d2b79441a279891b5c49446df7794a49003ac51c335f6cc62b5f",
        ),
    ),
    licence=(
        "No licence is stated. Its README: 'When using these images, please give credit"
        " to Olivetti Research Laboratory.'"
    ),
    redistributable=False,
    citation="""@inproceedings{samaria1994parameterisation,
  title = {Parameterisation of a stochastic model for human face identification},
  author = {Samaria, F. S. and Harter, A. C.},
  booktitle = {Proceedings of the 2nd {IEEE} Workshop on Applications of Computer
    Vision},
  pages = {138--142},
  year = {1994},
  doi = {10.1109/ACV.1994.341300}
}""",
)

_PICTURE = re.compile(r"(?:^|/)s(\d+)/(\d+)\.pgm$")


class Samples(Enum):
    """Which side of the faces is the sample."""

    images = "images"
    pixels = "pixels"


class Scale(Enum):
    """Grey values as they stand in the files, or divided by the largest possible."""

    grey = "grey"
    unit = "unit"


@dataclass(frozen=True, kw_only=True)
class Orl:
    """Faces of 40 people, 112 x 92 grey pixels: 400 images by 10304 pixels, dense.

    The AT&T (once Olivetti Research Laboratory) database of faces, 1992 to 1994.

    Parameters
    ----------
    samples : {images, pixels}, default images
    scale : {grey, unit}, default grey
        ``grey``: whole numbers from 0 to 255, of which 251 is the largest in use.
        ``unit``: the same, divided by 255.

    Notes
    -----
    Labels are the people, 1 to 40. Rows are sorted by person, then by picture, as
    numbers, and named like their files: ``s1/1`` to ``s40/10``.

    References
    ----------
    F. S. Samaria, A. C. Harter, "Parameterisation of a stochastic model for human face
    identification", IEEE Workshop on Applications of Computer Vision, 1994.
    """

    samples: Samples = Samples.images
    scale: Scale = Scale.grey

    def __post_init__(self) -> None:
        settle(self, "samples", Samples)
        settle(self, "scale", Scale)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the faces.

        Raises
        ------
        nmflab.fetching.FetchError
            If the archive is not at hand.
        ValueError
            If it holds other pictures.
        """
        X = faces(fetch(ORIGIN.files[0], ORIGIN))
        if self.scale is Scale.unit:
            X /= 255
        people = np.repeat(np.arange(1, N_PEOPLE + 1), N_POSES)
        data = Dataset(
            X=X,
            row_names=[f"s{person}/{pose}" for person, pose in _order()],
            column_names=pixel_names(HEIGHT, WIDTH),
            row_labels=people,
            extras={"image_shape": np.array([HEIGHT, WIDTH])},
        )
        return data if self.samples is Samples.images else transposed(data)


def faces(path: Path) -> Matrix:
    """Return the pictures of the archive by person and pose, ``(400, 10304)``.

    Raises
    ------
    ValueError
        If one is absent or has another size.
    """
    contents = {
        (int(found[1]), int(found[2])): content
        for name, content in members(path)
        if (found := _PICTURE.search(name))
    }
    X = np.empty((N_PEOPLE * N_POSES, HEIGHT * WIDTH))
    for row, (person, pose) in enumerate(_order()):
        name = f"s{person}/{pose}.pgm"
        if (person, pose) not in contents:
            raise ValueError(
                f"{path.name} holds no picture {name}; it is not the published archive"
            )
        picture = read_pgm(contents[person, pose], name)
        if picture.shape != (HEIGHT, WIDTH):
            raise ValueError(
                f"{path.name}: picture {name} is {picture.shape[1]} wide and"
                f" {picture.shape[0]} high, and {WIDTH} x {HEIGHT} was published"
            )
        X[row] = picture.ravel()
    return X


def _order() -> list[tuple[int, int]]:
    """Return person and pose of each row, sorted as numbers."""
    return [
        (person, pose)
        for person in range(1, N_PEOPLE + 1)
        for pose in range(1, N_POSES + 1)
    ]


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the ORL faces."""
    yield DatasetSpec(name="orl", dataset=Orl, origin=ORIGIN)
