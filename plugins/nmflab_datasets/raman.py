"""Raman spectra of a reaction, made of known factors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Factors, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets._matfiles import read_variables
from nmflab_datasets.choices import settle
from nmflab_datasets.views import transposed

NMFLAB_CONTRACT = 1

N_WAVENUMBERS, N_SPECIES, N_TIMES = 2478, 5, 151
FILE = "RamanSMCR.mat"
ORIGIN = Origin(
    page="https://gitlab.com/ngillis/nmfbook",
    files=(
        DataFile(
            name=FILE,
            mirror="raman-smcr/RamanSMCR.mat",
            size=100_370,
            sha256="73a27c1e02c7ee8a2d740f221fe3f1732a95f423192a8bf7ac6d08e87cc102b0",
        ),
    ),
    licence="CC0 (the data sets of https://gitlab.com/ngillis/nmfbook)",
    redistributable=True,
    citation="""@book{gillis2020nonnegative,
  title = {Nonnegative Matrix Factorization},
  author = {Gillis, Nicolas},
  publisher = {SIAM},
  year = {2020},
  doi = {10.1137/1.9781611976410}
}
@article{luce2016using,
  title = {Using Separable Nonnegative Matrix Factorization Techniques for the Analysis
    of Time-Resolved {Raman} Spectra},
  author = {Luce, Robert and Hildebrandt, Peter and Kuhlmann, Uwe and Liesen,
    J{\\"o}rg},
  journal = {Applied Spectroscopy},
  volume = {70},
  number = {9},
  pages = {1464--1475},
  year = {2016},
  doi = {10.1177/0003702816662600}
}""",
)


class Samples(Enum):
    """Which side of the spectra is the sample."""

    spectra = "spectra"
    wavenumbers = "wavenumbers"


@dataclass(frozen=True, kw_only=True)
class Raman:
    """Raman spectra of 5 species while they react: 151 spectra x 2478 wavenumbers.

    Dense, all values above 0.1. X is the product of the published factors, without
    noise: the share of each species at each moment (W, rows sum to 1) and its spectrum
    (H).

    Parameters
    ----------
    samples : {spectra, wavenumbers}, default spectra
        ``wavenumbers`` gives the 2478 x 151 product W H of the file.

    Notes
    -----
    The rank is 5 and the truth exact. The first spectrum is that of the first species
    alone. The file gives neither wavenumbers nor moments, so rows and columns are
    numbered.

    References
    ----------
    R. Luce, P. Hildebrandt, U. Kuhlmann, J. Liesen, "Using Separable Nonnegative Matrix
    Factorization Techniques for the Analysis of Time-Resolved Raman Spectra", Applied
    Spectroscopy 70(9), 1464-1475, 2016.
    N. Gillis, Nonnegative Matrix Factorization, SIAM, 2020.
    """

    samples: Samples = Samples.spectra

    def __post_init__(self) -> None:
        settle(self, "samples", Samples)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the spectra.

        Raises
        ------
        nmflab.fetching.FetchError
            If the file is not at hand.
        ValueError
            If it holds something else.
        """
        truth = species(member(fetch(ORIGIN.files[0], ORIGIN), FILE))
        data = Dataset(
            X=truth.reconstruct(),
            row_names=[f"spectrum {i + 1}" for i in range(N_TIMES)],
            column_names=[f"wavenumber {j + 1}" for j in range(N_WAVENUMBERS)],
            truth=truth,
        )
        return data if self.samples is Samples.spectra else transposed(data)


def species(content: bytes) -> Factors:
    """Return shares ``(151, 5)`` and spectra ``(5, 2478)`` of ``RamanSMCR.mat``."""
    shapes = {"W": (N_WAVENUMBERS, N_SPECIES), "H": (N_SPECIES, N_TIMES)}
    found = read_variables(content, FILE, shapes)
    return Factors(
        np.ascontiguousarray(found["H"].T), np.ascontiguousarray(found["W"].T)
    )


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the Raman spectra."""
    yield DatasetSpec(name="raman", dataset=Raman, origin=ORIGIN)
