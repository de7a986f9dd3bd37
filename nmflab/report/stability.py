"""Which components come back from other seeds: matched cosines to the best run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.report.charts import Pencil, Records, panel_names, panelled, shown_of
from nmflab.report.content import Block, Cell, Column, Figure, Prose, Section, Table
from nmflab.report.groups import Group
from nmflab.report.material import Material
from nmflab.report.numbers import count, listed, number

if TYPE_CHECKING:
    from collections.abc import Iterator

STABLE = 0.9
"""Matched cosine from which two components are called the same."""

MOST_SEEDS = 20
MOST_GROUPS = 60
MOST_NUMBERS = 40_000_000
"""Entries of H read in all: a bound on time and memory for large data."""

Matcher = Callable[[Matrix, Matrix], tuple[npt.NDArray[np.intp], Matrix]]


@dataclass(frozen=True)
class Stability:
    """How well the components of a group's best run come back from its other seeds.

    Parameters
    ----------
    group : Group
    cosines : ndarray of shape (n_other_seeds, n_components)
        Of component k of the best run with the one matched to it in another seed's run.
    """

    group: Group
    cosines: Matrix

    @property
    def n_others(self) -> int:
        """Number of runs the best was compared with."""
        return int(self.cosines.shape[0])

    @property
    def lowest(self) -> Matrix:
        """Lowest cosine of each component over the other seeds."""
        return np.asarray(self.cosines.min(axis=0), dtype=np.float64)

    @property
    def found(self) -> npt.NDArray[np.intp]:
        """In how many other seeds each component came back."""
        return np.asarray((self.cosines >= STABLE).sum(axis=0), dtype=np.intp)

    @property
    def stable(self) -> npt.NDArray[np.bool_]:
        """Which components came back from every other seed."""
        return np.asarray(self.lowest >= STABLE)


def stabilities(
    material: Material, groups: Sequence[Group], match: Matcher | None = None
) -> list[Stability]:
    """Return the stability of every group of two seeds or more, within the bounds."""
    if match is None:
        from nmflab.numerics.alignment import match_components as match
    found: list[Stability] = []
    budget = MOST_NUMBERS
    for group in groups:
        if group.n_seeds < 2 or len(found) == MOST_GROUPS or budget <= 0:
            continue
        runs = list(_components(material, group))
        budget -= sum(H.size for H in runs)
        if len(runs) > 1:
            cosines = [match(runs[0], other)[1] for other in runs[1:]]
            found.append(Stability(group, np.vstack(cosines)))
    return found


def _components(material: Material, group: Group) -> Iterator[Matrix]:
    """Yield H of the best run, then of the other seeds', where they were kept."""
    others = [key for key in group.keys if key != group.best_key]
    for key in (group.best_key, *others[: MOST_SEEDS - 1]):
        factors = material.factors(key)
        if factors is None and key == group.best_key:
            return
        if factors is not None:
            yield factors.H


def stability_section(
    groups: Sequence[Group], found: Sequence[Stability], pencil: Pencil
) -> Section:
    """Return the section on stability over seeds."""
    if not found:
        return Section("stability", "Stability over seeds", [Prose(_why_none(groups))])
    blocks: list[Block] = [
        Prose(
            f"Each component of a group's best run is matched with the components of its"
            f" other seeds, one to one, so that the cosines of their rows of H are"
            f" largest in sum. A component counts as found again from a cosine of"
            f" {STABLE} on, and as stable if every other seed found it."
        ),
        *(Prose(sentence(one)) for one in found[:_MOST_SENTENCES]),
    ]
    figure = _chart(found, pencil)
    blocks += [figure] if figure else []
    return Section("stability", "Stability over seeds", [*blocks, _table(found)])


_MOST_SENTENCES = 6


def _why_none(groups: Sequence[Group]) -> str:
    if any(group.n_seeds > 1 for group in groups):
        return "The factors were not kept, so the seeds cannot be compared."
    return (
        "No two runs differ by their seed only, so nothing can be said of stability."
        ' Ask for several, as in "seed=range(10)".'
    )


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


def _table(found: Sequence[Stability]) -> Table:
    return Table(
        id="stability-table",
        caption="Components found again from other seeds",
        columns=[
            Column("Dataset"),
            Column("Solver"),
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


def _row(one: Stability) -> list[Cell]:
    group, stable, lowest = one.group, one.stable, one.lowest
    names = [str(k + 1) for k in np.flatnonzero(stable)]
    shaky = [f"{k + 1} ({number(lowest[k], 2)})" for k in np.flatnonzero(~stable)]
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
        Cell(number(mean, 3), sort=mean),
    ]


def _chart(found: Sequence[Stability], pencil: Pencil) -> Figure | None:
    """Return the mean matched cosine against size, where there are several sizes."""
    names = panel_names([one.group for one in found])
    records: Records = [
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
    sizes = sorted({record["n_components"] for record in records})
    if len(sizes) < 2:
        return None
    variants, inits, panels = shown_of(records)
    records = [record for record in records if record["panel"] in panels[:6]]
    base = alt.Chart().encode(
        x=alt.X(
            "n_components:Q",
            title="n_components",
            axis=alt.Axis(values=sizes, format="d", grid=False),
            scale=alt.Scale(zero=False, padding=18),
        ),
        y=alt.Y("cosine:Q", title="Mean matched cosine", scale=alt.Scale(zero=False)),
        color=pencil.colour(variants),
        tooltip=["variant:N", "init:N", "n_components:Q", "cosine:Q", "stable:N"],
    )
    layers = [
        base.mark_line().encode(strokeDash=pencil.dash(inits)),
        base.mark_point(filled=True, size=55).encode(
            shape=pencil.shape(inits, legend=False)
        ),
    ]
    return Figure(
        id="stability-by-size",
        title="Stability over seeds against the number of components",
        caption="Mean cosine of matched components between a group's best run and its"
        " other seeds; 1 is the same factors from every start.",
        spec=panelled(layers, records, panels[:6], 280),
    )
