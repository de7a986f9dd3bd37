"""Several studies read as one: for a report over machines."""

from nmflab.store.merging.facts import Conflict, Merge, Renamed, Stood, Study
from nmflab.store.merging.reader import MergedStore

__all__ = ["Conflict", "Merge", "MergedStore", "Renamed", "Stood", "Study"]
