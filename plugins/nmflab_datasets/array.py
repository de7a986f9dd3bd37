"""A matrix handed over from Python, kept in a folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Array:
    """The X of ``nmflab.study(..., X=X)``, opened from where the session kept it.

    Parameters
    ----------
    folder : str
        A materialised dataset.
    fingerprint : str
        What identifies its X; checked on opening.
    """

    folder: str
    fingerprint: str

    def load(self, rng: np.random.Generator) -> Dataset:
        """Open the folder.

        Raises
        ------
        FileNotFoundError
            If it has gone.
        ValueError
            If it holds another X.
        """
        from nmflab.materialise import open_dataset, read_facts

        folder = Path(self.folder)
        advice = "call nmflab.study(..., X=X) again with the same X"
        try:
            found = read_facts(folder)["fingerprint"]
        except FileNotFoundError:
            raise FileNotFoundError(
                "dataset=array: these data came from a Python session and are no longer"
                f" in {folder}; {advice}"
            ) from None
        if found != self.fingerprint:
            raise ValueError(
                f"dataset=array: {folder} holds another X (fingerprint {found}) than"
                f" the one asked for (dataset.fingerprint={self.fingerprint}); {advice}"
            )
        return open_dataset(folder)


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare arrays from Python; `nmflab.study` fills in the fields."""
    yield DatasetSpec(name="array", dataset=Array)
