"""The section on the factors: which runs are shown, and what is shown of each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from nmflab.report.content import Block, Details, Figure, Heading, Prose, Section
from nmflab.report.correlations import MOST_COLUMNS, correlation_figure
from nmflab.report.drawn import digits, drawn_factors
from nmflab.report.features import top_features
from nmflab.report.groups import Group
from nmflab.report.material import Material, is_masked
from nmflab.report.numbers import count, listed, number
from nmflab.report.observed import (
    column_names,
    is_small,
    row_names,
    shape,
    unidentified,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from nmflab.contracts import Factors
    from nmflab.store import StoredDataset

MOST_SHOWN = 8
"""Runs shown in all, shared among the data sets; the rest are in the study's store."""

MOST_DATASETS = 4


def factors_section(material: Material, groups: Sequence[Group]) -> Section:
    """Return what the best runs found, data set by data set."""
    of: dict[str, list[Group]] = {}
    for group in groups:
        of.setdefault(str(group.labels["fingerprint"]), []).append(group)
    known = [f for f in of if f in material.datasets]
    share = max(2, MOST_SHOWN // max(1, min(len(known), MOST_DATASETS)))
    blocks: list[Block] = []
    for at, fingerprint in enumerate(known[:MOST_DATASETS]):
        dataset = material.datasets[fingerprint]
        blocks += _of_dataset(material, dataset, of[fingerprint], share, at)
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


def _of_dataset(
    material: Material,
    dataset: StoredDataset,
    groups: Sequence[Group],
    share: int,
    number_of: int,
) -> list[Block]:
    shown = chosen(groups, share)
    shown.sort(key=groups.index)
    blocks: list[Block] = [
        Heading(groups[0].dataset),
        Prose(described(dataset)),
        *unidentified_notes(dataset, [g.n_components for g in groups]),
    ]
    if len(shown) < len(groups):
        blocks.append(Prose(f"Shown: {len(shown)} of {len(groups)} kinds of run."))
    first = {id(group) for group in chosen(groups, len({g.signature for g in groups}))}
    rest: list[Block] = []
    for at, group in enumerate(shown):
        factors = material.factors(group.best_key)
        name = f"{number_of + 1}-{at + 1}"
        made = _of_group(material, dataset, group, factors, name)
        folded = not is_small(dataset) and id(group) not in first
        (rest if folded else blocks).extend(made)
    if rest:
        blocks.append(Details("The same for other solvers and starts", rest))
    blocks += _correlation(material, dataset, groups, number_of)
    return blocks


def _of_group(
    material: Material,
    dataset: StoredDataset,
    group: Group,
    factors: Factors | None,
    name: str,
) -> list[Block]:
    title = run_title(material, group)
    if factors is None:
        return [Prose(f"{title}: its factors were not kept (save.factors).", "note")]
    if not is_small(dataset):
        return [top_features(f"features-{name}", title, dataset, factors)]
    zero_filled = bool(group.labels["zero_filled"])
    figure = drawn_factors(f"factors-{name}", title, dataset, factors, zero_filled)
    tables = digits(f"digits-{name}", title, dataset, factors)
    return [figure, Details("The same as numbers, to eight decimals", tables)]


def run_title(material: Material, group: Group) -> str:
    """Return what a run is called: ``hals from random, n_components 2, seed 3...``."""
    row = material.runs.loc[material.runs["key"] == group.best_key].iloc[0]
    parts = [group.name, f"n_components {group.n_components}", f"seed {row['seed']}"]
    title = ", ".join(parts) + f": objective {number(row['objective_value'], 5)}"
    if group.n_seeds > 1:
        title += f", the best of {group.n_seeds} seeds"
    return title


def described(dataset: StoredDataset) -> str:
    """Return the shape of a data set and how much of it is known, in a sentence."""
    n_samples, n_features = shape(dataset)
    facts = dataset.facts
    rows, columns = count(n_samples, "row"), count(n_features, "column")
    text = f"{rows} (samples), {columns} (features)"
    if is_masked(dataset):
        n = int(facts.get("n_observed", facts.get("n_stored", 0)))
        share = number(100 * n / max(1, n_samples * n_features), 3)
        text += f"; {n:,} of {n_samples * n_features:,} cells observed ({share} %)"
    if facts.get("minimum") is not None:
        low, high = number(facts["minimum"]), number(facts.get("maximum"))
        text += f"; values from {low} to {high}"
    return f"{text}."


def unidentified_notes(dataset: StoredDataset, sizes: Sequence[int]) -> list[Block]:
    """Return a warning naming the rows and columns that the data leave undetermined."""
    blocks: list[Block] = []
    for size in sorted(set(sizes)):
        few = unidentified(dataset, size)
        if not few:
            continue
        rows, columns = row_names(dataset), column_names(dataset)
        named = [
            f"{what if at.size == 1 else what + 's'} {_some(names, at)}"
            for what, names, at in (
                ("row", rows, few.rows),
                ("column", columns, few.columns),
            )
            if at.size
        ]
        text = (
            f"Not identified at n_components {size}: {', and '.join(named)}. Fewer than"
            f" {count(size, 'cell')} observed there, so many factors fit equally well"
            " and the values predicted there (marked ?) are one choice among them."
        )
        blocks.append(Prose(text, "warning"))
    return blocks


def _some(names: Sequence[str], at: npt.NDArray[np.intp]) -> str:
    return listed([names[i] for i in at], most=5)


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
