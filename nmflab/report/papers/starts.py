"""Which runs the convergence figure averages: those that began at the same factors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from nmflab.report.reading.contests import Contest, Trial

Keys: TypeAlias = Mapping[str, Mapping[int, str]]
"""Key of a run by variant and seed."""


@dataclass(frozen=True)
class Shared:
    """The starts that all solvers of a figure share.

    Parameters
    ----------
    init : str
    seeds : tuple of int
    keys : mapping of variant to mapping of seed to key
        Of the solvers drawn, by name; of the shared seeds only.
    left_out : mapping of variant to str
        Why a solver of this init is not drawn.
    """

    init: str
    seeds: tuple[int, ...]
    keys: Keys
    left_out: Mapping[str, str]


def shared_starts(
    contest: Contest, traced: set[str], hashes: Mapping[str, str]
) -> Shared | None:
    """Return the shared starts of the init with most solvers; None where none is.

    Parameters
    ----------
    contest : Contest
    traced : set of str
        Keys of the runs that have a curve.
    hashes : mapping of key to str
        Of the factors a run began at.
    """
    inits = sorted({trial.init for trial in contest.trials})
    found = [_of_init(contest, init, traced, hashes) for init in inits]
    return max(
        (one for one in found if one),
        key=lambda one: (len(one.keys), len(one.seeds)),
        default=None,
    )


def _of_init(
    contest: Contest, init: str, traced: set[str], hashes: Mapping[str, str]
) -> Shared | None:
    trials = [trial for trial in contest.trials if trial.init == init]
    keys: dict[str, dict[int, str]] = {}
    left_out: dict[str, str] = {}
    for variant in sorted({trial.variant for trial in trials}):
        mine = [trial for trial in trials if trial.variant == variant]
        drawn = {t.seed: t.key for t in mine if t.ok and t.key in traced}
        if drawn:
            keys[variant] = drawn
        else:
            left_out[variant] = _why_none(mine)
    for variant in _elsewhere(keys, hashes):
        del keys[variant]
        left_out[variant] = "it did not begin at the others' factors"
    if not keys:
        return None
    seeds = sorted(set.intersection(*(set(of) for of in keys.values())))
    if not seeds:
        return None
    kept = {name: {s: of[s] for s in seeds} for name, of in keys.items()}
    return Shared(init, tuple(seeds), kept, left_out)


def _why_none(trials: Sequence[Trial]) -> str:
    if any(trial.ok for trial in trials):
        return "none of its runs was traced"
    return "none of its runs finished"


def _elsewhere(keys: Keys, hashes: Mapping[str, str]) -> set[str]:
    """Return the variants that began elsewhere than most, in some seed."""
    odd: set[str] = set()
    for seed in sorted({seed for of in keys.values() for seed in of}):
        began = {
            variant: hashes[of[seed]]
            for variant, of in keys.items()
            if seed in of and hashes.get(of[seed])
        }
        if len(set(began.values())) > 1:
            usual = Counter(began.values()).most_common(1)[0][0]
            odd |= {variant for variant, start in began.items() if start != usual}
    return odd
