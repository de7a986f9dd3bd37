"""Lists of cells: sorting names, and what two entries for one cell become."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab_datasets.reading.table import Table, refuse
from nmflab_datasets.triplets import canonical_csr, canonical_order

if TYPE_CHECKING:
    from nmflab_datasets.file import Duplicates, File

Codes: TypeAlias = npt.NDArray[np.intp]
Times: TypeAlias = npt.NDArray[np.int64]

_WHOLE = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Coded:
    """One name an entry, as positions in the list of names, which is sorted.

    Sorted as numbers where all are whole numbers, else as text: the matrix does not
    depend on the order of the list.
    """

    codes: Codes
    names: list[str]

    def first_blank(self) -> int | None:
        """Return the first entry that has no name."""
        blank = [at for at, name in enumerate(self.names) if not name.strip()]
        return int(np.argmax(np.isin(self.codes, blank))) if blank else None


def coded(names: Any) -> Coded:
    """Return the names of a list's entries, given one each."""
    import pandas as pd

    codes, found = pd.factorize(np.asarray(names, dtype=object))
    texts = [str(name) for name in found]
    order = sorted(range(len(texts)), key=texts.__getitem__)
    if all(_WHOLE.fullmatch(text) for text in texts):
        order = sorted(order, key=lambda at: int(texts[at]))
    place = np.empty(len(texts), dtype=np.intp)
    place[order] = np.arange(len(texts))
    return Coded(place[codes], [texts[at] for at in order])


def from_triplets(
    path: Path,
    users: Coded,
    items: Coded,
    values: npt.NDArray[Any],
    options: File,
    where: Callable[[int], str],
    times: Times | None = None,
) -> Table:
    """Return the table of a list of cells, users in rows.

    Parameters
    ----------
    where : callable
        Names an entry by its line, for messages.
    times : ndarray of int64, optional
        Of each entry, seconds since 1970.

    Raises
    ------
    ValueError
        If a user or an item is blank, or a cell is listed twice where that is refused.
    """
    for role, coded_names in (("user", users), ("item", items)):
        at = coded_names.first_blank()
        if at is not None:
            raise refuse(path, f"{where(at)} names no {role}; mend or remove it")

    def describe(one: int, other: int) -> str:
        return (
            f"{where(one)} and {where(other)} both hold user"
            f" {users.names[users.codes[one]]!r} and item"
            f" {items.names[items.codes[one]]!r}"
        )

    shape = (len(users.names), len(items.names))
    cells = users.codes, items.codes, values
    X, kept = gather(path, *cells, shape, options.duplicates, describe, times)
    return Table(X, users.names, items.names, kept)


def gather(
    path: Path,
    rows: Codes,
    columns: Codes,
    values: npt.NDArray[Any],
    shape: tuple[int, int],
    duplicates: Duplicates,
    describe: Callable[[int, int], str],
    times: Times | None = None,
) -> tuple[Any, Times | None]:
    """Return a CSR of the cells, their zeros stored, and the times in its order.

    Parameters
    ----------
    describe : callable
        Names two entries, given their positions in the list, for a message.
    times : ndarray of int64, optional
        Of each entry. A cell has that of the entry it is taken from; of several that
        count together, the latest: before it the cell was not what it is.

    Raises
    ------
    ValueError
        For the first cell that is listed twice, where that is refused.
    """
    order = canonical_order(rows, columns, shape)
    i, j, x = rows[order], columns[order], values[order]
    t = None if times is None else times[order]
    same = np.concatenate(([False], (i[1:] == i[:-1]) & (j[1:] == j[:-1])))
    if same.any():
        if duplicates.name == "refuse":
            raise _twice(path, order, same, describe)
        x = _combined(x, same, duplicates)
        i, j = i[~same], j[~same]
        t = None if t is None else _latest(t, same, duplicates)
    return canonical_csr(i, j, x, shape), t


def _combined(
    x: npt.NDArray[Any], same: npt.NDArray[np.bool_], duplicates: Duplicates
) -> npt.NDArray[Any]:
    starts = np.flatnonzero(~same)
    n_entries = np.diff(np.append(starts, x.size))
    if duplicates.name == "last":
        return x[starts + n_entries - 1]
    total = np.add.reduceat(x.astype(np.float64), starts)
    return total / n_entries if duplicates.name == "mean" else total


def _latest(t: Times, same: npt.NDArray[np.bool_], duplicates: Duplicates) -> Times:
    starts = np.flatnonzero(~same)
    if duplicates.name == "last":
        ends: Times = np.append(starts[1:], t.size) - 1
        return t[ends]
    latest: Times = np.maximum.reduceat(t, starts)
    return latest


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
