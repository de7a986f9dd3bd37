"""The runs of two studies, brought together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nmflab.config import AXES, ConfigError
from nmflab.reproducing.settings import with_usual
from nmflab.store import LABELS, Store, Sweep
from nmflab.sweep.nodes import node_text


@dataclass(frozen=True)
class Side:
    """One of two studies: a command of it, with the runs it planned.

    Parameters
    ----------
    store : Store
    sweep : Sweep
    runs : DataFrame
        As `Store.runs`, with key for index.
    configs : mapping
        Key to the full resolved configuration.
    name : str
        What it was given as.
    """

    store: Store
    sweep: Sweep
    runs: pd.DataFrame
    configs: Mapping[str, Mapping[str, Any]]
    name: str

    @property
    def title(self) -> str:
        """What it is called, and which command where there are several."""
        several = len(self.store.sweeps()) > 1
        return f"{self.name}{f', command {self.sweep.id}' if several else ''}"


def side_of(
    store: Store,
    sweep: int | None = None,
    keys: Collection[str] | None = None,
    name: str = "",
) -> Side:
    """Return a study as one of two.

    Parameters
    ----------
    store : Store
    sweep : int, optional
        Number of the command; the last one by default.
    keys : collection of str, optional
        Its runs that count; all by default.
    name : str, optional
        What it was given as; by default its folder.

    Raises
    ------
    ConfigError
        If the study has no such command.
    """
    name = name or str(store.folder)
    sweeps = {one.id: one for one in store.sweeps()}
    if not sweeps:
        raise ConfigError(f"{name}: no command was given to this study yet")
    number = max(sweeps) if sweep is None else sweep
    if number not in sweeps:
        known = ", ".join(map(str, sweeps))
        raise ConfigError(f"{name} has no command {number}; it has these: {known}")
    runs = store.runs(number).set_index("key", drop=False)
    configs = dict(store.configs(number))
    if keys is not None:
        runs = runs[runs.index.isin(keys)]
        configs = {key: configs[key] for key in runs.index}
    return Side(store, sweeps[number], runs, configs, name)


@dataclass(frozen=True, slots=True)
class Pair:
    """A run of one study and the same run of the other.

    Parameters
    ----------
    first, second : str
        Keys.
    run : str
        What tells it from the others of the first study.
    dtype : str
    """

    first: str
    second: str
    run: str
    dtype: str


@dataclass(frozen=True)
class Pairs:
    """Which run of the one study is which of the other.

    Parameters
    ----------
    pairs : list of Pair
        In the order of the first.
    only_first, only_second : list of str
        Keys of runs that only one of the two planned.
    """

    pairs: list[Pair]
    only_first: list[str]
    only_second: list[str]


def paired(first: Side, second: Side) -> Pairs:
    """Return the runs of two studies in pairs.

    By key where it is the same; then by what was resolved for axes and settings of the
    run; then the same with the data known by their fingerprint, since data handed over
    from Python have another folder on each machine; last by labels.
    """
    second_of: dict[str, str] = {}
    left_first, left_second = list(first.runs.index), list(second.runs.index)
    for identity in (_key, _resolved, _resolved_on_the_same_data, _labels):
        ours, theirs = (
            _unique(identity, side, keys)
            for side, keys in ((first, left_first), (second, left_second))
        )
        second_of |= {key: theirs[what] for what, key in ours.items() if what in theirs}
        taken = set(second_of.values())
        left_first = [key for key in left_first if key not in second_of]
        left_second = [key for key in left_second if key not in taken]
    names = run_names(first.runs)
    pairs = [
        Pair(key, second_of[key], names[key], str(first.runs["dtype"][key]))
        for key in first.runs.index
        if key in second_of
    ]
    return Pairs(pairs, left_first, left_second)


_Identity = Callable[[Side, str], str | None]


def _unique(identity: _Identity, side: Side, keys: list[str]) -> dict[str, str]:
    """Return the run of each identity that one run alone has."""
    known = {key: identity(side, key) for key in keys}
    counts = Counter(known.values())
    return {what: key for key, what in known.items() if what and counts[what] == 1}


def _key(side: Side, key: str) -> str:
    return key


def resolved(config: Mapping[str, Any], **instead: object) -> str:
    """Return what a run's digits follow from: its axes, settings and threads, as text.

    Parameters
    ----------
    config : mapping
    **instead
        Nodes in place of those of `config`.
    """
    asked = {axis: config.get(axis) for axis in AXES} | with_usual(config)
    threads = dict(config.get("limits") or {}).get("threads")
    return node_text([{**asked, **instead}, threads])


def _resolved(side: Side, key: str) -> str:
    return resolved(side.configs[key])


def _resolved_on_the_same_data(side: Side, key: str) -> str | None:
    fingerprint = side.runs["fingerprint"][key]
    if not isinstance(fingerprint, str):
        return None
    return resolved(side.configs[key], dataset=fingerprint)


def _labels(side: Side, key: str) -> str:
    return node_text([str(side.runs[name][key]) for name in LABELS])


_SAID = {
    "weighting": "weighting {}",
    "split": "split {}",
    "init": "init {}",
    "n_components": "n_components {}",
    "seed": "seed {}",
    "case": "case {}",
}


def run_names(runs: pd.DataFrame) -> dict[str, str]:
    """Return what tells each run from the others: its solver, and what varies."""
    told = [
        name
        for name in LABELS
        if name == "solver" or runs[name].nunique(dropna=False) > 1
    ]
    words = {
        key: [
            _SAID.get(name, "{}").format(value)
            for name, value in row
            if value not in ("", "none")
        ]
        for key, row in zip(
            runs.index,
            (
                list(zip(told, values, strict=True))
                for values in runs[told].itertuples(index=False, name=None)
            ),
            strict=True,
        )
    }
    return {key: ", ".join(parts) for key, parts in words.items()}
