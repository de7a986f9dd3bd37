"""The study's memory: one SQLite file, one writer, DataFrames for whoever reads it."""

from nmflab.store.merging import Merge, MergedStore
from nmflab.store.reader import Store
from nmflab.store.records import StoredDataset, Sweep
from nmflab.store.schema import LABELS, RESULTS, SCHEMA_VERSION, StoreError
from nmflab.store.writer import StudyWriter

__all__ = [
    "LABELS",
    "RESULTS",
    "SCHEMA_VERSION",
    "Merge",
    "MergedStore",
    "Store",
    "StoreError",
    "StoredDataset",
    "StudyWriter",
    "Sweep",
]
