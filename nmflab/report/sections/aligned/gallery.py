"""Aligned components side by side, as pictures or words, and how well they match."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.report.content import (
    Block,
    Card,
    Cards,
    Cell,
    Column,
    Details,
    Figure,
    Picture,
    Table,
)
from nmflab.report.numbers import count, number
from nmflab.report.reading.observed import column_names
from nmflab.report.sections.aligned.found import Comparison
from nmflab.report.sections.factors.components import drawn_component, is_drawable
from nmflab.report.sections.factors.features import component_strength
from nmflab.report.sections.factors.heatmaps import Grid, heatmaps

if TYPE_CHECKING:
    from nmflab.store import StoredDataset

MOST_COMPONENTS = 12
"""Components shown of each run: those of the best run with the largest share."""

N_TOP = 6


def gallery(name: str, dataset: StoredDataset, comparison: Comparison) -> list[Block]:
    """Return a comparison's components, one after another, as they are best seen.

    Images and curves are drawn, with the top features folded away; of other data the
    top features are all there is.
    """
    table = _table(name, dataset, comparison)
    if not is_drawable(dataset):
        return [table]
    cards = Cards(
        f"aligned-cards-{name}",
        table.caption,
        [_card(name, dataset, comparison, int(k)) for k in _order(comparison)],
        table.note,
    )
    words = Details("The same as top features, with both cosines", [table])
    return [cards, words]


def _card(name: str, dataset: StoredDataset, comparison: Comparison, k: int) -> Card:
    """Return one component of the best run beside its partners in the others."""
    pictures = []
    for at, called in enumerate(_names(comparison)):
        partner, h = _vector(comparison, at, k)
        if h is None:
            continue
        said = called
        if at:
            score = float(comparison.alignments[at - 1].scores[k])
            said = f"{called}: its {partner + 1}, match {score:.3f}"
        card_id = f"aligned-{name}-{k + 1}-{at + 1}"
        w = comparison.entries[at].factors.W[:, partner]
        pictures.append(_picture(dataset, h, w, card_id, said))
    missing = len(comparison.entries) - len(pictures)
    detail = f"no partner in {count(missing, 'run')}" if missing else ""
    return Card(f"Component {k + 1}", detail, pictures)


def _picture(
    dataset: StoredDataset, h: Matrix, w: Matrix, card_id: str, said: str
) -> Picture:
    """Return the picture of a row of H; of a column of W where H is none."""
    made = drawn_component(dataset, h, card_id=card_id, title=said, lists=[])
    if not made.pictures:
        made = drawn_component(dataset, h, w, card_id=card_id, title=said, lists=[])
    return replace(made.pictures[0], caption=said)


def match_heatmap(figure_id: str, comparison: Comparison) -> Figure | None:
    """Return the factor match scores of every two runs; None for two runs only."""
    names = _names(comparison)
    if len(names) < 3:
        return None
    grid = Grid("", comparison.match_scores, names, names, limits=(0.0, 1.0))
    return Figure(
        figure_id,
        f"Factor match scores, {titled(comparison)}",
        "1 is the same factors but for scale and order of the components, 0 nothing"
        " shared; lowest objective first.",
        heatmaps([grid]),
    )


def titled(comparison: Comparison) -> str:
    """Return what is compared: the data set and n_components."""
    group = comparison.group
    parts = [group.dataset, f"n_components {group.n_components}"]
    parts += [
        f"{name} {group.labels[name]}"
        for name in ("weighting", "split")
        if str(group.labels[name]) not in ("", "none")
    ]
    return ", ".join([*parts, str(group.labels["objective"])])


def _names(comparison: Comparison) -> list[str]:
    """Return the entries' names, each once."""
    names: list[str] = []
    for entry in comparison.entries:
        same = sum(name.split(" (")[0] == entry.name for name in names)
        names.append(f"{entry.name} ({same + 1})" if same else entry.name)
    return names


def _order(comparison: Comparison) -> npt.NDArray[np.intp]:
    """Return the best run's components shown, the largest first."""
    return comparison.entries[0].shape.given[:MOST_COMPONENTS]


def _vector(comparison: Comparison, at: int, k: int) -> tuple[int, Matrix | None]:
    """Return the component of entry `at` that goes with k of the first."""
    entry = comparison.entries[at]
    if at:
        k = int(comparison.alignments[at - 1].permutation[k])
    return k, None if k < 0 else entry.factors.H[k]


def _table(name: str, dataset: StoredDataset, comparison: Comparison) -> Table:
    names = _names(comparison)
    features = column_names(dataset)
    share = component_strength(comparison.entries[0].factors)
    rows = [
        [
            Cell(
                str(k + 1),
                f"{number(100 * float(share[k]), 3)} %",
                sort=float(k + 1),
            ),
            *(_cell(comparison, at, int(k), features) for at in range(len(names))),
        ]
        for k in _order(comparison)
    ]
    return Table(
        id=f"aligned-{name}",
        caption=f"Aligned components: {titled(comparison)}",
        columns=[
            Column("Component", hint="of the first run, with its share of that run"),
            Column(names[0]),
            *(Column(one, hint=_MATCH) for one in names[1:]),
        ],
        rows=rows,
        note=_note(comparison),
    )


_MATCH = (
    "its component, and the product of the cosines of the rows of H and columns of W"
)


def _cell(comparison: Comparison, at: int, k: int, features: list[str]) -> Cell:
    partner, h = _vector(comparison, at, k)
    if h is None:
        return Cell("no partner", tone="warning")
    top = np.argsort(-h, kind="stable")[:N_TOP]
    text = ", ".join(features[j] for j in top if h[j] > 0)
    if not at:
        return Cell(text)
    found = comparison.alignments[at - 1]
    score = float(found.scores[k])
    detail = (
        f"its {partner + 1}, match {score:.3f} (H {found.cosines_H[k]:.3f},"
        f" W {found.cosines_W[k]:.3f})"
    )
    return Cell(text, detail, sort=score, tone="warning" if score < LIKE else "")


LIKE = 0.9
"""Match score of a component below which it is marked."""


def _note(comparison: Comparison) -> str:
    parts = []
    left = comparison.entries[0].shape.given.size - MOST_COMPONENTS
    if left > 0:
        parts.append(f"{count(left, 'smaller component')} of the first run not shown")
    for name, found in zip(_names(comparison)[1:], comparison.alignments, strict=True):
        if found.unmatched.size:
            alone = ", ".join(str(k + 1) for k in found.unmatched)
            parts.append(f"without a partner in {name}: component {alone}")
    if comparison.n_left_out:
        parts.append(f"{count(comparison.n_left_out, 'further run')} not shown")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""
