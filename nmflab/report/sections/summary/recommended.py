"""The table of what to use: a row a data set and size."""

from __future__ import annotations

from collections.abc import Mapping

from nmflab.report.content import Cell, Column, Table, Tone
from nmflab.report.numbers import NOTHING, count, listed, seconds
from nmflab.report.reading.groups import Group
from nmflab.report.sections.results.boards import Pool, Standing
from nmflab.report.sections.results.cells import LAST, percent_more
from nmflab.report.sections.results.table import axes_of
from nmflab.report.sections.stability.matching import Stability
from nmflab.report.sections.summary.findings import Findings

MOST_ROWS = 24


def recommended(found: Findings) -> Table | None:
    """Return who came lowest, the cheapest that tied, and who is most stable.

    None where no two settings were compared.
    """
    shown = found.pools[:MOST_ROWS]
    if not shown:
        return None
    stable = {id(one.group): one for one in found.stable}
    left = len(found.pools) - len(shown)
    return Table(
        id="recommended",
        caption="Which solver, start and size to use",
        columns=[
            Column("Data"),
            Column("n_components", True),
            Column("Lowest objective", hint="and those that tie with it"),
            Column(
                "Cheapest of these", hint=f"by processor time of the steps{found.clock}"
            ),
            Column("Most stable", hint="most components found again by every seed"),
        ],
        rows=[_row(found, pool, stable) for pool in shown],
        note=_NOTE + (f" {count(left, 'further comparison')} below." if left else ""),
        n_headers=2,
        about=[_about(pool.best) for pool in shown],
    )


_NOTE = (
    "A tie is a difference within the spread over seeds, or below 0.1 %: then take the"
    " cheapest, or the most stable where the components matter."
)


def _about(group: Group) -> dict[str, str]:
    """Return the labels of a row for the filters: it is of all solvers and starts."""
    named = axes_of(group)
    return {axis: named[axis] for axis in ("dataset", "n_components", "objective")}


def _row(found: Findings, pool: Pool, stable: Mapping[int, Stability]) -> list[Cell]:
    return [
        _data(pool),
        _size(found, pool),
        _lowest(pool),
        _cheapest(pool),
        _most_stable(pool, stable),
    ]


def _data(pool: Pool) -> Cell:
    """Return the data set; with the start where there was but one kind."""
    first = pool.standings[0]
    init = first.groups[0].init
    return Cell(pool.place, f"init {init}" if first.lone_start and init else "")


def _size(found: Findings, pool: Pool) -> Cell:
    """Return the size and who chose it; that it is the only one where it is."""
    size = pool.best.n_components
    said = found.votes.get(size, "")
    if not said and len(found.places[pool.place]) == 1:
        said = "the only one compared"
    chosen: Tone = "good" if size == found.size else ""
    return Cell(str(size), said, size, chosen)


def _lowest(pool: Pool) -> Cell:
    names = [one.name for one in pool.tied]
    if len(names) > 1:
        every = len(names) == len(pool.standings)
        what = "all tie" if every else f"{len(names)} of {len(pool.standings)} tie"
        return Cell(listed(names, 4), what)
    if len(pool.standings) < 2 or pool.standings[1].gap is None:
        return Cell(names[0])
    second = pool.standings[1]
    return Cell(names[0], f"next {second.name}, {percent_more(second.gap or 0.0)}")


def _cheapest(pool: Pool) -> Cell:
    costs = [(one.cpu, at) for at, one in enumerate(pool.tied) if one.cpu is not None]
    if not costs:
        return Cell(NOTHING, sort=LAST)
    cpu, at = min(costs)
    return Cell(pool.tied[at].name, f"{seconds(cpu)} a run", cpu)


def _most_stable(pool: Pool, stable: Mapping[int, Stability]) -> Cell:
    """Return the settings with the largest share of stable components."""
    shares: list[tuple[float, Standing, Stability]] = []
    for standing in pool.standings:
        one = stable.get(id(standing.groups[0]))
        if one is not None and len(pool.boards) == 1:
            shares.append((float(one.stable.mean()), standing, one))
    if not shares:
        return Cell(NOTHING, "needs two seeds", LAST)
    most = max(share for share, _, _ in shares)
    if most == 0:
        return Cell("none", "no component found by every seed", 0.0)
    best = [(standing, one) for share, standing, one in shares if share == most]
    of = best[0][1].stable
    return Cell(
        listed([standing.name for standing, _ in best], 4),
        f"{int(of.sum())} of {of.size} found by every seed",
        -most,
    )
