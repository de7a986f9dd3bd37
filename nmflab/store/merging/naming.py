"""One name a thing: labels that mean different things in different studies, parted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from nmflab.store.merging.facts import Renamed
from nmflab.store.merging.planned import GROUPS, Row

_Why: TypeAlias = Literal["data", "code", "parameters"]
_Meaning: TypeAlias = tuple[str, ...]


def rename(rows: Sequence[Row]) -> list[Renamed]:
    """Give every meaning one label, in place; return the names that had two meanings.

    The meaning of a solver's label takes in its parameters, the settings of its runs
    and its source; of a data set's, the fingerprint of the data.
    """
    _settle_data(rows)
    found: list[Renamed] = []
    for axis in GROUPS:
        found += _rename_axis(rows, axis)
    return found


def _settle_data(rows: Sequence[Row]) -> None:
    """Take data that one study never loaded for those of that name elsewhere."""
    known: dict[str, str] = {}
    for row in rows:
        if row.meanings["data"]:
            known.setdefault(str(row.labels["dataset"]), row.meanings["data"])
    for row in rows:
        if not row.meanings["data"]:
            label = str(row.labels["dataset"])
            row.meanings["data"] = known.get(label, row.meanings["dataset"])


def _meaning(row: Row, axis: str) -> _Meaning:
    """Return the parts of a meaning, the one that parameters are told by first."""
    said = row.meanings
    if axis == "dataset":
        return (said["data"],)
    if axis == "solver":
        return (said["solver"], said["settings"], said["code of solver"])
    if axis == "init":
        return (said["init"], said["code of init"])
    return (said[axis],)


def _rename_axis(rows: Sequence[Row], axis: str) -> list[Renamed]:
    studies: dict[_Meaning, list[str]] = {}
    labels: dict[_Meaning, list[str]] = {}
    of_rows = [_meaning(row, axis) for row in rows]
    for row, meaning in zip(rows, of_rows, strict=True):
        tags = studies.setdefault(meaning, [])
        if row.study.tag not in tags:
            tags.append(row.study.tag)
        labels.setdefault(meaning, []).append(str(row.labels[axis]))
    # The longest label is of the study that had the most to tell apart.
    names = {m: max(dict.fromkeys(said), key=len) for m, said in labels.items()}
    new = dict(names)
    found: list[Renamed] = []
    for name in dict.fromkeys(names.values()):
        clash = [meaning for meaning in names if names[meaning] == name]
        apart = len({tag for meaning in clash for tag in studies[meaning]}) > 1
        if len(clash) > 1 and apart:
            parted, why = _parted(axis, name, clash, studies)
            new |= parted
            told = {parted[m]: tuple(studies[m]) for m in clash}
            found.append(Renamed(axis, name, why, told))
    for row, meaning in zip(rows, of_rows, strict=True):
        row.labels[axis] = new[meaning]
    return found


def _parted(
    axis: str,
    name: str,
    clash: Sequence[_Meaning],
    studies: Mapping[_Meaning, Sequence[str]],
) -> tuple[dict[_Meaning, str], _Why]:
    """Return a name for each of several meanings of one, and what they differ in."""
    by_study = {m: f"{name} [{', '.join(studies[m])}]" for m in clash}
    if axis == "dataset":
        return by_study, "data"
    n_code = 1 if axis in ("init", "solver") else 0
    told = {m: _flat(m[: len(m) - n_code]) for m in clash}
    differing = [
        key
        for key in dict.fromkeys(key for flat in told.values() for key in flat)
        if len({flat.get(key) for flat in told.values()}) > 1
    ]
    spelled = {m: _with(name, differing, flat) for m, flat in told.items()}
    if differing and len(set(spelled.values())) == len(clash):
        return spelled, "parameters"
    why: _Why = "parameters" if differing else "code"
    return by_study, why


def _flat(parts: Iterable[str]) -> dict[str, str]:
    """Return nested JSON as dotted names and values as they are written."""
    found: dict[str, str] = {}
    for part in parts:
        _flatten(json.loads(part), "", found)
    return found


def _flatten(value: object, name: str, found: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _flatten(item, f"{name}.{key}" if name else str(key), found)
    else:
        found[name] = value if isinstance(value, str) else json.dumps(value)


def _with(name: str, keys: Sequence[str], values: Mapping[str, str]) -> str:
    said = ", ".join(f"{key}={values.get(key, 'unset')}" for key in keys)
    return f"{name[:-1]}, {said})" if name.endswith(")") else f"{name}({said})"
