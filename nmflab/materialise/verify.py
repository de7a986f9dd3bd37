"""Verification of a loader's matrix, block by block, and the one form it is kept in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import CELL_EXTRAS, Dataset, Mask, Matrix, Missing

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Facts: TypeAlias = dict[str, Any]
"""Plain JSON values; see `nmflab.materialise.facts` for the keys."""

BLOCK_CELLS = 1_000_000
"""Cells looked at together: 8 MB, so that memory stays flat however large X is."""

_INT32_MAX = int(np.iinfo(np.int32).max)


@dataclass(frozen=True)
class Block:
    """Some whole rows of X: values of the observed cells, and where they stand.

    For a dense X `cells` is ``(rows, n_features)``, 0 where unobserved; for CSR it is
    the stored values of the rows, with `rows` and `columns` beside them.
    """

    start: int
    cells: Matrix
    observed: Mask | None = None
    rows: npt.NDArray[np.intp] | None = None
    columns: npt.NDArray[Any] | None = None


@dataclass(frozen=True)
class Canonical:
    """X as it will be kept: float64 or float32, C-ordered or CSR in canonical form."""

    dataset: Dataset
    X: Matrix | csr_array
    mask: Mask | None
    missing: Missing
    dtype: np.dtype[Any]
    warnings: tuple[str, ...]

    @property
    def storage(self) -> Literal["dense", "csr"]:
        """How X is stored."""
        return "dense" if isinstance(self.X, np.ndarray) else "csr"

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_samples, n_features)``."""
        return int(self.X.shape[0]), int(self.X.shape[1])

    def blocks(self) -> Iterator[Block]:
        """Yield X in order, some rows at a time."""
        return self._dense_blocks() if self.storage == "dense" else self._csr_blocks()

    def _dense_blocks(self) -> Iterator[Block]:
        n_samples, n_features = self.shape
        height = max(1, BLOCK_CELLS // n_features)
        for start in range(0, n_samples, height):
            rows = slice(start, start + height)
            cells = np.array(self.X[rows], dtype=self.dtype, order="C")
            observed = None if self.mask is None else np.asarray(self.mask[rows], bool)
            if observed is not None:
                cells[~observed] = 0
            yield Block(start, cells, observed)

    def _csr_blocks(self) -> Iterator[Block]:
        X: Any = self.X  # a csr_array; scipy's types leave its arrays undetermined
        rows = np.repeat(np.arange(self.shape[0]), np.diff(X.indptr))
        for start in range(0, max(1, X.data.size), BLOCK_CELLS):
            cut = slice(start, start + BLOCK_CELLS)
            yield Block(start, X.data[cut], None, rows[cut], X.indices[cut])

    def digest(self) -> Digest:
        """Return a fingerprint to which the blocks are still to be added."""
        digest = Digest((self.shape, self.storage, self.missing, self.dtype.str))
        for key, values in sorted(cell_extras(self.dataset).items()):
            digest.add_extra(key, values)
        return digest


class Digest:
    """The fingerprint of X, fed with its head and then every `Block` in order."""

    def __init__(self, head: tuple[object, ...]) -> None:
        self._head = repr(head).encode()
        # One hash a part: where blocks begin and end may not count.
        self._parts = [hashlib.blake2b(digest_size=16) for _ in range(3)]

    def add(self, block: Block) -> None:
        """Add a block's cells, and which cells they are."""
        cells, first, second = self._parts
        cells.update(block.cells.tobytes())
        if block.observed is not None:
            first.update(block.observed.tobytes())
        if block.rows is not None and block.columns is not None:
            # The width of the index type is ours to choose, so it may not count.
            first.update(block.rows.astype(np.int64).tobytes())
            second.update(block.columns.astype(np.int64).tobytes())

    def add_extra(self, key: str, values: npt.NDArray[Any]) -> None:
        """Add what is known of each stored cell: a split may depend on it."""
        content = np.ascontiguousarray(values).tobytes()
        each = hashlib.blake2b(content, digest_size=16).digest()
        self._head += key.encode() + values.dtype.str.encode() + each

    def hexdigest(self) -> str:
        """Return 32 hexadecimal digits."""
        parts = b"".join(part.digest() for part in self._parts)
        return hashlib.blake2b(self._head + parts, digest_size=16).hexdigest()


def cell_extras(dataset: Dataset) -> dict[str, npt.NDArray[Any]]:
    """Return the extras that belong to the stored cells of X.

    Raises
    ------
    ValueError
        If one is not an array with an entry for each stored cell, or if the CSR is not
        in the order that such extras follow.
    """
    found: dict[str, npt.NDArray[Any]] = {}
    for key in CELL_EXTRAS:
        values = dataset.extras.get(key)
        if values is None:
            continue
        n_cells = _n_listed(dataset)
        if not isinstance(values, np.ndarray) or values.shape != (n_cells,):
            raise ValueError(
                f"dataset: extras[{key!r}] must be an array of one entry for each of"
                f" the {n_cells:,} stored cells of X, in the order of its rows"
            )
        found[key] = values
    return found


def _n_listed(dataset: Dataset) -> int:
    """Return how many cells X lists; refuse a CSR that is about to be reordered."""
    X: Any = dataset.X
    if isinstance(X, np.ndarray):
        return int(X.size if dataset.mask is None else np.count_nonzero(dataset.mask))
    is_ready = X.format == "csr" and X.has_canonical_format
    if not is_ready or dataset.mask is not None:
        raise ValueError(
            "dataset: X has extras for each stored cell, so it must be a CSR with"
            " sorted indices, without duplicates and without a mask: sorting it later"
            " would part the cells from their extras"
        )
    if dataset.missing == "none" and not X.data.all():
        raise ValueError(
            "dataset: X has extras for each stored cell, and stores zeros that are"
            " values like those it leaves out; eliminate them, with their extras"
        )
    return int(X.nnz)


def canonical(dataset: Dataset) -> Canonical:
    """Bring X into the form it is kept in, without looking at its values yet.

    Integers, booleans and float16 become float64; float32 stays. A CSR gets sorted
    indices of the smallest type that fits and no duplicates; its explicit zeros stay
    only where an unstored cell is unknown. A CSR with a mask becomes a CSR of the
    observed cells.

    Raises
    ------
    ValueError
        If X is empty or does not hold real numbers.
    """
    dtype = _dtype(dataset.X)
    if 0 in dataset.X.shape:
        n_samples, n_features = dataset.X.shape
        raise ValueError(
            f"dataset: X is empty, shape ({n_samples}, {n_features}); it needs at least"
            " one row and one column. Check the file and its options"
        )
    if isinstance(dataset.X, np.ndarray):
        mask = None if dataset.mask is None else np.asarray(dataset.mask)
        return Canonical(dataset, dataset.X, mask, dataset.missing, dtype, ())
    X, warnings = _canonical_csr(dataset, dtype)
    missing: Missing = "none" if dataset.missing == "none" else "unstored"
    return Canonical(dataset, X, None, missing, dtype, warnings)


def _dtype(X: Matrix | csr_array) -> np.dtype[Any]:
    from scipy.sparse import issparse

    if isinstance(X, np.ma.MaskedArray) or not (
        isinstance(X, np.ndarray) or issparse(X)
    ):
        raise ValueError(
            f"dataset: X is a {type(X).__name__}; give a numpy array (and a mask where"
            " cells are missing) or a scipy.sparse.csr_array"
        )
    if X.dtype.kind not in "buif":
        raise ValueError(
            f"dataset: X holds values of type {X.dtype}, not real numbers; convert it,"
            " as in X.astype(float), or abs(X) for a complex spectrum"
        )
    is_single = X.dtype.kind == "f" and X.dtype.itemsize == 4
    return np.dtype(np.float32 if is_single else np.float64)


def _canonical_csr(
    dataset: Dataset, dtype: np.dtype[Any]
) -> tuple[csr_array, tuple[str, ...]]:
    from scipy.sparse import csr_array

    given: Any = dataset.X  # any sparse format a loader may hand over
    X: Any = csr_array(given, dtype=dtype, copy=True)
    # Conversion from the other formats may have added duplicates up already.
    stored = int((given if given.format in ("coo", "csc") else X).nnz)
    X.sum_duplicates()  # sorts the indices as well
    warnings: tuple[str, ...] = ()
    if X.nnz < stored:
        warnings = (
            f"{stored - int(X.nnz):,} stored cells repeated another and were added to"
            " it; if that is not meant, remove duplicates before loading",
        )
    if dataset.mask is not None:
        X = _observed_csr(X, dataset.mask)
    elif dataset.missing == "none":
        X.eliminate_zeros()
    fits = max(*X.shape, X.nnz) <= _INT32_MAX
    index = np.int32 if fits else np.int64
    arrays = (X.data, X.indices.astype(index), X.indptr.astype(index))
    return csr_array(arrays, shape=X.shape), warnings


def _observed_csr(X: Any, mask: Mask) -> Any:
    """Return a CSR that stores the observed cells, zeros among them included."""
    from scipy.sparse import csr_array

    rows, columns = np.nonzero(mask)
    values = np.zeros(rows.size, dtype=X.dtype)
    block = BLOCK_CELLS
    for at in range(0, rows.size, block):
        cut = slice(at, at + block)
        values[cut] = np.asarray(X[rows[cut], columns[cut]]).ravel()
    indptr = np.concatenate(([0], np.cumsum(np.count_nonzero(mask, axis=1))))
    return csr_array((values, columns, indptr), shape=X.shape)


def cell_name(dataset: Dataset, row: int, column: int) -> str:
    """Name a cell by its indices from 0 and, where known, by row and column."""
    parts = []
    if dataset.row_names is not None:
        parts.append(f"row {dataset.row_names[row]!r}")
    if dataset.column_names is not None:
        parts.append(f"column {dataset.column_names[column]!r}")
    return f"X[{row}, {column}]" + (f" ({', '.join(parts)})" if parts else "")
