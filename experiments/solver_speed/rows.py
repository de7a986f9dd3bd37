"""The rows of the tables of results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from crossings import Run, best_known, times
from figures import SHORT, middle, n_reached, number, spread, verdict
from measured import PAIRS, Measured, always
from problems import GAPS, MEMORY_AIM, N_STARTS
from races import Race, race
from studies import DTYPES, Footprint

Row = list[str]


def reference_rows(measured: Sequence[Measured]) -> Iterable[Row]:
    """Yield ours against one call of a library: time to the objective it ended at."""
    for each in measured:
        problem = each.problem
        for size in each.sizes if problem.reference else ():
            for mine, theirs in PAIRS:
                found = each.against_reference(size, mine, theirs)
                if found is not None:
                    yield _raced(
                        each,
                        size,
                        (mine, theirs),
                        problem.reference_name,
                        found,
                        problem.aim("reference", size, mine),
                    )


def cmfrec_rows(measured: Sequence[Measured]) -> Iterable[Row]:
    """Yield ours against cmfrec: time to 1e-2 above the best known objective."""
    for each in measured:
        for size in each.sizes:
            target = (1 + GAPS[0]) * best_known(each.everything(size))
            for mine, theirs in PAIRS:
                ours = each.of(each.problem.ours, size, mine)
                peer = each.of("cmfrec", size, theirs)
                found = race(ours, peer, always(target))
                if found is not None:
                    aim = each.problem.aim("cmfrec", size, mine)
                    yield _raced(each, size, (mine, theirs), "cmfrec", found, aim)


def _raced(
    each: Measured,
    size: int,
    dtypes: tuple[str, str],
    peer: str,
    found: Race,
    aim: float | None,
) -> Row:
    """Return a row of a race; aims are about like dtypes, never about mixed ones."""
    mine, theirs = dtypes
    return [
        _label(each, size),
        f"{each.problem.ours} {SHORT[mine]} / {peer} {SHORT[theirs]}",
        middle(found.ours.values()),
        middle(found.peer.values()),
        spread(found),
        n_reached(found.ours.values()),
        verdict(found.middle.value, aim if mine == theirs else None),
    ]


def _label(each: Measured, size: int) -> str:
    return f"{each.problem.name}, k={size}"


def gap_rows(measured: Sequence[Measured]) -> Iterable[Row]:
    """Yield each solver's time to a gap above the best known objective."""
    for each in measured:
        for size in each.sizes:
            everything = each.everything(size)
            best = best_known(everything)
            for dtype in DTYPES:
                ours = each.of(each.problem.ours, size, dtype)
                for solver in each.solvers:
                    runs = each.of(solver, size, dtype)
                    if runs:
                        lowest = min(run.objective for run in runs)
                        yield [
                            _label(each, size),
                            f"{solver} {SHORT[dtype]}",
                            *_to_gaps(ours, runs, best, everything),
                            f"{lowest / best - 1:.1e}",
                        ]


def _to_gaps(
    ours: Sequence[Run], runs: Sequence[Run], best: float, everything: Sequence[Run]
) -> Iterable[str]:
    """Yield for each gap the time, the time with itself left out, and ours' gain."""
    others = {run.seed: best_known(everything, run) for run in runs}
    for gap in GAPS:
        target = (1 + gap) * best
        found = times(runs, always(target))
        left_out = times(runs, _above(others, gap))
        yield f"{middle(found.values())} ({n_reached(found.values())})"
        yield middle(left_out.values())
        raced = None if runs == ours else race(ours, runs, always(target))
        yield "" if raced is None else spread(raced)


def _above(best: Mapping[int, float], gap: float) -> Callable[[Run], float]:
    """Return each run's target: some gap above the best of all the others."""
    return lambda run: (1 + gap) * best[run.seed]


def footprint_rows(measured: Sequence[Measured]) -> Iterable[Row]:
    """Yield time and memory of an iteration, and ours' gain over the peer."""
    for each in measured:
        ours = {f.dtype: f for f in each.footprints if f.case == each.problem.ours}
        for found in each.footprints:
            yield [
                each.problem.name,
                f"{found.case} {SHORT[found.dtype]}",
                number(found.seconds),
                *_beside(each, found, ours.get(found.dtype)),
                number(found.peak_mb),
                number(found.idle_mb),
                number(found.data_mb),
                f"{number(found.times_the_data)}x",
                _memory_verdict(each, found),
            ]


def _beside(each: Measured, found: Footprint, ours: Footprint | None) -> Row:
    """Return how many times as long as ours an iteration takes, and the aim."""
    if ours is None or ours is found:
        return ["", ""]
    gain = found.seconds / ours.seconds
    return [
        f"{number(gain)}x",
        verdict(gain, each.problem.aim("iteration", 0, found.dtype)),
    ]


def _memory_verdict(each: Measured, found: Footprint) -> str:
    if found.case != each.problem.ours or not each.problem.on_demand:
        return ""
    is_there = found.times_the_data <= MEMORY_AIM
    return f"{MEMORY_AIM:g}x, {'reached' if is_there else 'missed'}"


def several_rows(measured: Sequence[Measured]) -> Iterable[Row]:
    """Yield, for each default run, whether starts on its time went lower."""
    for each in measured:
        for default, several in each.several:
            used = several.cpu_seconds + several.init_cpu_seconds
            yield [
                _label(each, default.n_components),
                SHORT[default.dtype],
                str(default.seed),
                f"{default.objective:.6g}",
                f"{several.objective:.6g}",
                f"{several.objective / default.objective - 1:+.1e}",
                "yes" if several.objective < default.objective else "no",
                f"{several.n_starts} of {N_STARTS}",
                f"{used / default.cpu_seconds:.2f}",
            ]


def lower_everywhere(measured: Sequence[Measured]) -> str:
    """Return a sentence: how often several starts went lower than the default run."""
    pairs = [pair for each in measured for pair in each.several]
    lower = sum(several.objective < default.objective for default, several in pairs)
    return f"Lower in {lower} of {len(pairs)}; aimed at: in all."


def thread_rows(measured: Sequence[Measured]) -> Iterable[Row]:
    """Yield wall seconds on one and two threads, and the ratio on two."""
    for each in measured:
        for size in each.sizes if each.threaded else ():
            for dtype in DTYPES:
                one, two = (
                    each.against_reference(
                        size, dtype, dtype, threads=threads, clock="seconds"
                    )
                    for threads in (1, 2)
                )
                if one is not None and two is not None:
                    yield [
                        _label(each, size),
                        SHORT[dtype],
                        middle(one.ours.values()),
                        middle(two.ours.values()),
                        middle(one.peer.values()),
                        middle(two.peer.values()),
                        spread(one),
                        spread(two),
                    ]
