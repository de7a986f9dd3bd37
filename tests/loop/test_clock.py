"""The stopwatch of a solver."""

from __future__ import annotations

from dataclasses import dataclass

from nmflab.loop.clock import Clock


@dataclass
class Hands:
    """Two readings that only move when told."""

    wall: float = 10.0
    cpu: float = 3.0


def a_clock(hands: Hands) -> Clock:
    """Return a clock that reads the hands."""
    return Clock(wall=lambda: hands.wall, cpu=lambda: hands.cpu)


def test_a_new_clock_stands_at_zero() -> None:
    """It starts paused, whatever the hands show."""
    hands = Hands()
    clock = a_clock(hands)
    hands.wall += 5
    assert (clock.seconds, clock.cpu_seconds) == (0.0, 0.0)


def test_only_the_stretches_between_resume_and_pause_count() -> None:
    """Two stretches of 2 s wall and 1 s cpu, 7 s apart, make 4 s and 2 s."""
    hands = Hands()
    clock = a_clock(hands)
    for _ in range(2):
        clock.resume()
        hands.wall, hands.cpu = hands.wall + 2, hands.cpu + 1
        clock.pause()
        hands.wall, hands.cpu = hands.wall + 7, hands.cpu + 7
    assert (clock.seconds, clock.cpu_seconds) == (4.0, 2.0)


def test_a_running_clock_shows_the_stretch_so_far() -> None:
    """A reading does not wait for the pause."""
    hands = Hands()
    clock = a_clock(hands)
    clock.resume()
    hands.wall, hands.cpu = hands.wall + 1.5, hands.cpu + 0.5
    assert (clock.seconds, clock.cpu_seconds) == (1.5, 0.5)


def test_resume_and_pause_do_nothing_the_second_time() -> None:
    """Neither loses nor counts a stretch twice."""
    hands = Hands()
    clock = a_clock(hands)
    clock.resume()
    hands.wall += 1
    clock.resume()
    hands.wall += 1
    clock.pause()
    clock.pause()
    assert clock.seconds == 2.0
