"""Reading files: what a file holds, and what its options make of it."""

from nmflab_datasets.reading.dispatch import read
from nmflab_datasets.reading.meaning import interpret
from nmflab_datasets.reading.table import Table

__all__ = ["Table", "interpret", "read"]
