"""A dataset, verified once and kept in a folder that every run maps into memory.

What a loader returns is not believed: `materialise` checks it, brings it into the one
form solvers are promised, and writes it beside its place before renaming it there, so
that a folder is complete or absent. `open_dataset` maps it back read-only.

The folder holds ``meta.json`` (shape, storage, fingerprint, facts), ``X.npy`` or
``data.npy, indices.npy, indptr.npy``, ``names.json`` and, where there are any,
``mask.npy``, ``row_labels.npy``, ``truth_W.npy``, ``truth_H.npy`` and
``extras/<key>.npy``. Nothing in it is pickled.
"""

from nmflab.materialise.reading import open_dataset, read_facts
from nmflab.materialise.verify import Facts
from nmflab.materialise.writing import fingerprint, materialise

__all__ = ["Facts", "fingerprint", "materialise", "open_dataset", "read_facts"]
