"""What the features mean: names, equal errors, what the winner gives up, uniqueness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nmflab.numerics.census import DIFFERENT_FACTORS, EQUAL_ERROR
from nmflab.report.content import Sentence
from nmflab.report.numbers import brief, count, listed, number
from nmflab.report.reading.measures import (
    Measure,
    feature_measures,
    higher_is_better,
    in_sentence,
    varying,
)
from nmflab.report.sections.aligned.found import Comparison, Entry
from nmflab.report.sections.summary.findings import Findings
from nmflab.report.sections.summary.names import name_sentences
from nmflab.report.sections.tradeoff.points import Point, points_of
from nmflab.statistics import ROPE

MOST_PLACES = 3
"""Comparisons up to which one is told of by itself."""


def meaning_sentences(found: Findings) -> list[Sentence]:
    """Return what is known of the features of the best settings."""
    return [
        *name_sentences(found),
        *_equal_errors(found.aligned.comparisons),
        *_worth(found),
        *_unique(found),
    ]


def _equal_errors(comparisons: Sequence[Comparison]) -> list[Sentence]:
    """Return the most different pair of equal error, or that equals are alike."""
    told = [one for one in comparisons if one.findings]
    if told:
        worst = min(told, key=lambda one: one.findings[0].match_score)
        text = _pair(worst)
        if len(comparisons) > 1:
            met = f"{len(told)} of {len(comparisons)} comparisons"
            text += f"; there is such a pair in {met}"
        return [
            Sentence(f"{text}. Error alone does not say what they mean.", "aligned")
        ]
    if not any(_has_equals(one) for one in comparisons):
        return []
    text = (
        f"Where two runs came within {number(100 * EQUAL_ERROR)} % of each other, their"
        f" factors are the same too (match of {DIFFERENT_FACTORS} or more)."
    )
    return [Sentence(text, "aligned")]


def _pair(worst: Comparison) -> str:
    pair = worst.findings[0]
    a, b = (worst.entries[at] for at in (pair.first, pair.second))
    apart = (
        "less than 0.0001"
        if pair.difference < 1e-6
        else number(100 * pair.difference, 2)
    )
    early = [entry.name for entry in (a, b) if not entry.is_converged]
    whose = "neither had" if len(early) == 2 else f"{''.join(early)} had not"
    caution = f" ({whose} converged)" if early else ""
    best = "" if _is_seed(a) else "the best runs of "
    return (
        f"Equal error, different factors: on {_place(worst)}, the objectives of"
        f" {best}{_who(worst, a)} and {b.name} differ by {apart} %, but their factors"
        f" match only to {pair.match_score:.2f}, where 1 is the same{caution}"
    )


def _place(comparison: Comparison) -> str:
    group = comparison.group
    return f"{group.dataset} with {count(group.n_components, 'component')}"


def _who(comparison: Comparison, entry: Entry) -> str:
    """Return an entry's name; with its setting where it is one of its seeds."""
    of_seeds = _is_seed(entry)
    return f"{comparison.group.name}, {entry.name}," if of_seeds else entry.name


def _is_seed(entry: Entry) -> bool:
    return entry.name == f"seed {entry.seed}"


def _has_equals(comparison: Comparison) -> bool:
    first, second = (entry.objective for entry in comparison.entries[:2])
    return second - first < EQUAL_ERROR * abs(second) or second <= comparison.exact


def _worth(found: Findings) -> list[Sentence]:
    """Return what the features are worth at the lowest error, and at what price more.

    Of the first measure of features, where settings of most rivals meet.
    """
    info = found.material.info
    for worth in varying(feature_measures(found.groups, info), found.groups):
        higher = higher_is_better(worth, info)
        by: dict[tuple[str, int], list[Point]] = {}
        for point in points_of(found.groups, found.error, worth, higher=higher):
            by.setdefault((point.panel, point.group.n_components), []).append(point)
        contested = [rivals for rivals in by.values() if len(rivals) > 1]
        if len(contested) > MOST_PLACES:
            text = _how_often(contested, found.error, worth, higher=higher)
            return [Sentence(text, "trade-off")]
        rivals = max(by.values(), key=lambda one: _weight(found, one), default=[])
        if len(rivals) > 1:
            text = _beside(rivals, found.error, worth, higher=higher)
            return [Sentence(text, "trade-off")]
    return []


def _how_often(
    contested: Sequence[Sequence[Point]],
    error: Measure,
    worth: Measure,
    *,
    higher: bool,
) -> str:
    """Return on how many data sets and sizes the lowest error has the best features."""
    sign = -1.0 if higher else 1.0
    both = 0
    for rivals in contested:
        first = min(rivals, key=lambda one: one.error.mean)
        best = min(sign * one.worth.mean for one in rivals)
        chance = max(first.worth.sd or 0.0, ROPE * abs(first.worth.mean))
        both += sign * first.worth.mean <= best + chance
    cost, kind = (
        in_sentence(error.short).partition(" (")[0],
        "highest" if higher else "lowest",
    )
    return (
        f"The setting of the lowest {cost} also has the {kind}"
        f" {in_sentence(worth.short)}, or one within its spread, in {both} of"
        f" {len(contested)} comparisons of one data set and size."
    )


def _weight(found: Findings, rivals: Sequence[Point]) -> tuple[bool, bool, int]:
    """Return what decides where features are weighed: a contest, the size, how many."""
    chosen = found.size in (None, rivals[0].group.n_components)
    return len(rivals) > 1, chosen, len(rivals)


def _beside(
    rivals: Sequence[Point], error: Measure, worth: Measure, *, higher: bool
) -> str:
    sign = -1.0 if higher else 1.0
    first = min(rivals, key=lambda one: one.error.mean)
    most = min(rivals, key=lambda one: sign * one.worth.mean)
    kind, name = "highest" if higher else "lowest", in_sentence(worth.short)
    size = count(first.group.n_components, "component")
    parts = [part for part in first.panel.split(" · ") if not part.endswith(" none")]
    where = f"On {', '.join(parts)}{',' * (len(parts) > 1)} with {size}"
    cost = in_sentence(error.short).partition(" (")[0]
    head = (
        f"{where}, {first.group.name} has the lowest {cost},"
        f" {brief(first.error.mean, first.error.sd)}, and a {name} of"
        f" {brief(first.worth.mean, first.worth.sd)}"
    )
    chance = max(
        first.worth.sd or 0.0,
        most.worth.sd or 0.0,
        ROPE * abs(first.worth.mean),
    )
    worths = [one.worth.mean for one in rivals]
    if max(worths) - min(worths) <= chance:
        return f"{head}, as have all {len(rivals)} settings within the spread."
    if most is first:
        return f"{head}, the {kind} of {len(rivals)} settings."
    if abs(first.worth.mean - most.worth.mean) <= chance:
        return f"{head}; none of {len(rivals)} settings is better beyond the spread."
    price = _price(first, most)
    best = brief(most.worth.mean, most.worth.sd)
    return f"{head}; the {kind}, {best}, is that of {most.group.name}{price}."


def _price(first: Point, most: Point) -> str:
    if first.error.mean <= 0:
        return f", at {number(most.error.mean)}"
    gap = most.error.mean / first.error.mean - 1
    more = (
        f"{number(100 * gap, 2)} % higher"
        if gap < 10
        else f"{number(1 + gap, 2)} times"
    )
    return f", at an error {more}"


def _ordered(found: Findings) -> list[Comparison]:
    """Return the comparisons, those of the settings that came first before others."""
    at = {id(group): n for n, group in enumerate(found.leading)}
    last = len(at)
    return sorted(
        found.aligned.comparisons, key=lambda one: at.get(id(one.group), last)
    )


def _unique(found: Findings) -> list[Sentence]:
    """Return the certificate of the first comparison that has one, of a few."""
    if len(found.aligned.comparisons) > MOST_PLACES:
        return []  # one of many would stand for none
    for comparison in _ordered(found):
        freedom = comparison.freedom
        if freedom is None or not (freedom.n_free or freedom.is_full_rank):
            continue
        entry = comparison.entries[0]
        whose = f"The factors of {_who(comparison, entry)} on {_place(comparison)}"
        if not freedom.n_free:
            text = f"{whose} are unique to first order: no others of their WH are near."
            return [Sentence(text, "aligned")]
        changed = [str(k + 1) for k in np.flatnonzero(freedom.per_component)]
        text = (
            f"{whose} are not unique to first order: {freedom.n_free} of"
            f" {freedom.n_directions} directions are free, in"
            f" component{'s' * (len(changed) > 1)} {listed(changed, 8)}"
        )
        note = "" if entry.is_converged else "; fewer may be once it has converged"
        return [Sentence(f"{text}{note}.", "aligned")]
    return []
