"""A text as lines of fields: which delimiter, how many fields, where it is ragged."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab_datasets.reading.records import records_of
from nmflab_datasets.reading.table import refuse

SPACE = " "
SPELT = {"tab": "\t", "\\t": "\t", "space": SPACE, "blank": SPACE}
CANDIDATES = {".csv": ",;\t|", ".tsv": "\t", ".tab": "\t"}
UNIT_SEPARATOR = "\x1f"
BLANKS = frozenset(
    ("", "na", "n/a", "nan", "-nan", "null", "none", "<na>", "#n/a", "#na", "-")
)
"""Words for "no value", in lower case."""

_NUMBER = re.compile(
    r"\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf)\s*", re.I
)


def is_blank(field: str) -> bool:
    """Whether a field holds no value."""
    return field.strip().lower() in BLANKS


def is_number(field: str) -> bool:
    """Whether a field holds a number, as the reader of numbers takes it."""
    return _NUMBER.fullmatch(field) is not None or field.strip().lower() == "infinity"


@dataclass(frozen=True)
class Lines:
    """The records of a text.

    Parameters
    ----------
    path : Path
    delimiter : str
        One character; a blank stands for any run of blanks.
    records : list of str
        Without comments and blank lines; a record with quotes may span lines.
    content : bytes
        The records in UTF-8, each ended by a line feed.
    numbers : list of int
        The line of the file on which each record begins, from 1.
    n_fields : int
        Of every record, but for the first where `has_corner` is False.
    has_corner : bool
        False: the first record has one field less, the names of all but the first
        column (as R writes tables).
    """

    path: Path
    delimiter: str
    records: Sequence[str]
    content: bytes
    numbers: Sequence[int]
    n_fields: int
    has_corner: bool

    def fields(self, at: int) -> list[str]:
        """Return a record's fields, without quotes."""
        return split_record(self.records[at], self.delimiter)

    def frame(self, start: int, **options: Any) -> Any:
        """Return the records from `start` on as a pandas frame with columns 0, 1..."""
        import io

        import pandas as pd

        at = sum(len(record.encode()) + 1 for record in self.records[:start])
        return pd.read_csv(
            io.BytesIO(self.content[at:]),
            sep=r"\s+" if self.delimiter == SPACE else self.delimiter,
            header=None,
            names=range(self.n_fields),
            index_col=False,
            engine="c",
            low_memory=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            **_exact(pd.__version__),
            **options,
        )

    def where(self, at: int) -> str:
        """Name a record by its line."""
        return f"line {self.numbers[at]}"


def _exact(version: str) -> dict[str, Any]:
    """Return what makes pandas read numbers to the last digit; 3.1 always does."""
    release = tuple(int(part) for part in version.split(".")[:2])
    return {} if release >= (3, 1) else {"float_precision": "round_trip"}


def split_lines(path: Path, text: str, suffix: str, delimiter: str | None) -> Lines:
    """Divide a text into records of one length.

    Raises
    ------
    ValueError
        If it holds no data, or its records differ in length, naming the line.
    """
    records, numbers = records_of(path, text)
    if not records:
        raise refuse(path, "the file holds no data, only blank lines or comments")
    if delimiter is None:
        delimiter = _sniff(records, suffix)
    delimiter = SPELT.get(delimiter, delimiter)
    if len(delimiter.encode()) > 1:  # pandas' fast reader wants one octet
        records = "\0".join(records).replace(delimiter, UNIT_SEPARATOR).split("\0")
        delimiter = UNIT_SEPARATOR
    records = _without_trailing(records, delimiter)
    content = ("\n".join(records) + "\n").encode()
    counts = _counts(records, content, delimiter)
    n_fields = int(counts[min(1, len(counts) - 1)])
    has_corner = bool(counts[0] != n_fields - 1) or n_fields == 2
    if (counts[1:] != n_fields).any() or (has_corner and counts[0] != n_fields):
        raise _ragged(path, numbers, counts.tolist(), delimiter)
    return Lines(path, delimiter, records, content, numbers, n_fields, has_corner)


def split_record(record: str, delimiter: str) -> list[str]:
    """Return the fields of one record."""
    if '"' in record:
        fields = next(_csv([record.strip()], delimiter))
    elif delimiter == SPACE:
        fields = record.split()
    else:
        fields = record.split(delimiter)
    return [field.strip() for field in fields]


def count_fields(record: str, delimiter: str) -> int:
    """Return how many fields a record has."""
    if '"' in record or delimiter == SPACE:
        return len(split_record(record, delimiter))
    return record.count(delimiter) + 1


def _counts(
    records: Sequence[str], content: bytes, delimiter: str
) -> npt.NDArray[np.int64]:
    """Return how many fields each record has.

    Parameters
    ----------
    content : bytes
        As of `Lines`.
    """
    if b'"' in content or delimiter == SPACE:
        return np.array([count_fields(record, delimiter) for record in records])
    octets = np.frombuffer(content, dtype=np.uint8)
    starts = np.append(0, np.flatnonzero(octets == ord("\n"))[:-1] + 1)
    found = np.add.reduceat(octets == ord(delimiter), starts, dtype=np.int64)
    return np.asarray(found + 1)


def _csv(records: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    # Split only at "\n" before: a quoted line end must reach the reader.
    lines = (line for record in records for line in record.splitlines(keepends=True))
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _sniff(records: Sequence[str], suffix: str) -> str:
    """Return the delimiter that divides the first lines most evenly."""
    sample = records[:50]
    candidates: list[str] = [*CANDIDATES.get(suffix, "\t,;|")]
    if suffix not in CANDIDATES:
        candidates.append("::")
    for candidate in candidates:
        later = {record.count(candidate) for record in sample[1:]}
        first = sample[0].count(candidate)
        if first and all(later) and len(later) <= 1:
            return candidate
    best: str = max(candidates, key=sample[0].count)
    if best in sample[0]:
        return best
    return SPACE if suffix not in CANDIDATES else candidates[0]


def _without_trailing(records: list[str], delimiter: str) -> list[str]:
    """Drop a delimiter that ends every line of data: there is no field behind it."""
    if delimiter == SPACE or len(records) < 2:
        return records
    body = records[1:]
    if not all(record.endswith(delimiter) for record in body):
        return records
    first = records[0]
    if first.endswith(delimiter):
        first = first[: -len(delimiter)]
    elif count_fields(first, delimiter) == count_fields(body[0], delimiter):
        return records  # the last column has a name, so it is one
    return [first, *(record[: -len(delimiter)] for record in body)]


def _ragged(
    path: Path, numbers: Sequence[int], counts: Sequence[int], delimiter: str
) -> ValueError:
    usual = Counter(counts).most_common(1)[0][0]
    at = next(i for i, count in enumerate(counts) if count != usual)
    shown = {"\t": "tabs", SPACE: "blanks", UNIT_SEPARATOR: "dataset.delimiter"}
    return refuse(
        path,
        f"line {numbers[at]} has {counts[at]} field(s) where most lines have {usual}"
        f" (separated by {shown.get(delimiter, repr(delimiter))}); every line needs the"
        " same number. Mend the line, or give dataset.delimiter if another was meant",
    )
