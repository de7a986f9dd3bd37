"""Tables of names and values, from nested JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nmflab.report.content import Cell, Column, Table


def key_values(
    table_id: str, caption: str, values: Iterable[tuple[str, str]], what: str = "Name"
) -> Table:
    """Return a table of two columns."""
    rows = [[Cell(name), Cell(value)] for name, value in values]
    return Table(table_id, caption, [Column(what), Column("Value")], rows)


def flattened(node: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Return nested JSON as dotted names and text."""
    found: list[tuple[str, str]] = []
    for name, value in node.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping):
            found += flattened(value, f"{path}.") if value else []
        elif isinstance(value, list | tuple):
            found.append((path, ", ".join(plain(item) for item in value) or "none"))
        else:
            found.append((path, plain(value)))
    return found


def plain(value: object) -> str:
    """Return a value of JSON as a reader writes it: none, yes, no, 3."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={plain(item)}" for name, item in value.items())
    return str(value)
