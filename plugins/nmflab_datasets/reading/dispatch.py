"""From a path to a `Table`: which reader a file goes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nmflab_datasets.reading.source import TEXT, format_of, locate, text_of
from nmflab_datasets.reading.table import Table, refuse

if TYPE_CHECKING:
    from nmflab_datasets.file import File


def read(options: File) -> Table:
    """Read the file as its name and its options say; errors are sentences."""
    path = locate(options.path)
    suffix, _ = format_of(path)
    if suffix in TEXT:
        return _read_text(path, suffix, options)
    if options.layout.name == "long" and suffix != ".parquet":
        raise refuse(
            path,
            f"dataset.layout=long goes with a text or a .parquet, not with {suffix};"
            " leave it out",
        )
    return _readers()[suffix](path, options)


def _read_text(path: Path, suffix: str, options: File) -> Table:
    from nmflab_datasets.reading.lines import split_lines
    from nmflab_datasets.reading.long import long_text
    from nmflab_datasets.reading.wide import wide_text

    text = text_of(path, options.encoding)
    lines = split_lines(path, text, suffix, options.delimiter)
    return (long_text if options.layout.name == "long" else wide_text)(lines, options)


def _readers() -> Mapping[str, Callable[[Path, File], Table]]:
    from nmflab_datasets.reading import arrays, parquet

    return {
        ".npy": arrays.read_npy,
        ".npz": arrays.read_npz,
        ".mat": arrays.read_mat,
        ".mtx": arrays.read_mtx,
        ".parquet": parquet.read_parquet,
    }
