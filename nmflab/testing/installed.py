"""The plugins under test: each installed one, as its examples configure it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

import pytest

from nmflab.contracts import (
    DatasetSpec,
    InitSpec,
    MetricSpec,
    SolverSpec,
    Spec,
    Takes,
)
from nmflab.registry import KINDS, Registry, load

S = TypeVar("S", DatasetSpec, InitSpec, SolverSpec, MetricSpec, Spec)

REGISTRY: Registry = load()
"""Loaded once, when the tests are collected; a plugin that failed is not among them."""


@dataclass(frozen=True)
class Configured(Generic[S]):
    """A plugin's spec and one configured instance of its class."""

    spec: S
    plugin: Any  # a DatasetLoader, an Initialization, a Solver or a metric

    @property
    def takes(self) -> Takes:
        """What an initialization or a solver takes as it is configured."""
        assert isinstance(self.spec, InitSpec | SolverSpec)
        return self.spec.takes_of(self.plugin)

    @property
    def is_random(self) -> bool:
        """Whether the plugin says it uses its `rng`, as it is configured."""
        assert isinstance(self.spec, InitSpec | SolverSpec)
        return self.spec.is_random(self.plugin)

    @property
    def is_monotone(self) -> bool:
        """Whether the solver promises descent, as it is configured."""
        assert isinstance(self.spec, SolverSpec)
        return self.spec.is_monotone(self.plugin)

    @property
    def is_unit_free(self) -> bool:
        """Whether the solver says the unit of X does not matter, as configured."""
        assert isinstance(self.spec, SolverSpec)
        return self.spec.is_unit_free(self.plugin)

    @property
    def label(self) -> str:
        """``hals(inner=2)``: the name, and the parameters that are not at default."""
        changed = [
            f"{field.name}={_short(getattr(self.plugin, field.name))}"
            for field in dataclasses.fields(self.plugin)
            if getattr(self.plugin, field.name) != field.default
            and field.default_factory is dataclasses.MISSING
        ]
        return f"{self.spec.name}({','.join(changed)})" if changed else self.spec.name


def _short(value: object) -> object:
    """Return a member's name, and a path's last part: the same on every machine."""
    if isinstance(value, Enum):
        return value.name
    return value.replace("\\", "/").split("/")[-1] if isinstance(value, str) else value


def configured(kind: str) -> Iterator[Configured[Any]]:
    """Yield every plugin of a kind: its examples, or its defaults if it has none.

    A class with neither is left out: a dataset read from a path has nothing to show
    until it is given one.
    """
    for spec in REGISTRY.specs(kind).values():
        cls = KINDS[kind].class_of(spec)
        if spec.examples:
            yield from (Configured(spec, example) for example in spec.examples)
        elif not _needs_values(cls):
            yield Configured(spec, cls())


def _needs_values(cls: type[Any]) -> bool:
    return any(
        field.default in (dataclasses.MISSING, "???")
        and field.default_factory is dataclasses.MISSING
        for field in dataclasses.fields(cls)
    )


def each(
    kind: str, where: Callable[[Configured[Any]], bool] = lambda _one: True
) -> pytest.MarkDecorator:
    """Return the mark that runs a test once for every configured plugin of a kind.

    Parameters
    ----------
    kind : str
    where : callable
        Takes the configured plugin, and says whether the test is about it.
    """
    plugins = [one for one in configured(kind) if where(one)]
    return pytest.mark.parametrize(kind, plugins, ids=[one.label for one in plugins])
