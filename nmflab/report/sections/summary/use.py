"""Which solver, start and size to use, in sentences; or why nothing says so."""

from __future__ import annotations

from collections.abc import Sequence

from nmflab.report.content import Sentence
from nmflab.report.numbers import brief, count, listed, number, seconds
from nmflab.report.reading.groups import Group
from nmflab.report.sections.results.boards import Pool, Standing
from nmflab.report.sections.results.cells import is_exact, percent_more
from nmflab.report.sections.summary.findings import Findings
from nmflab.report.sections.summary.uncompared import uncompared

MOST_PLACES = 3
"""Data sets up to which each has its own sentences."""

MOST_SIZES = 3
"""Sizes of one data set up to which each has its own sentence."""


def use_sentences(found: Findings) -> list[Sentence]:
    """Return which solver and start came lowest, or why nothing can be concluded."""
    if not found.groups:
        return [Sentence("No conclusion can be drawn: no run finished.", "failures")]
    if not found.places:
        return [Sentence(uncompared(found.groups, found.error), "results")]
    if len(found.places) > MOST_PLACES:
        return [Sentence(text, "results") for text in _over(found.pools, found.clock)]
    return [
        Sentence(text, "results")
        for pools in found.places.values()
        for text in _of_place(pools, found.clock)
    ]


def _of_place(found: Sequence[Pool], clock: str) -> list[str]:
    if len(found) <= MOST_SIZES:
        return [_one(pool, clock) for pool in found]
    sizes = f"{count(len(found), 'size')} of {found[0].place}{_start(found[0])}"
    return _counted(found, f"Over {sizes}", clock)


def _one(pool: Pool, clock: str) -> str:
    """Return what came first in one comparison, by how much, and what it cost."""
    where = f"On {_where(pool)}"
    tied = pool.tied
    if len(pool.boards) == 1 and any(_mixed(one.groups[0]) for one in pool.standings):
        return _by_chance(pool, where)
    if len(tied) < 2:
        return _won(pool, where)
    return _tied(pool, where, tied, clock)


def _mixed(group: Group) -> bool:
    """Return whether some seeds fit exactly and others do not."""
    return 0 < group.n_exact < group.n_seeds


def _by_chance(pool: Pool, where: str) -> str:
    """Return how many seeds of each setting fit exactly; means say little there.

    Two settings are told apart where the 95 % intervals of their shares do not overlap.
    """
    shares = [(one.name, one.groups[0]) for one in pool.standings]
    shares.sort(key=lambda pair: -pair[1].n_exact / pair[1].n_seeds)
    each = [f"{name} in {g.n_exact} of {g.n_seeds}" for name, g in shares]
    text = f"{where} the seed decides whether the fit is exact: {listed(each)}"
    (first, group), (_, second) = shares[0], shares[1]
    least = _interval(group)[0]
    if least > _interval(second)[1]:
        return f"{text} seeds fit exactly. Use {first}."
    alike = [name for name, g in shares if _interval(g)[1] >= least]
    return (
        f"{text} seeds fit exactly; no difference can be told between {listed(alike)}."
    )


def _interval(group: Group) -> tuple[float, float]:
    """Return Wilson's 95 % interval of the share of seeds that fit exactly."""
    from scipy.stats import binomtest

    found = binomtest(group.n_exact, group.n_seeds).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def _where(pool: Pool) -> str:
    size = count(pool.best.n_components, "component")
    folds = len(pool.boards)
    over = f" (mean over {count(folds, 'fold')})" if folds > 1 else ""
    comma = "," if "," in pool.place else ""
    return f"{pool.place}{comma} with {size}{_start(pool)}{over}"


def _start(pool: Pool) -> str:
    """Return the start, where all began from one kind and none is named with it."""
    first = pool.standings[0]
    init = first.groups[0].init
    return f" and init {init}" if first.lone_start and init else ""


def _won(pool: Pool, where: str) -> str:
    first, second = pool.standings[0], pool.standings[1]
    value = "" if len(pool.boards) > 1 else f", {_value(pool.best)}"
    if len(pool.boards) == 1 and is_exact(pool.best):
        head = f"{where}, use {first.name}: it fits exactly, as no other did"
        return f"{head}; next came {second.name} with {_value(second.groups[0])}."
    after = _next(pool, second)
    return (
        f"{where}, use {first.name}: it reached the lowest objective{value}; next came"
        f" {second.name}, {after}{_caution(pool)}."
    )


def _next(pool: Pool, second: Standing) -> str:
    """Return how far the second lies above the first, with its value where of one."""
    gap = second.gap
    more = "" if gap is None else percent_more(gap).lstrip("+")
    above = f"{more} {'as high' if more.endswith('times') else 'above it'}"
    if len(pool.boards) > 1:
        return above
    return (
        f"{above}, with {_value(second.groups[0])}"
        if more
        else _value(second.groups[0])
    )


def _value(group: Group) -> str:
    stat = group.objective
    if stat is None:
        return "not known"
    if stat.sd is None:
        return f"{number(stat.mean)} (one run)"
    return f"{brief(stat.mean, stat.sd)} over {stat.n} seeds"


def _caution(pool: Pool) -> str:
    seeds = {group.n_seeds for one in pool.standings[:2] for group in one.groups}
    if seeds == {1} and len(pool.boards) == 1:
        return ". Each is one run, so chance cannot be ruled out"
    return ""


def _tied(pool: Pool, where: str, tied: Sequence[Standing], clock: str) -> str:
    """Return who tied, how far apart at most, the cheapest of them, and who is next."""
    names = listed([one.name for one in tied])
    if len(pool.boards) == 1 and all(is_exact(one.groups[0]) for one in tied):
        text = f"{where}, {names} all fit exactly"
    else:
        worst = max((one.gap for one in tied if one.gap is not None), default=0.0)
        apart = percent_more(worst).lstrip("+") if worst else ""
        by = f"their mean objectives differ by {apart}, " if apart else ""
        text = (
            f"{where}, {names} tie for the lowest objective: {by}within the spread over"
            f" {'folds' if len(pool.boards) > 1 else 'seeds'} or below 0.1 %"
        )
    return f"{text}{_cheapest(tied, clock)}{_behind(pool, tied)}."


def _cheapest(tied: Sequence[Standing], clock: str) -> str:
    """Return which of those tied took the least processor time."""
    costs = [(one.cpu, one) for one in tied if one.cpu is not None]
    if len(costs) < 2:
        return ""
    ordered = sorted(costs, key=lambda pair: pair[0])
    (least, first), (most, _) = ordered[0], ordered[-1]
    if least <= 0 or most < 1.1 * least:
        return f"; they cost about the same{clock}"
    return (
        f"; {first.name} is the cheapest of them, with {seconds(least)} of processor"
        f" time a run{clock} against up to {seconds(most)}"
    )


def _behind(pool: Pool, tied: Sequence[Standing]) -> str:
    rest = [one for one in pool.standings if one not in tied and one.gap is not None]
    if not rest or rest[0].gap is None:
        return ""
    return f"; next came {rest[0].name}, {percent_more(rest[0].gap)}"


def _over(found: Sequence[Pool], clock: str) -> list[str]:
    """Return who was first how often, over many data sets."""
    n = len({pool.place for pool in found})
    what = "comparison" if len(found) == n else f"comparison of {n} data sets"
    plural = what.replace("comparison", "comparisons")
    return _counted(found, f"Over {count(len(found), what, plural)}", clock)


def _counted(found: Sequence[Pool], where: str, clock: str) -> list[str]:
    """Return how often each setting was first alone, and how often tied or first."""
    wins: dict[str, int] = {}
    near: dict[str, int] = {}
    met: dict[str, int] = {}
    for pool in found:
        tied = pool.tied
        for one in pool.standings:
            met[one.name] = met.get(one.name, 0) + 1
        for one in tied:
            near[one.name] = near.get(one.name, 0) + 1
        if len(tied) == 1:
            wins[tied[0].name] = wins.get(tied[0].name, 0) + 1
    ties = len(found) - sum(wins.values())
    order = sorted(near, key=lambda name: (-near[name], -wins.get(name, 0)))
    told = [
        f"{name} in {near[name]} of {met[name]}"
        + (f" (alone in {wins[name]})" if name in wins else "")
        for name in order
    ]
    text = f"{where}, the lowest objective was reached, alone or tied, by"
    text = f"{text} {listed(told, 4)}; {count(ties, 'tie') if ties else 'no ties'}."
    return [text, *_cheapest_of_ties(found, clock)]


def _cheapest_of_ties(found: Sequence[Pool], clock: str) -> list[str]:
    """Return who took least time how often, where several tied."""
    least: dict[str, int] = {}
    for pool in found:
        costs = [(one.cpu, one.name) for one in pool.tied if one.cpu is not None]
        if len(costs) > 1:
            name = min(costs)[1]
            least[name] = least.get(name, 0) + 1
    total = sum(least.values())
    if not total:
        return []
    order = sorted(least.items(), key=lambda item: -item[1])
    who = order[0][0]
    if len(order) > 1:
        who = listed([f"{name} in {n}" for name, n in order], 4)
    ties = "the one tie" if total == 1 else f"{total} ties"
    return [
        f"In {ties}, the cheapest by processor time{clock} of those that tied was"
        f" {who}."
    ]
