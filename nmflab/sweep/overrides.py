"""Overrides in Hydra's grammar, read and sorted by what they ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    Override,
    OverrideType,
    QuotedString,
    ValueType,
)
from hydra.errors import OverrideParseException

from nmflab.config import AXES, GROUPS, LISTS, SETTINGS, ConfigError
from nmflab.sweep.misspelt import unknown_key


@dataclass
class Sweeps:
    """Overrides sorted by what they ask for."""

    fixed: list[str] = field(default_factory=list)
    composed: dict[str, list[str]] = field(default_factory=dict)
    plain: dict[str, list[Any]] = field(default_factory=dict)
    cases: list[str] | None = None
    keys: set[str] = field(default_factory=set)


def at_home(arguments: Sequence[str]) -> list[str]:
    """Return the overrides with a leading ``~/`` of a value written out.

    Shells leave ``dataset.path=~/X.csv`` as it is, and Hydra's grammar has no ``~``.
    """
    return [
        f"{key}={literal(str(Path(value).expanduser()))}"
        if value.startswith("~/")
        else text
        for text, key, value in ((a, *a.partition("=")[::2]) for a in arguments)
    ]


def listed(arguments: Sequence[str]) -> list[str]:
    """Return the overrides, ``retry=crash`` written as the list it stands for.

    Hydra composes a master configuration before anything is swept, and refuses there
    what has a comma's meaning for us: one value for a setting that holds several.

    Raises
    ------
    ConfigError
        If an override cannot be read, or a group is given a list in brackets.
    """
    result = []
    for text, override in zip(arguments, _parsed(arguments), strict=True):
        key = override.key_or_group
        value = None if override.is_sweep_override() else override.value()
        if key in GROUPS and isinstance(value, list):
            names = ",".join(map(str, value))
            raise ConfigError(
                f"{text}: {key} takes one name, or several in a sweep: {key}={names}"
            )
        result.append(_setting(override, key) if key in LISTS else text)
    return result


def _parsed(overrides: Sequence[str], loader: Any = None) -> list[Override]:
    parser = OverridesParser.create(config_loader=loader)
    try:
        return list(parser.parse_overrides(list(overrides)))
    except OverrideParseException as error:
        why = error.message.splitlines()[0].partition(" expecting {")[0]
        raise ConfigError(
            f"cannot read the override {error.override} ({why}); write key=value, and"
            " quote a value with special characters, as in \"dataset.path='a b.csv'\""
        ) from error


def merged(
    arguments: Sequence[str], params: Mapping[str, Any], loader: Any
) -> list[Override]:
    """Return the experiment's sweep narrowed by the command line, by key."""
    saved = [f"{key}={_sweep_text(value)}" for key, value in params.items()]
    merged: dict[str, Override] = {}
    for override in _parsed([*saved, *arguments], loader):
        if not override.is_hydra_override():
            merged[override.key_or_group] = override
    return list(merged.values())


def _sweep_text(value: Any) -> str:
    """Return a YAML value of ``hydra.sweeper.params`` as an override's right side."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return ",".join(literal(item) for item in value)
    return literal(value)


def literal(value: Any) -> str:
    """Return a plain value in Hydra's grammar."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if re.fullmatch(r"[A-Za-z0-9_./-]+", value) or value.startswith("${"):
            return value
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{k}:{literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(literal(item) for item in value) + "]"
    return repr(value)


def sort_overrides(overrides: Sequence[Override]) -> Sweeps:
    """Return the overrides by what they ask for: fixed, swept, composed or cases.

    Raises
    ------
    ConfigError
        For keys there are not, reserved ones, and settings that are swept.
    """
    sweeps = Sweeps()
    for override in overrides:
        key = override.key_or_group
        sweeps.keys.add(key)
        root = key.split(".")[0].split("/")[0]
        if root in GROUPS and key == f"{root}.{naming(root)}":
            raise reserved(root)
        if key == "case":
            sweeps.cases = [str(value) for value in _values(override)]
        elif root in AXES:
            _sort_axis(override, key, sweeps)
        elif root in (*SETTINGS, "experiment"):
            sweeps.fixed.append(_setting(override, key))
        else:
            raise ConfigError(unknown_key(key, (*AXES, *SETTINGS, "case")))
    return sweeps


def naming(group: str) -> str:
    """Return the field that says which choice of a group a node is."""
    return "loss" if group == "objective" else "name"


def reserved(group: str) -> ConfigError:
    """Return the error for setting that field."""
    return ConfigError(
        f"{group}.{naming(group)} cannot be set: it says which {group} this is; choose"
        f" with {group}=<name>"
    )


def _sort_axis(override: Override, key: str, sweeps: Sweeps) -> None:
    if not override.is_sweep_override():
        if "${oc.env" in str(override.input_line):
            raise ConfigError(
                f"{override.input_line}: an axis may not depend on the environment,"
                " for then the record would not say what was run; give the value"
            )
        sweeps.fixed.append(str(override.input_line))
        return
    values = _values(override)
    simple = override.type == OverrideType.CHANGE and all(map(_is_plain, values))
    if key in GROUPS or not simple:
        prefix = override.get_key_element()
        sweeps.composed[key] = [f"{prefix}={literal(value)}" for value in values]
    else:
        sweeps.plain[key] = values


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return "${" not in value
    return value is None or isinstance(value, int | float)


def _values(override: Override) -> list[Any]:
    if not override.is_sweep_override():
        return [override.value()]
    if override.value_type == ValueType.INTERVAL_SWEEP:
        raise ConfigError(
            f"{override.input_line}: an interval has no list of values; give some, as"
            f" in {override.key_or_group}=range(0,1,0.25)"
        )
    values = list(override.sweep_iterator())
    if not values:
        raise ConfigError(
            f"{override.input_line}: there is no value in it, so nothing would be run"
        )
    return [v.text if isinstance(v, QuotedString) else v for v in values]


def _setting(override: Override, key: str) -> str:
    """Return a setting's override; on a setting that holds a list a comma makes one."""
    if key in LISTS:
        values = _values(override) if override.is_sweep_override() else override.value()
        if values is None or isinstance(values, str):
            values = [values] if values else []
        return f"{key}={literal(values)}"
    if override.is_sweep_override():
        raise ConfigError(
            f"{override.input_line}: {key} is a setting, and settings do not sweep;"
            " give one value, or compare variants with cases={...}"
        )
    return str(override.input_line)
