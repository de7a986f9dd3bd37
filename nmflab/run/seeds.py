"""Random generators: one per role and start, all from the one seed of a run.

A generator is ``default_rng(SeedSequence(seed, spawn_key=(role, start)))``. The roles
have fixed numbers, so a new role, another solver or one more restart changes no other
generator's numbers.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

Role: TypeAlias = Literal["init", "solver", "dataset", "split"]

# Numbers are part of every stored result: add, never renumber.
_NUMBERS: dict[str, int] = {"init": 0, "solver": 1, "dataset": 2, "split": 3}


def role_rng(seed: int, role: Role, start: int = 0) -> np.random.Generator:
    """Return the generator of one role in one start of a run.

    Parameters
    ----------
    seed : int, at least 0
        The run's ``seed``; for "dataset" and "split", their own.
    role : {"init", "solver", "dataset", "split"}
    start : int
        Index of the start, 0 without restarts.

    Raises
    ------
    ValueError
        If the seed is negative or no whole number.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be a whole number >= 0, got {seed!r}; give seed=0")
    sequence = np.random.SeedSequence(seed, spawn_key=(_NUMBERS[role], start))
    return np.random.default_rng(sequence)
