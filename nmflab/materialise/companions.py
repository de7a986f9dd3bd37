"""What is kept beside X: names, labels, the truth and extras, none of it pickled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Dataset

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def companions(
    dataset: Dataset,
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Return what goes beside X: arrays by file name, and text.

    Raises
    ------
    ValueError
        If an extra's key is no file name, or an array could only be pickled.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    texts: dict[str, Any] = {}
    for key, extra in dataset.extras.items():
        if not _KEY.fullmatch(key):
            raise ValueError(
                f"dataset: extras[{key!r}]: a key is made of letters, digits, '_', '.'"
                " and '-'"
            )
        if isinstance(extra, str):
            texts[key] = extra
        elif isinstance(extra, np.ndarray):
            arrays[f"extras/{key}"] = _plain(f"extras[{key!r}]", extra)
        else:
            texts[key] = [str(text) for text in extra]
    if dataset.row_labels is not None:
        arrays["row_labels"] = _plain("row_labels", np.asarray(dataset.row_labels))
    arrays |= {f"truth_{key}": value for key, value in _truth(dataset).items()}
    return arrays, {
        "row_names": _text(dataset.row_names),
        "column_names": _text(dataset.column_names),
        "extras": texts,
    }


def _truth(dataset: Dataset) -> Mapping[str, npt.NDArray[Any]]:
    if dataset.truth is None:
        return {}
    fields = ("W", "H", "row_offset", "column_offset")
    found = {key: getattr(dataset.truth, key) for key in fields}
    return {
        key: _plain(f"truth.{key}", np.asarray(value))
        for key, value in found.items()
        if value is not None
    }


def _plain(what: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if array.dtype.kind == "O":
        if not all(isinstance(entry, str) for entry in array.ravel()):
            raise ValueError(
                f"dataset: {what} holds Python objects, which are not kept; convert it"
                " to numbers or text"
            )
        array = array.astype(str)
    return np.ascontiguousarray(array)


def _text(names: Any) -> list[str] | None:
    return None if names is None else [str(name) for name in names]
