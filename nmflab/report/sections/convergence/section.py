"""The section on convergence: charts, what they leave out, and the best known runs."""

from __future__ import annotations

from collections.abc import Sequence

from nmflab.report.content import (
    Block,
    Cell,
    Column,
    Details,
    Figure,
    Prose,
    Section,
    Table,
)
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.numbers import count, listed, moment, number
from nmflab.report.reading.contests import CLOCKS, Contest
from nmflab.report.reading.reached import Race
from nmflab.report.sections.convergence.chart import Across, figure
from nmflab.report.sections.convergence.records import (
    MOST_PANELS,
    Shown,
    chosen,
    records,
)


def convergence_section(race: Race, pencil: Pencil) -> Section:
    """Return the charts against seconds, steps and passes, where traces were kept."""
    shown = chosen(race)
    figures = _figures(race, shown, pencil)
    blocks: list[Block] = [*figures] or [Prose(_why_none(race))]
    if figures:
        blocks += [Prose(text, "note") for text in _notes(race, shown, figures)]
    if race.contests:
        blocks.append(Details("The best objectives known", [_table(race.contests)]))
    return Section("convergence", "Convergence", blocks)


def _why_none(race: Race) -> str:
    if not race.contests:
        return "No run that minimises the shared objective finished."
    if not race.curves:
        return "No traces were kept."
    return (
        "No curve can be drawn: every trace is of runs that were evaluated once, or"
        " never were above the best known objective."
    )


def _figures(race: Race, shown: Sequence[Shown], pencil: Pencil) -> list[Figure]:
    if not shown:
        return []
    clocks = list(dict.fromkeys(CLOCKS[one.contest.clock] for one in shown))
    axes = [
        ("time", Across("convergence-seconds", "seconds", " or ".join(clocks), _CLOCK)),
        ("step", Across("convergence-steps", "steps", "Steps")),
    ]
    if _passes_differ(race, shown):
        passes = Across("convergence-passes", "passes", "Passes over the data", _PASSES)
        axes.append(("passes", passes))
    panels = [one.contest.name for one in shown]
    found: list[Figure] = []
    for clock, across in axes:
        if rows := records(race, shown, clock):
            caption = _AGAIN if found else _caption(shown)
            found.append(figure(rows, pencil, across, caption, panels))
    return found


_AGAIN = "The gap is that of the chart above."


def _passes_differ(race: Race, shown: Sequence[Shown]) -> bool:
    """Return whether passes over the data are other numbers than steps."""
    keys = (trial.key for one in shown for trial in one.contest.trials)
    curves = (race.curves[key] for key in keys if key in race.curves)
    return any((curve.passes != curve.step).any() for curve in curves)


def _caption(shown: Sequence[Shown]) -> str:
    held = [one for one in shown if one.contest.reference.value is not None]
    parts = ["Lower is closer."]
    if held:
        parts.append(_TO_REFERENCE)
    if held and len(held) < len(shown):
        others = [one.contest.name for one in shown if one not in held]
        parts.append(
            f"On {listed(others, 3)}, where there is no reference, {_TO_START}."
        )
    elif not held:
        parts.append(f"There is no reference here, so {_TO_START}.")
    return " ".join([*parts, _MEDIAN])


_TO_REFERENCE = (
    "The gap is (objective − best known) / (reference − best known): 1 is as good as"
    " the best fit of one component, 0 the lowest objective of any run on record."
)
_TO_START = (
    "the gap is (objective − best known) / (highest start − best known), and depends on"
    " the starts"
)
_MEDIAN = (
    "Lines are medians over seeds; a run that has stopped counts with its last value,"
    " and a line ends where its runs do or where it falls below 1e-10."
)
_CLOCK = " Making the start and evaluating the objective are not on this clock."
_PASSES = (
    " A pass goes once through the data for both factors; a step counts one unless the"
    " solver says otherwise."
)


def _notes(race: Race, shown: Sequence[Shown], figures: Sequence[Figure]) -> list[str]:
    """Return in sentences what the charts do not show."""
    return [
        text
        for text in (
            _same_passes(figures),
            _other_contests(race, shown),
            _undrawn(race, shown, figures),
            _failed(shown),
            _several(shown, race),
        )
        if text
    ]


def _same_passes(figures: Sequence[Figure]) -> str:
    if any(one.id == "convergence-passes" for one in figures):
        return ""
    return (
        "Each step of these solvers is one pass over the data: the chart against steps"
        " is that against passes."
    )


def _other_contests(race: Race, shown: Sequence[Shown]) -> str:
    n = len(race.contests)
    if n <= len(shown):
        return ""
    folds = len({one.problem for one in race.contests}) < n
    which = ", those with most curves" if len(shown) == MOST_PANELS else ""
    return (
        f"Shown: {len(shown)} of {count(n, 'comparison')}{which}"
        f"{', of a split one fold' * folds}; the traces of all are in the study's"
        " store."
    )


def _undrawn(race: Race, shown: Sequence[Shown], figures: Sequence[Figure]) -> str:
    rows = [row for one in figures for row in one.spec["datasets"]["rows"]]
    seen = {(row["panel"], row["variant"], row["init"]) for row in rows}
    absent = [
        f"{_named(line)} ({one.contest.name})"
        for one in shown
        for line in one.contest.lines
        if (one.contest.name, *line) not in seen
        and any(trial.ok for trial in one.contest.of(line))
    ]
    if not absent:
        return ""
    return (
        f"Not drawn: {listed(absent)}. A run that was evaluated only once, or was never"
        " above the best known objective, has no curve, and of many curves those that"
        " end lowest are drawn."
    )


def _failed(shown: Sequence[Shown]) -> str:
    lost = [
        f"{n} of {len(runs)} of {_named(line)} ({one.contest.name})"
        for one in shown
        for line in one.contest.lines
        if (runs := one.contest.of(line)) and (n := sum(not run.ok for run in runs))
    ]
    if not lost:
        return ""
    return (
        f"Runs that failed have no curve and are not in the medians: {listed(lost, 4)}."
        " Under Time to target they count."
    )


def _several(shown: Sequence[Shown], race: Race) -> str:
    runs = [trial for one in shown for trial in one.contest.trials if trial.ok]
    if not any(trial.n_starts > 1 for trial in runs):
        return ""
    return (
        "Of a run with several starts the one that came lowest is drawn, on its own"
        " clock: what the others cost is not in the curve."
    )


def _named(line: tuple[str, str]) -> str:
    return f"{line[0]} from {line[1]}" if line[1] else line[0]


def _table(contests: Sequence[Contest]) -> Table:
    return Table(
        "best-known",
        "The best objective known of each comparison, and the run that reached it",
        [
            Column("Comparison"),
            Column("Best known", True, "Objective; of every run on record."),
            Column("Reference", True, "Objective of the best fit of one component."),
            Column("Run"),
            Column("Seed", True),
            Column("Date"),
        ],
        [_row(one) for one in contests],
        note=_of_all(contests),
        about=[one.labels for one in contests],
    )


def _row(contest: Contest) -> list[Cell]:
    best, reference = contest.best, contest.reference
    again = f"sweep {best.sweep}, an earlier command" if best.earlier else ""
    known = Cell(number(reference.value, 7), sort=reference.value)
    return [
        Cell(contest.name),
        Cell(number(best.value, 7), sort=best.value),
        known if reference.value is not None else Cell("–", sort=float("inf")),
        Cell(_named((best.variant, best.init)), again),
        Cell(str(best.seed), sort=best.seed),
        Cell(moment(best.when)),
    ]


def _of_all(contests: Sequence[Contest]) -> str:
    reasons: dict[str, list[str]] = {}
    for one in contests:
        reasons.setdefault(one.reference.said, []).append(one.name)
    if len(reasons) == 1:
        return f"The reference {next(iter(reasons))}."
    said = [f"of {listed(names, 3)} it {why}" for why, names in reasons.items()]
    return f"The reference: {'; '.join(said)}."
