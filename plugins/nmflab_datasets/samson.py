"""A hyperspectral scene of soil, trees and water."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Factors, Matrix, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets._images import pixel_names, row_major
from nmflab_datasets._matfiles import read_variables
from nmflab_datasets.choices import settle
from nmflab_datasets.views import transposed

NMFLAB_CONTRACT = 1

SIDE, N_BANDS = 95, 156
N_PIXELS = SIDE**2
ENDMEMBERS = ["soil", "tree", "water"]
SPECTRUM = (0.401, 0.889)
"""Lower end of the first and upper end of the last band, micrometres (Zhu 2017)."""

SCENE, TRUTH = "samson_1.mat", "end3.mat"
ORIGIN = Origin(
    page="https://rslab.ut.ac.ir/data",
    files=(
        DataFile(
            name=SCENE,
            mirror="samson/samson_1.mat",
            size=3_604_014,
            sha256="1ebacaf7cd32bfc31c0ee3fd56c63a7f29a434893a8b45705fb59cd8a0c8beb6",
        ),
        DataFile(
            name=TRUTH,
            mirror="samson/end3.mat",
            size=134_259,
            sha256="ce768182ce5292390180f827ff5769112cf3d299f4e64ab43e950a310b7ec9fa",
        ),
    ),
    licence="None is stated: research use, with citation.",
    redistributable=False,
    citation="""@misc{zhu2017hyperspectral,
  title = {Hyperspectral Unmixing: Ground Truth Labeling, Datasets, Benchmark
    Performances and Survey},
  author = {Zhu, Feiyun},
  year = {2017},
  eprint = {1708.05125},
  archivePrefix = {arXiv},
  primaryClass = {cs.CV}
}""",
)


class Samples(Enum):
    """Which side of the scene is the sample."""

    pixels = "pixels"
    bands = "bands"


@dataclass(frozen=True, kw_only=True)
class Samson:
    """Reflectance of a scene of 95 x 95 pixels in 156 bands: 9025 x 156, 0 to 1, dense.

    Parameters
    ----------
    samples : {pixels, bands}, default pixels

    Notes
    -----
    Pixels go row by row, as ``sample_shape`` means them; the file holds the scene
    column by column, and its abundances with it, so that both are reordered alike.
    99.9 % of the cells are not 0.

    The truth holds for each pixel the share of soil, trees and water (W, rows sum to 1)
    and their spectra (H). *Its product is not X*: each spectrum was scaled to a largest
    value of 1 of its own, so that ``‖X − W H‖ / ‖X‖ = 1.5``. Compare spectra by angle;
    the shares do not fit these pixels well either (0.31 with the best scales). The
    file calls the soil rock.

    ``wavelengths`` are the middles of 156 bands of equal width over the 0.401 to 0.889
    micrometres of the publication, 3.13 nanometres each.

    References
    ----------
    F. Zhu, "Hyperspectral Unmixing: Ground Truth Labeling, Datasets, Benchmark
    Performances and Survey", arXiv 1708.05125, 2017.
    """

    samples: Samples = Samples.pixels

    def __post_init__(self) -> None:
        settle(self, "samples", Samples)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the scene with the published abundances and spectra.

        Raises
        ------
        nmflab.fetching.FetchError
            If a file is not at hand.
        ValueError
            If one holds something else.
        """
        scene, truth = (member(fetch(file, ORIGIN), file.name) for file in ORIGIN.files)
        wavelengths = band_centres()
        data = Dataset(
            X=pixels(scene),
            row_names=pixel_names(SIDE, SIDE),
            column_names=[f"{1000 * middle:.1f} nm" for middle in wavelengths],
            truth=endmembers(truth),
            extras={
                "sample_shape": np.array([SIDE, SIDE]),
                "wavelengths": wavelengths,
                "endmember_names": ENDMEMBERS,
            },
        )
        return data if self.samples is Samples.pixels else transposed(data)


def pixels(content: bytes) -> Matrix:
    """Return the spectra of ``samson_1.mat``, pixels row by row, ``(9025, 156)``."""
    V = read_variables(content, SCENE, {"V": (N_BANDS, N_PIXELS)})["V"]
    return np.ascontiguousarray(V.T[row_major(SIDE, SIDE)])


def endmembers(content: bytes) -> Factors:
    """Return abundances and spectra of ``end3.mat``, pixels row by row."""
    shapes = {"A": (3, N_PIXELS), "M": (N_BANDS, 3)}
    found = read_variables(content, TRUTH, shapes)
    abundances = np.ascontiguousarray(found["A"].T[row_major(SIDE, SIDE)])
    return Factors(abundances, np.ascontiguousarray(found["M"].T))


def band_centres() -> Matrix:
    """Return the middle of each band, micrometres, ``(156,)``."""
    edges = np.linspace(*SPECTRUM, N_BANDS + 1)
    centres: Matrix = (edges[:-1] + edges[1:]) / 2
    return centres


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the scene."""
    yield DatasetSpec(name="samson", dataset=Samson, origin=ORIGIN)
