"""Texts of your own: a folder, lines of a file, a column of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec, Extra
from nmflab.hookspecs import hookimpl
from nmflab_datasets._text_files import (
    JSON_LINES,
    TABLES,
    Found,
    from_folder,
    from_lines,
    from_table,
    suffix_of,
    texts_in,
)
from nmflab_datasets._text_options import TextOptions
from nmflab_datasets._vectorise import counted
from nmflab_datasets.choices import settle
from nmflab_datasets.reading.source import locate
from nmflab_datasets.reading.table import refuse

NMFLAB_CONTRACT = 1

EXAMPLES = Path(__file__).parent / "examples"


class Form(Enum):
    """How texts are held: one a file, one a line, one a row of a table."""

    auto = "auto"
    folder = "folder"
    lines = "lines"
    table = "table"


@dataclass(frozen=True, kw_only=True)
class Texts(TextOptions):
    """Your own texts, counted: a folder of .txt files, lines of a file, or a column.

    Parameters
    ----------
    path : str
        Relative to the working folder; ``~`` is the home folder.
    form : {auto, folder, lines, table}, default auto
        ``folder``: each .txt file in it and in the folders below is a text. ``lines``:
        each line of a file is. ``table``: each row of a .csv or .tsv with a header, or
        each line of a .jsonl, holds one. ``auto`` goes by what the path is: a folder,
        a table by its ending, else lines. Files may be compressed with gzip.
    encoding : str, default utf-8
    folder_labels : bool, default False
        Of a folder: the sub-folder a text lies in is its class.
    column : str, optional
        Of a table: which column holds the texts. None takes the only one.
    label_column : str, optional
        Of a table: which column holds the classes.

    Notes
    -----
    Texts are named after their files, lines or rows, and kept in the order of these.
    Blank lines are left out, and said in ``preparation``.
    """

    path: str
    form: Form = Form.auto
    encoding: str = "utf-8"
    folder_labels: bool = False
    column: str | None = None
    label_column: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, "form", Form)
        if not self.path.strip():
            raise ValueError(
                "dataset.path is empty; name a folder or a file, as in"
                " dataset.path=texts"
            )
        try:
            "".encode(self.encoding)
        except LookupError:
            raise ValueError(
                f"dataset.encoding={self.encoding}: no such encoding; use utf-8,"
                " latin-1, cp1252 or utf-16"
            ) from None

    def load(self, rng: np.random.Generator) -> Dataset:
        """Read the texts and count their words; sparse.

        Raises
        ------
        FileNotFoundError
            If there is no such folder or file; names one with a similar name.
        ValueError
            If it holds no texts, is not in its encoding, or has no such column.
        OSError
            If it cannot be read.
        """
        found = self._found()
        if not found.texts:
            raise refuse(Path(self.path), "it holds no text; name another")
        extras: dict[str, Extra] = {}
        if found.preparation:
            extras["preparation"] = found.preparation
        return counted(
            found.texts,
            self,
            row_names=found.names,
            row_labels=None if found.labels is None else np.array(found.labels),
            extras=extras,
        )

    def _found(self) -> Found:
        form, path = self._form(), Path(self.path).expanduser()
        self._refuse_unused(form)
        if form is Form.folder:
            if not path.is_dir():
                raise NotADirectoryError(
                    f"dataset.path={locate(self.path)}: this is a file; name a folder,"
                    " or give dataset.form=lines"
                )
            return from_folder(path, self.encoding, has_labels=self.folder_labels)
        if form is Form.lines:
            return from_lines(self.path, self.encoding)
        return from_table(self.path, self.encoding, self.column, self.label_column)

    def _form(self) -> Form:
        if self.form is not Form.auto:
            return self.form
        path = Path(self.path).expanduser()
        if path.is_dir():
            return Form.folder
        is_table = suffix_of(path) in (*TABLES, *JSON_LINES)
        return Form.table if is_table else Form.lines

    def _refuse_unused(self, form: Form) -> None:
        """Refuse what has no effect: it would stand in the record as if it had."""
        wants = {
            "folder_labels": (Form.folder, "a folder of texts"),
            "column": (Form.table, "a table"),
            "label_column": (Form.table, "a table"),
        }
        for key, (where, what) in wants.items():
            if getattr(self, key) and form is not where:
                raise ValueError(
                    f"dataset.{key} is for {what}, and dataset.path={self.path} is"
                    f" read as {form.value}; leave it out, or give"
                    f" dataset.form={where.value}"
                )


def files(texts: Texts) -> Iterable[Path]:
    """Return the file; or the folder and the texts in it."""
    path = Path(texts.path).expanduser()
    return (path, *texts_in(path)) if path.is_dir() else (path,)


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare texts."""
    yield DatasetSpec(
        name="texts",
        dataset=Texts,
        files=files,
        examples=(Texts(path=str(EXAMPLES / "remarks.txt"), min_df=2),),
    )
