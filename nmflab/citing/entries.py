"""One entry of a bibliography, and how BibTeX writes it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from nmflab.citing.latex import folded, plain

_SMALL = frozenset({"a", "an", "the", "on", "of", "in", "for", "when", "how", "is"})


@dataclass(frozen=True)
class Entry:
    """A published work.

    Parameters
    ----------
    kind : str
        Of BibTeX: "article", "inproceedings", "misc"...
    fields : mapping
        Their values as LaTeX, in the order they are written.
    key : str
        "" for one that is made from author, year and title.
    """

    kind: str
    fields: Mapping[str, str]
    key: str = ""

    @property
    def identity(self) -> tuple[str, str]:
        """What two citations of one work agree in: first author and title."""
        title = self.fields.get("title") or self.fields.get("note", "")
        return folded(self.first_author), folded(title)

    @property
    def first_author(self) -> str:
        """The first author's surname; an organisation in full."""
        first = re.split(r"\s+and\s+", self.fields.get("author", "").strip())[0]
        if first.startswith("{") or not first:
            return first.strip("{}")
        return first.partition(",")[0] if "," in first else first.split()[-1]

    def suggested_key(self) -> str:
        """Return ``lee2000algorithms``: author, year and the title's first word."""
        if self.key:
            return self.key
        words = re.findall(r"[A-Za-z0-9]+", _ascii(self.fields.get("title", "")))
        telling = [word for word in words if word.lower() not in _SMALL]
        word = folded(telling[0]) if telling else ""
        name = folded(self.first_author)
        if not name and not word:
            name = folded(self.fields.get("note", ""))[:20] or "reference"
        return f"{name}{self.fields.get('year', '')}{word}"

    def sentence(self) -> str:
        """Return the entry as a reader reads it: authors, title, where, when."""
        told = {name: plain(value) for name, value in self.fields.items()}
        if "title" not in told:
            return ", ".join(told[n] for n in ("note", "url", "doi") if n in told)
        authors = [_natural(name) for name in told.get("author", "").split(" and ")]
        parts = [
            ", ".join(authors).replace(", others", " et al."),
            f"“{told['title']}”",
            _where(told),
            told.get("year", ""),
            f"version {told['version']}" if "version" in told else "",
            f"doi {told['doi']}" if "doi" in told else told.get("url", ""),
        ]
        return f"{', '.join(part for part in parts if part)}."

    def text(self, key: str) -> str:
        """Return the entry as it stands in a ``.bib`` file."""
        lines = [f"  {name} = {{{value}}}" for name, value in self.fields.items()]
        return f"@{self.kind}{{{key},\n" + ",\n".join(lines) + "\n}\n"


_PLACES = ("journal", "booktitle", "school", "publisher", "howpublished")


def _where(told: Mapping[str, str]) -> str:
    """Return ``Venue 12(3), 45–67``."""
    place = next((told[name] for name in _PLACES if name in told), "")
    if not place and "eprint" in told:
        return f"{told.get('archivePrefix', 'arXiv')}:{told['eprint']}"
    number = f"({told['number']})" if "number" in told else ""
    volume = f" {told['volume']}{number}" if "volume" in told else ""
    pages = f", {told['pages']}" if "pages" in told else ""
    return f"{place}{volume}{pages}".strip()


def _natural(name: str) -> str:
    """Return ``A. B. Surname`` of ``Surname, A. B.``."""
    surname, comma, given = name.strip().partition(", ")
    return f"{given} {surname}" if comma else surname


def _ascii(text: str) -> str:
    spelled = re.sub(r"\\[a-zA-Z]+\s?|\\.|[{}$]", "", text)
    plain = unicodedata.normalize("NFKD", spelled)
    return plain.encode("ascii", "ignore").decode()
