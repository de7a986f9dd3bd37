"""What a report is made of, before it is written as HTML or as Markdown.

Every part builds these values; the modules of `nmflab.report.formats` are the only ones
that know a format, so that all always say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Tone: TypeAlias = Literal["", "note", "warning", "danger", "good"]


@dataclass(frozen=True)
class Prose:
    """A paragraph; its tone says how loudly."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True)
class Code:
    """Text to be copied: a command, a traceback."""

    text: str


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Parameters
    ----------
    text : str
        What is read; never "nan".
    detail : str
        A second, smaller line: a range, a count.
    sort : float or str, optional
        What a click on the column sorts by; the text where it is None.
    tone : Tone
    """

    text: str
    detail: str = ""
    sort: float | str | None = None
    tone: Tone = ""


@dataclass(frozen=True)
class Column:
    """One column: its title, whether it is aligned as numbers, and what it means."""

    title: str
    numeric: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Table:
    """A table whose first `n_headers` columns name the row.

    The last `n_reference` rows are set apart: what the others are held against.
    `about` holds the labels of each row by axis, for the page's filters; where it does
    not, they are read from the columns whose titles a `Filter` names.
    """

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    n_headers: int = 1
    n_reference: int = 0
    about: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class Figure:
    """A chart: a Vega-Lite specification and what it shows, in words.

    Parameters
    ----------
    id : str
        Also the name of its file in ``figures/``.
    title : str
    caption : str
        How to read it.
    spec : mapping
        Vega-Lite, with its data inside.
    live : str
        What a reader can do with it on the page; not said where it is only a drawing.
    """

    id: str
    title: str
    caption: str
    spec: Mapping[str, Any]  # Any: the values of JSON
    live: str = ""


@dataclass(frozen=True)
class Picture:
    """A drawing that is no chart: an SVG that needs nothing else.

    Parameters
    ----------
    id : str
        Also the name of its file in ``figures/``.
    svg : str
        Put on the page as it is: the text in it must be escaped.
    words : str
        What it shows, for those who do not see it.
    caption : str
    """

    id: str
    svg: str
    words: str
    caption: str = ""


@dataclass(frozen=True)
class NameList:
    """A few names under a heading."""

    title: str
    names: Sequence[str]


@dataclass(frozen=True)
class Card:
    """One thing of several alike: what it is called, its pictures, its lists."""

    title: str
    detail: str
    pictures: Sequence[Picture]
    lists: Sequence[NameList] = ()


@dataclass(frozen=True)
class Cards:
    """Things alike, side by side."""

    id: str
    caption: str
    cards: Sequence[Card]
    note: str = ""


@dataclass(frozen=True)
class Html:
    """HTML of a plugin's own section, put on the page as it is."""

    html: str
    title: str = ""


@dataclass(frozen=True)
class Details:
    """Something folded away until it is asked for."""

    summary: str
    blocks: Sequence[Block]


Block: TypeAlias = (
    Prose | Bullets | Code | Heading | Table | Figure | Cards | Html | Details
)


@dataclass(frozen=True)
class Section:
    """A part of the report, with the address of its heading."""

    id: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Status:
    """One entry of the status strip: how many, of what, and where they are told of."""

    label: str
    count: int
    target: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Sentence:
    """A sentence of the summary, and where the page shows what it says.

    Parameters
    ----------
    text : str
    target : str
        The id of the section it leads to; "" for none.
    topic : str
        The question it answers: sentences of one topic stand under its heading.
    """

    text: str
    target: str = ""
    topic: str = ""


@dataclass(frozen=True)
class Filter:
    """One axis that a reader may narrow the page to.

    Parameters
    ----------
    axis : str
        Its name in the page's address and in `Table.about`.
    title : str
        What the reader reads.
    values : sequence of str
        The labels to choose from.
    columns : sequence of str
        Titles of the tables' columns that hold these labels.
    field : str
        The field of the charts' records that holds them; "" where none does.
    """

    axis: str
    title: str
    values: Sequence[str]
    columns: Sequence[str] = ()
    field: str = ""


@dataclass(frozen=True)
class Report:
    """Everything a format needs."""

    study: str
    created: str
    version: str
    statuses: Sequence[Status]
    headline: Sequence[Sentence]
    sections: Sequence[Section]
    filters: Sequence[Filter] = ()
