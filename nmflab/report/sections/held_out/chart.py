"""Held-out error against the number of components, the training error beside it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Any

import altair as alt

from nmflab.report.content import Figure
from nmflab.report.drawing.charts import pad, room_for, tooltip, value_axis
from nmflab.report.drawing.pencil import (
    Pencil,
    Records,
    panelled,
    shown_of,
    singled_out,
    sizes_axis,
)
from nmflab.report.drawing.theme import MUTED, PALETTE
from nmflab.report.sections.held_out.family import Family, stat_of
from nmflab.report.sections.held_out.measures import Measured, baselines
from nmflab.selection import CONTEST, choose

if TYPE_CHECKING:
    import pandas as pd

_HELD_OUT, _TRAINING = "Held-out cells", "Training cells"
_SEEN = ("rmse_train_observed", "rmse_all")


def held_out_chart(family: Family, pencil: Pencil) -> Figure | None:
    """Return the chart of a family; None where there is one size or nothing to draw.

    At each size the configuration chosen by validation is drawn. Models that took
    missing cells as 0 are not: their errors would flatten all others.
    """
    measure = _measure(family)
    runs = family.runs[~family.runs["zero_filled"]]
    if measure is None or runs["n_components"].nunique() < 2:
        return None
    by_size = choose(
        runs,
        measure.metric,
        higher=measure.higher,
        contest=(*CONTEST, "n_components"),
    )
    records = _records(family, by_size, measure)
    kinds = [(r["panel"], r["variant"], r["init"]) for r in records]
    if len(set(kinds)) == len(kinds):
        return None
    pad(records, ("low", "high"), ("under", "over"))
    best = None if measure.higher else _best_baseline(family, measure)
    return _drawn(family, records, measure, pencil, best, how=set(by_size["chosen_by"]))


def _measure(family: Family) -> Measured | None:
    """Return what is drawn: a plain RMSE, as training errors are, else the first.

    Of events a ranking.
    """
    measures = family.measures
    if family.events:
        return next(measure for measure in measures if measure.higher)
    plain = [measure for measure in measures if measure.name == "rmse"]
    return next(iter([*plain, *measures]), None)


def _records(family: Family, by_size: pd.DataFrame, measure: Measured) -> Records:
    panels: list[tuple[str, tuple[str, ...]]] = [(_HELD_OUT, (measure.metric,))]
    if measure.name == "rmse":
        panels.append((_TRAINING, _SEEN))
    records: Records = []
    for panel, metrics in panels:
        metric = next((m for m in metrics if m in family.values.columns), None)
        if metric is None:
            continue
        of = ["variant", "init", "n_components"]
        for (variant, init, size), rows in by_size.groupby(of, sort=False):
            stat = family.stat(rows, metric)
            if stat is not None:
                records.append(
                    {
                        "panel": panel,
                        "variant": str(variant),
                        "init": str(init),
                        "n_components": int(str(size)),
                        "value": stat.mean,
                        "low": stat.low,
                        "high": stat.high,
                        "seeds": stat.n,
                    }
                )
    return records


def _best_baseline(family: Family, measure: Measured) -> tuple[str, float] | None:
    """Return the baseline with the lowest error, by name, and that error."""
    found = []
    for name, prefix in baselines(family.runs.columns, family.measures).items():
        metric = f"{prefix}{measure.name}"
        if metric in family.runs and family.runs[metric].notna().any():
            folds = family.runs.groupby(["fold", "split_seed"])[metric].mean()
            stat = stat_of([folds.dropna()])
            if stat is not None:
                found.append((stat.mean, name))
    return (min(found)[1], min(found)[0]) if found else None


def _drawn(
    family: Family,
    records: Records,
    measure: Measured,
    pencil: Pencil,
    best: tuple[str, float] | None,
    *,
    how: Container[str],
) -> Figure:
    if best is not None:
        for record in records:
            if record["panel"] == _HELD_OUT:
                record["baseline"] = best[1]
                record["under"] = min(record["under"], best[1])
                record["over"] = max(record["over"], best[1])
    variants, inits, panels = shown_of(records)
    sizes = sorted({int(record["n_components"]) for record in records})
    title = measure.title
    y = value_axis(alt.Y, records, "value", title)
    picked, opacity = singled_out()
    base = alt.Chart().encode(
        x=sizes_axis(sizes),
        color=_known(pencil, variants).colour(variants),
        opacity=opacity,
        tooltip=tooltip(runs="folds or seeds"),
    )
    low = value_axis(alt.Y, records, "low", title)
    layers = [
        room_for(alt.Y, alt.Y2, records, title),
        base.mark_rule(strokeWidth=1.5).encode(y=low, y2="high:Q"),
        base.mark_line().encode(y=y, strokeDash=pencil.dash(inits)),
        base.mark_circle(size=60).encode(y=y).add_params(picked),
    ]
    if best is not None:
        layers.append(_reference(records, title))
    spec = panelled(layers, records, panels, 300, same_x=True)
    return Figure(
        id=f"held-out-{family.id}-by-size",
        title=f"{title} on held-out cells against the number of components:"
        f" {family.title}",
        caption=_caption(family, best, panels, how=how),
        live=pencil.click,
        spec=_same_y(spec),
    )


def _reference(records: Records, title: str) -> alt.Chart:
    y = value_axis(alt.Y, records, "baseline", title)
    line: alt.Chart = alt.Chart().transform_filter("isValid(datum.baseline)")
    rule: alt.Chart = line.mark_rule(color=MUTED, strokeDash=[2, 3]).encode(y=y)
    return rule


def _same_y(spec: dict[str, Any]) -> dict[str, Any]:
    """Let both panels have one vertical axis: what they show is of one unit."""
    if "resolve" in spec:
        spec["resolve"] = {"scale": {"x": "shared", "y": "shared"}}
    return spec


def _known(pencil: Pencil, variants: Sequence[str]) -> Pencil:
    """Return a pencil that knows these variants, in the report's colours if it can."""
    colours = {
        variant: pencil.colours.get(variant, PALETTE[i % len(PALETTE)])
        for i, variant in enumerate(variants)
    }
    return Pencil(colours, pencil.inits, pencil.title)


def _caption(
    family: Family,
    best: tuple[str, float] | None,
    panels: Sequence[str],
    *,
    how: Container[str],
) -> str:
    over = f"{family.n_folds} {family.unit}s" if family.n_folds > 1 else "seeds"
    parts = [f"Points are means over {over}, bars run from the lowest to the highest."]
    if "test" in how:
        parts.append(
            "Where there were no validation cells, the configuration of a size was"
            " tuned on its own test cells: the true error is higher."
        )
    elif "validation" in how:
        parts.append("At each size the configuration that validation chose is drawn.")
    if _TRAINING in panels:
        parts.append(
            "The training error of the best fit cannot rise with size; where the"
            " held-out error does, the model fits noise."
        )
    if best is not None:
        parts.append(f"Dotted: the best baseline, {best[0].lower()} ({best[1]:.4g}).")
    if family.runs["zero_filled"].any():
        parts.append(
            "Models that took missing cells as 0 are in the table only: on this scale"
            " they would flatten the others."
        )
    return " ".join(parts)
