"""Writing a materialised dataset: beside its place, then renamed into it."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nmflab.contracts import Dataset
from nmflab.materialise.companions import companions
from nmflab.materialise.facts import Tally
from nmflab.materialise.reading import FORMAT, META, NAMES
from nmflab.materialise.verify import Canonical, Facts, canonical

_TRIES = 20


def materialise(dataset: Dataset, folder: Path, *, signed_ok: bool = True) -> Facts:
    """Verify a dataset and write it to `folder`, complete or not at all.

    A folder that holds the same dataset already is kept; one that holds another is
    replaced. Two processes may do this at once: either's folder stays, both return.

    Parameters
    ----------
    dataset : Dataset
        As a loader returned it; nothing in it is believed.
    folder : Path
        Where it goes; its parents are made.
    signed_ok : bool, default True
        Whether X may hold negative values. When it may, the first is among the facts.

    Returns
    -------
    dict
        Plain JSON values: n_samples, n_features, n_stored, n_observed, storage,
        missing, minimum, maximum and mean of the observed cells (units of X),
        n_empty_rows, n_empty_columns (0 everywhere), dtype, first_negative (the cell's
        name, or None), fingerprint, warnings (sentences).

    Raises
    ------
    ValueError
        If X is empty, not real, not finite, negative where that is refused, or has no
        observed cell; or if an extra cannot be kept without pickling it.
    OSError
        If the folder cannot be written; no part of it is left then.
    """
    form = canonical(dataset)
    folder = Path(folder)
    beside = folder.parent / f".{folder.name}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        beside.mkdir(parents=True)
        facts = _write(form, beside, signed_ok=signed_ok)
        _put_in_place(beside, folder)
    except OSError as error:
        raise _sentence(error, folder, form) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return facts


def fingerprint(dataset: Dataset) -> str:
    """Return the fingerprint `materialise` would record: 32 hexadecimal digits.

    BLAKE2b over shape, storage, missing, dtype, the cells, the mask, and the extras of
    cells that a split may go by (`nmflab.contracts.CELL_EXTRAS`). Names, labels and
    other extras do not count: they change no number a solver sees.
    """
    form = canonical(dataset)
    digest = form.digest()
    for block in form.blocks():
        digest.add(block)
    return digest.hexdigest()


def _write(form: Canonical, folder: Path, *, signed_ok: bool) -> Facts:
    arrays, names = companions(form.dataset)
    facts = _write_cells(form, folder, Tally(form, signed_ok=signed_ok))
    if any(key.startswith("extras/") for key in arrays):
        (folder / "extras").mkdir()
    if form.storage == "csr":
        X: Any = form.X
        arrays |= {"indices": X.indices, "indptr": X.indptr}
    for key, array in arrays.items():
        np.save(folder / f"{key}.npy", array, allow_pickle=False)
    meta = {
        "format": FORMAT,
        "shape": form.shape,
        "storage": form.storage,
        "missing": form.missing,
        "fingerprint": facts["fingerprint"],
        "arrays": sorted(arrays),
        "facts": facts,
    }
    (folder / NAMES).write_text(json.dumps(names), encoding="ascii")
    (folder / META).write_text(json.dumps(meta, indent=1), encoding="ascii")
    return facts


def _write_cells(form: Canonical, folder: Path, tally: Tally) -> Facts:
    """Write the cells and the mask, hashing and counting them on the way."""
    X: Any = form.X
    digest = form.digest()
    is_dense = form.storage == "dense"
    shape: tuple[int, ...] = form.shape if is_dense else X.data.shape
    # Plain writes, not a memory map: a map on a full disk kills the process.
    with (
        (folder / ("X.npy" if is_dense else "data.npy")).open("wb") as cells,
        (folder / "mask.npy").open("wb") as mask,
    ):
        _header(cells, form.dtype, shape)
        _header(mask, np.dtype(bool), shape)
        for block in form.blocks():
            tally.add(block)
            digest.add(block)
            cells.write(block.cells.tobytes())
            if block.observed is not None:
                mask.write(block.observed.tobytes())
    if form.missing != "mask":
        (folder / "mask.npy").unlink()
    return tally.facts() | {"fingerprint": digest.hexdigest()}


def _header(file: BinaryIO, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    head = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    np.lib.format.write_array_header_1_0(file, head)


def _put_in_place(beside: Path, folder: Path) -> None:
    """Rename into place; what stands there is kept if it is the same dataset."""
    for _ in range(_TRIES):
        try:
            beside.rename(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            return
        if _same(beside, folder):
            return
        _clear(folder)
    raise FileExistsError(
        f"cannot write the dataset to {folder}: other processes keep replacing it; wait"
        " for them, or write elsewhere"
    )


def _same(beside: Path, folder: Path) -> bool:
    try:
        return all(
            (beside / name).read_bytes() == (folder / name).read_bytes()
            for name in (META, NAMES)
        )
    except FileNotFoundError:
        return False


def _clear(folder: Path) -> None:
    """Move a dataset out of the way at once; whoever has it open keeps its maps."""
    if folder.is_dir() and not (folder / META).exists() and any(folder.iterdir()):
        raise FileExistsError(
            f"cannot write the dataset to {folder}: the folder holds something else;"
            " name an empty or a new one"
        )
    away = folder.parent / f".{folder.name}.old.{secrets.token_hex(4)}"
    try:
        folder.rename(away)
    except FileNotFoundError:
        return
    shutil.rmtree(away, ignore_errors=True)


def _sentence(error: OSError, folder: Path, form: Canonical) -> OSError:
    if error.errno is None:  # raised here, a sentence already
        return error
    cells = form.X.size if form.storage == "csr" else form.shape[0] * form.shape[1]
    megabytes = cells * (form.dtype.itemsize + 4) / 1e6
    kind = PermissionError if isinstance(error, PermissionError) else OSError
    return kind(
        f"cannot write the dataset to {folder}: {error.strerror or error}; it needs"
        f" about {megabytes:.1f} MB in a folder you may write to, which NMFLAB_CACHE"
        " can name"
    )
