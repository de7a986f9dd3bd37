"""Finding a user's own texts: in a folder, in lines, in a column of a table."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePath

from nmflab_datasets.reading.source import locate
from nmflab_datasets.reading.table import refuse

TABLES = (".csv", ".tsv")
JSON_LINES = (".jsonl", ".ndjson")
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Found:
    """Texts, what each is called, and the label of each where one was asked for."""

    texts: Sequence[str]
    names: Sequence[str]
    labels: Sequence[str] | None = None
    preparation: str = ""


def texts_in(folder: Path) -> list[Path]:
    """Return the .txt files in a folder and the folders below it, by name."""
    paths = (path for path in folder.rglob("*") if path.suffix.lower() == ".txt")
    return sorted(path for path in paths if path.is_file())


def from_folder(folder: Path, encoding: str, *, has_labels: bool) -> Found:
    """Read each .txt file as one text; the first sub-folder is the label, if asked.

    Raises
    ------
    ValueError
        If there is none, or one without a sub-folder where labels are asked for.
    """
    paths = texts_in(folder)
    if not paths:
        others = sorted(path.name for path in folder.iterdir())[:3]
        there = f"; it holds {', '.join(others)}" if others else "; it is empty"
        raise refuse(
            folder, f"no .txt file in this folder or below{there}. Name another folder"
        )
    names = [path.relative_to(folder).as_posix() for path in paths]
    if has_labels:
        loose = [name for name in names if "/" not in name]
        if loose:
            raise refuse(
                folder,
                f"{loose[0]} lies in no sub-folder, and dataset.folder_labels=true"
                " takes the sub-folders for labels; move it into one, or give false",
            )
    return Found(
        texts=[decoded(path, encoding) for path in paths],
        names=names,
        labels=[name.partition("/")[0] for name in names] if has_labels else None,
    )


def from_lines(given: str, encoding: str) -> Found:
    """Read a file with one text a line; blank lines are passed over and counted."""
    path = locate(given)
    lines = decoded(path, encoding).removesuffix("\n").split("\n")
    kept = [(at, line) for at, line in enumerate(lines, start=1) if line.strip()]
    n_blank = len(lines) - len(kept)
    return Found(
        texts=[line for _, line in kept],
        names=[f"line {at}" for at, _ in kept],
        preparation=f"blank lines left out: {n_blank:,}" if n_blank else "",
    )


def from_table(
    given: str, encoding: str, column: str | None, label_column: str | None
) -> Found:
    """Read a column of a .csv, .tsv or .jsonl, and another for labels.

    Raises
    ------
    ValueError
        If there is no such column, naming those there are, or the file is no such
        table, with the line where that shows.
    """
    path = locate(given)
    text = decoded(path, encoding)
    is_json = suffix_of(path) in JSON_LINES
    columns = _json_columns(path, text) if is_json else _csv_columns(path, text)
    of_texts = _pick(path, columns, column, "column")
    labels = None
    if label_column is not None:
        labels = columns[_pick(path, columns, label_column, "label_column")]
    texts = columns[of_texts]
    return Found(texts, [f"row {at}" for at in range(1, len(texts) + 1)], labels)


def decoded(path: Path, encoding: str) -> str:
    """Return a file's text, its lines ended by single line feeds.

    Raises
    ------
    ValueError
        If it is not in that encoding; names the file, the byte and the key.
    """
    try:
        text = _octets(path).decode(encoding)
    except UnicodeDecodeError as error:
        raise refuse(
            path,
            f"byte {error.start} is not {encoding} text; give its encoding, as in"
            " dataset.encoding=latin-1, cp1252 or utf-16",
        ) from None
    except PermissionError:
        raise PermissionError(
            f"dataset.path={path}: permission denied; make it readable for this account"
        ) from None
    if "\0" in text:
        raise refuse(
            path,
            f"character {text.index(chr(0))} is NUL, so this is no text, or one in"
            " another encoding, as in dataset.encoding=utf-16",
        )
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def suffix_of(path: Path) -> str:
    """Return the ending of a name in lower case, that of ``.csv.gz`` being ``.csv``."""
    name = path.name.lower().removesuffix(".gz")
    return PurePath(name).suffix


def _octets(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.startswith(GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise refuse(
            path, f"the compressed file is cut short or damaged ({error})"
        ) from None


def _csv_columns(path: Path, text: str) -> dict[str, list[str]]:
    import pandas as pd

    try:
        frame = pd.read_csv(
            StringIO(text),
            sep="\t" if suffix_of(path) == ".tsv" else ",",
            dtype=str,
            keep_default_na=False,
            index_col=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise refuse(
            path, f"no table with a header ({error}); mend that line"
        ) from None
    return {str(name): frame[name].tolist() for name in frame.columns}


def _json_columns(path: Path, text: str) -> dict[str, list[str]]:
    """Return the fields that every line has; a null is an empty text."""
    records = list(_records(path, text))
    if not records:
        raise refuse(path, "no line holds anything; write or fetch it again")
    shared = [name for name in records[0] if all(name in each for each in records)]
    return {name: [_word(each[name]) for each in records] for name in shared}


def _records(path: Path, text: str) -> Iterator[dict[str, object]]:
    for at, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise refuse(
                path, f"line {at} is no JSON ({error}); each line holds one object"
            ) from None
        if not isinstance(record, dict):
            raise refuse(
                path,
                f'line {at} is no JSON object, such as {{"text": "..."}}; write one',
            )
        yield record


def _word(value: object) -> str:
    return "" if value is None else str(value)


def _pick(path: Path, columns: dict[str, list[str]], name: str | None, key: str) -> str:
    there = ", ".join(columns)
    if name is None and len(columns) == 1:
        return next(iter(columns))
    if name is None:
        raise refuse(
            path,
            f"which column holds the texts? It has {there or 'none in every line'};"
            " give one as dataset.column",
        )
    if name not in columns:
        raise refuse(path, f"dataset.{key}={name}: no such column; it has {there}")
    return name
