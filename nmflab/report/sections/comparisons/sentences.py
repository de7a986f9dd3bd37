"""What a comparison found, in sentences that say how sure it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from nmflab.report.numbers import count, listed, number
from nmflab.report.sections.comparisons.questions import Question
from nmflab.report.sections.comparisons.wording import (
    apart,
    chance,
    interval_said,
    p_said,
)
from nmflab.selection import plain_name
from nmflab.statistics.comparison import Against, Comparison, Tested
from nmflab.statistics.pairs import Pair

_MOST = 8
"""Methods that get a sentence; the table holds all."""


def lead(question: Question, found: Comparison) -> str:
    """Return who comes first, over how many data sets, and whether that was tested."""
    n, k = len(found.complete), len(found.methods)
    what = question.what
    best = "highest" if found.scale.higher else "lowest"
    if n == 0:
        return (
            f"No data set was finished by all {k} methods, so there are no ranks; wins"
            " and losses are counted over the data sets that two of them finished."
        )
    if len(found.datasets) == n == 1:
        equals = [one.method for one in found.pairs if one.outcome == "tie"]
        verb = "ties" if len(equals) == 1 else "tie"
        also = f"; {listed(equals)} {verb} with it" if equals else ""
        return (
            f"On {found.complete[0]}, {found.control} has the {best} {what} of"
            f" {k}{also}."
        )
    if n == 1:
        return (
            f"Only {found.complete[0]} was finished by all {k} methods; there"
            f" {found.control} has the {best} {what}."
        )
    rank = number(found.average_ranks[found.control], 2)
    first = found.firsts[found.control]
    where = (
        f"Over {n} data sets" if not found.why_untested else f"On these {n} data sets"
    )
    within = "0.1 % of it" if found.scale.relative else "practical equality"
    tied = f"on {first} of {n} it has the {best} value or one within {within}"
    if found.stated or found.control == found.methods[0]:
        return (
            f"{where}, {found.control} has the best average rank by {what}, {rank} of"
            f" {k}; {tied}."
        )
    return f"{where}, {found.control} has the average rank {rank} of {k} by {what}."


def sureness(found: Comparison) -> list[str]:
    """Return what was tested over all methods at once, or why nothing was."""
    n = len(found.complete)
    if len(found.datasets) == 1:
        return [
            "One data set: what is said here is said of it alone, and seeds give an"
            " interval for it, never a p-value."
        ]
    if found.why_untested and n == 0:
        return []
    if found.why_untested:
        why = found.why_untested
        return [
            f"Nothing is concluded for other data, as {why}. Ranks, wins and losses"
            " describe the data sets of this study."
        ]
    test = found.friedman
    if test is None:
        return []
    k = len(found.methods)
    if test.F is None:
        said = f"every data set ranks the {k} methods alike, {p_said(test.p)}"
    else:
        df = f"{k - 1}, {(k - 1) * (n - 1)}"
        said = (
            f"Friedman's test in Iman and Davenport's form: F({df}) ="
            f" {number(test.F, 3)}, {p_said(test.p)}"
        )
    if test.p <= found.alpha:
        return [f"The average ranks differ by more than chance would have it ({said})."]
    return [
        f"The average ranks differ by no more than chance would have it ({said}), so"
        " the order of the methods is not established."
    ]


def verdicts(found: Comparison) -> list[str]:
    """Return a sentence for each method against the control."""
    if len(found.datasets) == 1:
        told = {one.method: one for one in found.pairs}
        said = [
            _within(told[one.method], found)
            for one in found.against
            if one.method in told
        ]
    else:
        said = [_over(one, found) for one in found.against]
    if len(said) > _MOST:
        left = count(len(said) - _MOST, "more method")
        return [*said[:_MOST], f"{left} in the table below."]
    return said


def _within(one: Pair, found: Comparison) -> str:
    """Return how a method differs from the control on the only data set."""
    scale = found.scale
    seeds = f"over {count(one.n_seeds, 'seed')}" if one.n_seeds else "by means"
    interval = interval_said(one.interval, scale)
    if one.n_seeds == 1:
        seeds, interval = "in one run each", "(chance cannot be ruled out)"
    if one.difference == 0:
        return f"{one.method}: a tie, the same as {one.reference} {seeds}."
    value = apart(one.difference, scale)
    if one.outcome == "tie":
        return f"{one.method}: a tie, {one.why_tied}: {value} {interval} {seeds}."
    often = f"; {_dominance(one, higher=scale.higher)}" if one.n_seeds != 1 else ""
    return f"{one.method}: {value} {interval} {seeds}{often}."


def _dominance(one: Pair, *, higher: bool) -> str:
    """Return how often a run of the method came out ahead of one of the control."""
    way = "higher" if higher else "lower"
    if one.a12 in (0.0, 1.0):
        who = "no run of it is" if one.a12 == 0 else "every run of it is"
        whom = "any" if one.a12 == 0 else "every run"
        return f"{who} {way} than {whom} of {one.reference}"
    return (
        f"one of its runs is {way} than one of {one.reference} with a chance of"
        f" {one.a12:.2f} (A12)"
    )


def _over(one: Against, found: Comparison) -> str:
    """Return how a method differs from the control over the data sets."""
    failed = f", {one.failures} of them not finished" if one.failures else ""
    n = one.wins + one.ties + one.losses
    record = (
        f"ahead on {one.wins}, tied on {one.ties}, behind on {one.losses} of"
        f" {count(n, 'data set')}{failed}"
    )
    if one.tested is None:
        return f"{one.method} against {found.control}: {record}."
    return (
        f"{one.method} against {found.control}: {_tested(one.tested, found)}; {record}."
    )


def _tested(test: Tested, found: Comparison) -> str:
    scale = found.scale
    value = apart(test.shift, scale)
    corrected = " after Holm's correction" if len(found.against) > 1 else ""
    facts = (
        f"typically {value} {interval_said(test.interval, scale)},"
        f" {p_said(test.p_holm)}{corrected}"
    )
    return f"{facts}; {_verdict(test, found)}"


def _verdict(test: Tested, found: Comparison) -> str:
    """Return what follows: a difference, practical equality, or nothing."""
    post, ends, rope = test.posterior, test.interval.ends, found.scale.rope
    inside = ends is not None and -rope <= ends[0] and ends[1] <= rope
    chances = (
        f"lower {chance(post.left)}, equal {chance(post.rope)}, higher"
        f" {chance(post.right)}"
    )
    if inside or post.rope > 0.95:
        small = " although the ranks differ" if test.p_holm <= found.alpha else ""
        return f"practically equal{small} (probabilities: {chances})"
    if test.p_holm > found.alpha:
        return f"no difference shown (probabilities: {chances})"
    return f"significant at {found.alpha:g} (probabilities: {chances})"


def left_out(question: Question, found: Comparison) -> Iterator[str]:
    """Yield what is in no rank and no test, and why."""
    yield from question.left_out
    whole = len(found.datasets) - len(found.missing)
    if found.missing and len(found.datasets) > 1:
        told = [
            f"{place} ({listed([_ended(question, place, m) for m in methods], 3)})"
            for place, methods in found.missing.items()
        ]
        yield (
            f"Ranks and tests are over the {whole} of {len(found.datasets)} data sets"
            f" that every method finished; not over {listed(told, 4)}."
        )
    partial = {
        (place, method): how
        for (place, method), how in question.missing.items()
        if method not in found.missing.get(place, ()) and method in found.methods
    }
    if partial:
        told = [f"{m} on {place}: {how}" for (place, m), how in partial.items()]
        yield (
            "Some runs failed, and means are over those that finished:"
            f" {listed(told, 4)}."
        )


def cautions(question: Question, found: Comparison) -> Iterator[str]:
    """Yield what weakens a comparison: sources in common, starts that are not."""
    sources = Counter(plain_name(place) for place in found.datasets)
    kin = [f"{n} from {name}" for name, n in sources.items() if n > 1]
    if kin and len(found.datasets) > 1:
        yield (
            f"Of the {len(found.datasets)} data sets, {listed(kin)}: variants of one"
            " source are less than as many independent data sets."
        )
    frame = question.frame
    if "start_hash" in frame and frame["init"].nunique() == 1:
        of = ["place", "seed", *question.cell]
        starts = frame.groupby(of, dropna=False)["start_hash"].nunique()
        if (starts > 1).any():
            yield (
                f"In {int((starts > 1).sum())} of {len(starts)} cases the methods did"
                " not begin one seed at the same factors; those pairs share the seed"
                " alone."
            )


def _ended(question: Question, place: str, method: str) -> str:
    how = question.missing.get((place, method), "not run, or unfit")
    return f"{method}: {how}"
