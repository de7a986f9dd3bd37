"""Which data of a study may be passed on, and why others may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nmflab.registry import Registry
from nmflab.store import Store, StoredDataset
from nmflab.sweep.cited import Terms, terms_of_data

_STRICTEST: tuple[Terms, ...] = ("restricted", "unknown", "shared", "generated")


@dataclass(frozen=True)
class Decision:
    """What becomes of one data set in an archive.

    Parameters
    ----------
    dataset : StoredDataset
    terms : {"shared", "restricted", "generated", "unknown"}
    data, factors : bool
        Whether its content, and the factors of its runs, are in the archive.
    """

    dataset: StoredDataset
    terms: Terms
    data: bool
    factors: bool

    @property
    def is_free(self) -> bool:
        """Whether its terms let its content be passed on."""
        return self.terms in ("shared", "generated")

    @property
    def reason(self) -> str:
        """Why its content may be passed on, or may not."""
        return {
            "shared": f"its terms let it be passed on: {self.licence}",
            "restricted": f"its terms do not let it be passed on: {self.licence}",
            "generated": "nmflab's own code makes it",
            "unknown": "no terms are recorded for it",
        }[self.terms]

    @property
    def licence(self) -> str:
        """The terms of use as the data state them."""
        return (self.dataset.licence or "none are stated").rstrip(".")


def decisions(
    store: Store, registry: Registry, *, data: str = "terms", factors: str = "terms"
) -> list[Decision]:
    """Return what becomes of each data set of a study.

    Parameters
    ----------
    store : Store
    registry : Registry
        Asked for what the study does not record; where the two differ the stricter
        counts.
    data : {"terms", "include", "none"}
        Content of data sets: where the terms let it be passed on, always, never.
    factors : {"terms", "all", "none"}
        Factors, from which data can be computed back: those of data that are in the
        archive, all, none.
    """
    found = []
    for dataset in store.datasets():
        terms = _terms(store, registry, dataset)
        one = Decision(dataset, terms, data=False, factors=False)
        kept = {"include": True, "none": False}.get(data, one.is_free)
        derived = {"all": True, "none": False}.get(factors, kept)
        found.append(replace(one, data=kept, factors=derived))
    return found


def _terms(store: Store, registry: Registry, dataset: StoredDataset) -> Terms:
    known = [*_recorded(store, dataset), *_installed(registry, dataset.config)]
    return min(known, key=_STRICTEST.index, default="unknown")


def _recorded(store: Store, dataset: StoredDataset) -> list[Terms]:
    """Return what the study's sweeps say of a data set, the last one first."""
    for sweep in reversed(store.sweeps()):
        plugins = sweep.provenance.get("plugins") or {}
        record = (plugins.get("dataset") or {}).get(dataset.label) or {}
        terms = record.get("terms")
        if record.get("name") == dataset.config.get("name") and terms in _STRICTEST:
            return [terms]
    return []


def _installed(registry: Registry, node: Mapping[str, Any]) -> list[Terms]:
    from nmflab.config import ConfigError

    try:
        return [terms_of_data(registry, node)]
    except (LookupError, ConfigError):  # the plugin is gone, or takes other parameters
        return []
