"""References of plugins and data sets: read from docstrings, written as BibTeX."""

from nmflab.citing.bibliography import Bibliography, bibliography
from nmflab.citing.entries import Entry
from nmflab.citing.given import given_entries
from nmflab.citing.prose import entries_of, references_in

__all__ = [
    "Bibliography",
    "Entry",
    "bibliography",
    "entries_of",
    "given_entries",
    "references_in",
]
