"""Tables of expected running times and of final gaps, a row a curve and comparison."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nmflab.report.content import Cell, Column, Table
from nmflab.report.numbers import interval, number, seconds
from nmflab.report.reading.contests import Contest, Line
from nmflab.report.reading.reached import Race
from nmflab.statistics.targets import TAUS, expected_running_time

NEVER = "never"


def times_table(race: Race, contests: Sequence[Contest]) -> Table:
    """Return the expected running time to each target, and how many runs reached it."""
    rows = [
        [Cell(one.name), Cell(line[0]), Cell(line[1]), *_times(race, one, line)]
        for one in contests
        for line in one.lines
    ]
    hint = "Time of all runs, failed ones too, over the number that reached the target."
    return Table(
        "expected-times",
        "Expected running time to a target, with restarts",
        [
            *(Column(title) for title in ("Comparison", "Solver", "Init")),
            *(
                Column(f"τ = {tau:.0e}".replace("e-0", "e-"), True, hint)
                for tau in TAUS
            ),
        ],
        rows,
        n_headers=3,
        note="Below each time: the runs that reached the target, of all that were"
        " started; a run that failed took its time and reached nothing. ≥ marks a time"
        " that leaves out failed runs of unknown cost.",
        about=_about(contests),
    )


def _times(race: Race, contest: Contest, line: Line) -> list[Cell]:
    hits = race.seconds(contest, line)
    spent = np.array([run.spent for run in contest.of(line)])
    return [_time(hits[:, at], spent) for at in range(len(TAUS))]


def _time(hits: np.ndarray[tuple[int], np.dtype[np.float64]], spent: object) -> Cell:
    reached = np.isfinite(hits)
    told = f"{int(reached.sum())} of {hits.size}"
    expected = expected_running_time(hits, np.asarray(spent))
    if not np.isfinite(expected):
        return Cell(NEVER, told, float("inf"))
    unknown = bool(np.isnan(np.asarray(spent)[~reached]).any())
    return Cell(f"{'≥ ' * unknown}{seconds(expected)}", told, expected)


def gaps_table(race: Race, contests: Sequence[Contest]) -> Table:
    """Return how near runs ended, and how many became stationary."""
    rows = [
        [Cell(one.name), Cell(line[0]), Cell(line[1]), *_gaps(race, one, line)]
        for one in contests
        for line in one.lines
    ]
    gap = "(objective − best known) / (reference − best known) at the end of a run."
    return Table(
        "final-gaps",
        "Where runs ended",
        [
            *(Column(title) for title in ("Comparison", "Solver", "Init")),
            Column("Final gap", True, f"{gap} Median over seeds, quartiles below."),
            Column("Lowest", True, gap),
            Column(
                "Stationary", True, "Runs whose κ fell to stop.kkt, of all started."
            ),
            Column("Time to κ", True, "Expected running time to stop.kkt."),
        ],
        rows,
        n_headers=3,
        about=_about(contests),
    )


def _about(contests: Sequence[Contest]) -> list[dict[str, str]]:
    return [one.about(line) for one in contests for line in one.lines]


def final_gaps(
    contest: Contest, line: Line
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the final gap of each run of a curve that ended well."""
    scale = (contest.reference.value or np.inf) - contest.best.value
    values = np.array([run.value for run in contest.of(line) if run.ok])
    return np.maximum(values - contest.best.value, 0.0) / scale


def _gaps(race: Race, contest: Contest, line: Line) -> list[Cell]:
    gaps, runs = final_gaps(contest, line), contest.of(line)
    lost = len(runs) - gaps.size
    told = f"{lost} of {len(runs)} failed" if lost else ""
    if not gaps.size:
        gap, lowest = Cell("–", told, float("inf")), Cell("–", "", float("inf"))
    else:
        low, middle, high = np.quantile(gaps, [0.25, 0.5, 0.75])
        spread = interval(low, high) if gaps.size > 1 else "one run"
        said = "; ".join(part for part in (spread, told) if part)
        gap = Cell(number(middle, 3), said, float(middle))
        lowest = Cell(number(float(gaps.min()), 3), sort=float(gaps.min()))
    return [gap, lowest, *_stationary(race, contest, line)]


def _stationary(race: Race, contest: Contest, line: Line) -> list[Cell]:
    if contest.tolerance is None:
        return [Cell("–", "no stop.kkt", -1.0), Cell("–", "", float("inf"))]
    runs = contest.of(line)
    hits = np.array([race.hits[run.key].kappa for run in runs])
    n = int(np.isfinite(hits).sum())
    time = _time(hits, np.array([run.spent for run in runs]))
    known = Cell(f"{n} of {len(runs)}", f"κ ≤ {contest.tolerance:g}", float(n))
    return [known, Cell(time.text, "", time.sort)]
