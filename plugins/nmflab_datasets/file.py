"""A matrix of your own, from a file."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec
from nmflab.hookspecs import hookimpl
from nmflab_datasets.choices import Storage, Zeros, settle

NMFLAB_CONTRACT = 1

EXAMPLES = Path(__file__).parent / "examples"


class Layout(Enum):
    """A table with one sample a row, or a list with one cell a row."""

    wide = "wide"
    long = "long"


class NaN(Enum):
    """What a NaN or a blank cell is: an error, or an unknown value."""

    refuse = "refuse"
    missing = "missing"


class Duplicates(Enum):
    """What a cell that is listed twice becomes."""

    refuse = "refuse"
    mean = "mean"
    sum = "sum"
    last = "last"


@dataclass(frozen=True, kw_only=True)
class File:
    """A table or a list of cells from a file: text, .npy, .npz, .mtx, .mat, .parquet.

    Text is .csv, .tsv, .txt, .tab, .dat or .data. All of these, .npy and .mtx may be
    compressed with gzip, as in ``ratings.csv.gz``; .npz, .mat and .parquet may not.
    A .parquet needs pyarrow: ``pip install 'nmflab[parquet]'``. Lines that begin with
    ``#`` are skipped at the top of a text.

    Parameters
    ----------
    path : str
        Relative to the working folder; ``~`` is the home folder.
    layout : {wide, long}, default wide
        ``wide``: rows are samples, columns features. ``long``: each row holds a user,
        an item and a value (1 where there are two columns only), as ratings come; the
        users become rows. Both are sorted by name, as numbers where all are whole
        numbers. Files of sparse matrices (.mtx, .npz, .mat) are wide.
    header : bool, optional
        Whether the first row holds the names of the columns. None finds out from the
        words and numbers there, and asks where either could be meant.
    index : bool, optional
        Whether the first column holds the names of the rows. None takes words, and
        what stands below an empty name, for names. It asks where whole numbers below
        a name may be identifiers: all distinct in the first 100 lines, and either
        rising by one or named like ``id``, ``user_id``, ``index``, ``user`` or
        ``item``. Other numbers are data.
    delimiter : str, optional
        What separates the fields of a text; ``tab`` and ``space`` (any blanks) may be
        spelt. None finds out.
    encoding : str, default utf-8
        Of a text.
    transpose : bool, default False
        Make samples of the columns, after all else.
    variable : str, optional
        Which array of an .npz or .mat to take. None takes the only one that is a
        matrix.
    user : str, optional
        Column of a long file that names the row of X: by name, or by position from 1
        where the file has no header. None takes the first.
    item : str, optional
        Column of a long file that names the column of X, given as `user` is. None
        takes the second.
    value : str, optional
        Column of a long file that holds the value, given as `user` is. None takes the
        third; each value is 1 where there is none.
    time : str, optional
        Column of a long file that holds the time of each cell, given as `user` is, for
        ``split=temporal`` and ``split.choose=last``: seconds since 1970, or ISO dates,
        UTC where they name no zone. None leaves times out. Where a cell is listed more
        than once, its time is that of the entry `duplicates` takes, or the latest of
        those it adds up.
    row_names : str, optional
        A text file with one name of a row of X a line, as for the samples of a file
        that holds numbers only. After `transpose`.
    column_names : str, optional
        A text file with one name of a column of X a line, as a vocabulary is. After
        `transpose`.
    zeros : {values, missing}, optional
        ``values``: a 0 is a 0, and so is a cell that a list or a sparse matrix leaves
        out. ``missing``: a 0 of a full table is unknown; of a list or a sparse matrix
        the cells left out are, while a 0 that it holds was observed. None is
        ``missing`` where `layout` is ``long``, else ``values``. A list without values,
        such as the edges of a graph, wants ``values``: all that it lists is 1.
    nan : {refuse, missing}, default refuse
        What NaN and blank cells are.
    duplicates : {refuse, mean, sum, last}, default refuse
        What becomes of a cell that a list holds more than once.
    storage : {auto, dense, csr}, default auto
        ``auto``: tables dense, lists and sparse matrices CSR.
    rating_scale : str, optional
        The lowest and the highest value a rating can have, as in ``1..5``, or
        ``"1,5"`` in quotes, since a bare comma sweeps. Errors are then measured of
        predictions clipped to it too, and recommendations shown on it.
    """

    path: str
    layout: Layout = Layout.wide
    header: bool | None = None
    index: bool | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"
    transpose: bool = False
    variable: str | None = None
    user: str | None = None
    item: str | None = None
    value: str | None = None
    time: str | None = None
    row_names: str | None = None
    column_names: str | None = None
    zeros: Zeros | None = None
    nan: NaN = NaN.refuse
    duplicates: Duplicates = Duplicates.refuse
    storage: Storage = Storage.auto
    rating_scale: str | None = None

    def __post_init__(self) -> None:
        settle(self, "layout", Layout)
        if self.zeros is not None:
            settle(self, "zeros", Zeros)
        settle(self, "nan", NaN)
        settle(self, "duplicates", Duplicates)
        settle(self, "storage", Storage)
        if not self.path.strip():
            raise ValueError(
                "dataset.path is empty; name a file, as in dataset.path=ratings.csv"
            )
        if self.delimiter == "":
            raise ValueError(
                "dataset.delimiter is empty; give one character, tab or space, or null"
                " to find out"
            )
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise ValueError(
                f"dataset.encoding={self.encoding}: no such encoding; use utf-8,"
                " latin-1, cp1252 or utf-16"
            ) from None
        roles = ("user", "item", "value", "time")
        named = [key for key in roles if getattr(self, key)]
        if named and self.layout is Layout.wide:
            raise ValueError(
                f"dataset.{named[0]} names a column of a list of cells; give"
                " dataset.layout=long with it"
            )
        if self.rating_scale is not None:
            from nmflab_datasets.reading.scale import ends_of

            ends_of(self.rating_scale)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Read the file.

        Raises
        ------
        FileNotFoundError
            If there is no such file; names one with a similar name.
        ValueError
            If the file does not hold what its name and the options say, with the line
            or cell where that shows.
        OSError
            If it cannot be read.
        """
        from nmflab_datasets.reading import interpret, read
        from nmflab_datasets.reading.names import with_names

        return with_names(interpret(read(self), self), self)


def files(file: File) -> Iterable[Path]:
    """Return the paths of the data and of the names beside them."""
    paths = (file.path, file.row_names, file.column_names)
    return tuple(Path(path).expanduser() for path in paths if path is not None)


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare files."""
    ratings = str(EXAMPLES / "ratings.csv")
    yield DatasetSpec(
        name="file",
        dataset=File,
        files=files,
        examples=(
            File(path=str(EXAMPLES / "baskets.csv")),
            File(path=ratings, layout=Layout.long, zeros=Zeros.missing),
        ),
    )
