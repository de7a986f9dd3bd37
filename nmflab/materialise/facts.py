"""What is true of a matrix as a whole, gathered while its blocks pass by once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.materialise.verify import Block, Canonical, Facts, cell_name


class Tally:
    """Gathers the facts of X: feed it every `Block`, then ask for `facts`.

    Refuses a value that is not finite, and the first negative one when `signed_ok` is
    False, naming the cell.
    """

    def __init__(self, canonical: Canonical, *, signed_ok: bool) -> None:
        n_samples, n_features = canonical.shape
        self._canonical = canonical
        self._signed_ok = signed_ok
        self._n_observed = 0
        self._minimum, self._maximum = np.inf, -np.inf
        self._mean = 0.0
        self._rows_observed = np.zeros(n_samples, dtype=np.int64)
        self._columns_observed = np.zeros(n_features, dtype=np.int64)
        self._rows_used = np.zeros(n_samples, dtype=bool)
        self._columns_used = np.zeros(n_features, dtype=bool)
        self._first_negative: str | None = None

    def add(self, block: Block) -> None:
        """Look at a block of cells.

        Raises
        ------
        ValueError
            Naming the first cell that is NaN, infinite or (where refused) negative.
        """
        self._refuse_infinite(block)
        self._note_negative(block)
        if block.rows is None:
            self._count_dense(block)
        else:
            self._count_stored(block)
        values = block.cells
        if block.observed is not None:
            values = values[block.observed]
        if values.size:
            self._minimum = min(self._minimum, float(values.min()))
            self._maximum = max(self._maximum, float(values.max()))
            # Divided first: the sum of large but finite values may overflow.
            n_cells = float(self._canonical.shape[0]) * self._canonical.shape[1]
            self._mean += float((values.astype(np.float64) / n_cells).sum())

    def facts(self) -> Facts:
        """Return the facts, once every block was added.

        Raises
        ------
        ValueError
            If no cell of X is observed.
        """
        canonical = self._canonical
        n_samples, n_features = canonical.shape
        n_cells = n_samples * n_features
        n_observed = n_cells if canonical.missing == "none" else self._n_observed
        if n_observed == 0:
            raise ValueError(
                "dataset: no cell of X is observed; check what its zeros, blanks and"
                " NaN are said to mean (dataset.zeros, dataset.nan)"
            )
        if self._n_observed < n_observed:  # a CSR whose unstored cells are 0
            self._minimum = min(self._minimum, 0.0)
            self._maximum = max(self._maximum, 0.0)
        return {
            "n_samples": n_samples,
            "n_features": n_features,
            "n_stored": self._n_observed if canonical.storage == "csr" else n_cells,
            "n_observed": n_observed,
            "storage": canonical.storage,
            "missing": canonical.missing,
            "minimum": self._minimum,
            "maximum": self._maximum,
            "mean": self._mean * (n_cells / n_observed),
            "n_empty_rows": int((~self._rows_used).sum()),
            "n_empty_columns": int((~self._columns_used).sum()),
            "dtype": canonical.dtype.name,
            "first_negative": self._first_negative,
            "warnings": [*canonical.warnings, *self._warnings()],
        }

    def _refuse_infinite(self, block: Block) -> None:
        bad = ~np.isfinite(block.cells)
        if bad.any():
            where, value = self._locate(block, bad)
            raise ValueError(
                f"dataset: {where} is {value}, and every observed cell must be finite;"
                " mend the data, or mark the cell as missing (dataset.nan=missing for"
                " files)"
            )

    def _note_negative(self, block: Block) -> None:
        if self._first_negative is not None or not (block.cells < 0).any():
            return
        where, value = self._locate(block, block.cells < 0)
        if not self._signed_ok:
            raise ValueError(
                f"dataset: {where} is {value}, and X must be >= 0 here; shift or clip"
                " the data, or use a solver for signed data"
            )
        self._first_negative = where

    def _locate(self, block: Block, bad: npt.NDArray[np.bool_]) -> tuple[str, float]:
        at = int(np.argmax(bad.ravel()))
        value = float(block.cells.ravel()[at])
        if block.rows is not None and block.columns is not None:
            row, column = int(block.rows[at]), int(block.columns[at])
        else:
            row, column = divmod(at, self._canonical.shape[1])
            row += block.start
        return cell_name(self._canonical.dataset, row, column), value

    def _count_dense(self, block: Block) -> None:
        rows = slice(block.start, block.start + block.cells.shape[0])
        used = block.cells != 0
        self._rows_used[rows] = used.any(axis=1)
        self._columns_used |= used.any(axis=0)
        if block.observed is None:
            self._n_observed += block.cells.size
            self._rows_observed[rows] = block.cells.shape[1]
            self._columns_observed += block.cells.shape[0]
        else:
            self._n_observed += int(np.count_nonzero(block.observed))
            self._rows_observed[rows] = np.count_nonzero(block.observed, axis=1)
            self._columns_observed += np.count_nonzero(block.observed, axis=0)

    def _count_stored(self, block: Block) -> None:
        n_samples, n_features = self._canonical.shape
        rows: Any = block.rows
        columns: Any = block.columns
        used = block.cells != 0
        self._rows_used[rows[used]] = True
        self._columns_used[columns[used]] = True
        self._n_observed += block.cells.size
        self._rows_observed += np.bincount(rows, minlength=n_samples)
        self._columns_observed += np.bincount(columns, minlength=n_features)

    def _warnings(self) -> list[str]:
        dataset = self._canonical.dataset
        found: list[str] = []
        for what, names, observed, used in (
            ("row", dataset.row_names, self._rows_observed, self._rows_used),
            (
                "column",
                dataset.column_names,
                self._columns_observed,
                self._columns_used,
            ),
        ):
            blind = np.zeros_like(used)
            if self._canonical.missing != "none":
                blind = observed == 0
                found += _warning(what, names, blind, "no observed cell")
            found += _warning(what, names, ~used & ~blind, "nothing but 0")
        return found


def _warning(
    what: str, names: Any, hit: npt.NDArray[np.bool_], holds: str
) -> list[str]:
    n_hit = int(np.count_nonzero(hit))
    if n_hit == 0:
        return []
    first = int(np.argmax(hit))
    named = "" if names is None else f", {names[first]!r}"
    has = "has" if n_hit == 1 else "have"
    return [
        f"{n_hit:,} of {hit.size:,} {what}s of X {has} {holds} (the first is {what}"
        f" {first}{named}): nothing can be learned of it"
    ]
