"""How much sooner one solver reached its targets than another."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crossings import Clock, Run, Time, times, totals


@dataclass(frozen=True)
class Ratio:
    """How many times as long as ours the peer took, for one seed.

    Parameters
    ----------
    value : float
        0 where ours did not reach the target.
    at_least : bool
        Whether the peer had not reached it when its time was over.
    """

    value: float
    at_least: bool = False


def ratio(ours: Time, peer: Time, peer_total: Time) -> Ratio:
    """Return ``peer / ours``; a peer that never arrived counts with all its time.

    Where ours never arrived it lost, whatever the peer did: 0.
    """
    if ours is None:
        return Ratio(0.0)
    late = peer is None
    seconds = peer_total if peer is None else peer
    if seconds is None:
        raise ValueError("a peer without any run has no ratio; give one that ran")
    return Ratio(seconds / ours if ours > 0 else math.inf, at_least=late)


@dataclass(frozen=True, kw_only=True)
class Race:
    """Ours against a peer from the same starts to the same targets.

    Parameters
    ----------
    ours, peer : mapping
        Seed to the time to that seed's target.
    ratios : mapping
        Seed to ratio.
    """

    ours: Mapping[int, Time]
    peer: Mapping[int, Time]
    ratios: Mapping[int, Ratio]

    @property
    def middle(self) -> Ratio:
        """The median over seeds, the lower of the two middle ones of an even number.

        A bound counts as the value it is at least; the median is one where that value,
        or a lower one, is one.
        """
        ordered = self.ordered
        place = (len(ordered) - 1) // 2
        return Ratio(
            ordered[place].value, any(each.at_least for each in ordered[: place + 1])
        )

    @property
    def ordered(self) -> list[Ratio]:
        """The ratios from lowest to highest."""
        return sorted(self.ratios.values(), key=lambda each: each.value)


def race(
    ours: Sequence[Run],
    peer: Sequence[Run],
    target: Callable[[int], float],
    clock: Clock = "cpu_seconds",
) -> Race | None:
    """Race the runs of two solvers to one target a seed; None without a common seed.

    Parameters
    ----------
    ours, peer : sequence of Run
        All of one problem and size.
    target : callable
        Gets a seed.
    clock : {"cpu_seconds", "seconds"}
    """
    mine = times(ours, lambda run: target(run.seed), clock)
    theirs = times(peer, lambda run: target(run.seed), clock)
    spent = totals(peer, clock)
    common = [seed for seed in mine if seed in theirs]
    if not common:
        return None
    return Race(
        ours={seed: mine[seed] for seed in common},
        peer={seed: theirs[seed] for seed in common},
        ratios={s: ratio(mine[s], theirs[s], spent[s]) for s in common},
    )
