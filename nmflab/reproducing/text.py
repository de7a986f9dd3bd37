"""A comparison as it is read: sentences first, then tables."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from nmflab.report.numbers import count, listed
from nmflab.reproducing.comparing import Comparison
from nmflab.reproducing.figures import Figure
from nmflab.reproducing.lines import DASH, Lines, Part, shown
from nmflab.reproducing.speed import Speed
from nmflab.reproducing.surroundings import Changed
from nmflab.reproducing.verdicts import DIFFERENT, SAME, VERDICTS, WITHIN, tolerance_of

MOST = 10
"""Lines of a list that are shown; a file has all."""

_NUMBERED = re.compile(r"_\d+$")
"""Ends the name of a value of a component: top_features_3."""


def told(comparison: Comparison) -> list[Part]:
    """Return what a comparison says, in the order it is read."""
    around = comparison.surroundings
    return [
        *_conclusion(comparison),
        *_figures("Figures of single runs", comparison.digits, "values"),
        *_figures("Figures of the report", comparison.averages, "values"),
        *_differing(comparison),
        *_statuses(comparison),
        *_only(comparison),
        *_changes("Configuration that differs", around.configuration),
        *_changes("Data that differ", around.data),
        *_versions(comparison),
        _speed(comparison.speed),
        *map(sentence, comparison.notes),
        _tolerance(comparison),
    ]


def _conclusion(comparison: Comparison) -> Iterator[str]:
    yield f"First:  {comparison.first}"
    yield f"Second: {comparison.second}"
    counts = _counts([*comparison.digits, *comparison.averages])
    total = sum(counts.values())
    runs = f"of {count(comparison.n_pairs, 'run')}"
    if not total:
        yield f"No figure {runs} can be compared: no run ended well in both."
    elif counts[SAME] == total:
        yield f"The same to the last bit: all {count(total, 'figure')} {runs}."
    elif not counts[DIFFERENT]:
        yield (
            f"The same within tolerance: all {count(total, 'figure')} {runs},"
            f" {counts[SAME]:,} of them to the last bit."
        )
    else:
        yield (
            f"Different: {counts[DIFFERENT]:,} of {count(total, 'figure')} {runs};"
            f" {counts[WITHIN]:,} are the same within tolerance and {counts[SAME]:,} to"
            " the last bit."
        )
        yield from _by_the_clock(comparison)
        yield _reason(comparison)


def _by_the_clock(comparison: Comparison) -> Iterator[str]:
    """Yield how many of the runs that differ were ended by the clock."""
    apart = {f.first_key for f in comparison.digits if f.verdict == DIFFERENT}
    clocked = len(apart & comparison.clocked)
    if clocked:
        yield (
            f"Of {count(len(apart), 'run')} that differ, {clocked:,} ended by"
            " stop.max_seconds in one of the two or in both: how far those come depends"
            " on the speed of the machine, and so do their digits."
        )


def _reason(comparison: Comparison) -> str:
    """Return what is known of why figures differ: never more than was measured."""
    around = comparison.surroundings
    found = [
        *(["data"] if around.data else []),
        *(["configuration"] if any(c.n_runs for c in around.configuration) else []),
        *[change.what for change in around.versions],
        *around.sources,
    ]
    if found:
        said = listed([shown(one) for one in found], 8)
        return (
            f"These differ as well: {said}. Whether they are the reason was not"
            " measured."
        )
    return (
        "Versions, machine, configuration and data are recorded as the same, so the"
        " record does not explain it."
    )


def _counts(figures: Iterable[Figure]) -> dict[str, int]:
    found = Counter(one.verdict for one in figures)
    return {verdict: found[verdict] for verdict in VERDICTS}


def _figures(title: str, figures: Sequence[Figure], of: str) -> Iterator[Lines]:
    """Yield, figure by figure, how many are the same and how far apart the rest."""
    named: dict[str, list[Figure]] = {}
    for one in figures:
        named.setdefault(_NUMBERED.sub("", one.figure), []).append(one)
    if not named:
        return
    apart = any(one.verdict != SAME for one in figures)
    more = ("largest relative difference", "where") if apart else ()
    rows = [("figure", of, "verdict", *more)]
    for name, part in named.items():
        line = (shown(name), f"{len(part):,}", _verdict(part))
        rows.append((*line, *_furthest(part)) if apart else line)
    yield Lines(title, rows)


def _verdict(figures: Sequence[Figure]) -> str:
    """Return the verdict on some figures; with counts where it is not one."""
    found = {verdict: n for verdict, n in _counts(figures).items() if n}
    if len(found) == 1:
        return next(iter(found))
    return ", ".join(f"{n:,} {verdict}" for verdict, n in found.items())


def _furthest(figures: Sequence[Figure]) -> tuple[str, str]:
    """Return how far apart the furthest is, and which it is."""
    most = max(figures, key=lambda one: one.relative_difference)
    if not most.relative_difference:
        return DASH, ""
    return _relative(most), _of(most)


def _of(figure: Figure) -> str:
    entry = f": {shown(figure.where, 60)}" if figure.where else ""
    return f"{shown(figure.run)}{entry}"


def _relative(figure: Figure) -> str:
    if math.isfinite(figure.relative_difference):
        return f"{figure.relative_difference:.1e}"
    if isinstance(figure.first, str) or isinstance(figure.second, str):
        return "another text"
    return "of another kind"


def _furthest_first(figure: Figure) -> tuple[bool, float]:
    """Return where a figure stands in a list: numbers first, the furthest apart."""
    apart = figure.relative_difference
    return not math.isfinite(apart), -apart


def _differing(comparison: Comparison) -> Iterator[Lines]:
    """Yield the figures that differ most, with all their digits."""
    figures = [*comparison.digits, *comparison.averages]
    apart = [one for one in figures if one.verdict == DIFFERENT]
    if not apart:
        return
    apart.sort(key=_furthest_first)
    title = "Figures that differ"
    if len(apart) > MOST:
        title += f", the {MOST} furthest apart of {len(apart):,}"
    rows = [("figure", "of", "first", "second", "relative difference")]
    for one in apart[:MOST]:
        pair = (_value(one.first), _value(one.second))
        rows.append((shown(one.figure), _of(one), *pair, _relative(one)))
    yield Lines(title, rows)


def _value(value: float | str | None) -> str:
    """Return a value with all its digits; text as it is, shortened."""
    if value is None:
        return DASH
    return shown(value, 40) if isinstance(value, str) else repr(value)


def _statuses(comparison: Comparison) -> Iterator[Lines]:
    changes = comparison.statuses
    if not changes:
        return
    title = f"Runs that ended otherwise ({len(changes):,})"
    rows = [("run", "first", "second", "reason")]
    rows += [
        (shown(c.run), shown(c.first), shown(c.second), shown(c.reason, 200))
        for c in changes[:MOST]
    ]
    yield Lines(title, rows)


def _only(comparison: Comparison) -> Iterator[str]:
    for which, names in (
        ("first", comparison.only_first),
        ("second", comparison.only_second),
    ):
        if names:
            said = "; ".join(shown(name) for name in names[:MOST])
            more = f"; and {len(names) - MOST:,} more" if len(names) > MOST else ""
            yield f"{count(len(names), 'run')} only in the {which}: {said}{more}"


def _changes(title: str, changes: Sequence[Changed]) -> Iterator[Lines]:
    if changes:
        rows = [("what", "first", "second", "runs")]
        rows += [
            (
                shown(c.what),
                shown(c.first, 60),
                shown(c.second, 60),
                f"{c.n_runs:,}" if c.n_runs else "all",
            )
            for c in changes
        ]
        yield Lines(title, rows)


def _versions(comparison: Comparison) -> Iterator[Part]:
    around = comparison.surroundings
    rows = [(shown(c.what), shown(c.first), shown(c.second)) for c in around.versions]
    rows += [(shown(what), "another source", "") for what in around.sources]
    if rows:
        yield Lines("Versions that differ", [("what", "first", "second"), *rows])
    else:
        yield "Versions that results depend on, and the machine: the same in both."
    if around.other_versions:
        names = [
            f"{shown(c.what)} {shown(c.first)} -> {shown(c.second)}"
            for c in around.other_versions
        ]
        yield f"Other distributions that differ: {listed(names, 4)}."


def _speed(speed: Speed) -> str:
    if speed.median is None:
        return f"Speed: {speed.why_not}."
    interval = (
        f"95 % interval {speed.low:.3g} to {speed.high:.3g}"
        if speed.low is not None and speed.high is not None
        else "too few runs for an interval"
    )
    said = (
        f"Speed: cpu seconds of the second over those of the first, median"
        f" {speed.median:.3g} ({interval}, over {count(speed.n_runs, 'run')})."
    )
    if speed.n_other_steps:
        said += f" {count(speed.n_other_steps, 'run')} took another number of steps."
    if speed.n_beside:
        said += f" {count(speed.n_beside, 'run')} had others beside."
    return said


def _tolerance(comparison: Comparison) -> str:
    if comparison.tolerance is not None:
        return (
            f"Tolerance: a relative difference of {comparison.tolerance:g}, as given."
        )
    return (
        "Tolerance: a relative difference of"
        f" {tolerance_of('float64'):.1e} for runs in float64 and"
        f" {tolerance_of('float32'):.1e} in float32, the square root of the precision."
        " Times and memory are not compared digit by digit."
    )


def sentence(text: str) -> str:
    """Return a note as a sentence of its own."""
    said = shown(text, 400)
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '…')) else '.'}"
