"""What the best run would recommend to the first users, where data are of that kind."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nmflab.recommend import RecommendationError, is_recommendable, recommend
from nmflab.recommend.text import CLIPPED, figure, told_of, value_text
from nmflab.report.content import (
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Prose,
    Section,
    Table,
)
from nmflab.report.numbers import count
from nmflab.report.reading.material import Material
from nmflab.store import StoreError

if TYPE_CHECKING:
    import pandas as pd

N_USERS = 5
N_TOP = 5


def recommendations_section(material: Material) -> Section | None:
    """Return the recommendations; None where no data are ratings or purchases."""
    used = set(material.finished["fingerprint"])
    if not any(is_recommendable(d) for f, d in material.datasets.items() if f in used):
        return None
    return Section("recommendations", "Recommendations", _blocks(material))


def _blocks(material: Material) -> list[Block]:
    words = ["nmflab", "recommend", material.store.address, "user=NAME", "top=10"]
    # Of studies merged none is named: what was asked of one would not be this table.
    asked = [] if material.store.merge else [Code(shlex.join(words))]
    try:
        frame = recommend(material.store, top=N_TOP, first=N_USERS)
    except (RecommendationError, StoreError) as error:
        said = f"Nothing is recommended here: {error}."
        return [Prose(said, "note"), *asked]
    attrs = frame.attrs
    return [
        Prose(f"From {attrs['title']}: {attrs['why']}."),
        _table(frame),
        Bullets(told_of(frame)),
        *([Prose(_OTHERS, "note")] if asked else []),
        *asked,
    ]


_OTHERS = "For other users, or for one the run never saw (new=...):"


def _table(frame: pd.DataFrame) -> Table:
    based = bool(frame.attrs["has_baseline"])
    n_left_out = frame.attrs["n_left_out"]
    clipped = f"; {CLIPPED} brought onto the rating scale"
    return Table(
        "recommendations-table",
        f"The best {N_TOP} items of the first {len(n_left_out)} users",
        [
            Column("User", hint="with how many items it knows, which are left out"),
            Column("Rank", True),
            Column("Item"),
            Column("Predicted", True, f"the modelled value{clipped}"),
            *([Column("Baseline", True, _BASELINE)] if based else []),
            Column("Carried by", hint="share of the sum over features of w_ik h_kj"),
            Column("Known by", True, "users who have the item in the data"),
        ],
        [_row(row, n_left_out, based=based) for row in frame.itertuples(index=False)],
        n_headers=1,
    )


_BASELINE = "what the offsets of user and item give without any feature"


def _row(row: Any, n_left_out: Mapping[str, int], *, based: bool) -> list[Cell]:
    """Return one line; row: a named tuple of the frame's columns."""
    known = f"{count(n_left_out[row.user], 'item')} known" if row.rank == 1 else ""
    base = [Cell(figure(row.baseline), sort=row.baseline)] if based else []
    return [
        Cell(str(row.user), known),
        Cell(str(row.rank), sort=row.rank),
        Cell(str(row.item)),
        Cell(value_text(row.predicted, row.shown), sort=row.predicted),
        *base,
        Cell(str(row.features)),
        Cell(f"{row.n_known:,}", sort=row.n_known),
    ]
