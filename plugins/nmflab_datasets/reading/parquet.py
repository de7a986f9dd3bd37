"""Parquet files, where pyarrow is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab_datasets.reading.cells import coded, from_triplets
from nmflab_datasets.reading.doubts import SAMPLE, ask_if_identifiers
from nmflab_datasets.reading.long import role_columns, time_column
from nmflab_datasets.reading.source import check_signature
from nmflab_datasets.reading.table import Table, attempt, refuse
from nmflab_datasets.reading.times import seconds_of

if TYPE_CHECKING:
    from nmflab_datasets.file import File


def read_parquet(path: Path, options: File) -> Table:
    """Return a full table, or a list of cells.

    Raises
    ------
    ValueError
        If pyarrow is absent, saying how to install it; if a column does not hold
        numbers, naming it; if the first may name the rows; or as for a text.
    """
    try:
        import pyarrow  # noqa: F401 - pandas says less clearly that it is absent
    except ImportError:
        raise refuse(
            path,
            "a .parquet is read with pyarrow, which is not installed; pip install"
            " 'nmflab[parquet]', or export the data as .csv",
        ) from None
    import pandas as pd

    with path.open("rb") as file:
        check_signature(path, ".parquet", file.read(64))
    frame: Any = attempt(
        path, ".parquet", lambda: pd.read_parquet(path, engine="pyarrow")
    )
    if frame.shape[0] == 0 or frame.shape[1] == 0:
        raise refuse(path, f"the table is empty, shape {frame.shape}")
    if options.layout.name == "long":
        return _long(path, frame, options)
    return _wide(path, frame, options)


def _wide(path: Path, frame: Any, options: File) -> Table:
    row_names = None
    if options.index is None and _is_count(frame.index) and frame.shape[1] > 1:
        first = [str(value) for value in frame.iloc[:SAMPLE, 0]]
        ask_if_identifiers(path, str(frame.columns[0]), first)
    if not _is_count(frame.index) and options.index is not False:
        row_names = [str(name) for name in frame.index]
    elif options.index or (options.index is None and not _is_numeric(frame.iloc[:, 0])):
        row_names = [str(name) for name in frame.iloc[:, 0]]
        frame = frame.iloc[:, 1:]
    for name, column in frame.items():
        if not _is_numeric(column):
            raise refuse(
                path,
                f"column {str(name)!r} holds {column.dtype}, not numbers; leave it out"
                " of the file, or give dataset.layout=long for a list of cells",
            )
    X = np.ascontiguousarray(frame.to_numpy(dtype=np.float64, na_value=np.nan))
    return Table(X, row_names, [str(name) for name in frame.columns])


def _long(path: Path, frame: Any, options: File) -> Table:
    if frame.shape[1] < 2:
        raise refuse(path, "a list of cells needs 2 or 3 columns, this has 1")
    names = [str(name) for name in frame.columns]
    columns = role_columns(path, options, names, len(names))
    users, items = (coded(_texts(frame.iloc[:, at])) for at in columns[:2])
    values = np.ones(len(frame))
    if len(columns) == 3:
        column = frame.iloc[:, columns[2]]
        if not _is_numeric(column):
            raise refuse(
                path,
                f"column {names[columns[2]]!r} holds {column.dtype}, not numbers; name"
                " another with dataset.value",
            )
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    time = time_column(path, options, names, len(names))
    times = None if time is None else seconds_of(path, frame.iloc[:, time], _row)
    return from_triplets(path, users, items, values, options, _row, times)


def _row(at: int) -> str:
    return f"row {at + 1}"


def _texts(column: Any) -> Any:
    return [
        "" if blank else str(name)
        for name, blank in zip(column, column.isna(), strict=True)
    ]


def _is_count(index: Any) -> bool:
    """Whether a frame's index merely counts its rows."""
    import pandas as pd

    return isinstance(index, pd.RangeIndex) and index.name is None


def _is_numeric(column: Any) -> bool:
    from pandas.api.types import is_complex_dtype, is_numeric_dtype

    return bool(is_numeric_dtype(column)) and not is_complex_dtype(column)
