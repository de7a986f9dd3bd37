"""Names that stand in a file of their own: one a line, as vocabularies come."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path
from typing import TYPE_CHECKING

from nmflab.contracts import Dataset

if TYPE_CHECKING:
    from nmflab_datasets.file import File


def with_names(dataset: Dataset, file: File) -> Dataset:
    """Return the dataset with the names its row and column files hold.

    Raises
    ------
    FileNotFoundError
        If such a file does not exist.
    ValueError
        If it does not hold one name for each row (column) of X.
    """
    rows = _names(file.row_names, "row_names", dataset.X.shape[0], file.encoding)
    columns = _names(
        file.column_names, "column_names", dataset.X.shape[1], file.encoding
    )
    return dataclasses.replace(
        dataset,
        row_names=rows or dataset.row_names,
        column_names=columns or dataset.column_names,
    )


def _names(
    path: str | None, key: str, expected: int, encoding: str
) -> list[str] | None:
    if path is None:
        return None
    names = _lines(Path(path).expanduser(), key, encoding)
    _check(names, expected, path, key)
    return names


def _lines(path: Path, key: str, encoding: str) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(
            f"dataset.{key}={path}: there is no such file; name a text file with one"
            " name a line"
        )
    content = path.read_bytes()
    try:
        text = gzip.decompress(content) if path.suffix == ".gz" else content
        lines = text.decode(encoding).rstrip("\0\r\n").splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ValueError(
            f"dataset.{key}={path} cannot be read as text ({error}); dataset.encoding"
            f" is {encoding}"
        ) from error
    return [line.strip() for line in lines]


def _check(names: list[str], expected: int, path: str, key: str) -> None:
    if len(names) != expected:
        lines = "rows" if key == "row_names" else "columns"
        raise ValueError(
            f"dataset.{key}={path} has {len(names)} lines, X has {expected} {lines}"
            " (after dataset.transpose); give one name a line, without a header"
        )
