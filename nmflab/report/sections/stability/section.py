"""The section on stability: sentences, a chart against size, a table."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np

from nmflab.report.content import (
    Block,
    Bullets,
    Cell,
    Column,
    Figure,
    Prose,
    Section,
    Table,
)
from nmflab.report.drawing.pencil import (
    Pencil,
    Records,
    panel_names,
    panelled,
    shown_of,
    singled_out,
    sizes_axis,
)
from nmflab.report.numbers import count, listed, number
from nmflab.report.reading.groups import Group
from nmflab.report.sections.stability.matching import STABLE, Stability

MOST_PANELS = 6


def stability_section(
    groups: Sequence[Group],
    found: Sequence[Stability],
    pencil: Pencil,
    measured: Sequence[Block] = (),
) -> Section:
    """Return the section on stability over seeds; what was `measured` comes last."""
    blocks: list[Block]
    if not found:
        blocks = [Prose(_why_none(groups)), *measured]
        return Section("stability", "Stability over seeds", blocks)
    blocks = [
        Prose(
            "Each component of a setting's best run is matched with the components of"
            " its other seeds, one to one, so that the cosines of their rows of H are"
            " largest in sum. A component counts as found again from a cosine of"
            f" {STABLE} on, and as stable if every other seed found it."
        ),
        *overview(found),
    ]
    figure = _chart(found, pencil)
    blocks += [figure] if figure else []
    blocks += [_table(found, pencil.title), *measured]
    return Section("stability", "Stability over seeds", blocks)


_MOST_SENTENCES = 6


def _why_none(groups: Sequence[Group]) -> str:
    if any(group.n_seeds > 1 for group in groups):
        return "The factors were not kept, so the seeds cannot be compared."
    return (
        "No two runs differ by their seed only, so nothing can be said of stability."
        ' Ask for several, as in "seed=range(10)".'
    )


def overview(found: Sequence[Stability]) -> list[Block]:
    """Return how many settings are stable throughout, and what is not in the others."""
    shaky = sorted((one for one in found if not one.stable.all()), key=_share)
    n = len(found) - len(shaky)
    share = f"{n or 'none'} of {count(len(found), 'setting')}"
    text = f"In {share} every component is stable."
    if not shaky:
        text = "Every component is stable in every setting compared."
    blocks: list[Block] = [Prose(text)]
    if shaky:
        blocks.append(Bullets([sentence(one) for one in shaky[:_MOST_SENTENCES]]))
    if len(shaky) > _MOST_SENTENCES:
        left = count(len(shaky) - _MOST_SENTENCES, "more setting")
        blocks.append(Prose(f"{left} in the table below.", "note"))
    return blocks


def _share(one: Stability) -> float:
    return float(one.stable.mean())


def sentence(one: Stability) -> str:
    """Return which components are stable and which are not."""
    group, stable = one.group, one.stable
    where = f"{group.dataset}, {group.name}, n_components {group.n_components}"
    others = count(one.n_others, "other seed")
    if stable.all():
        n = (
            "the one component is"
            if stable.size == 1
            else f"all {stable.size} components are"
        )
        return f"{where}: {n} stable (found in each of {others})."
    missing = [
        f"component {k + 1} (in {one.found[k]} of {one.n_others})"
        for k in np.flatnonzero(~stable)
    ]
    text = f"{stable.sum()} of {stable.size} components are stable"
    if not stable.any():
        text = f"none of {stable.size} components is stable"
    return f"{where}: {text} over {others}; not stable: {listed(missing)}."


def _table(found: Sequence[Stability], title: str) -> Table:
    return Table(
        id="stability-table",
        caption="Components found again from other seeds",
        columns=[
            Column("Dataset"),
            Column(title),
            Column("Init"),
            Column("n_components", True),
            Column("Other seeds", True),
            Column("Stable", True, f"cosine >= {STABLE} in every other seed"),
            Column("Stable components"),
            Column("Not stable", hint="with their lowest matched cosine"),
            Column("Mean cosine", True, "over components and other seeds"),
        ],
        rows=[_row(one) for one in found],
        n_headers=4,
    )


def _below(cosine: float) -> str:
    """Return a cosine below `STABLE` with as many digits as show that it is below."""
    digits = next((n for n in range(2, 6) if round(cosine, n) < STABLE), 6)
    return number(cosine, digits)


def _row(one: Stability) -> list[Cell]:
    group, stable, lowest = one.group, one.stable, one.lowest
    names = [str(k + 1) for k in np.flatnonzero(stable)]
    shaky = [f"{k + 1} ({_below(lowest[k])})" for k in np.flatnonzero(~stable)]
    share = float(stable.mean())
    mean = float(one.cosines.mean())
    return [
        Cell(group.dataset),
        Cell(group.variant),
        Cell(group.init),
        Cell(str(group.n_components), sort=group.n_components),
        Cell(str(one.n_others), sort=one.n_others),
        Cell(
            f"{stable.sum()} of {stable.size}",
            sort=share,
            tone="good" if share == 1 else "warning" if share < 0.5 else "",
        ),
        Cell(listed(names, 12)),
        Cell(listed(shaky, 12)),
        Cell(f"{mean:.3f}", sort=mean),
    ]


def _chart(found: Sequence[Stability], pencil: Pencil) -> Figure | None:
    """Return the mean matched cosine against size, where there are several sizes."""
    records = _records(found)
    sizes = sorted({record["n_components"] for record in records})
    if len(sizes) < 2:
        return None
    variants, inits, panels = shown_of(records)
    records = [record for record in records if record["panel"] in panels[:MOST_PANELS]]
    picked, opacity = singled_out()
    base = alt.Chart().encode(
        x=sizes_axis(sizes),
        y=alt.Y("cosine:Q", title="Mean matched cosine", scale=alt.Scale(zero=False)),
        color=pencil.colour(variants),
        opacity=opacity,
        tooltip=["variant:N", "init:N", "n_components:Q", "cosine:Q", "stable:N"],
    )
    lines = base.mark_line().encode(strokeDash=pencil.dash(inits))
    points = base.mark_circle(size=60).add_params(picked)
    return Figure(
        id="stability-by-size",
        title="Stability over seeds against the number of components",
        caption="Mean cosine of matched components between a setting's best run and its"
        " other seeds; 1 is the same factors from every start.",
        live=pencil.click,
        spec=panelled([lines, points], records, panels[:MOST_PANELS], 280, same_x=True),
    )


def _records(found: Sequence[Stability]) -> Records:
    names = panel_names([one.group for one in found])
    return [
        {
            "panel": names[id(one.group)],
            "variant": one.group.variant,
            "init": one.group.init,
            "n_components": one.group.n_components,
            "cosine": float(one.cosines.mean()),
            "stable": f"{one.stable.sum()} of {one.stable.size}",
        }
        for one in found
    ]
