"""Rounds and shares of successive halving, by hand."""

from __future__ import annotations

import pytest

from nmflab.stopping import StopSettings
from nmflab.stopping.halving import Budget, Share, check_halving, places

STEPS = StopSettings(kkt=None, max_steps=320)


@pytest.mark.parametrize(
    ("n_starts", "halving", "expected"),
    [
        (1, 2, (1,)),
        (2, 2, (2, 1)),
        (5, 2, (5, 3, 2, 1)),
        (8, 2, (8, 4, 2, 1)),
        (9, 3, (9, 3, 1)),
        (10, 3, (10, 4, 2, 1)),
        (3, 10, (3, 1)),
    ],
)
def test_one_start_in_so_many_goes_on_rounded_up(
    n_starts: int, halving: int, expected: tuple[int, ...]
) -> None:
    """Down to one, odd numbers included."""
    assert places(n_starts, halving) == expected


def test_there_are_as_many_rounds_as_the_published_rule_has() -> None:
    """``⌈log_η m⌉ + 1``, the logarithm as the least power that reaches m."""
    for halving in (2, 3, 4, 10):
        for n_starts in range(1, 1001):
            least = next(p for p in range(11) if halving**p >= n_starts)
            assert len(places(n_starts, halving)) == least + 1


def test_a_share_is_an_equal_part_of_what_is_left() -> None:
    """Steps are whole, rounded down; what is not limited stays so."""
    both = Budget(max_steps=100, max_seconds=8.0)
    assert both.share(10, 2.0, 4) == Share(n_steps=22, seconds=1.5)
    assert both.share(130, 9.0, 4) == Share(n_steps=0, seconds=0.0)
    free = Budget(max_steps=None, max_seconds=None)
    assert free.share(10, 2.0, 4) == Share(n_steps=None, seconds=None)


def test_either_limit_uses_the_budget_up() -> None:
    """Steps are named first, as the loop names them."""
    both = Budget(max_steps=100, max_seconds=8.0)
    assert both.used_up(99, 7.9) is None
    assert both.used_up(100, 9.0) == "max_steps"
    assert both.used_up(99, 8.0) == "max_seconds"
    assert both.named("max_seconds") == "stop.max_seconds=8.0"


@pytest.mark.parametrize("halving", [1, 0, -2, True, 2.5, "2"])
def test_what_halves_nothing_is_refused(halving: object) -> None:
    """The key and the value are named, and a way out."""
    with pytest.raises(ValueError, match=r"halving must be a whole number >= 2, got"):
        check_halving(halving, 8, STEPS)


def test_a_race_without_a_budget_is_refused() -> None:
    """With the default kkt alone each start would go on to its end."""
    with pytest.raises(ValueError, match=r"none is set; set stop.max_steps or"):
        check_halving(2, 8, StopSettings(max_steps=None))
    check_halving(2, 8, StopSettings(max_steps=None, max_seconds=1.0))


def test_a_budget_gives_each_start_a_step_in_the_first_round() -> None:
    """Eight starts and four equal rounds need 32 steps."""
    check_halving(2, 8, StopSettings(max_steps=32))
    with pytest.raises(ValueError, match=r"at least 32, .* of 4 equal rounds, got 31"):
        check_halving(2, 8, StopSettings(max_steps=31))


def test_a_single_start_races_nobody() -> None:
    """What is set for several does not stand in the way of one."""
    check_halving(2, 1, StopSettings(max_steps=None))
    check_halving(None, 8, StopSettings(max_steps=1))
