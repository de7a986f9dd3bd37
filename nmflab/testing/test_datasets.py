"""What every dataset keeps: it loads offline, the same each time, and is sound."""

from __future__ import annotations

import socket
from typing import Any, NoReturn, TypeAlias

import numpy as np
import pytest

from nmflab.contracts import EXTRAS, Dataset, DatasetSpec
from nmflab.fetching.places import cached_path, mirror_copy
from nmflab.testing.installed import Configured, each
from nmflab.testing.running import as_bytes

Source: TypeAlias = Configured[DatasetSpec]


def _load(dataset: Source, seed: int = 0) -> Dataset:
    _skip_without_files(dataset)
    loaded = dataset.plugin.load(np.random.default_rng(seed))
    assert isinstance(loaded, Dataset)
    return loaded


def _skip_without_files(dataset: Source) -> None:
    """Skip published data of which no copy is at hand: nothing is downloaded."""
    origin = dataset.spec.origin_of(dataset.plugin)
    if origin is None:
        return
    for file in origin.files:
        is_here = mirror_copy(file) or cached_path(file, origin).exists()
        if not is_here:
            pytest.skip(f"{file.name} is in no local mirror and not in the cache")


def _arrays(data: Dataset) -> list[Any]:
    X: Any = data.X
    parts = [X] if isinstance(X, np.ndarray) else [X.data, X.indices, X.indptr]
    return [*parts, data.mask, data.row_labels]


def _bytes(data: Dataset) -> list[bytes]:
    found = [np.asarray(a).tobytes() for a in _arrays(data) if a is not None]
    return found + (as_bytes(data.truth) if data.truth is not None else [])


@each("dataset")
def test_it_loads_without_a_network(
    dataset: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example opens no connection."""

    def refuse(*_args: object, **_options: object) -> NoReturn:
        raise AssertionError("an example of a dataset opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    _load(dataset)


@each("dataset")
def test_one_seed_gives_the_same_data(dataset: Source) -> None:
    """Two loads with one seed agree to the last bit, so all chance comes from `rng`."""
    assert _bytes(_load(dataset)) == _bytes(_load(dataset))


@each("dataset")
def test_the_observed_cells_are_finite(dataset: Source) -> None:
    """X is a float or integer matrix with cells, none of them infinite or NaN."""
    data = _load(dataset)
    values: Any = data.X if isinstance(data.X, np.ndarray) else data.X.data
    assert min(data.X.shape) >= 1
    assert np.issubdtype(values.dtype, np.number)
    assert np.isfinite(values if data.mask is None else values[data.mask]).all()


@each("dataset")
def test_the_storage_is_one_that_is_known(dataset: Source) -> None:
    """X is an array or a CSR array; what is missing is said in a known word."""
    data = _load(dataset)
    assert isinstance(data.X, np.ndarray) or data.X.format == "csr"
    assert data.missing in ("none", "unstored", "mask")


@each("dataset")
def test_names_are_text(dataset: Source) -> None:
    """Rows and columns are named by text; that there is one each, Dataset checks."""
    data = _load(dataset)
    for names in (data.row_names, data.column_names):
        assert names is None or all(isinstance(name, str) for name in names)


@each("dataset")
def test_the_truth_has_the_shape_of_the_data(dataset: Source) -> None:
    """Planted factors, where there are any, multiply to a matrix like X."""
    data = _load(dataset)
    if data.truth is not None:
        assert (data.truth.W.shape[0], data.truth.H.shape[1]) == data.X.shape


@each("dataset")
def test_extras_of_the_vocabulary_have_its_types(dataset: Source) -> None:
    """A documented extra has the type that is documented for it."""
    types = {"str": str, "list": list, "array": np.ndarray}
    for key, value in _load(dataset).extras.items():
        if key in EXTRAS:
            word = EXTRAS[key].split(":")[0].split()[0]
            assert isinstance(value, types[word]), f"{key}: {EXTRAS[key]}"


@each("dataset")
def test_the_files_it_reads_exist(dataset: Source) -> None:
    """The spec names the files an example reads, so that a change of them is seen."""
    missing = [path for path in dataset.spec.files(dataset.plugin) if not path.exists()]
    assert missing == []
