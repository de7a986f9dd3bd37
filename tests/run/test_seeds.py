"""One generator per role and start."""

from __future__ import annotations

import numpy as np
import pytest

from nmflab.run.seeds import role_rng


def test_one_seed_role_and_start_give_one_sequence() -> None:
    """The same call gives the same numbers."""
    first, second = role_rng(3, "init", 1), role_rng(3, "init", 1)
    assert np.array_equal(first.random(8), second.random(8))


def test_roles_starts_and_seeds_give_different_sequences() -> None:
    """No two of them share their numbers."""
    calls = [(3, "init", 0), (3, "init", 1), (3, "solver", 0), (4, "init", 0)]
    drawn = {role_rng(*call).integers(2**63) for call in calls}  # type: ignore[arg-type]
    assert len(drawn) == len(calls)


def test_the_numbers_of_a_role_are_fixed() -> None:
    """Stored results can be had again: role numbers and the derivation never change."""
    by_hand = np.random.SeedSequence(5, spawn_key=(1, 2))
    expected = np.random.default_rng(by_hand).random(4)
    assert np.array_equal(role_rng(5, "solver", 2).random(4), expected)


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_a_seed_is_a_whole_number(seed: object) -> None:
    """Anything else is refused, naming the key."""
    with pytest.raises(ValueError, match=r"seed must be a whole number >= 0"):
        role_rng(seed, "init")  # type: ignore[arg-type]
