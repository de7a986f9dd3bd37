"""Which machine made which run: times of different machines are never set together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from nmflab.store import LABELS

if TYPE_CHECKING:
    from nmflab.report.reading.material import Material
    from nmflab.store import Store

_Identity: TypeAlias = tuple[str, str, str, str]

TIMES = (
    "seconds",
    "cpu_seconds",
    "init_seconds",
    "init_cpu_seconds",
    "load_seconds",
    "refit_seconds",
    "refit_cpu_seconds",
)
"""Results that say something of the machine."""


@dataclass(frozen=True)
class Machine:
    """What a run's time depends on beside its threads.

    Parameters
    ----------
    label : str
        Its host's name, and what else is needed to tell it from the others.
    host, cpu, cores, blas : str
    sweeps : tuple of int
        The sweeps that were made on it.
    """

    label: str
    host: str
    cpu: str
    cores: str
    blas: str
    sweeps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Clocks:
    """The machines of a report, and the times that each of them took.

    Parameters
    ----------
    machines : sequence of Machine
        Those that finished a run, the busiest first.
    runs : DataFrame
        Every planned run with its own times and its `machine`, those that another
        machine repeated with the same digits included.
    """

    machines: Sequence[Machine] = ()
    runs: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def several(self) -> bool:
        """Whether times must be told apart."""
        return len(self.machines) > 1

    def of(self, machine: Machine) -> pd.DataFrame:
        """Return the runs that a machine made."""
        return self.runs[self.runs["machine"] == machine.label]


def clocks(store: Store, every: pd.DataFrame) -> Clocks:
    """Return the machines of a report's runs.

    Parameters
    ----------
    store : Store
    every : DataFrame
        The planned runs, and those that repeat one of them on another machine.
    """
    makers = store.makers()
    known = _machines(store)
    labels = {n: machine.label for machine in known for n in machine.sweeps}
    at = [labels.get(makers.get(key, -1), "") for key in every["key"]]
    every = every.assign(machine=at)
    finished = every.loc[every["status"] == "ok", "machine"].value_counts()
    counted = {str(label): int(n) for label, n in finished.items()}
    used = [machine for machine in known if machine.label in counted]
    used.sort(key=lambda machine: -counted[machine.label])
    return Clocks(used, every)


def on_one_clock(runs: pd.DataFrame, found: Clocks) -> pd.DataFrame:
    """Return the runs with the times of the busiest machine only.

    What others took is left out, so that no table can set the two side by side.
    """
    if not found.several:
        return runs
    at = found.runs.set_index("key")["machine"]
    runs = runs.assign(machine=runs["key"].map(at))
    elsewhere = runs["machine"] != found.machines[0].label
    for column in TIMES:
        runs[column] = runs[column].mask(elsewhere, np.nan)
    return runs


def on_machine(material: Material, machine: Machine) -> Material:
    """Return the part of a report's material that one machine made, with its times."""
    found = material.clocks.of(machine)
    asked = set(material.runs[list(LABELS)].itertuples(index=False, name=None))
    rows = found[list(LABELS)].itertuples(index=False, name=None)
    runs = found[[row in asked for row in rows]]
    finished = runs.loc[runs["status"] == "ok", "key"]
    metrics = material.store.metric_table().reindex(finished)
    return replace(
        material,
        runs=runs,
        # The other sweeps then count as others': their bests stay the best known.
        sweeps=[one for one in material.sweeps if one.id in machine.sweeps],
        metrics=metrics.dropna(axis="columns", how="all"),
        clocks=Clocks([machine], runs),
    )


def _machines(store: Store) -> list[Machine]:
    sweeps: dict[_Identity, list[int]] = {}
    for sweep in store.sweeps():
        sweeps.setdefault(_identity(sweep.provenance), []).append(sweep.id)
    fullest = {one: _fullest(one, sweeps) for one in sweeps}
    labels = _labels(list(dict.fromkeys(fullest.values())))
    return [
        Machine(
            labels[identity],
            *identity,
            sweeps=tuple(
                n for one in sweeps if fullest[one] == identity for n in sweeps[one]
            ),
        )
        for identity in labels
    ]


def _fullest(identity: _Identity, others: Iterable[_Identity]) -> _Identity:
    """Return the same machine where most of its libraries were told.

    A sweep names the linear algebra that was loaded when it began, and not all is.
    """
    *place, blas = identity
    held = set(blas.split(", "))
    alike = [
        one for one in others if [*one[:3]] == place and held <= {*one[3].split(", ")}
    ]
    return max(alike, key=lambda one: len(one[3]))


def _identity(provenance: Mapping[str, Any]) -> _Identity:
    """Return host, processor, number of cores and BLAS."""
    cores = provenance.get("cores")
    return (
        str(provenance.get("host") or "unnamed machine"),
        str(provenance.get("cpu") or "unknown processor"),
        "unknown" if cores is None else str(cores),
        _blas(provenance.get("blas")),
    )


def _blas(libraries: Any) -> str:  # Any: what an older or newer nmflab recorded there
    if not isinstance(libraries, list):
        return "unknown"
    words = [
        " ".join(str(one[k]) for k in ("internal_api", "version") if one.get(k))
        for one in libraries
        if isinstance(one, Mapping)
    ]
    return ", ".join(dict.fromkeys(words)) or "unknown"


def _labels(identities: Sequence[_Identity]) -> dict[_Identity, str]:
    """Return the host of each; where it has several, what else differs, too."""
    found: dict[_Identity, str] = {}
    for identity in identities:
        alike = [one for one in identities if one[0] == identity[0]]
        differing = [
            identity[i] for i in (1, 2, 3) if len({one[i] for one in alike}) > 1
        ]
        words = ", ".join(differing)
        found[identity] = f"{identity[0]} ({words})" if words else identity[0]
    return found
