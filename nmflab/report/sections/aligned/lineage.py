"""Lineage across sizes: which components are kept, split, merged or new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.numerics import Lineage
from nmflab.numerics.lineage import LINK, LOST
from nmflab.report.content import (
    Block,
    Cell,
    Column,
    Details,
    Figure,
    Heading,
    Prose,
    Table,
)
from nmflab.report.drawing.pencil import Records, spec_of
from nmflab.report.drawing.theme import MUTED, PALETTE, WIDTH
from nmflab.report.numbers import listed, number
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material
from nmflab.report.reading.observed import column_names
from nmflab.report.sections.aligned.chains import Chain, chains
from nmflab.report.sections.factors.features import component_strength

if TYPE_CHECKING:
    from nmflab.store import StoredDataset

MOST_CHAINS = 3
"""Lineages drawn: of the best solver of so many data sets."""

N_TOP = 4

_FIRST = "first size"

_COLOURS = {
    _FIRST: MUTED,
    "kept": PALETTE[0],
    "split": PALETTE[4],
    "merged": PALETTE[3],
    "new": PALETTE[2],
}


def lineage_blocks(material: Material, groups: Sequence[Group]) -> list[Block]:
    """Return the lineage of the best solver of each data set, where sizes differ."""
    blocks: list[Block] = []
    for at, chain in enumerate(chains(material, groups)[:MOST_CHAINS]):
        dataset = material.datasets.get(str(chain.groups[0].labels["fingerprint"]))
        if dataset is None:
            continue
        blocks.append(_drawn(str(at + 1), dataset, chain))
        table = _table(str(at + 1), dataset, chain)
        blocks.append(
            Details("The same as a table, with weights and residuals", [table])
        )
    if not blocks:
        return []
    text = (
        "Each component of one size is written as a nonnegative combination of those"
        f" of the next, of unit vectors. A part counts from {number(100 * LINK)} % of"
        " the weight on; a component whose combination leaves more than"
        f" {number(100 * LOST)} % of its length is lost. Split: several parts."
        " Merged: parts of several. New: a part of none."
    )
    return [Heading("Lineage across sizes"), Prose(text), *blocks]


def _titled(chain: Chain) -> str:
    group = chain.groups[0]
    told = [
        f"{name} {group.labels[name]}"
        for name in ("weighting", "split")
        if group.labels[name] not in ("", "none")
    ]
    where = ", ".join([group.dataset, *told, str(group.labels["objective"])])
    return f"{where}, {group.name}, best seed of each size"


def _places(chain: Chain) -> list[Matrix]:
    """Return the height of each component, 0 to 1, near those it comes from."""
    strengths = [component_strength(one) for one in chain.factors]
    order = np.argsort(-strengths[0], kind="stable")
    places = [_spread(order)]
    for found in chain.lineages:
        pull = found.shares * found.links
        total = pull.sum(axis=0)
        wanted = np.where(
            total > 0, places[-1] @ pull / np.where(total > 0, total, 1.0), 1.0
        )
        places.append(_spread(np.argsort(wanted, kind="stable")))
    return places


def _spread(order: npt.NDArray[np.intp]) -> Matrix:
    """Return evenly spaced heights in this order."""
    places = np.empty(len(order))
    places[order] = (np.arange(len(order)) + 0.5) / len(order)
    return places


def _nodes(dataset: StoredDataset, chain: Chain, places: Sequence[Matrix]) -> Records:
    features = column_names(dataset)
    nodes: Records = []
    for at, (group, found) in enumerate(zip(chain.groups, chain.factors, strict=True)):
        origins = chain.lineages[at - 1].origins if at else None
        nodes += [
            {
                "size": str(group.n_components),
                "place": float(places[at][k]),
                "component": str(k + 1),
                "origin": origins[k] if origins else _FIRST,
                "words": _words(found.H[k], features),
            }
            for k in range(found.n_components)
        ]
    return nodes


def _bands(chain: Chain, places: Sequence[Matrix]) -> Records:
    """Return the links, as the ends of lines and their share of the combination."""
    return [
        {
            "size": str(chain.groups[at].n_components),
            "next": str(chain.groups[at + 1].n_components),
            "place": float(places[at][k]),
            "there": float(places[at + 1][one]),
            "share": float(found.shares[k, one]),
            "fate": found.fates[k],
        }
        for at, found in enumerate(chain.lineages)
        for k, one in zip(*np.nonzero(found.links), strict=True)
    ]


def _words(h: Matrix, features: Sequence[str]) -> str:
    top = np.argsort(-h, kind="stable")[:N_TOP]
    return ", ".join(features[j] for j in top if h[j] > 0)


def _drawn(name: str, dataset: StoredDataset, chain: Chain) -> Figure:
    places, sizes = _places(chain), [str(group.n_components) for group in chain.groups]
    chart = alt.LayerChart(layer=_layers(sizes))
    chart.width = min(WIDTH, 130 * len(sizes))
    most = max(found.n_components for found in chain.factors)
    chart.height = max(120, 26 * most)
    data = {"bands": _bands(chain, places), "nodes": _nodes(dataset, chain, places)}
    return Figure(
        f"lineage-{name}",
        f"Lineage of components: {_titled(chain)}",
        "Numbers are components as the solver returned them; a line's width is the"
        f" share of the combination.{_left_out(chain)}",
        spec_of(chart, data),
    )


def _layers(sizes: Sequence[str]) -> list[alt.Chart]:
    """Return bands between sizes, and above them numbered discs."""
    x = alt.X(
        "size:N",
        sort=list(sizes),
        title="n_components",
        scale=alt.Scale(type="point", padding=0.4),
        axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False),
    )
    y = alt.Y("place:Q", scale=alt.Scale(domain=[1, 0]), axis=None)
    colour = alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values()))
    thick = alt.Scale(domain=[0, 1], range=[0, 9], zero=True)
    bands = alt.Chart(alt.NamedData("bands")).mark_rule(opacity=0.3, color=MUTED)
    bands = bands.encode(alt.StrokeWidth("share:Q", scale=thick, legend=None), x=x, y=y)
    nodes = alt.Chart(alt.NamedData("nodes")).encode(x=x, y=y)
    discs = nodes.mark_circle(size=330, opacity=1)
    numbers = nodes.mark_text(fontSize=11, color="#ffffff")
    return [
        bands.encode(
            x2="next:N",
            y2="there:Q",
            tooltip=["fate:N", alt.Tooltip("share:Q", format=".2f")],
        ),
        discs.encode(
            alt.Color("origin:N", title="Comes as", scale=colour),
            tooltip=["size:N", "component:N", "origin:N", "words:N"],
        ),
        numbers.encode(text="component:N"),
    ]


def _left_out(chain: Chain) -> str:
    if not chain.n_left_out:
        return ""
    sizes = [str(group.n_components) for group in chain.groups]
    return f" Shown: n_components {listed(sizes, 12)}; {chain.n_left_out} not."


def _table(name: str, dataset: StoredDataset, chain: Chain) -> Table:
    return Table(
        id=f"lineage-table-{name}",
        caption=f"Lineage of components: {_titled(chain)}",
        columns=[
            Column("n_components"),
            Column("Component", True),
            Column("What becomes of it"),
            Column("Top features"),
            Column("Components of the next size", hint="with their share"),
            Column("Residual", True, "length that the combination leaves, out of 1"),
        ],
        rows=_rows(chain, column_names(dataset)),
        n_headers=2,
    )


def _rows(chain: Chain, features: Sequence[str]) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for at, found in enumerate(chain.lineages):
        sizes = [str(group.n_components) for group in chain.groups[at : at + 2]]
        smaller, larger = chain.factors[at : at + 2]
        for k, fate in enumerate(found.fates):
            words = _words(smaller.H[k], features)
            rows.append(_row(sizes, str(k + 1), fate, words, _parts(found, k)))
        for k, origin in enumerate(found.origins):
            if origin == "new":
                words = _words(larger.H[k], features)
                rows.append(_row(sizes, "–", "new", words, (str(k + 1), "–")))
    return rows


def _parts(found: Lineage, k: int) -> tuple[str, str]:
    shares = found.shares[k]
    order = [int(one) for one in np.argsort(-shares, kind="stable")]
    parts = [f"{one + 1} ({shares[one]:.2f})" for one in order if found.links[k, one]]
    return ", ".join(parts) or "none", number(float(found.residuals[k]), 2)


def _row(
    sizes: Sequence[str], component: str, fate: str, words: str, parts: tuple[str, str]
) -> list[Cell]:
    return [
        Cell(" → ".join(sizes), sort=float(sizes[0])),
        Cell(component),
        Cell(fate, tone="" if fate == "kept" else "warning"),
        Cell(words),
        Cell(parts[0]),
        Cell(parts[1]),
    ]
