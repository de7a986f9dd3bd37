"""The section on the factors: which runs are shown, and what is shown of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from nmflab.report.content import Block, Details, Figure, Heading, Prose, Section
from nmflab.report.numbers import count, listed, number
from nmflab.report.reading.described import described, unidentified_notes
from nmflab.report.reading.groups import Group, without_other_folds
from nmflab.report.reading.material import Material
from nmflab.report.reading.observed import is_brief, is_small, shape
from nmflab.report.sections.factors.components import gallery, is_drawable
from nmflab.report.sections.factors.correlations import MOST_COLUMNS, correlation_figure
from nmflab.report.sections.factors.drawn import (
    digits,
    drawn_data,
    drawn_factors,
    shared_limits,
)
from nmflab.report.sections.factors.features import top_features

if TYPE_CHECKING:
    from nmflab.contracts import Factors
    from nmflab.store import StoredDataset

MOST_SHOWN = 8
"""Runs shown in all, shared among the data sets; the rest are in the study's store."""

MOST_DRAWN = 2
"""Runs drawn in full for data that are small but no glance: the best of them."""

MOST_DATASETS = 4


def factors_section(
    material: Material, groups: Sequence[Group], first: Sequence[Group] = ()
) -> Section:
    """Return what the best runs found, data set by data set.

    Parameters
    ----------
    material : Material
    groups : sequence of Group
    first : sequence of Group, optional
        Those to be shown before others: what the summary speaks of.
    """
    place = {id(group): at for at, group in enumerate(first)}
    of: dict[str, list[Group]] = {}
    for group in groups:
        of.setdefault(str(group.labels["fingerprint"]), []).append(group)
    known = [f for f in of if f in material.datasets]
    share = max(2, MOST_SHOWN // max(1, min(len(known), MOST_DATASETS)))
    blocks: list[Block] = []
    for at, fingerprint in enumerate(known[:MOST_DATASETS]):
        dataset = material.datasets[fingerprint]
        mine = sorted(of[fingerprint], key=lambda one: place.get(id(one), len(place)))
        blocks += _of_dataset(material, dataset, mine, share, at)
    if len(known) > MOST_DATASETS:
        left = [of[f][0].dataset for f in known[MOST_DATASETS:]]
        blocks.append(Prose(f"Not shown, for length: {listed(left)}.", "note"))
    if not blocks:
        blocks.append(Prose("No run finished, so there are no factors to show."))
    return Section("factors", "The factors", blocks)


def chosen(groups: Sequence[Group], most: int) -> list[Group]:
    """Return the groups shown: the first of each comparison, then the second..."""
    by: dict[int, list[Group]] = {}
    for group in groups:
        by.setdefault(group.signature, []).append(group)
    turns = zip_longest(*by.values())
    return [group for turn in turns for group in turn if group is not None][:most]


def _kinds(groups: Sequence[Group]) -> list[Group]:
    """Return the groups of all the data; where there are none, those of one fold."""
    whole = [group for group in groups if group.labels["split"] in ("", "none")]
    return whole or without_other_folds(groups)


def _why_not(kinds: Sequence[Group]) -> str:
    """Return which groups `_kinds` left out."""
    if kinds[0].labels["split"] in ("", "none"):
        return "Runs on part of the data, with cells held out, are not shown."
    return "Of the folds of a split one is shown, of each configuration."


def _of_dataset(
    material: Material,
    dataset: StoredDataset,
    groups: Sequence[Group],
    share: int,
    number_of: int,
) -> list[Block]:
    kinds = _kinds(groups)
    differing = [name for name in _TOLD if len({g.labels[name] for g in kinds}) > 1]
    order = chosen(kinds, share)
    shown = sorted(order, key=groups.index)
    found = {id(group): material.factors(group.best_key) for group in shown}
    full = [group for group in order if found[id(group)] is not None]
    full = full[: _most_drawn(dataset)]
    limits = _limits(dataset, full, found)
    blocks: list[Block] = [
        Heading(groups[0].dataset),
        Prose(described(dataset)),
        *unidentified_notes(
            dataset,
            [g.n_components for g in groups],
            held_out=any(g.labels["split"] not in ("", "none") for g in groups),
        ),
    ]
    if limits:
        weightings = sorted({_weighting(group) for group in full} - {"none"})
        figure = drawn_data(f"data-{number_of + 1}", dataset, weightings, limits)
        blocks.append(figure)
    blocks += _left_out(kinds, shown)
    if len(kinds) < len(groups):
        blocks.append(Prose(_why_not(kinds), "note"))
    first = full or chosen(kinds, len({g.signature for g in kinds}))
    in_sight = {id(group) for group in first}
    rest: list[Block] = []
    for at, group in enumerate(shown):
        name = f"{number_of + 1}-{at + 1}"
        factors = found[id(group)]
        called = (name, run_title(material, group, differing))
        made = (
            _of_group(dataset, group, factors, called, limits)
            if any(group is one for one in full)
            else _in_words(dataset, factors, called)
        )
        (blocks if id(group) in in_sight else rest).extend(made)
    if rest:
        what = "Components" if is_drawable(dataset) else "Top features"
        blocks.append(Details(f"{what} of the other runs shown", rest))
    return [*blocks, *_correlation(material, dataset, groups, number_of)]


def _most_drawn(dataset: StoredDataset) -> int:
    """Return how many runs are drawn cell by cell."""
    if not is_small(dataset):
        return 0
    return MOST_SHOWN if is_brief(dataset) else MOST_DRAWN


def _weighting(group: Group) -> str:
    return str(group.labels["weighting"]) or "none"


def _limits(
    dataset: StoredDataset,
    full: Sequence[Group],
    found: Mapping[int, Factors | None],
) -> tuple[float, float] | None:
    """Return the colour range of X and of its models, where any run is drawn."""
    if not full:
        return None
    models = [found[id(group)] for group in full if _weighting(group) == "none"]
    return shared_limits(dataset, [factors for factors in models if factors])


def _left_out(groups: Sequence[Group], shown: Sequence[Group]) -> list[Block]:
    """Return which kinds of run are not shown: solver and start, and their sizes."""
    taken = {id(group) for group in shown}
    sizes: dict[str, list[str]] = {}
    for group in groups:
        if id(group) not in taken:
            of = sizes.setdefault(group.name, [])
            of += [str(group.n_components)] * (str(group.n_components) not in of)
    if not sizes:
        return []
    named = [f"{name} (n_components {', '.join(of)})" for name, of in sizes.items()]
    text = (
        f"Shown: {len(shown)} of {len(groups)} kinds of run. Not shown:"
        f" {'; '.join(named[:_MOST_NAMED])}"
    )
    more = len(named) - _MOST_NAMED
    text += f"; and {count(more, 'more solver and start', 'more')}" if more > 0 else ""
    return [Prose(f"{text}. Their factors are in the study's store.", "note")]


_MOST_NAMED = 12


def _of_group(
    dataset: StoredDataset,
    group: Group,
    factors: Factors | None,
    called: tuple[str, str],
    limits: tuple[float, float] | None,
) -> list[Block]:
    """Return a run's heatmaps, its digits and, of many features, the top ones."""
    if factors is None:
        return _in_words(dataset, factors, called)
    name, title = called
    weighting = _weighting(group)
    figure = drawn_factors(
        f"factors-{name}",
        title,
        dataset,
        factors,
        zero_filled=bool(group.labels["zero_filled"]),
        weighting=weighting,
        limits=limits if weighting == "none" else None,
    )
    tables = digits(f"digits-{name}", title, dataset, factors)
    many = shape(dataset)[1] > _MANY_FEATURES
    words = _in_words(dataset, factors, called) if many else []
    folded = Details("The same as numbers, to eight decimals", tables)
    return [figure, *words, folded]


_MANY_FEATURES = 10


def _in_words(
    dataset: StoredDataset, factors: Factors | None, called: tuple[str, str]
) -> list[Block]:
    name, title = called
    if factors is None:
        why = "save.factors, or an archive without them"
        return [Prose(f"{title}: its factors are not kept here ({why}).", "note")]
    block_id = f"features-{name}"
    if is_drawable(dataset):
        return [gallery(block_id, title, dataset, factors)]
    return [top_features(block_id, title, dataset, factors)]


_TOLD = ("objective", "weighting", "split")
"""Labels that are told of a run where they differ."""


def run_title(material: Material, group: Group, differing: Sequence[str] = ()) -> str:
    """Return what a run is called: ``hals from random, n_components 2, seed 3...``.

    With it the labels in which it differs from others.
    """
    row = material.runs.loc[material.runs["key"] == group.best_key].iloc[0]
    also = [(name, str(group.labels[name]) or "none") for name in differing]
    told = [label if name == "objective" else f"{name} {label}" for name, label in also]
    parts = [group.name, f"n_components {group.n_components}", *told]
    parts.append(f"seed {row['seed']}")
    title = ", ".join(parts) + f": objective {number(row['objective_value'], 5)}"
    if group.n_seeds > 1:
        title += f", the best of {group.n_seeds} seeds"
    return title


def _correlation(
    material: Material,
    dataset: StoredDataset,
    groups: Sequence[Group],
    number_of: int,
) -> list[Block]:
    n_features = shape(dataset)[1]
    if not 2 <= n_features <= MOST_COLUMNS:
        return []
    best = min(groups, key=lambda g: (g.own_objective, _low(g)))
    factors = material.factors(best.best_key)
    if factors is None:
        return []
    title = f"Correlation of the columns of WH, {groups[0].dataset}"
    what = f"{best.name}, n_components {best.n_components}"
    figure: Figure = correlation_figure(
        f"correlation-{number_of + 1}", title, what, dataset, factors
    )
    return [figure]


def _low(group: Group) -> float:
    return group.objective.low if group.objective else float("inf")
