"""Solver x start x storage x dtype: every pair that fits, run from job to record.

A pairwise cover of the plugins installed, each with its defaults.
``NMFLAB_FULL_PRODUCT=1`` runs every combination of their examples instead.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab import run, session
from nmflab.compatibility import class_of, unfit
from nmflab.contracts import Dataset, InitSpec, SolverSpec
from nmflab.instances import build, default_object
from nmflab.materialise import materialise

LOSSES = ("frobenius", "kullback_leibler", "itakura_saito", "beta")  # by custom
STORAGES = ("dense", "csr", "mask", "unstored")
DTYPES = ("float64", "float32")
FULL = os.environ.get("NMFLAB_FULL_PRODUCT", "0") not in ("", "0")


class Combination(NamedTuple):
    """What one run is made of; nodes as JSON would hold them, in a hashable form."""

    solver: tuple[tuple[str, Any], ...]
    init: tuple[tuple[str, Any], ...]
    storage: str
    dtype: str

    @property
    def label(self) -> str:
        """What the test is called."""
        names = [dict(node)["name"] for node in (self.solver, self.init)]
        return "-".join([*names, self.storage, self.dtype])

    @property
    def config(self) -> dict[str, Any]:
        """The axes and settings of the run."""
        spec = session.registry().get("solver", dict(self.solver)["name"])
        assert isinstance(spec, SolverSpec)
        takes = spec.takes_of(build(spec.solver, dict(self.solver), "solver"))
        return {
            "dataset": {"name": "made"},
            "weighting": {"name": "none"},
            "split": {"name": "none", "seed": 0},
            "objective": {"loss": next(x for x in LOSSES if x in takes.losses)},
            "init": dict(self.init),
            "solver": dict(self.solver),
            "n_components": 3,
            "seed": 0,
            "dtype": self.dtype,
            "missing_as_zero": False,
        }


def data(storage: str) -> Dataset:
    """Return 9 x 7 numbers, all above 0 but for a few cells of a sparse matrix."""
    rng = np.random.default_rng(2)
    X = rng.gamma(2.0, 1.0, (9, 7)) + 0.1
    few = rng.random(X.shape) < 0.15
    if storage == "dense":
        return Dataset(X=X)
    if storage == "mask":
        return Dataset(X=X, missing="mask", mask=~few)
    X[few] = 0.0
    return Dataset(X=csr_array(X), missing="none" if storage == "csr" else "unstored")


def facts(storage: str) -> dict[str, Any]:
    """Return what `unfit` asks of the facts of that dataset."""
    X = data(storage).X
    return {
        "n_samples": X.shape[0],
        "n_features": X.shape[1],
        "n_stored": X.size,
        "storage": "dense" if isinstance(X, np.ndarray) else "csr",
        "missing": data(storage).missing,
        "minimum": float(X.min()),
    }


def nodes(kind: str) -> list[tuple[tuple[str, Any], ...]]:
    """Return the nodes of the installed plugins of a kind; of examples, if `FULL`."""
    found: dict[tuple[tuple[str, Any], ...], None] = {}
    for name, spec in sorted(session.registry().specs(kind).items()):
        assert isinstance(spec, SolverSpec | InitSpec)
        usual = default_object(class_of(spec))
        for plugin in (usual, *spec.examples):
            if plugin is None or (plugin is not usual and usual and not FULL):
                continue
            fields = [f.name for f in dataclasses.fields(plugin)]
            values = [(field, _plain(getattr(plugin, field))) for field in fields]
            found[(("name", name), *values)] = None
    return list(found)


def _plain(value: object) -> object:
    return value.name if isinstance(value, Enum) else value


@cache
def everything() -> tuple[dict[Combination, None], dict[Combination, str]]:
    """Return the combinations that fit, and why the others do not."""
    fitting: dict[Combination, None] = {}
    refused: dict[Combination, str] = {}
    known = {storage: facts(storage) for storage in STORAGES}
    for parts in itertools.product(nodes("solver"), nodes("init"), STORAGES, DTYPES):
        one = Combination(*parts)
        why = unfit(known[one.storage], one.config, session.registry())
        if why is None:
            fitting[one] = None
        else:
            refused[one] = why
    return fitting, refused


def pairs(one: Combination) -> set[tuple[tuple[int, Any], ...]]:
    """Return the pairs of values a combination holds."""
    return set(itertools.combinations(enumerate(one), 2))


def cover(combinations: Iterable[Combination]) -> Iterator[Combination]:
    """Yield few combinations that hold every pair any of them holds.

    Greedy: first those with six new pairs, then those with five, down to one.
    """
    left = dict.fromkeys(combinations)
    seen: set[tuple[tuple[int, Any], ...]] = set()
    for least in range(6, 0, -1):
        for one in list(left):
            if len(pairs(one) - seen) >= least:
                seen |= pairs(one)
                del left[one]
                yield one


CHOSEN = list(everything()[0]) if FULL else list(cover(everything()[0]))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a materialised dataset of each storage."""
    made = {}
    for storage in STORAGES:
        made[storage] = tmp_path_factory.mktemp(storage) / "data"
        materialise(data(storage), made[storage])
    return made


@pytest.mark.parametrize("one", CHOSEN, ids=lambda one: one.label)
def test_what_fits_runs(one: Combination, folders: dict[str, Path]) -> None:
    """The run is ok, its factors are as promised, and no worse than the start."""
    config = one.config
    axes = {key: config[key] for key in config if key != "missing_as_zero"}
    settings = {
        "restarts": 1,
        "halving": None,
        "stop": {"kkt": None, "max_steps": 5},
        "missing_as_zero": False,
        "trace": True,
    }
    sent: list[tuple[dict[str, Any], dict[str, Any]]] = []
    job: dict[str, Any] = {
        "type": "run",
        "key": "0" * 32,
        "axes": axes,
        "settings": settings,
        "metrics": {},
        "data": str(folders[one.storage]),
        "plugins": [],
        "factors_folder": None,
        "inline_bytes": 10**6,
    }
    run.execute(job, session.registry(), lambda m, a=None, /: sent.append((m, a or {})))
    record, arrays = sent[0]
    assert (record["status"], record["traceback"]) == ("ok", None), record["reason"]
    spec = session.registry().get("solver", config["solver"]["name"])
    assert isinstance(spec, SolverSpec)
    for name in ("W", "H"):
        assert np.isfinite(arrays[name]).all()
        if name in spec.promises.nonnegative:
            assert (arrays[name] >= 0).all()
    if spec.promises.minimises == "shared" and spec.promises.init == "given":
        # Of two equal pairs the first is kept: a start is as good as what ends there.
        assert record["objective_value"] <= record["objective_start"]


def test_every_pair_that_fits_is_covered() -> None:
    """The cover misses none of them."""
    fitting, _ = everything()
    asked = set().union(*(pairs(one) for one in fitting))
    assert set().union(*(pairs(one) for one in CHOSEN)) == asked


def test_the_cover_is_smaller_than_the_product() -> None:
    """No smaller than its largest two axes, and not much larger."""
    axes = [range(5), range(4), range(3), range(2)]
    product = [Combination(*map(str, values)) for values in itertools.product(*axes)]  # type: ignore[arg-type]
    chosen = list(cover(product))
    assert set().union(*map(pairs, chosen)) == set().union(*map(pairs, product))
    assert 20 <= len(chosen) <= 30


def test_every_refusal_says_what_would_do() -> None:
    """Each names the plugin, what it cannot take, and a way out."""
    _, refused = everything()
    assert refused
    for why in refused.values():
        assert " cannot take " in why or " can give at most " in why
        assert "; use " in why or "; no " in why
