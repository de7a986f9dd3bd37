"""Words several datasets use, such as what a 0 means."""

from __future__ import annotations

from enum import Enum


class Zeros(Enum):
    """What a 0 means: a value like any other, or that the cell is unknown."""

    values = "values"
    missing = "missing"


class Storage(Enum):
    """How X is held: as it comes, as a full array, or as compressed sparse rows."""

    auto = "auto"
    dense = "dense"
    csr = "csr"


def settle(dataset: object, key: str, choices: type[Enum]) -> None:
    """Turn a word given for an enumeration into its member, in place.

    Configurations hold members already; Python callers may write ``zeros="missing"``,
    which would otherwise equal neither member and be taken for the other choice.

    Raises
    ------
    ValueError
        For a word that is none of the choices, naming the key and the choices.
    """
    given = getattr(dataset, key)
    if isinstance(given, choices):
        return
    if given not in choices.__members__:
        raise ValueError(
            f"dataset.{key} must be one of {', '.join(choices.__members__)}, got"
            f" {given!r}"
        )
    object.__setattr__(dataset, key, choices[given])  # the dataclass is frozen
