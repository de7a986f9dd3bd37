"""Comparisons as tables: over data sets, and within each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nmflab.report.content import Cell, Column, Table
from nmflab.report.numbers import NOTHING, count, number
from nmflab.report.sections.comparisons.questions import Question
from nmflab.report.sections.comparisons.wording import (
    between,
    chance,
    p_value,
    signed,
)
from nmflab.statistics import magnitude
from nmflab.statistics.comparison import Against, Comparison
from nmflab.statistics.pairs import Pair

MOST_ROWS = 200


def named_by(question: Question) -> Mapping[str, tuple[str, str]]:
    """Return the solver (or case) and the start of each method."""
    known = question.frame.drop_duplicates("method")
    rows = known[["method", "variant", "init"]].itertuples(index=False, name=None)
    return {str(method): (str(variant), str(init)) for method, variant, init in rows}


def _naming(
    question: Question, title: str
) -> tuple[list[Column], Mapping[str, list[Cell]]]:
    """Return the columns that name a method, and their cells by method."""
    names = named_by(question)
    if len({init for _, init in names.values()}) < 2:
        cells = {method: [Cell(variant)] for method, (variant, _) in names.items()}
        return [Column(title)], cells
    both = {
        method: [Cell(variant), Cell(init)] for method, (variant, init) in names.items()
    }
    return [Column(title), Column("Init")], both


def over_table(question: Question, found: Comparison, title: str) -> Table:
    """Return ranks, wins and losses of every method, and the tests where there are."""
    heads, names = _naming(question, title)
    by = {one.method: one for one in found.against}
    tested = not found.why_untested
    rows = [
        [*names[m], *_standing(m, found), *_record(by.get(m), found, tested=tested)]
        for m in found.methods
    ]
    n = len(found.complete)
    best = "highest" if found.scale.higher else "lowest"
    return Table(
        id=f"comparison-{question.id}",
        caption=f"{question.full_title}, over data sets",
        columns=[
            *heads,
            Column(
                "Average rank",
                True,
                f"over {count(n, 'data set')}; 1 is the {best} value",
            ),
            Column("First", True, f"data sets with the {best} value, or one as good"),
            Column("Ahead", True, "data sets where it is ahead of the reference"),
            Column("Tied", True, "practically equal, or within the spread over seeds"),
            Column("Behind", True, "behind the reference, or not finished"),
            *(_TESTED if tested else ()),
        ],
        rows=rows,
        n_headers=len(heads),
        note=f"All columns from Ahead on are against {found.control}.",
    )


_TESTED = (
    Column("Difference", True, "Hodges-Lehmann over data sets, with its 95 % interval"),
    Column("p", True, "Wilcoxon signed ranks, two-sided, after Holm's correction"),
    Column("Lower", True, "probability of being practically lower"),
    Column("Equal", True, "probability of being practically equal"),
    Column("Higher", True, "probability of being practically higher"),
)


def _standing(method: str, found: Comparison) -> list[Cell]:
    rank = found.average_ranks.get(method)
    first = found.firsts.get(method)
    return [
        Cell(number(rank, 3), sort=rank if rank is not None else float("inf")),
        Cell(NOTHING if first is None else str(first), sort=first or 0),
    ]


def _record(one: Against | None, found: Comparison, *, tested: bool) -> list[Cell]:
    if one is None:
        width = 3 + len(_TESTED) * tested
        said = [Cell("reference", sort=float("inf"))]
        return said + [Cell(NOTHING, sort=float("inf"))] * (width - 1)
    lost = f"{one.failures} not finished" if one.failures else ""
    cells = [
        Cell(str(one.wins), sort=one.wins),
        Cell(str(one.ties), sort=one.ties),
        Cell(str(one.losses), lost, one.losses),
    ]
    if one.tested is None:
        return cells
    test, post = one.tested, one.tested.posterior
    ends = between(test.interval, found.scale)
    raw = f"{p_value(test.p)} before" if test.p != test.p_holm else ""
    return [
        *cells,
        Cell(signed(test.shift, found.scale), ends, test.shift),
        Cell(p_value(test.p_holm), raw, test.p_holm),
        *(Cell(chance(p), sort=p) for p in (post.left, post.rope, post.right)),
    ]


def within_table(question: Question, found: Comparison, title: str) -> Table:
    """Return each method against the control on each data set, paired by seed."""
    heads, names = _naming(question, title)
    pairs = sorted(found.pairs, key=lambda one: found.datasets.index(one.dataset))
    several = len(found.datasets) > 1
    cells = _of_cells(question)
    rows = [
        [
            *([Cell(one.dataset)] if several else []),
            *names[one.method],
            *_pair(one, found, _mean(one, cells)),
        ]
        for one in pairs[:MOST_ROWS]
    ]
    left = len(pairs) - len(rows)
    return Table(
        id=f"pairs-{question.id}",
        caption=f"{question.title} against {found.control}, within each data set"
        if several
        else f"{question.title} against {found.control} on {found.datasets[0]}",
        columns=[
            *([Column("Dataset")] if several else []),
            *heads,
            Column(
                "Mean",
                True,
                "over seeds, then over sizes and splits that the reference has, too",
            ),
            Column("Difference", True, "with its 95 % BCa interval over seeds"),
            Column("A12", True, "chance that a run is ahead; Cliff's delta below"),
            Column("Outcome"),
            Column(
                "Seeds",
                True,
                "paired with the same seed of the reference; what draws no random"
                " numbers stands beside every seed of the other",
            ),
        ],
        rows=rows,
        n_headers=len(heads) + several,
        note=f"{left:,} more rows are not shown." if left else "",
    )


def _of_cells(question: Question) -> Mapping[tuple[str, str], dict[int, float]]:
    """Return the means over seeds by data set and method, each by size and split."""
    frame = question.frame.dropna(subset=["value"])
    numbers = frame.groupby(list(question.cell), dropna=False).ngroup()
    of = ["place", "method", "cell"]
    means = frame.assign(cell=numbers).groupby(of, as_index=False)["value"].mean()
    found: dict[tuple[str, str], dict[int, float]] = {}
    rows = means[[*of, "value"]].itertuples(index=False, name=None)
    for place, method, cell, value in rows:
        found.setdefault((str(place), str(method)), {})[int(cell)] = float(value)
    return found


def _mean(
    one: Pair, cells: Mapping[tuple[str, str], Mapping[int, float]]
) -> float | None:
    """Return a method's mean over the cells that its reference has, too."""
    others = cells.get((one.dataset, one.reference), {})
    mine = cells.get((one.dataset, one.method), {})
    common = [value for cell, value in mine.items() if cell in others]
    return sum(common) / len(common) if common else None


def _pair(one: Pair, found: Comparison, mean: float | None) -> Sequence[Cell]:
    often = Cell(NOTHING, sort=one.a12)  # of one run each it says nothing more
    if one.n_seeds != 1:
        size = f"δ {one.delta:+.2f}, {magnitude(one.a12)}".replace("-", "−")
        often = Cell(f"{one.a12:.2f}", size, one.a12)
    words = {"win": "ahead", "tie": "tie", "loss": "behind"}
    return [
        Cell(number(mean, 5), sort=mean),
        Cell(
            signed(one.difference, found.scale) if one.difference else "0",
            between(one.interval, found.scale),
            one.difference,
        ),
        often,
        Cell(words[one.outcome], one.why_tied),
        Cell(str(one.n_seeds), sort=one.n_seeds),
    ]


def stacked(
    table_id: str, tables: Sequence[tuple[Question, Comparison, Table]]
) -> Iterator[Table]:
    """Yield the tables of several metrics as one, for each set of columns there is."""
    kinds: dict[tuple[str, ...], list[tuple[Cell, Table]]] = {}
    for question, found, table in tables:
        titles = tuple(column.title for column in table.columns)
        name = Cell(question.full_title, f"against {found.control}")
        kinds.setdefault(titles, []).append((name, table))
    for at, members in enumerate(kinds.values(), start=1):
        first = members[0][1]
        rows = [[name, *row] for name, table in members for row in table.rows]
        where = "over data sets" if "over" in table_id else "within each data set"
        left = len(rows) - MOST_ROWS
        yield Table(
            id=f"{table_id}-{at}",
            caption=f"Other metrics, {where}",
            columns=[Column("Metric"), *first.columns],
            rows=rows[:MOST_ROWS],
            n_headers=first.n_headers + 1,
            note=f"{left:,} more rows are not shown." if left > 0 else "",
        )
