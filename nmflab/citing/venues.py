"""Where a work appeared: journal, proceedings, archive or book, out of a sentence."""

from __future__ import annotations

import re

from nmflab.citing.latex import latex

_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_NOTE = re.compile(r"\s*\([^()]*[a-z][^()]*\)\s*$")
_PART = re.compile(
    r",?\s*\b(?:secs?|sections?|eqs?|equations?|ch|chapters?|algorithms?|theorems?)\b"
    r"\.?\s*[\d.,\s]+(?:and\s+\d+)?\s*$",
    re.IGNORECASE,
)
_ARCHIVE = re.compile(r"^arXiv[:\s]\s*([\w./-]*\d)", re.IGNORECASE)
_THESIS = re.compile(r"^PhD thesis,\s*(.+)$", re.IGNORECASE)
_VOLUME = re.compile(
    r"^(?P<name>.*?\D),?\s+(?P<volume>[A-Z]?\d+[\w-]*)(?:\((?P<number>[\d-]+)\))?$"
)
_PAGES = re.compile(r",\s*(?:pp?\.\s*)?(\d+)\s*[-–]+\s*(\d+)$")
_PUBLISHERS = frozenset(
    {"SIAM", "Springer", "MIT Press", "Wiley", "Cambridge University Press"}
    | {"Oxford University Press", "Academic Press", "CRC Press", "Elsevier"}
)
_MEETINGS = re.compile(
    r"\b(?:Proc(?:eedings|\.)?|Conference|Workshop|Symposium|NeurIPS|NIPS|ICML|ICLR|KDD"
    r"|AISTATS|UAI|COLT|ICA|AAIM|WSDM|SIGIR|EMNLP(?:-CoNLL)?|EACL|NAACL(?:-HLT)?|ACL"
    r"|IWCS|GSCL|ECIR|RecSys|WWW|ICASSP|EUSIPCO|WASPAA|ECML(?: PKDD)?|ISMIR|CIKM|ICDM"
    r"|SDM|SIAM Data Mining|LREC|COLING|CVPR|ICCV|ECCV|AAAI|IJCAI)\b"
)


def placed(text: str) -> tuple[str, dict[str, str]]:
    """Return the kind of entry and its fields, from ``Venue 13(2), 1-9, year (note)``.

    What is not understood is kept as it is written.
    """
    note = _NOTE.search(text)
    bare = text[: note.start()] if note and not _YEAR.search(note[0]) else text
    bare = _PART.sub("", bare).strip(" ,.")
    # The last year is that of publication: "TREC 2005, Springer, 2006".
    years = list(_YEAR.finditer(bare))
    year = {"year": years[-1][0]} if years else {}
    where = _cut(bare, years[-1]) if years else bare
    kind, fields = _kind(where.strip(" ,."))
    return kind, {**fields, **year}


def _cut(text: str, year: re.Match[str]) -> str:
    """Return a venue without its year; what follows the year is no venue."""
    return text[: year.start()]


def _kind(where: str) -> tuple[str, dict[str, str]]:
    archive, thesis = _ARCHIVE.match(where), _THESIS.match(where)
    if archive:
        return "misc", {"eprint": latex(archive[1]), "archivePrefix": "arXiv"}
    if thesis:
        return "phdthesis", {"school": latex(thesis[1])}
    if where.startswith("in "):
        book, _, publisher = where[3:].rpartition(", ")
        fields = {"booktitle": latex(book or publisher)}
        return "incollection", fields | (
            {"publisher": latex(publisher)} if book else {}
        )
    if where in _PUBLISHERS:
        return "book", {"publisher": latex(where)}
    return _periodical(where) if where else ("misc", {})


def _periodical(where: str) -> tuple[str, dict[str, str]]:
    pages = _PAGES.search(where)
    rest = where[: pages.start()] if pages else where
    volume = _VOLUME.match(rest)
    name = (volume["name"] if volume else rest).strip(" ,")
    fields: dict[str, str] = {}
    if volume:
        fields["volume"] = volume["volume"]
        if volume["number"]:
            fields["number"] = volume["number"].replace("-", "--")
    if pages:
        fields["pages"] = f"{pages[1]}--{pages[2]}"
    if _MEETINGS.search(name):
        return "inproceedings", {"booktitle": latex(name), **fields}
    if volume:
        return "article", {"journal": latex(name), **fields}
    return "misc", {"howpublished": latex(name), **fields}
