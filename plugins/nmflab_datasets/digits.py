"""Handwritten digits that come with scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec, Origin
from nmflab.hookspecs import hookimpl
from nmflab_datasets._images import pixel_names
from nmflab_datasets.choices import settle
from nmflab_datasets.views import transposed

NMFLAB_CONTRACT = 1

SIDE = 8
ORIGIN = Origin(
    page="https://archive.ics.uci.edu/dataset/80",
    files=(),
    licence="CC BY 4.0 (UCI Machine Learning Repository)",
    redistributable=True,
    citation="""@misc{alpaydin1998optical,
  title = {Optical Recognition of Handwritten Digits},
  author = {Alpaydin, E. and Kaynak, C.},
  year = {1998},
  howpublished = {UCI Machine Learning Repository},
  doi = {10.24432/C50P49}
}""",
)


class Samples(Enum):
    """Which side of the digits is the sample."""

    images = "images"
    pixels = "pixels"


@dataclass(frozen=True, kw_only=True)
class Digits:
    """Handwritten digits of 8 x 8 pixels: 1797 images by 64 pixels, dense.

    Parameters
    ----------
    samples : {images, pixels}, default images

    Notes
    -----
    Each value, 0 to 16, counts the inked pixels of a 4 x 4 block of a 32 x 32 bitmap.
    Labels are the digits. These are the test part of the UCI data, as
    ``sklearn.datasets.load_digits`` gives them, without a download. Some pixels of the
    border are 0 in all images.

    References
    ----------
    E. Alpaydin, C. Kaynak, "Cascading Classifiers", Kybernetika 34(4), 369-374, 1998.
    """

    samples: Samples = Samples.images

    def __post_init__(self) -> None:
        settle(self, "samples", Samples)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the digits."""
        from sklearn.datasets import load_digits

        X, labels = load_digits(return_X_y=True)
        data = Dataset(
            X=np.ascontiguousarray(X, dtype=np.float64),
            row_names=[f"image {i + 1}" for i in range(len(X))],
            column_names=pixel_names(SIDE, SIDE),
            row_labels=labels,
            extras={"image_shape": np.array([SIDE, SIDE])},
        )
        return data if self.samples is Samples.images else transposed(data)


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the digits."""
    yield DatasetSpec(
        name="digits", dataset=Digits, origin=ORIGIN, examples=(Digits(),)
    )
