"""What models predict of cells they did not see: the only fair error of ratings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from nmflab.report.content import Block, Bullets, Heading, Prose, Section
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.numbers import count, listed
from nmflab.report.reading.material import Material
from nmflab.report.reading.observed import unidentified
from nmflab.report.sections.held_out.chart import held_out_chart
from nmflab.report.sections.held_out.family import Family
from nmflab.report.sections.held_out.measures import baselines, measured
from nmflab.report.sections.held_out.table import held_out_tables
from nmflab.selection import TUNED, choose, scored

MOST_FAMILIES = 8
"""Data sets and splits that are shown; runs.csv holds all."""

_MOST_NOTES = 6


def families(material: Material) -> list[Family]:
    """Return the runs that held cells out, by data set and split; maybe none."""
    split = material.finished[~material.finished["split"].isin(["", "none"])]
    if split.empty:
        return []
    runs = scored(material.store, all_sweeps=len(material.sweeps) > 1)
    runs = runs[runs["key"].isin(split["key"])]
    of = ["dataset", "fingerprint", "weighting", "split_family"]
    return [
        _family(number, names, members)
        for number, (names, members) in enumerate(
            runs.groupby(of, sort=False, dropna=False), start=1
        )
    ]


def held_out_section(
    material: Material, pencil: Pencil, found: Sequence[Family] | None = None
) -> Section | None:
    """Return the errors on held-out cells; None where no run held any out.

    Parameters
    ----------
    material : Material
    pencil : Pencil
    found : sequence of Family, optional
        Where they were read before.
    """
    found = families(material) if found is None else found
    if not found:
        return None
    blocks: list[Block] = [Prose(_reading(found))]
    if any(family.runs["zero_filled"].any() for family in found):
        blocks.append(Prose(_INVENTED, "danger"))
    if any((family.choices["chosen_by"] == "test").any() for family in found):
        blocks.append(Prose(_UNVALIDATED, "danger"))
    for family in found[:MOST_FAMILIES]:
        blocks += _of_family(material, family, pencil)
    if len(found) > MOST_FAMILIES:
        left = [family.title for family in found[MOST_FAMILIES:]]
        blocks.append(Prose(f"Not shown, for length: {listed(left)}.", "note"))
    return Section("held-out", "Held-out error", blocks)


def _reading(found: Sequence[Family]) -> str:
    """Return how the tables are read, of what they hold."""
    parts = ["Errors on cells no solver saw."]
    if any((family.choices["chosen_by"] == "validation").any() for family in found):
        parts.append(
            "Within each fold the validation cells chose the configuration, and its"
            " test figure was read once."
        )
    parts.append(
        "Mean ± standard deviation over folds, or over seeds where there is one fold,"
        " with the lowest and highest below"
    )
    held = any(baselines(one.runs.columns, one.measures) for one in found)
    below = "; baselines that know no factors stand below the line"
    return f"{' '.join(parts)}{below * held}."


_INVENTED = (
    "Rows marked red took missing cells as 0. Those zeros were inventions: nobody"
    " observed them, and a model that fits them predicts low values everywhere. This"
    " table, of cells that were observed and held out, is the only one that such models"
    " share with the others."
)
_UNVALIDATED = (
    f"Figures marked “{TUNED}” are no estimate of the error on new cells: several"
    " configurations were tried and, without validation cells, only the test cells"
    " could choose. Keep some with split.validation=0.05."
)


def _family(number: int, names: tuple[object, ...], runs: pd.DataFrame) -> Family:
    dataset, _, weighting, split = map(str, names)
    measures = measured(name for name in runs.columns if runs[name].notna().any())
    if runs["events"].any():  # judged by rankings; see Family.events
        measures.sort(key=lambda measure: not measure.higher)
    main = measures[0] if measures else None
    weighted = "" if weighting == "none" else f", weighted by {weighting}"
    choices = choose(
        runs,
        main.metric if main else None,
        higher=main.higher if main else False,
    )
    return Family(str(number), f"{dataset}{weighted}, {split}", runs, choices, measures)


def _of_family(material: Material, family: Family, pencil: Pencil) -> Iterator[Block]:
    yield Heading(family.title)
    if family.events:
        yield Prose(_EVENTS, "note")
    if family.measures or family.choices["validation"].notna().any():
        yield from held_out_tables(family, material.info)
    if not family.measures:
        yield Prose(_UNMEASURED, "note")
    figure = held_out_chart(family, pencil)
    if figure is not None:
        yield figure
    notes = [
        *_cells(family),
        *_of_splits(material, family),
        *_unidentified(material, family),
    ]
    if notes:
        yield Bullets(notes)


_EVENTS = (
    "What is held out here are events, which count as 0 in training like all cells"
    " without one. Judge these models by their rankings: an error over events alone is"
    " lowest for a model that predicts large values everywhere."
)
_UNMEASURED = (
    "Nothing was measured on the test cells. Give the command again with"
    " metrics=[held_out] added: finished runs are kept and only measured anew."
)


def _cells(family: Family) -> list[str]:
    """Return how many cells were held out, and how many never were."""
    prefix = "held_out_cells_"
    names = [prefix + name for name in ("training", "validation", "test")]
    if not set(names) <= set(family.runs.columns):
        return []
    folds = family.runs.groupby(["fold", "split_seed"])[names].mean().dropna()
    if folds.empty:
        return []
    n_test = folds[names[2]]
    known = int(folds.sum(axis=1).max())
    low, high = int(n_test.min()), int(n_test.max())
    each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    of = f" in each of {len(folds)} {family.unit}s" if len(folds) > 1 else ""
    notes = [f"Test cells: {each} of {known:,} known cells{of}."]
    seeds = folds.index.get_level_values("split_seed").nunique()
    in_folds = bool((folds.index.get_level_values("fold") >= 0).all())
    if seeds == 1 and (in_folds or len(folds) == 1):
        # Folds of one seed share no cell, so that their sizes add up.
        never = known - int(n_test.sum())
        notes.append(
            f"{count(never, 'known cell')} {'was' if never == 1 else 'were'} never"
            " tested."
            if never
            else "Every known cell was tested once."
        )
    return [*notes, *_cold(family, prefix)]


def _cold(family: Family, prefix: str) -> list[str]:
    name = f"{prefix}cold"
    cold = family.runs[name].max() if name in family.runs else 0
    if not cold > 0:
        return []
    return [
        f"{count(int(cold), 'test cell')} of a fold lie in rows or columns without any"
        " training cell: what is predicted there is not learnt from them."
    ]


_OF_SPLIT = re.compile(r"held out|never tested|hold out|cold")


def _of_splits(material: Material, family: Family) -> list[str]:
    """Return what the split had to say; sentences that differ in numbers are one."""
    kinds: dict[str, str] = {}
    for key in family.runs["key"]:
        for text in material.warnings.get(str(key), []):
            if _OF_SPLIT.search(text):
                said = f"{text[:1].upper()}{text[1:].rstrip('.')}."
                kinds.setdefault(re.sub(r"\d[\d,.e+-]*", "#", text), said)
    return list(kinds.values())[:_MOST_NOTES]


def _unidentified(material: Material, family: Family) -> list[str]:
    """Return how many rows and columns the known cells leave undetermined."""
    dataset = material.datasets.get(str(family.runs["fingerprint"].iloc[0]))
    chosen = family.choices[~family.choices["zero_filled"]]
    if dataset is None or chosen.empty:
        return []
    size = int(chosen["n_components"].max())
    few = unidentified(dataset, size)
    if not few:
        return []
    named = [
        count(n, word)
        for n, word in ((few.rows.size, "row"), (few.columns.size, "column"))
        if n
    ]
    return [
        f"Not identified at n_components {size}: {' and '.join(named)} with fewer than"
        f" {size} known cells, in training and held out together. What is predicted"
        " there is one choice among many that fit as well, unless penalties or offsets"
        " decide."
    ]
