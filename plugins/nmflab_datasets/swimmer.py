"""Stick figures whose parts are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import product

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec, Factors, Matrix
from nmflab.hookspecs import hookimpl
from nmflab_datasets._images import pixel_names
from nmflab_datasets.choices import settle
from nmflab_datasets.views import transposed

NMFLAB_CONTRACT = 1

LIMBS = ("left arm", "right arm", "left leg", "right leg")
POSITIONS = ("straight", "raised", "sideways", "lowered")
TORSO_LENGTH, LIMB_LENGTH = 12, 5
SOURCE = (
    'D. Donoho, V. Stodden, "When does non-negative matrix factorization give a correct'
    ' decomposition into parts?", NeurIPS 16, 2003; drawn anew'
)


class Samples(Enum):
    """Which side of the figures is the sample."""

    images = "images"
    pixels = "pixels"


class Frame(Enum):
    """The whole image, or the smallest rectangle that holds all figures."""

    cropped = "cropped"
    full = "full"


class Torso(Enum):
    """Whether the torso is a part of its own or is shared out among the limbs."""

    apart = "apart"
    shared = "shared"


@dataclass(frozen=True, kw_only=True)
class Swimmer:
    """Stick figures with 4 limbs in 4 positions: 256 images by 220 pixels, 0 or 1.

    Every combination is there once: ``X = D P``, where ``D (256, 17)`` says which parts
    a figure has and ``P (17, 220)`` draws them, both of 0 and 1.

    Parameters
    ----------
    samples : {images, pixels}, default images
        ``pixels`` gives 220 x 256.
    frame : {cropped, full}, default cropped
        20 x 11 pixels, of which 80 are ever set, or 32 x 32.
    torso : {apart, shared}, default apart
        Which of two exact factorizations is the truth. ``apart``: 17 components, the
        torso one of them. ``shared``: 16, each position of a limb with a quarter of the
        torso, of which any figure has four.

    Notes
    -----
    The rank is 13: the positions of each limb sum to the same, so four limbs give
    ``1 + 4 · 3``. The non-negative rank is 16: rows of D are the corners of a product
    of four simplices and its columns their facets, so that its non-negative rank is
    the extension complexity of that product, which is the sum of those of the
    simplices, 4 each. As the torso is in every image, nothing in X parts it from the
    limbs. Solvers with 16 or 17 components often end in a local minimum.

    The torso has 12 pixels. A limb has 5, the first beside the torso at the shoulder
    or hip, which all positions share and which therefore counts as torso in the truth;
    the other 4 point straight away from the torso, or are raised by 45 degrees,
    sideways, or lowered. No pixel belongs to two parts. The published images have these
    counts of parts; their pixels are drawn anew here.

    References
    ----------
    D. Donoho, V. Stodden, "When does non-negative matrix factorization give a correct
    decomposition into parts?", NeurIPS 16, 2003.
    H. R. Tiwary, S. Weltge, R. Zenklusen, "Extension complexities of Cartesian products
    involving a pyramid", Information Processing Letters 128, 2017 (the sum).
    """

    samples: Samples = Samples.images
    frame: Frame = Frame.cropped
    torso: Torso = Torso.apart

    def __post_init__(self) -> None:
        settle(self, "samples", Samples)
        settle(self, "frame", Frame)
        settle(self, "torso", Torso)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Draw the figures; nothing of it is random."""
        torso, limbs = drawings()
        if self.frame is Frame.full:
            torso, limbs = _framed(torso), _framed(limbs)
        height, width = torso.shape
        body, parts = torso.reshape(1, -1), limbs.reshape(16, -1)
        poses = list(product(range(4), repeat=4))
        D = np.eye(4)[np.array(poses)].reshape(256, 16)
        names = [f"{limb} {position}" for limb in LIMBS for position in POSITIONS]
        if self.torso is Torso.apart:
            truth = Factors(np.c_[D, np.ones(256)], np.r_[parts, body])
            names.append("torso")
        else:
            truth = Factors(D, parts + body / 4)
        data = Dataset(
            X=D @ parts + body,
            row_names=["-".join(str(at + 1) for at in pose) for pose in poses],
            column_names=pixel_names(height, width),
            truth=truth,
            extras={
                "image_shape": np.array([height, width]),
                "component_names": names,
                "source": SOURCE,
            },
        )
        return data if self.samples is Samples.images else transposed(data)


def drawings() -> tuple[Matrix, Matrix]:
    """Return the torso with its joints and the 16 parts of the limbs, cropped.

    Returns
    -------
    torso : ndarray of shape (20, 11)
    limbs : ndarray of shape (16, 20, 11)
        Four positions of each limb in turn, without the pixel at the joint.
    """
    reach = LIMB_LENGTH - 1
    shape = (TORSO_LENGTH + 2 * reach, 2 * LIMB_LENGTH + 1)
    shoulder, hip, middle = reach, reach + TORSO_LENGTH - 1, LIMB_LENGTH
    torso = np.zeros(shape)
    torso[shoulder : hip + 1, middle] = 1.0
    limbs = np.zeros((len(LIMBS), len(POSITIONS), *shape))
    step = np.arange(1, reach + 1)
    joints = [
        (y, side, away) for y, away in ((shoulder, -1), (hip, 1)) for side in (-1, 1)
    ]
    for limb, (y, side, away) in enumerate(joints):
        x = middle + side
        torso[y, x] = 1.0
        for position, (dy, dx) in enumerate(((away, 0), (-1, 1), (0, 1), (1, 1))):
            limbs[limb, position, y + dy * step, x + dx * side * step] = 1.0
    return torso, limbs.reshape(-1, *shape)


def _framed(pictures: Matrix) -> Matrix:
    """Return pictures in the middle of 32 x 32 pixels."""
    height, width = pictures.shape[-2:]
    top, left = (32 - height) // 2, (32 - width) // 2
    framed = np.zeros((*pictures.shape[:-2], 32, 32))
    framed[..., top : top + height, left : left + width] = pictures
    return framed


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the stick figures."""
    yield DatasetSpec(
        name="swimmer",
        dataset=Swimmer,
        examples=(Swimmer(), Swimmer(torso=Torso.shared, samples=Samples.pixels)),
    )
