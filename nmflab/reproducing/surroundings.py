"""What differs around the digits: versions, machines, configurations, data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name

from nmflab.config import AXES, PER_RUN
from nmflab.report.tables import flattened
from nmflab.reproducing.pairing import Pair, Side, resolved
from nmflab.reproducing.settings import usual_settings, with_usual

ABSENT = "–"
"""What stands where one of the two has nothing."""

_NO_RESULT = ("study", "dry_run", "report", "retry", "fail_fast", "metric", "cases")
"""Settings that change no run, and the parameters of metrics, which are told apart."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that is not the same in both.

    Parameters
    ----------
    what : str
    first, second : str
        As it is in each; `ABSENT` where it is not there.
    n_runs : int
        Runs it concerns; 0 for all.
    """

    what: str
    first: str
    second: str
    n_runs: int = 0


@dataclass(frozen=True)
class Surroundings:
    """What differs around the runs of two studies.

    Parameters
    ----------
    versions : list of Changed
        Python, machine, and distributions that results depend on.
    other_versions : list of Changed
        Other distributions installed.
    sources : list of str
        Code whose source is not the same: "nmflab's loop or numerics".
    configuration : list of Changed
        Keys of the configuration, by runs.
    data : list of Changed
        Fingerprints.
    """

    versions: list[Changed]
    other_versions: list[Changed]
    sources: list[str]
    configuration: list[Changed]
    data: list[Changed]


def surroundings(first: Side, second: Side, pairs: Sequence[Pair]) -> Surroundings:
    """Return what differs around the runs of two studies."""
    ours, theirs = first.sweep.provenance, second.sweep.provenance
    near, far = _distributions(ours, theirs)
    return Surroundings(
        versions=[*_machines(ours, theirs), *near],
        other_versions=far,
        sources=_sources(ours, theirs),
        configuration=[
            *_settings(first, second),
            *_configurations(first, second, pairs),
        ],
        data=_data(first, second, pairs),
    )


_MACHINE = ("python", "platform", "cpu", "cores", "threads")


def _machines(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Changed]:
    for name in _MACHINE:
        yield from _change(name, ours.get(name), theirs.get(name))
    before, after = _blas(ours.get("blas")), _blas(theirs.get("blas"))
    # Only libraries that are loaded already are seen: one may have been loaded later.
    if not (before <= after or after <= before):
        yield from _change("BLAS", ", ".join(sorted(before)), ", ".join(sorted(after)))


def _blas(libraries: Any) -> set[str]:
    """Return the libraries in words; Any: what an older or newer nmflab recorded."""
    if not isinstance(libraries, list):
        return set()
    names = ("internal_api", "version", "architecture", "threading_layer")
    kept = [one for one in libraries if isinstance(one, Mapping)]
    # One library may be loaded more than once, by NumPy and by SciPy.
    return {" ".join(str(one[n]) for n in names if one.get(n)) for one in kept}


def _change(what: str, before: object, after: object) -> Iterator[Changed]:
    a, b = (ABSENT if one is None else str(one) for one in (before, after))
    if a != b:
        yield Changed(what, a, b)


def _distributions(
    ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> tuple[list[Changed], list[Changed]]:
    """Return the distributions that results depend on, and the others that differ."""
    before, after = _mapping(ours, "versions"), _mapping(theirs, "versions")
    named: set[str] = {*_mapping(ours, "origins"), *_mapping(theirs, "origins")}
    kinds = [*_mapping(ours, "plugins").values(), *_mapping(theirs, "plugins").values()]
    named |= {
        str(plugin.get("distribution"))
        for kind in kinds
        if isinstance(kind, Mapping)
        for plugin in kind.values()
        if isinstance(plugin, Mapping)
    }
    used = {canonicalize_name(str(name)) for name in ("nmflab", *named)}
    near: list[Changed] = []
    far: list[Changed] = []
    for name in sorted({*before, *after}, key=str.lower):
        into = near if canonicalize_name(name) in used else far
        into += _change(name, before.get(name), after.get(name))
    return near, far


def _mapping(provenance: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = provenance.get(name)
    return found if isinstance(found, Mapping) else {}


_SHORTEST_HASH = 20


def _sources(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return the code whose hash is not the same; versions are told by name."""
    before, after = _mapping(ours, "origins"), _mapping(theirs, "origins")
    return [
        what
        for what, hashed in before.items()
        if what in after
        and after[what] != hashed
        and len(str(hashed)) > _SHORTEST_HASH
        and not what.startswith("the data of ")
    ]


def _settings(first: Side, second: Side) -> Iterator[Changed]:
    """Yield the settings that are of all runs, and the parameters of metrics asked."""
    before, after = (_of_all_runs(side.sweep.base) for side in (first, second))
    for name in dict.fromkeys((*before, *after)):
        yield from _change(name, before.get(name), after.get(name))


def _of_all_runs(base: Mapping[str, Any]) -> dict[str, str]:
    apart = (*AXES, *PER_RUN, *_NO_RESULT)
    every = {**usual_settings(), **base}  # an earlier nmflab knew fewer
    settings = {name: node for name, node in every.items() if name not in apart}
    asked = base.get("metrics") or []
    known = base.get("metric") or {}
    return {
        **dict(flattened(settings)),
        **dict(flattened({"metric": {n: known[n] for n in asked if n in known}})),
    }


def _configurations(
    first: Side, second: Side, pairs: Sequence[Pair]
) -> Iterator[Changed]:
    """Yield what was resolved otherwise for runs that are a pair, with how many."""
    counted: dict[tuple[str, str, str], int] = {}
    for pair in pairs:
        before, after = first.configs[pair.first], second.configs[pair.second]
        if resolved(before) == resolved(after):
            continue
        ours, theirs = _own(before), _own(after)
        if _is_same_data(first, second, pair):
            ours, theirs = _without_data(ours), _without_data(theirs)
        for name in dict.fromkeys((*ours, *theirs)):
            for one in _change(name, ours.get(name), theirs.get(name)):
                what = (one.what, one.first, one.second)
                counted[what] = counted.get(what, 0) + 1
    for (name, before_text, after_text), n in counted.items():
        yield Changed(name, before_text, after_text, n)


def _is_same_data(first: Side, second: Side, pair: Pair) -> bool:
    """Return whether data were handed over on one side, and are the same on both."""
    sides = ((first, pair.first), (second, pair.second))
    prints = {side.runs["fingerprint"][key] for side, key in sides}
    names = {dict(side.configs[key]["dataset"]).get("name") for side, key in sides}
    return len(prints) == 1 and "array" in names


def _own(config: Mapping[str, Any]) -> dict[str, str]:
    axes = {axis: config.get(axis) for axis in AXES}
    return dict(flattened({**axes, **with_usual(config)}))


def _without_data(config: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in config.items() if k.partition(".")[0] != "dataset"}


def _data(first: Side, second: Side, pairs: Sequence[Pair]) -> list[Changed]:
    """Return the data whose fingerprint is not the same in runs that are a pair."""
    before = first.runs.loc[[pair.first for pair in pairs]]
    after = second.runs.loc[[pair.second for pair in pairs]]
    counted: dict[tuple[str, str, str], int] = {}
    for label, a, b in zip(
        before["dataset"], before["fingerprint"], after["fingerprint"], strict=True
    ):
        if isinstance(a, str) and isinstance(b, str) and a != b:
            counted[str(label), a, b] = counted.get((str(label), a, b), 0) + 1
    return [Changed(*what, n) for what, n in counted.items()]


_SCRUBBED = re.compile(r"machine \d+")
"""What an export writes in place of a host: another in another archive."""


def machine_of(provenance: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return what identifies a machine; None where the record does not say its host."""
    host = str(provenance.get("host") or "")
    if not host or _SCRUBBED.fullmatch(host):
        return None
    names = ("host", "cpu", "cores", "platform")
    return tuple(str(provenance.get(name)) for name in names)
