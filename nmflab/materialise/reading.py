"""Opening a materialised dataset: memory-mapped, read-only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Dataset, Factors

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FORMAT = 1
"""Version of the folder's layout; a newer one is refused."""

META, NAMES = "meta.json", "names.json"


def open_dataset(folder: Path) -> Dataset:
    """Open a materialised dataset; its arrays are memory-mapped and read-only.

    Raises
    ------
    FileNotFoundError
        If the folder holds no dataset.
    ValueError
        If it was written by a newer nmflab.
    """
    folder = Path(folder)
    meta = _meta(folder)
    names = json.loads((folder / NAMES).read_text(encoding="ascii"))
    present: list[str] = meta["arrays"]
    extras = dict(names["extras"])
    for key in present:
        if key.startswith("extras/"):
            extras[key.removeprefix("extras/")] = _array(folder, key)
    return Dataset(
        X=_array(folder, "X") if meta["storage"] == "dense" else _csr(folder, meta),
        missing=meta["missing"],
        mask=_array(folder, "mask") if meta["missing"] == "mask" else None,
        row_names=names["row_names"],
        column_names=names["column_names"],
        row_labels=_array(folder, "row_labels") if "row_labels" in present else None,
        truth=_truth(folder, present),
        extras=extras,
    )


def read_facts(folder: Path) -> dict[str, Any]:
    """Return the facts recorded when the dataset was materialised.

    Raises
    ------
    FileNotFoundError, ValueError
        As `open_dataset` does.
    """
    facts: dict[str, Any] = _meta(Path(folder))["facts"]
    return facts


def _meta(folder: Path) -> dict[str, Any]:
    try:
        meta: dict[str, Any] = json.loads((folder / META).read_text(encoding="ascii"))
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(
            f"no materialised dataset in {folder}: it has no {META}; run the study"
            " again to load the data anew"
        ) from None
    if meta["format"] > FORMAT:
        raise ValueError(
            f"the dataset in {folder} has format {meta['format']}, this nmflab reads up"
            f" to {FORMAT}; update nmflab, or remove the folder to load the data anew"
        )
    return meta


def _array(folder: Path, key: str) -> npt.NDArray[Any]:
    path = folder / f"{key}.npy"
    try:
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # an array without entries cannot be mapped
        array = np.load(path, allow_pickle=False)
        array.flags.writeable = False
    # Views of the plain type: the subclass costs a check in every operation.
    return array.view(np.ndarray)


def _csr(folder: Path, meta: dict[str, Any]) -> csr_array:
    from scipy.sparse import csr_array

    arrays = tuple(_array(folder, key) for key in ("data", "indices", "indptr"))
    X: Any = csr_array(arrays, shape=tuple(meta["shape"]), copy=False)
    # Written in this form: saying so spares a pass over the indices in every run.
    X.has_sorted_indices = True
    X.has_canonical_format = True
    checked: csr_array = X
    return checked


def _truth(folder: Path, present: list[str]) -> Factors | None:
    if "truth_W" not in present:
        return None
    given = {
        key: _array(folder, f"truth_{key}")
        for key in ("W", "H", "row_offset", "column_offset")
        if f"truth_{key}" in present
    }
    return Factors(**given)
