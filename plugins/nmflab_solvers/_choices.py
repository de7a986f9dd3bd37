"""Checks of parameters that are one of a few words."""

from __future__ import annotations

from enum import StrEnum


def check_choice(field: str, value: str, choices: type[StrEnum]) -> None:
    """Raise ValueError unless a field holds one of its choices."""
    if value not in list(choices):
        raise ValueError(
            f"solver.{field} must be one of {', '.join(choices)}, got {value!r}"
        )
