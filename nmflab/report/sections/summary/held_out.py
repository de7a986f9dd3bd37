"""The error on cells that no solver saw: the best model against the best baseline."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from nmflab.report.content import Sentence
from nmflab.report.numbers import brief, count, number
from nmflab.report.reading.groups import Stat
from nmflab.report.sections.held_out.family import Family, stat_of
from nmflab.report.sections.held_out.measures import Measured, baselines
from nmflab.selection import CONFIGURATION, in_words
from nmflab.statistics import ROPE

MOST_FAMILIES = 3


def held_out_sentences(families: Sequence[Family]) -> list[Sentence]:
    """Return a sentence a data set and split; of many, of the first."""
    told = [text for family in families if (text := _said(family))]
    return [Sentence(text, "held-out") for text in told[:MOST_FAMILIES]]


def _said(family: Family) -> str:
    """Return how the model that validation chose does on the test cells."""
    if not family.measures:
        return ""
    where = f"On the held-out cells of {family.title}"
    rows = [one for one in family.rows if not one["zero_filled"].any()] or family.rows
    honest = [one for one in rows if not (one["chosen_by"] == "test").any()]
    if not honest and _only_size(family):
        return ""  # which size they choose is told with the other criteria
    if not honest:
        return (
            f"{where}, several configurations were tried and none was chosen by"
            " validation cells, so there is no honest figure of the error on new cells."
        )
    measure = family.measures[0]
    best = _chosen(honest)
    stat = family.stat(best, measure.metric)
    if stat is None:
        return ""
    text = (
        f"{where}, {_name(family, best)} reaches {_value(stat, family)}"
        f" ({measure.title})"
    )
    if len(honest) > 1 and not any(one["validation"].notna().any() for one in honest):
        text += f", the best of {len(honest)} models by these very cells"
    return f"{text}{_against(family, best, measure)}."


def _only_size(family: Family) -> bool:
    """Return whether the configurations differ in the number of components only."""
    others = [name for name in CONFIGURATION if name != "n_components"]
    return len(family.runs[others].drop_duplicates()) == 1


def _chosen(rows: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the model of the lowest validation error; without any, the first.

    The first is the best on the test cells.
    """
    seen = [(float(one["validation"].mean()), at) for at, one in enumerate(rows)]
    known = [(value, at) for value, at in seen if value == value]
    return rows[min(known)[1]] if known else rows[0]


def _name(family: Family, rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    name = f"{first['variant']} from {first['init']}"
    tried = int(rows["n_configurations"].max())
    if tried < 2:
        return name
    mine = family.runs
    for column in ("variant", "init", "zero_filled"):
        mine = mine[mine[column] == first[column]]
    among = mine[list(CONFIGURATION)].drop_duplicates().to_dict("records")
    said = [in_words(one, among) for one in rows.to_dict("records")]
    times = {text: said.count(text) for text in dict.fromkeys(said)}
    text, n = max(times.items(), key=lambda item: item[1])
    often = f", in {n} of {len(said)} {family.unit}s" if n < len(said) else ""
    return f"{name} ({text}; chosen by validation out of {tried}{often})"


def _value(stat: Stat, family: Family) -> str:
    over = "" if stat.n < 2 else f" over {count(stat.n, _unit(family))}"
    return f"{brief(stat.mean, stat.sd)}{over}"


def _unit(family: Family) -> str:
    return family.unit if family.n_folds > 1 else "seed"


def _against(family: Family, best: pd.DataFrame, measure: Measured) -> str:
    """Return how the model stands to the best baseline, fold by fold."""
    found = _best_baseline(family, measure)
    if found is None:
        return "; no baseline was measured beside it"
    name, folds = found
    gaps = (_by_fold(family, best, measure) - folds).dropna()
    base = stat_of([folds.loc[[at]] for at in folds.index])
    if gaps.empty or base is None:
        return ""
    beside = (
        f"the best baseline without factors, {name}, has {brief(base.mean, base.sd)}"
    )
    mean, scale = float(gaps.mean()), abs(base.mean)
    spread = float(gaps.std()) if len(gaps) > 1 else 0.0
    if abs(mean) <= max(spread, ROPE * scale):
        return f"; {beside}, and no difference can be told"
    sign = -1.0 if measure.higher else 1.0
    share = f"{number(100 * abs(mean) / scale, 2)} %" if scale else number(abs(mean))
    side = "lower" if mean < 0 else "higher"
    if sign * mean > 0:
        return f"; {beside}: it does better, the model's is {share} {side}"
    wins, n = int((sign * gaps < 0).sum()), len(gaps)
    every = f", better in {wins} of {n} {family.unit}s" if n > 1 else ""
    return f"; {beside}: the model's is {share} {side}{every}"


def _best_baseline(
    family: Family, measure: Measured
) -> tuple[str, pd.Series[float]] | None:
    """Return the baseline of the best mean, and its figure by fold."""
    best: tuple[float, str, pd.Series[float]] | None = None
    sign = -1.0 if measure.higher else 1.0
    for name, prefix in baselines(family.runs.columns, family.measures).items():
        column = f"{prefix}{measure.name}"
        if column not in family.runs or (
            family.events and prefix.startswith("rating_")
        ):
            continue
        folds = family.runs.groupby(["fold", "split_seed"])[column].mean().dropna()
        if len(folds) and (best is None or sign * folds.mean() < best[0]):
            best = (float(sign * folds.mean()), name, folds)
    return None if best is None else best[1:]


def _by_fold(family: Family, rows: pd.DataFrame, measure: Measured) -> pd.Series[float]:
    """Return the model's figure by fold and seed of the split."""
    index = pd.MultiIndex.from_frame(rows[["fold", "split_seed"]])
    values = [
        float(family.values.loc[list(keys), measure.metric].mean())
        for keys in rows["keys"]
    ]
    return pd.Series(values, index=index, dtype=float)
