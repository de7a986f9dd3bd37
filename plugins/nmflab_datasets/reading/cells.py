"""Lists of cells: sorting names, and what two entries for one cell become."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab_datasets.reading.table import Table, refuse

if TYPE_CHECKING:
    from nmflab_datasets.file import Duplicates, File

Codes: TypeAlias = npt.NDArray[np.intp]

_WHOLE = re.compile(r"-?\d+")


def coded(names: Any) -> tuple[Codes, list[str]]:
    """Return each entry's code, and the names by code, sorted.

    Sorted as numbers where all are whole numbers, else as text: the matrix does not
    depend on the order of the list.
    """
    import pandas as pd

    codes, found = pd.factorize(np.asarray(names, dtype=object))
    texts = [str(name) for name in found]
    order = sorted(range(len(texts)), key=texts.__getitem__)
    if all(_WHOLE.fullmatch(text) for text in texts):
        order = sorted(order, key=lambda at: int(texts[at]))
    place = np.empty(len(texts), dtype=np.intp)
    place[order] = np.arange(len(texts))
    return place[codes], [texts[at] for at in order]


def from_triplets(
    path: Path,
    users: Any,
    items: Any,
    values: npt.NDArray[Any],
    options: File,
    where: Callable[[int], str],
) -> Table:
    """Return the table of a list of cells, users in rows.

    Parameters
    ----------
    where : callable
        Names an entry by its line, for messages.

    Raises
    ------
    ValueError
        If a user or an item is blank, or a cell is listed twice where that is refused.
    """
    for role, names in (("user", users), ("item", items)):
        for at, name in enumerate(names):
            if not str(name).strip():
                raise refuse(path, f"{where(at)} names no {role}; mend or remove it")
    (rows, row_names), (columns, column_names) = coded(users), coded(items)

    def describe(one: int, other: int) -> str:
        return (
            f"{where(one)} and {where(other)} both hold user {row_names[rows[one]]!r}"
            f" and item {column_names[columns[one]]!r}"
        )

    shape = (len(row_names), len(column_names))
    X = gather(path, rows, columns, values, shape, options.duplicates, describe)
    return Table(X, row_names, column_names)


def gather(
    path: Path,
    rows: Codes,
    columns: Codes,
    values: npt.NDArray[Any],
    shape: tuple[int, int],
    duplicates: Duplicates,
    describe: Callable[[int, int], str],
) -> Any:
    """Return a CSR of the cells, their zeros stored.

    Parameters
    ----------
    describe : callable
        Names two entries, given their positions in the list, for a message.

    Raises
    ------
    ValueError
        For the first cell that is listed twice, where that is refused.
    """
    from scipy.sparse import csr_array

    order = np.lexsort((columns, rows))  # stable: entries of one cell keep their order
    i, j, x = rows[order], columns[order], values[order]
    same = np.concatenate(([False], (i[1:] == i[:-1]) & (j[1:] == j[:-1])))
    if same.any():
        if duplicates.name == "refuse":
            raise _twice(path, order, same, describe)
        x = _combined(x, same, duplicates)
        i, j = i[~same], j[~same]
    indptr = np.concatenate(([0], np.cumsum(np.bincount(i, minlength=shape[0]))))
    return csr_array((x, j, indptr), shape=shape)


def _combined(
    x: npt.NDArray[Any], same: npt.NDArray[np.bool_], duplicates: Duplicates
) -> npt.NDArray[Any]:
    starts = np.flatnonzero(~same)
    n_entries = np.diff(np.append(starts, x.size))
    if duplicates.name == "last":
        return x[starts + n_entries - 1]
    total = np.add.reduceat(x.astype(np.float64), starts)
    return total / n_entries if duplicates.name == "mean" else total


def _twice(
    path: Path,
    order: Codes,
    same: npt.NDArray[np.bool_],
    describe: Callable[[int, int], str],
) -> ValueError:
    repeats = np.flatnonzero(same)
    first = repeats[np.argmin(order[repeats])]  # the one met first when reading
    cell = first - int(np.argmin(same[first::-1]))
    n_more = int(same.sum()) - 1
    others = f", and {n_more:,} more like it" if n_more else ""
    return refuse(
        path,
        f"{describe(int(order[cell]), int(order[first]))}{others}; give"
        " dataset.duplicates=mean, sum or last to say what counts",
    )
