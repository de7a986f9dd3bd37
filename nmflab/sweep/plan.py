"""From spaces and data to a stream of planned runs: keys, labels, skips, collapses."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from nmflab.compatibility import unfit
from nmflab.config import AXES, GROUPS, PER_RUN, ConfigError, check_objective
from nmflab.contracts import InitSpec, Objective, SolverSpec, Spec
from nmflab.instances import build
from nmflab.provenance import version_of
from nmflab.registry import Registry
from nmflab.sources import core_hash, source_hash
from nmflab.splits import SPLITS
from nmflab.sweep.expand import Space
from nmflab.sweep.nodes import Labels, class_of, node_text, plugin_object
from nmflab.weighting import WEIGHTINGS

KEY_VERSION = "1"
"""Part of every key; raised when a change here makes older results stale."""


_FIT_AXES = AXES.index("n_components") + 1  # what decides whether a pair fits


@dataclass(frozen=True, kw_only=True)
class Data:
    """A dataset as the plan needs it: where it lies, what it is, or why it failed."""

    folder: Path | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    traceback: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """One planned run; `status` is "left", or "skipped" or "error" with its reason."""

    key: str
    labels: tuple[Any, ...]
    changes: str
    status: str = "left"
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Variant:
    """One node of one axis with all that is derived from it, once."""

    axis: str
    node: Any
    label: Any
    digest: bytes
    fragment: str  # its part of the JSON of changes; "" where the axis does not vary


class Plan:
    """The runs of a sweep.

    Parameters
    ----------
    spaces : sequence of Space
    registry : Registry
    data : mapping
        `node_text` of each dataset node to its `Data`.

    Raises
    ------
    ConfigError
        If a plugin refuses its parameters, or a number of components is below 1.
    """

    def __init__(
        self, spaces: Sequence[Space], registry: Registry, data: Mapping[str, Data]
    ) -> None:
        self._spaces = spaces
        self._registry = registry
        self._data = data
        self._labels = Labels(spaces, registry)
        self._varying = _varying_axes(spaces)
        self._variants: dict[tuple[str, str], _Variant] = {}
        self._unfit: dict[tuple[Any, ...], str | None] = {}
        self._specs: dict[tuple[str, str], tuple[Spec, Any]] = {}
        self.collapsed: dict[str, int] = {}
        self._idle: dict[tuple[_Variant, _Variant], frozenset[str]] = {}
        self._kept: dict[bytes, tuple[_Variant, _Variant]] = {}
        self._keys: set[str] = set()

    @property
    def base(self) -> dict[str, Any]:
        """The resolved configuration that each run's changes are applied to."""
        first = self._spaces[0]
        return {**{axis: first.axes[axis][0] for axis in AXES}, **first.settings}

    def __iter__(self) -> Iterator[Planned]:
        """Yield the planned runs, seeds outermost: a sweep cut short is balanced."""
        spaces = [self._prepared(space) for space in self._spaces]
        self.collapsed, self._kept, self._keys = {}, {}, set()
        by_seed = {id(axes): {v.node: v for v in axes["seed"]} for axes, *_ in spaces}
        seeds = list(dict.fromkeys(v.node for axes, *_ in spaces for v in axes["seed"]))
        for seed in seeds:
            for axes, space, const, tail in spaces:
                variant = by_seed[id(axes)].get(seed)
                if variant is not None:
                    yield from self._of_seed(axes, space, const, tail, variant)

    def check(self) -> None:
        """Raise `ConfigError` if a plugin refuses its parameters; needs no data."""
        for space in self._spaces:
            self._prepared(space)

    def datasets(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return label and node of each dataset, in order."""
        nodes = {
            node_text(node): node
            for space in self._spaces
            for node in space.axes["dataset"]
        }
        return [(str(self._labels.of("dataset", n)), n) for n in nodes.values()]

    def dataset_names(self) -> str:
        """Return the datasets' names, without parameters, as a study is called."""
        labels = [label.partition("(")[0] for label, _ in self.datasets()]
        names = list(dict.fromkeys(labels))
        more = f"-and-{len(names) - 3}-more" if len(names) > 3 else ""
        return "-".join(names[:3]) + more

    def origins(self) -> dict[str, str]:
        """Return what results depend on beside parameters, in words, with its hash."""
        self.check()
        origins = {"nmflab's loop or numerics": core_hash()}
        origins |= {name: version_of(name) for name in ("numpy", "scipy")}
        for (kind, _), (spec, _object) in self._specs.items():
            origins[f"the source of {kind} {spec.name}"] = source_hash(
                class_of(spec).__module__
            )
            for requirement in spec.requires:
                name = _name(requirement)
                origins[name] = version_of(name)
        for _, node in self.datasets():
            facts = self._data[node_text(node)].facts
            what = self._labels.in_full("dataset", node)
            origins[f"the data of {what}"] = str(facts.get("fingerprint"))
        return origins

    def notes(self) -> list[str]:
        """Return a sentence for each axis that was collapsed; after iteration."""
        return [f"{what} ({n} left out)" for what, n in sorted(self.collapsed.items())]

    def _prepared(
        self, space: Space
    ) -> tuple[dict[str, list[_Variant]], Space, bytes, str]:
        per_run = {key: space.settings[key] for key in PER_RUN}
        const = node_text([per_run, space.settings["limits"]["threads"]]).encode()
        axes = {
            axis: list(dict.fromkeys(self._variant(axis, n) for n in space.axes[axis]))
            for axis in AXES
        }
        differs = node_text(per_run) != node_text(
            {key: self._spaces[0].settings[key] for key in PER_RUN}
        )
        tail = json.dumps(per_run)[1:-1] if differs else ""
        return axes, space, const, tail

    def _of_seed(
        self,
        axes: Mapping[str, list[_Variant]],
        space: Space,
        const: bytes,
        tail: str,
        seed: _Variant,
    ) -> Iterator[Planned]:
        lists = [[seed] if axis == "seed" else axes[axis] for axis in AXES]
        for combo in itertools.product(*lists):
            why = self._collapse(combo, const + space.case.encode())
            if why is None:
                planned = self._planned(combo, space, const, tail)
                why = self._repeated(planned.key, space.case)
            if why is None:
                yield planned
            else:
                self.collapsed[why] = self.collapsed.get(why, 0) + 1

    def _collapse(self, combo: Sequence[_Variant], const: bytes) -> str | None:
        """Return why another run already stands for this one, if one does."""
        init, solver, seed = (combo[AXES.index(a)] for a in ("init", "solver", "seed"))
        idle = self._idle_axes(init, solver)
        if not idle:
            return None
        same = blake2b(const, digest_size=16)
        same.update(b"".join([v.digest for v in combo if v.axis not in idle]))
        kept = self._kept.setdefault(same.digest(), (init, seed))
        if init is not kept[0]:
            return f"solver {solver.label} brings its own start: one init is enough"
        if seed is kept[1]:
            return None
        return (
            f"neither init {init.label} nor solver {solver.label} draws random numbers:"
            " one seed is enough, and there is no spread over seeds"
        )

    def _idle_axes(self, init: _Variant, solver: _Variant) -> frozenset[str]:
        """Return which of "init" and "seed" change nothing for this pair."""
        if (init, solver) not in self._idle:
            solver_spec, solver_object = self._spec("solver", solver.node)
            init_spec, init_object = self._spec("init", init.node)
            assert isinstance(solver_spec, SolverSpec)
            assert isinstance(init_spec, InitSpec)
            own = solver_spec.promises.init == "own"
            random = solver_spec.is_random(solver_object) or (
                not own and init_spec.is_random(init_object)
            )
            idle = [
                axis
                for axis, is_idle in (("init", own), ("seed", not random))
                if is_idle
            ]
            self._idle[init, solver] = frozenset(idle)
        return self._idle[init, solver]

    def _repeated(self, key: str, case: str) -> str | None:
        """Return why a run is left out that another space has asked for."""
        if len(self._spaces) == 1:  # within one, values are distinct
            return None
        if key not in self._keys:
            self._keys.add(key)
            return None
        what = f"case {case} asks" if case else "the sweep asks"
        return f"{what} for runs that were asked for already: each is made once"

    def _planned(
        self, combo: Sequence[_Variant], space: Space, const: bytes, tail: str
    ) -> Planned:
        digest = blake2b(const, digest_size=16)
        digest.update(b"".join([variant.digest for variant in combo]))
        parts = [variant.fragment for variant in combo if variant.fragment]
        if tail:
            parts.append(tail)
        key = digest.hexdigest()
        labels = (*[variant.label for variant in combo], space.case)
        changes = "{" + ", ".join(parts) + "}"
        data = self._data[node_text(combo[0].node)]
        if data.error is not None:
            return Planned(key, labels, changes, "error", data.error)
        why = self._unfit_reason(combo, space, data, const)
        if why is not None:
            return Planned(key, labels, changes, "skipped", why)
        return Planned(key, labels, changes)

    def _unfit_reason(
        self, combo: Sequence[_Variant], space: Space, data: Data, const: bytes
    ) -> str | None:
        asked = (*combo[:_FIT_AXES], const)  # by identity: variants are made once
        if asked not in self._unfit:
            config = {variant.axis: variant.node for variant in combo}
            self._unfit[asked] = unfit(
                data.facts, {**space.settings, **config}, self._registry
            )
        return self._unfit[asked]

    def _variant(self, axis: str, node: Any) -> _Variant:
        text = node_text(node)
        if (axis, text) not in self._variants:
            fragment = f'"{axis}": {json.dumps(node)}' if axis in self._varying else ""
            self._variants[axis, text] = _Variant(
                axis,
                node,
                self._labels.of(axis, node),
                blake2b(
                    f"{axis}{text}{self._origin(axis, node)}".encode(), digest_size=16
                ).digest(),
                fragment,
            )
        return self._variants[axis, text]

    def _origin(self, axis: str, node: Any) -> str:
        """Return what else than its parameters a node's effect depends on."""
        if axis in ("seed", "dataset", "split"):
            _check_seed(axis, node)
        if axis == "dataset":
            return str(self._data[node_text(node)].facts.get("fingerprint", "failed"))
        if axis == "n_components":
            if node < 1:
                raise ConfigError(f"n_components must be at least 1, got {node}")
            return _environment()
        if axis not in GROUPS:
            return ""
        if axis == "objective":
            _checked(Objective, axis, node)
            check_objective(node)
            return ""
        if axis in ("split", "weighting"):
            choices = SPLITS if axis == "split" else WEIGHTINGS
            _checked(choices[node["name"]], axis, node)
            return ""
        spec, _ = self._spec(axis, node)
        versions = [f"{r}:{version_of(_name(r))}" for r in spec.requires]
        return f"{source_hash(class_of(spec).__module__)} {' '.join(versions)}"

    def _spec(self, kind: str, node: Mapping[str, Any]) -> tuple[Spec, Any]:
        text = node_text(node)
        if (kind, text) not in self._specs:
            self._specs[kind, text] = plugin_object(self._registry, kind, node)
        return self._specs[kind, text]


def _checked(cls: type[Any], axis: str, node: Any) -> None:
    try:
        build(cls, node, axis)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _check_seed(axis: str, node: Any) -> None:
    key, seed = ("seed", node) if axis == "seed" else (f"{axis}.seed", node["seed"])
    if seed < 0:
        raise ConfigError(f"{key} must be at least 0, got {seed}")


@cache
def _environment() -> str:
    versions = [f"{name}=={version_of(name)}" for name in ("numpy", "scipy")]
    return " ".join([KEY_VERSION, core_hash(), *versions])


def _name(requirement: str) -> str:
    from packaging.requirements import Requirement

    return Requirement(requirement).name


def _varying_axes(spaces: Sequence[Space]) -> set[str]:
    texts: dict[str, set[str]] = {axis: set() for axis in AXES}
    for space in spaces:
        for axis in AXES:
            texts[axis].update(node_text(node) for node in space.axes[axis][:2])
            if len(space.axes[axis]) > 2:
                texts[axis].update(("more", "than one"))
    return {axis for axis, seen in texts.items() if len(seen) > 1}
