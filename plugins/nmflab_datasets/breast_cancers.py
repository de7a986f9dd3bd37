"""Mutations of 21 breast cancers, and the signatures known from other cancers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np

from nmflab.contracts import (
    DataFile,
    Dataset,
    DatasetSpec,
    FeatureDrawing,
    Matrix,
    Origin,
)
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets.choices import settle
from nmflab_datasets.mutation_types import signature_svg
from nmflab_datasets.views import transposed

NMFLAB_CONTRACT = 1

COUNTS, SIGNATURES = "counts_21breast", "cosmic_signatures_v2"
SHAPES = {COUNTS: (21, 96), SIGNATURES: (30, 96)}
_PACKAGE = "https://raw.githubusercontent.com/kgori/sigfit"
ORIGIN = Origin(
    page="https://github.com/kgori/sigfit",
    files=(
        DataFile(
            name=f"{COUNTS}.RData",
            mirror=f"breast21-signatures/{COUNTS}.RData",
            size=3_544,
            url=f"{_PACKAGE}/a1fbc67edf14cfd15771ef5379be8f5ba267383e/data/{COUNTS}.RData",
            sha256="c844caafb103f3b649ab3303db7ea4c45332d06b30e64e2b42c86006758d1f3a",
        ),
        DataFile(
            name=f"{SIGNATURES}.RData",
            mirror=f"breast21-signatures/{SIGNATURES}.RData",
            size=18_172,
            url=f"{_PACKAGE}/ea53bafa2f5b38236e571defed8adaadb8e954e6/data/{SIGNATURES}.RData",
            sha256="f64f06c8f3afa954e1a2935b48b25134dcd957f064f3a829cf50f0870a35bbb4",
        ),
    ),
    licence=(
        "Counts: data of the R package sigfit (GPL-3). Signatures: COSMIC's terms,"
        " academic and non-commercial use (https://cancer.sanger.ac.uk/signatures)."
    ),
    redistributable=False,
    citation="""@article{nikzainal2012mutational,
  title = {Mutational Processes Molding the Genomes of 21 Breast Cancers},
  author = {Nik-Zainal, Serena and others},
  journal = {Cell},
  volume = {149},
  number = {5},
  pages = {979--993},
  year = {2012},
  doi = {10.1016/j.cell.2012.04.024}
}
@article{alexandrov2013signatures,
  title = {Signatures of mutational processes in human cancer},
  author = {Alexandrov, Ludmil B. and others},
  journal = {Nature},
  volume = {500},
  pages = {415--421},
  year = {2013},
  doi = {10.1038/nature12477}
}""",
)


class Samples(Enum):
    """Which side of the counts is the sample."""

    tumours = "tumours"
    mutation_types = "mutation_types"


@dataclass(frozen=True, kw_only=True)
class BreastCancers:
    """Mutations of 21 breast cancers by 96 types: counts, 21 x 96, dense.

    Needs the package rdata: ``pip install 'nmflab[data]'``.

    Parameters
    ----------
    samples : {tumours, mutation_types}, default tumours

    Notes
    -----
    183,916 mutations, 0 to 18171 a cell. A type such as ``ACA>AAA`` is a base with its
    neighbours and what became of it. ``reference_H`` holds the 30 signatures of COSMIC
    version 2 (rows sum to 1), ``reference_names`` their names: what components may be
    compared with. They are no truth of these data, as most were found in other cancers.
    With ``samples=mutation_types`` they are the columns of ``reference_W``.

    References
    ----------
    S. Nik-Zainal et al., "Mutational Processes Molding the Genomes of 21 Breast
    Cancers", Cell 149, 979-993, 2012.
    L. B. Alexandrov et al., "Signatures of mutational processes in human cancer",
    Nature 500, 415-421, 2013.
    """

    samples: Samples = Samples.tumours

    def __post_init__(self) -> None:
        settle(self, "samples", Samples)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the counts.

        Raises
        ------
        ModuleNotFoundError
            If the package rdata is not installed.
        nmflab.fetching.FetchError
            If a file is not at hand.
        ValueError
            If one holds something else.
        """
        found = {
            name: table(member(fetch(file, ORIGIN), file.name), name)
            for file, name in zip(ORIGIN.files, (COUNTS, SIGNATURES), strict=True)
        }
        X, tumours, types = found[COUNTS]
        signatures, names, their_types = found[SIGNATURES]
        if types != their_types:
            raise ValueError(
                f"{COUNTS}.RData and {SIGNATURES}.RData list other mutation types, or"
                " in another order; they are not the published files"
            )
        extras = {"reference_names": names}
        data = Dataset(X=X, row_names=tumours, column_names=types, extras=extras)
        key = "reference_H"
        if self.samples is Samples.mutation_types:
            data, key = transposed(data), "reference_W"
            signatures = np.ascontiguousarray(signatures.T)
        return replace(data, extras={**data.extras, key: signatures})


def table(content: bytes, name: str) -> tuple[Matrix, list[str], list[str]]:
    """Return a table of an R workspace: values, names of rows, names of columns.

    Raises
    ------
    ModuleNotFoundError
        If the package rdata is not installed; says how to install it.
    ValueError
        If the workspace is none, or holds no such table.
    """
    try:
        import rdata
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "dataset=breast_cancers reads files of R and needs the package rdata:"
            " pip install 'nmflab[data]'",
            name="rdata",
        ) from error
    try:
        found: Any = rdata.conversion.convert(rdata.parser.parse_data(content))[name]
        values = np.ascontiguousarray(found.values, dtype=np.float64)
        rows, columns = (
            [str(label) for label in found.coords[side].values] for side in found.dims
        )
    except Exception as error:  # a parser of binary data fails in many ways
        raise ValueError(
            f"{name}.RData holds no table {name!r} with names ({type(error).__name__}:"
            f" {error}); it is not the published file"
        ) from error
    if values.shape != SHAPES[name]:
        raise ValueError(
            f"{name}.RData: the table has the shape {values.shape}, and {SHAPES[name]}"
            " was published; it is not the published file"
        )
    return values, rows, columns


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the mutations."""
    yield DatasetSpec(
        name="breast_cancers",
        dataset=BreastCancers,
        origin=ORIGIN,
    )


@hookimpl
def nmflab_report_sections() -> Iterable[FeatureDrawing]:
    """Signatures as bars in the six substitutions' colours."""
    yield FeatureDrawing(dataset="breast_cancers", draw=signature_svg)
