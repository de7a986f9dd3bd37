"""How sure it is: seeds, optima, components that come back, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from nmflab.numerics.census import SAME_OBJECTIVE
from nmflab.report.content import Prose, Section, Sentence
from nmflab.report.numbers import count
from nmflab.report.reading.groups import Group
from nmflab.report.sections.aligned.found import Counted
from nmflab.report.sections.aligned.section import LOOSE
from nmflab.report.sections.stability.matching import STABLE, Stability
from nmflab.report.sections.summary.findings import Findings
from nmflab.statistics import EXACT

_FEW = 2
"""Settings up to which each has its own sentence."""

_ENOUGH = 3
"""Seeds from which a spread is more than rough."""


def tested_sentences(sections: Sequence[Section]) -> list[Sentence]:
    """Return what comparisons over several data sets lead with, if there are any."""
    for section in sections:
        if section.id == "comparisons":
            said = [one.text for one in section.blocks if isinstance(one, Prose)]
            if said and said[0].startswith(("Over ", "On these ")):
                return [Sentence(said[0], section.id)]
    return []


def sure_sentences(found: Findings) -> list[Sentence]:
    """Return how many seeds there were, the optima they found and what came back."""
    if not found.groups:
        return []
    if all(group.n_seeds == 1 for group in found.groups):
        return [_single(found.groups)]
    return [
        *_seeds(found.groups),
        *_optima(found),
        *_stable(found.leading, found.stable),
    ]


def _single(groups: Sequence[Group]) -> Sentence:
    splits = {str(group.labels["split"]) for group in groups} - {"", "none"}
    if len(splits) > 1:
        text = (
            "Each setting has one seed a fold: the spread is that over folds, and"
            " nothing is known of that over seeds."
        )
    else:
        text = "Each setting has one run, so nothing is known of its spread."
    return Sentence(text, "stability")


def _seeds(groups: Sequence[Group]) -> list[Sentence]:
    """Return how many settings have few seeds, or one; folds are told elsewhere."""
    whole = [group for group in groups if group.labels["split"] in ("", "none")]
    if not whole or min(group.n_seeds for group in whole) >= _ENOUGH:
        return []
    most = max(group.n_seeds for group in whole)
    if most < _ENOUGH:
        text = f"No setting has more than {count(most, 'seed')}, so spreads are rough."
        return [Sentence(text, "results")]
    alone = sum(group.n_planned == 1 for group in whole)
    lost = sum(group.n_seeds < _ENOUGH <= group.n_planned for group in whole)
    said = []
    if alone:
        said.append(
            f"{count(alone, 'setting')} of {len(whole)} ran once (one seed was asked"
            " for, or nothing in them is random), so their spread is not known"
        )
    if lost:
        few = f"{count(lost, 'setting')} lost so many runs that fewer than {_ENOUGH}"
        said.append(f"{few} are left")
    return [Sentence(f"{text}.", "results") for text in said]


def _optima(found: Findings) -> list[Sentence]:
    """Return at how many optima the seeds of the best settings ended."""
    wanted = {id(group) for group in found.leading}
    mine = [one for one in found.aligned.counted if id(one.group) in wanted]
    if not mine:
        return []
    if len(mine) <= _FEW:
        return [Sentence(_census(one), "aligned") for one in mine]
    return [Sentence(_counted(mine, first=bool(found.pools)), "aligned")]


def _counted(mine: Sequence[Counted], *, first: bool) -> str:
    """Return in how many settings the seeds ended at one optimum, in how many not."""
    settings = f"{len(mine)} settings {'that came first' if first else 'counted'}"
    sure = [one for one in mine if one.census.groups]
    if not sure:
        return (
            f"In none of the {settings} had any seed converged, so it cannot be said"
            " how many optima there are."
        )
    several = [one for one in sure if len(one.census.groups) > 1]
    parts = []
    if len(several) < len(sure):
        single = len(sure) - len(several)
        parts.append(f"in {single} all converged seeds ended at one optimum")
    if several:
        most = max(len(one.census.groups) for one in several)
        loose = any(one.tolerance > LOOSE for one in several)
        short = ", some perhaps short of one and the same (stop.kkt=1e-8 tells)"
        parts.append(
            f"in {len(several)} they ended at several optima, up to {most}"
            f"{short * loose}"
        )
    if len(sure) < len(mine):
        parts.append(f"in {len(mine) - len(sure)} no seed had converged")
    return f"Of the {settings}, {'; '.join(parts)}."


def _census(one: Counted) -> str:
    """Return how many optima the seeds of one setting ended at, and what that means."""
    group, found = one.group, one.census
    whose = f"{group.name} ({group.dataset}, {count(group.n_components, 'component')})"
    n, done = found.n_runs, sum(found.sizes)
    left = f" of its {n + one.n_left_out}" if one.n_left_out else ""
    seeds = f"{n}{left} seeds"
    if not done:
        return (
            f"{whose}: none of {seeds} had converged, so it cannot be said how many"
            " optima there are."
        )
    ended = seeds if done == n else f"the {done} of {seeds} that converged"
    ended = f"all {ended}" if done == n and not left else ended
    if len(found.groups) == 1:
        return f"{whose}: {ended} ended at the same optimum."
    text = f"{whose}: {ended} ended at {len(found.groups)} different optima"
    lowest = _reached(one)
    if lowest == done:
        return f"{text} of the same error, so error does not determine the factors."
    if one.tolerance > LOOSE:
        return (
            f"{text}, but with kappa only below {one.tolerance:g} they may have stopped"
            " short of one and the same: stop.kkt=1e-8 tells."
        )
    return (
        f"{text}; {lowest} of {done} reached the lowest error, so a single run does not"
        " suffice: use restarts."
    )


def _reached(one: Counted) -> int:
    """Return how many seeds ended as low as the lowest, at whichever optimum."""
    start, values = one.group.start, one.census.objectives
    exact = EXACT * start.high if start is not None else 0.0
    bound = max(min(values) + SAME_OBJECTIVE * abs(min(values)), exact)
    sizes = zip(one.census.sizes, values, strict=True)
    return sum(size for size, value in sizes if value <= bound)


def _stable(leading: Sequence[Group], stable: Sequence[Stability]) -> list[Sentence]:
    """Return how many components of the best settings every seed found again."""
    wanted = {id(group) for group in leading}
    best = [one for one in stable if id(one.group) in wanted] or list(stable)
    if not best:
        return []
    found = sum(int(one.stable.sum()) for one in best)
    total = sum(one.stable.size for one in best)
    ranked = any(group.rank == 1 for group in leading)
    where = f"the {len(best)} settings that {'came first' if ranked else 'were run'}"
    if len(best) == 1:
        one = best[0]
        where = f"{one.group.name}, n_components {one.group.n_components}"
    text = (
        f"Every seed found again {found} of {count(total, 'component')} of {where}"
        f" (matched cosine at least {STABLE})."
    )
    return [Sentence(text, "stability")]
