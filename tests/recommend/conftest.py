"""Small studies with factors that are known, to recommend from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset, Factors
from nmflab.store import Store, StudyWriter

USERS = ["Ann", "Bob", "Cleo"]
FILMS = ["Alien", "Brazil", "Casablanca", "Dune"]
RATINGS = np.array([[5.0, 3, 0, 0], [4, 0, 0, 1], [0, 1, 5, 0]])
W = np.array([[2.0, 0.5], [1.0, 1.0], [0.0, 3.0]])
H = np.array([[2.0, 1.0, 0.5, 3.0], [0.5, 1.0, 2.0, 1.0]])

CONFIG = {
    "dataset": {"name": "ratings"},
    "weighting": {"name": "none"},
    "split": {"name": "none"},
    "objective": {"loss": "frobenius"},
    "solver": {"name": "mu"},
    "missing_as_zero": False,
}


def ratings(**how: Any) -> Dataset:
    """Return three users' ratings of four films, zeros missing."""
    given = {
        "X": RATINGS,
        "missing": "mask",
        "mask": RATINGS > 0,
        "row_names": USERS,
        "column_names": FILMS,
        "extras": {"rating_scale": np.array([1.0, 5.0])},
    }
    return Dataset(**{**given, **how})


class Study:
    """Writes a study run by run, with factors of one's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writer = StudyWriter(folder)
        self.sweep = self.writer.begin_sweep(command=[], base=CONFIG, provenance={})
        self.plan: list[tuple[str, list[Any], str]] = []

    def data(
        self, dataset: Dataset | None = None, *, stored: int | None = None, **node: Any
    ) -> None:
        """Record the data set that later runs are on; `stored` says it is larger."""
        dataset = dataset or ratings()
        X: Any = dataset.X
        dense = isinstance(X, np.ndarray)
        facts = {
            "n_samples": X.shape[0],
            "n_features": X.shape[1],
            "n_stored": stored or (X.size if dense else X.nnz),
            "storage": "dense" if dense else "csr",
            "missing": dataset.missing,
            "fingerprint": f"print of {node.get('name', 'ratings')}",
        }
        self.fingerprint = facts["fingerprint"]
        config = {"name": "ratings", **node}
        self.writer.add_dataset(config["name"], config, facts, dataset)

    def run(
        self,
        factors: Factors | None = None,
        *,
        labels: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        **results: Any,
    ) -> str:
        """Record a finished run and return its key."""
        n = len(self.plan) + 1
        key = f"{n:02d}" * 16
        named = {
            "dataset": "ratings",
            "weighting": "none",
            "split": "none",
            "objective": "frobenius",
            "init": "random",
            "solver": "mu",
            "n_components": 2,
            "seed": n,
            "dtype": "float64",
            "case": "",
            **(labels or {}),
        }
        self.plan.append((key, list(named.values()), json.dumps(dict(config or {}))))
        record = {
            "status": "ok",
            "fingerprint": self.fingerprint,
            "minimises": "shared",
            "objective_value": 1.0,
            **results,
        }
        arrays = {} if factors is None else _arrays(factors)
        self.writer.add_fit(key, self.sweep, record, arrays)
        return key

    def open(self) -> Store:
        """Write what is left and return the store."""
        self.writer.add_plan(self.sweep, self.plan)
        self.writer.finish_sweep(self.sweep)
        self.writer.close()
        return Store.open(self.folder)


def _arrays(factors: Factors) -> dict[str, np.ndarray]:
    given = {
        "W": factors.W,
        "H": factors.H,
        "row_offset": factors.row_offset,
        "column_offset": factors.column_offset,
    }
    return {name: array for name, array in given.items() if array is not None}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Return an empty study."""
    return Study(tmp_path / "study")


@pytest.fixture
def factors() -> Factors:
    """Return factors of two features for three users and four films."""
    return Factors(W, H)


@pytest.fixture
def store(study: Study, factors: Factors) -> Store:
    """Return a study of one run on the ratings."""
    study.data()
    study.run(factors, validation=0.5)
    return study.open()


@pytest.fixture
def some_ratings() -> Any:
    """Return the maker of the ratings, for tests that want them otherwise."""
    return ratings
