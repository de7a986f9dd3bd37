"""From a plain configuration node to the plugin's object, checked on the way."""

from __future__ import annotations

import dataclasses
import difflib
import json
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any

RESERVED = frozenset({"name", "seed"})
"""Keys of a node that are the framework's, not the plugin's."""


def build(cls: type[Any], node: Mapping[str, Any], key: str) -> Any:
    """Return ``cls(**node)`` with enum members and nested dataclasses in place.

    Parameters
    ----------
    cls : type
        A plugin's frozen dataclass.
    node : mapping
        Plain values; ``name`` and ``seed`` are left out where the class has no such
        field.
    key : str
        Where the node stands in the configuration, for messages: "solver".

    Raises
    ------
    ValueError
        For a parameter the class does not have (naming those it has), a value it
        refuses, or an enum member that does not exist.
    """
    fields = {f.name: f for f in dataclasses.fields(cls)}
    hints = _hints(cls)
    values = {}
    for name, value in node.items():
        if name in fields:
            values[name] = _converted(hints[name], value, f"{key}.{name}")
        elif name not in RESERVED:
            raise ValueError(unknown_parameter(cls, name, key))
    try:
        return cls(**values)
    except TypeError as error:
        raise ValueError(f"{key}: {error}") from error


def built_once(cls: type[Any], node: Mapping[str, Any], key: str) -> Any:
    """Return what `build` does; the same object for the same node.

    Raises
    ------
    ValueError
        As `build`.
    """
    asked = (cls, json.dumps(node, sort_keys=True))
    if asked not in _BUILT:
        if len(_BUILT) >= _MOST_BUILT:
            _BUILT.clear()
        _BUILT[asked] = build(cls, node, key)
    return _BUILT[asked]


_BUILT: dict[tuple[type[Any], str], Any] = {}
_MOST_BUILT = 4096


def default_object(cls: type[Any]) -> Any:
    """Return a plugin with its defaults; None where a parameter must be given."""
    missing = dataclasses.MISSING
    for field in dataclasses.fields(cls):
        if field.default in (missing, "???") and field.default_factory is missing:
            return None
    return built_once(cls, {}, cls.__name__)


def changes(one: object, other: Any) -> list[str]:
    """Return the parameters that lead from one configured plugin to another.

    As they are written in overrides, ``["method=mu"]``; all of them from None.
    """
    return [
        f"{field.name}={_word(getattr(other, field.name))}"
        for field in dataclasses.fields(other)
        if one is None or getattr(one, field.name) != getattr(other, field.name)
    ]


def _word(value: object) -> str:
    if isinstance(value, Enum):
        return value.name
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def unknown_parameter(cls: type[Any], name: str, key: str) -> str:
    """Return the sentence that says a class has no such parameter."""
    known = [f.name for f in dataclasses.fields(cls) if f.name not in RESERVED]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    has = f"it has {', '.join(known)}" if known else "it has none"
    return f"{key}.{name}: {cls.__name__} has no parameter '{name}'; {has}{hint}"


_HINTS: dict[type[Any], dict[str, Any]] = {}


def _hints(cls: type[Any]) -> dict[str, Any]:
    if cls not in _HINTS:
        _HINTS[cls] = typing.get_type_hints(cls)
    return _HINTS[cls]


def _converted(hint: Any, value: Any, key: str) -> Any:
    kinds = typing.get_args(hint) or (hint,)
    for kind in kinds:
        if not isinstance(kind, type):
            continue
        if issubclass(kind, Enum) and isinstance(value, str):
            if value not in kind.__members__:
                raise ValueError(
                    f"{key}={value}: choose from {', '.join(kind.__members__)}"
                )
            return kind[value]
        if dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
            return build(kind, value, key)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
    return value
