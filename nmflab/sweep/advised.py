"""What ``advise=n_components`` runs: one sweep over sizes becomes several probes.

Each criterion for the number of components needs runs of its own: other seeds, cells
left out, other draws of the data, data without structure. All are planned as spaces of
one study, so that they are stored, resumed and shown like any others; the panel is read
from the store afterwards (`nmflab.advice`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from nmflab.advice.design import (
    DISTINCT,
    DRAWN_RESTARTS,
    HELD_OUT_RESTARTS,
    METRICS,
    N_ARD,
    N_BI_CV,
    N_SEEDS,
    N_SHUFFLED,
    N_SPECKLED,
    STABILITY_SHARE,
)
from nmflab.compatibility import unfit
from nmflab.config import ConfigError
from nmflab.contracts import InitSpec, SolverSpec
from nmflab.registry import Registry
from nmflab.splits import SPLITS
from nmflab.sweep.advised_data import has_counts, noise_dispersion
from nmflab.sweep.expand import Space
from nmflab.sweep.nodes import node_text, plugin_object
from nmflab.sweep.plan import Data


def advised(
    spaces: Sequence[Space], registry: Registry, data: Mapping[str, Data]
) -> list[Space]:
    """Return the spaces of all probes of a sweep over sizes, the given one first.

    Probes that do not fit the data or the solver are left out: the panel says why.

    Parameters
    ----------
    spaces : sequence of Space
        One: a data set, a solver, several n_components.
    registry : Registry
    data : mapping
        `node_text` of the dataset's node to its `Data`.

    Raises
    ------
    ConfigError
        If there is more than one data set, solver or other choice, or a single size.
    """
    space = _the_one(spaces)
    found = data[node_text(space.axes["dataset"][0])]
    if found.folder is None:
        return [space]  # the data could not be loaded: the sweep says why
    probe = _Probes(_readied(space), registry, found)
    samples = probe.row_samples()
    made = [
        probe.speckled(),
        probe.bi_cv(),
        # What samples are compared with is of no use without them.
        *([probe.reference(), samples] if probe.fits(samples) else []),
        probe.draws(),
        probe.shuffled(),
        probe.ard(),
    ]
    return [probe.space, *(one for one in made if one is not None and probe.fits(one))]


def _the_one(spaces: Sequence[Space]) -> Space:
    if len(spaces) > 1:
        raise ConfigError(
            f"advise=n_components weighs the sizes of one data set and one solver; this"
            f" sweep has {len(spaces)} combinations of choices. Leave out all but one"
        )
    space = spaces[0]
    for axis, nodes in space.axes.items():
        if axis not in ("n_components", "seed") and len(nodes) > 1:
            raise ConfigError(
                f"advise=n_components weighs sizes alone, and {axis} takes"
                f" {len(nodes)} values; give one"
            )
    if len(set(space.axes["n_components"])) < 2:
        raise ConfigError(
            f"advise=n_components needs sizes to choose from, and there is"
            f" n_components={space.axes['n_components'][0]} alone; give several, as in"
            " n_components=2,3,4,5,6"
        )
    split = space.axes["split"][0]["name"]
    if split != "none":
        raise ConfigError(
            f"split={split}: advise=n_components leaves cells out in its own ways;"
            " leave split out"
        )
    return space


def _readied(space: Space) -> Space:
    """Return the sweep with seeds to compare, and with what the panel reads kept."""
    seeds = list(dict.fromkeys(space.axes["seed"]))
    if len(seeds) == 1:
        seeds = [seeds[0] + i for i in range(N_SEEDS)]
    settings = {
        **space.settings,
        "metrics": list(dict.fromkeys([*space.settings["metrics"], *METRICS])),
        "save": {**space.settings["save"], "factors": "all"},
    }
    axes = {**space.axes, "seed": seeds}
    return replace(space, axes=axes, settings=settings)


@dataclass(frozen=True)
class _Probes:
    """The probes of one sweep, each made when it is asked for."""

    space: Space
    registry: Registry
    data: Data

    @property
    def sizes(self) -> list[int]:
        return sorted(set(self.space.axes["n_components"]))

    @property
    def seeds(self) -> list[int]:
        return list(self.space.axes["seed"])

    def fits(self, space: Space) -> bool:
        """Return whether its runs can be made at the smallest and largest size."""
        first = {axis: nodes[0] for axis, nodes in space.axes.items()}
        ends = (min(space.axes["n_components"]), max(space.axes["n_components"]))
        return all(
            unfit(
                self.data.facts,
                {**space.settings, **first, "n_components": size},
                self.registry,
            )
            is None
            for size in ends
        )

    def speckled(self) -> Space:
        """Leave cells out here and there, in several ways."""
        nodes = [
            _split("speckled", seed, n_components_max=self.sizes[-1])
            for seed in range(N_SPECKLED)
        ]
        return self._with(nodes, restarts=HELD_OUT_RESTARTS)

    def bi_cv(self) -> Space:
        """Leave blocks out, each of 2 x 2."""
        nodes = [
            _split("bi_cv", seed, fold=fold)
            for seed in range(N_BI_CV)
            for fold in range(4)
        ]
        return self._with(nodes, restarts=HELD_OUT_RESTARTS)

    def reference(self) -> Space:
        """Take all data, from a start that draws no numbers."""
        return self._from_svd(self._with([self.space.axes["split"][0]]))

    def row_samples(self) -> Space:
        """Take four rows in five, from the same start."""
        seeds = range(len(self.seeds))
        nodes = [_split("row_sample", seed, share=STABILITY_SHARE) for seed in seeds]
        return self._from_svd(self._with(nodes))

    def draws(self) -> Space:
        """Draw counts anew; of other data, as many rows as a bootstrap has."""
        counts = has_counts(self.space, self.data)
        nodes = [
            _split("bootstrap", seed)
            if counts
            else _split("row_sample", seed, share=DISTINCT)
            for seed in range(len(self.seeds))
        ]
        return self._with(nodes, restarts=DRAWN_RESTARTS)

    def shuffled(self) -> Space:
        """Destroy the structure of the data."""
        nodes = [_split("shuffled", seed) for seed in range(N_SHUFFLED)]
        return self._with(nodes, restarts=HELD_OUT_RESTARTS)

    def ard(self) -> Space | None:
        """Let components be pruned from the largest size; None without phi."""
        phi = noise_dispersion(self.space, self.data)
        if phi is None or "ard" not in self.registry.solvers:
            return None
        initializations = self.registry.initializations
        node = _node("ard", self.registry.solvers["ard"].solver) | {"phi": phi}
        axes = {
            **self.space.axes,
            "solver": [node],
            "init": [_node("random", initializations["random"].initialization)],
            "n_components": [self.sizes[-1]],
            "seed": self.seeds[:N_ARD],
        }
        settings = {**self.space.settings, "restarts": 1, "halving": None}
        return replace(self.space, axes=axes, settings=settings)

    def _with(self, splits: list[dict[str, Any]], *, restarts: int = 1) -> Space:
        """Return the sweep at one seed, split in these ways."""
        axes = {**self.space.axes, "split": splits, "seed": self.seeds[:1]}
        given = self.space.settings["restarts"]
        restarts = max(given, restarts) if self._is_random() else given
        return replace(
            self.space,
            axes=axes,
            settings={**self.space.settings, "restarts": restarts},
        )

    def _from_svd(self, space: Space) -> Space:
        """Return a space from NNDSVD where solver and data take it, else its filled."""
        solver, _ = plugin_object(self.registry, "solver", space.axes["solver"][0])
        assert isinstance(solver, SolverSpec)
        if solver.promises.init == "own":
            return space
        made = space
        for name in ("nndsvda", "nndsvd"):
            if name in self.registry.initializations:
                init = self.registry.initializations[name].initialization
                tried = replace(space, axes={**space.axes, "init": [_node(name, init)]})
                made = tried if self.fits(tried) else made
        return made

    def _is_random(self) -> bool:
        solver, solver_object = plugin_object(
            self.registry, "solver", self.space.axes["solver"][0]
        )
        init, init_object = plugin_object(
            self.registry, "init", self.space.axes["init"][0]
        )
        assert isinstance(solver, SolverSpec)
        assert isinstance(init, InitSpec)
        own = solver.promises.init == "own"
        starts = not own and init.is_random(init_object)
        return starts or solver.is_random(solver_object)


def _split(name: str, seed: int, **parameters: Any) -> dict[str, Any]:
    return {**_node(name, SPLITS[name]), "seed": seed, **parameters}


def _node(name: str, cls: type[Any]) -> dict[str, Any]:
    """Return a choice with its defaults, as Hydra would compose it."""
    node: dict[str, Any] = {"name": name}
    for field in dataclasses.fields(cls):
        value = field.default
        node[field.name] = value.name if isinstance(value, Enum) else value
    return node
